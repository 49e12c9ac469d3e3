//! The operations composed of Burn's own, which run everywhere and have gradients: the definition
//! that all implementations are tested against.

#![allow(clippy::indexing_slicing, reason = "axes of shapes of four")]

use burn::tensor::{
    Tensor, TensorData, activation, module,
    ops::{ConvOptions, ConvTransposeOptions, PadMode},
};

use super::layer::{
    Activation, AdamStep, Affine, Augmentation, Border, Conv2d, Distance, EPSILON, Interpolation,
    Scaling,
};

/// [`super::conv2d()`], composed of Burn's own operations.
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, spec: Conv2d) -> Tensor<4> {
    let stride = [spec.stride; 2];
    let y = if spec.transposed {
        // Without output padding, an odd kernel with stride 2 loses one row and column.
        let padding = spec.kernel / 2;
        let output_padding = spec.stride + 2 * padding - spec.kernel;
        let options =
            ConvTransposeOptions::new(stride, [padding; 2], [output_padding; 2], [1; 2], 1);
        module::conv_transpose2d(x, weight, Some(bias), options) // [B, C_out, sH, sW]
    } else {
        let (x, padding) = match spec.border {
            Border::Zero(n) => (x, n),
            Border::Reflect(n) => (x.pad((n, n, n, n), PadMode::Reflect), 0),
        };
        let options = ConvOptions::new(stride, [padding; 2], [1; 2], 1);
        module::conv2d(x, weight, Some(bias), options) // [B, C_out, H', W']
    };
    activate(y, spec.activation)
}

/// [`super::instance_norm()`], composed of Burn's own operations.
pub fn instance_norm(
    x: Tensor<4>,
    affine: Option<Affine>,
    activation: Activation,
    skip: Option<Tensor<4>>,
) -> Tensor<4> {
    let [b, c, h, w] = x.dims();
    let x = x.reshape([b, c, h * w]);
    let centred = x.clone() - x.mean_dim(2); // [B, C, HW] - [B, C, 1]
    let variance = centred.clone().powi_scalar(2).mean_dim(2); // [B, C, 1]
    let y = (centred * (variance + EPSILON).sqrt().recip()).reshape([b, c, h, w]);
    let y = match affine {
        Some(Affine { weight, bias }) => {
            let [weight, bias] = [weight, bias].map(|each| each.reshape([1, c, 1, 1]));
            y * weight + bias
        }
        None => y,
    };
    let y = activate(y, activation);
    match skip {
        Some(skip) => y + skip,
        None => y,
    }
}

/// [`super::moments()`], composed of Burn's own operations.
pub fn moments(x: Tensor<4>) -> Tensor<2> {
    let [_, channels, height, width] = x.dims();
    let x = x.reshape([channels, height * width]);
    let mean = x.clone().mean_dim(1); // [C, 1]
    let variance = (x - mean.clone()).powi_scalar(2).mean_dim(1); // [C, 1]
    Tensor::cat(vec![mean, variance], 1).transpose() // [2, C]
}

/// [`super::scaled()`], composed of Burn's own operations.
pub fn scaled(
    x: Tensor<4>,
    scaling: &Scaling,
    activation: Activation,
    skip: Option<Tensor<4>>,
) -> Tensor<4> {
    let Scaling { factor, constant } = scaling.clone();
    let [factor, constant] = [factor, constant].map(|each| {
        let channels = each.dims()[0];
        each.reshape([1, channels, 1, 1])
    });
    let y = activate(x * factor + constant, activation);
    match skip {
        Some(skip) => y + skip,
        None => y,
    }
}

fn activate(x: Tensor<4>, function: Activation) -> Tensor<4> {
    match function {
        Activation::None => x,
        Activation::Relu => activation::relu(x),
        Activation::LeakyRelu => activation::leaky_relu(x, 0.2),
        Activation::Tanh => activation::tanh(x),
    }
}

/// An image of twice the sides, composed of Burn's own operations.
pub fn enlarge(x: Tensor<4>, by: Interpolation) -> Tensor<4> {
    [2, 3].into_iter().fold(x, |x, axis| {
        let mut shape = x.dims();
        let side = shape[axis];
        let [before, behind] = match by {
            Interpolation::Nearest => [x.clone(), x],
            Interpolation::Bilinear => {
                // At the edge a pixel is its own neighbour.
                let padded = x.clone().pad((1, 1, 1, 1), PadMode::Edge);
                let own = padded.narrow(5 - axis, 1, x.dims()[5 - axis]);
                let [before, behind] = [0, 2].map(|from| own.clone().narrow(axis, from, side));
                [before, behind].map(|next| x.clone() * 0.75 + next * 0.25)
            }
        };
        shape[axis] = 2 * side;
        Tensor::stack::<5>(vec![before, behind], axis + 1).reshape(shape)
    })
}

/// [`super::shrink()`], composed of Burn's own operations.
pub fn shrink(x: Tensor<4>) -> Tensor<4> {
    let [b, c, h, w] = x.dims();
    let taps = [1.0_f32, 2.0, 1.0].map(|down| [1.0, 2.0, 1.0].map(|right| down * right / 16.0));
    let weight = TensorData::new(taps.concat(), [1, 1, 3, 3]);
    let weight = Tensor::from_data(weight, &x.device());
    let x = x.reshape([b * c, 1, h, w]).pad((1, 1, 1, 1), PadMode::Reflect);
    let options = ConvOptions::new([2; 2], [0; 2], [1; 2], 1);
    module::conv2d(x, weight, None, options).reshape([b, c, h / 2, w / 2])
}

/// [`super::loss()`], composed of Burn's own operations.
pub fn loss(x: Tensor<4>, other: Tensor<4>, distance: Distance, weight: f64) -> Tensor<1> {
    let [batch, ..] = x.dims();
    let targets: Vec<f32> =
        (0..batch).map(|image| if image < distance.real() { 1.0 } else { 0.0 }).collect();
    let targets = Tensor::from_data(TensorData::new(targets, [batch, 1, 1, 1]), &x.device());
    let distances = match distance {
        Distance::Absolute => (x - other).abs(),
        Distance::Squared { .. } => (x - targets).powi_scalar(2),
        Distance::Logistic { .. } => activation::log_sigmoid(x * (targets * 2.0 - 1.0)).neg(),
    };
    distances.mean() * weight
}

/// [`super::augment()`] of one picture, `[1, C, H, W]`, composed of Burn's own operations.
pub fn augment(x: Tensor<4>, augmentation: &Augmentation) -> Tensor<4> {
    let Augmentation { brightness, saturation, contrast, .. } = *augmentation;
    let [_, _, h, w] = x.dims();
    let x = x + brightness;
    let color = x.clone().mean_dim(1); // [1, 1, H, W]
    let x = (x - color.clone()) * saturation + color;
    let mean = x.clone().mean_dim(1).mean_dim(2).mean_dim(3); // [1, 1, 1, 1]
    let x = (x - mean.clone()) * contrast + mean;

    let [(down, rows), (right, columns)] = [augmentation.along(0, h), augmentation.along(1, w)];
    // With zeros all around, the shifted picture is cropped out again.
    let (reach_h, reach_w) = (h as isize, w as isize);
    let padded = x.pad((w, w, h, h), PadMode::Constant(0.0)); // [1, C, 3 H, 3 W]
    let moved =
        padded.narrow(2, (reach_h - down) as usize, h).narrow(3, (reach_w - right) as usize, w);
    let seen = (0..reach_h).flat_map(|row| {
        let (rows, columns) = (rows.clone(), columns.clone());
        let is_cut = move |column| rows.contains(&row) && columns.contains(&column);
        (0..reach_w).map(move |column| if is_cut(column) { 0.0_f32 } else { 1.0 })
    });
    let seen = TensorData::new(seen.collect::<Vec<_>>(), [1, 1, h, w]);
    let seen = Tensor::from_data(seen, &moved.device());
    moved * seen
}

/// [`super::adam()`] of one parameter, composed of Burn's own operations.
pub fn adam<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    [mean, square]: [Tensor<D>; 2],
    step: &AdamStep,
) -> (Tensor<D>, [Tensor<D>; 2]) {
    let (length, root) = step.corrected();
    let mean = mean * step.beta1 + gradient.clone() * (1.0 - step.beta1);
    let square = square * step.beta2 + gradient.clone() * gradient * (1.0 - step.beta2);
    let divisor = square.clone().sqrt() / root + step.epsilon;
    let parameter = parameter - mean.clone() / divisor * length;
    (parameter, [mean, square])
}
