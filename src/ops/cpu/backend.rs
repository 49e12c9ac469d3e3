//! The operations of Burn's Flex backend: hands the memory of tensors to the functions of the
//! neighbouring files.

#![allow(clippy::indexing_slicing, reason = "shapes of four axes, arrays of known length")]

use burn::{
    backend::{Flex, TensorMetadata, ops::FloatTensorOps, tensor::FloatTensor},
    tensor::{Shape, TensorData},
};

use super::{activation, augment, conv2d, enlarge, instance_norm, loss, shrink};
use crate::ops::graph::passes::{AffineOf, GradientsOf, Passes};
use crate::ops::layer::{
    Activation, AdamStep, Augmentation, Conv2d, Distance, Geometry, Interpolation,
};

/// A tensor on the CPU.
pub type OnCpu = FloatTensor<Flex>;
/// Input, weight, bias, and memory for the output.
type Convolve = fn(&[f32], &[f32], &[f32], &mut [f32], &Geometry);

/// The elements of a contiguous tensor.
fn elements(tensor: &OnCpu) -> &[f32] {
    tensor.as_slice().unwrap_or_default()
}

fn from_elements(elements: Vec<f32>, shape: impl Into<Shape>) -> OnCpu {
    OnCpu::from_data(TensorData::new(elements, shape.into()))
}

/// The extents of a tensor with four axes.
fn extents(tensor: &OnCpu) -> [usize; 4] {
    tensor.shape().dims()
}

impl Passes for Flex {
    /// Nothing: a channel fits the cache, so computing its statistics again costs less than keeping
    /// them.
    type Statistics = ();

    fn conv2d_forward(x: OnCpu, weight: OnCpu, bias: OnCpu, spec: Conv2d) -> OnCpu {
        convolved(conv2d::conv2d, x, weight, bias, spec)
    }

    fn conv2d_without_graph(x: OnCpu, weight: OnCpu, bias: OnCpu, spec: Conv2d) -> OnCpu {
        convolved(conv2d::conv2d_without_graph, x, weight, bias, spec)
    }

    fn conv2d_backward(
        x: OnCpu,
        weight: OnCpu,
        y: OnCpu,
        gradient: OnCpu,
        spec: Conv2d,
        wanted: [bool; 3],
    ) -> GradientsOf<Self, 3> {
        let [x, weight, y, mut gradient] =
            [x, weight, y, gradient].map(|tensor| tensor.to_contiguous());
        if spec.activation != Activation::None {
            let mut inner = vec![0.0; gradient.shape().num_elements()];
            let (y, above) = (elements(&y), elements(&gradient));
            activation::activate_backward(y, above, &mut inner, spec.activation);
            gradient = from_elements(inner, gradient.shape());
        }
        let shape = Geometry::new(extents(&x), extents(&weight), &spec);
        let shapes = [x.shape(), weight.shape(), Shape::new([gradient.shape()[1]])];
        let [mut dx, mut dw, mut db] =
            std::array::from_fn(|i| wanted[i].then(|| vec![0.0; shapes[i].num_elements()]));
        let gradients = conv2d::Gradients {
            input: dx.as_deref_mut(),
            weight: dw.as_deref_mut(),
            bias: db.as_deref_mut(),
        };
        let backward = if spec.transposed {
            conv2d::conv_transpose2d_backward
        } else {
            conv2d::conv2d_backward
        };
        backward(elements(&x), elements(&weight), elements(&gradient), gradients, &shape);
        let [shape_x, shape_w, shape_b] = shapes;
        [(dx, shape_x), (dw, shape_w), (db, shape_b)]
            .map(|(values, shape)| values.map(|values| from_elements(values, shape)))
    }

    fn norm_forward(
        x: OnCpu,
        affine: &AffineOf<Self>,
        activation: Activation,
        skip: Option<OnCpu>,
    ) -> (OnCpu, ()) {
        let shape = x.shape();
        let x = x.to_contiguous();
        let affine = affine.tensors().map(|both| both.map(OnCpu::to_contiguous));
        let affine = affine.as_ref().map(|both| both.each_ref().map(elements));
        let skip = skip.map(|skip| skip.to_contiguous());
        let mut y = vec![0.0; shape.num_elements()];
        let (skip, plane) = (skip.as_ref().map(elements), shape[2] * shape[3]);
        instance_norm::instance_norm(elements(&x), affine, skip, &mut y, plane, activation);
        (from_elements(y, shape), ())
    }

    fn norm_backward(
        x: OnCpu,
        (): (),
        affine: &AffineOf<Self>,
        gradient: OnCpu,
        activation: Activation,
        _wanted: bool,
    ) -> (OnCpu, GradientsOf<Self, 2>) {
        let shape = x.shape();
        let [x, gradient] = [x, gradient].map(|tensor| tensor.to_contiguous());
        let mut dx = vec![0.0; shape.num_elements()];
        let plane = shape[2] * shape[3];
        let (x, gradient) = (elements(&x), elements(&gradient));
        let affine = affine.tensors().map(|both| both.map(OnCpu::to_contiguous));
        let learnt = match &affine {
            None => {
                instance_norm::instance_norm_backward(x, gradient, &mut dx, plane, activation);
                [None, None]
            }
            Some(both) => {
                let affine = both.each_ref().map(elements);
                // The affine gradients are sums that the image's gradient needs anyway.
                instance_norm::affine_norm_backward(x, affine, gradient, &mut dx, plane, activation)
                    .map(|sums| Some(from_elements(sums, [shape[1]])))
            }
        };
        (from_elements(dx, shape), learnt)
    }

    fn enlarge_forward(x: OnCpu, by: Interpolation) -> OnCpu {
        let x = x.to_contiguous();
        let [batch, channels, height, width] = extents(&x);
        let mut y = vec![0.0; 4 * x.shape().num_elements()];
        enlarge::enlarge(elements(&x), &mut y, [height, width], by);
        from_elements(y, [batch, channels, 2 * height, 2 * width])
    }

    fn enlarge_backward(gradient: OnCpu, by: Interpolation) -> OnCpu {
        let gradient = gradient.to_contiguous();
        let [batch, channels, height, width] = extents(&gradient);
        let [height, width] = [height, width].map(|side| side / 2);
        let mut dx = vec![0.0; gradient.shape().num_elements() / 4];
        enlarge::enlarge_backward(elements(&gradient), &mut dx, [height, width], by);
        from_elements(dx, [batch, channels, height, width])
    }

    fn shrink_forward(x: OnCpu) -> OnCpu {
        let x = x.to_contiguous();
        let [batch, channels, height, width] = extents(&x);
        let mut y = vec![0.0; x.shape().num_elements() / 4];
        shrink::shrink(elements(&x), &mut y, [height, width]);
        from_elements(y, [batch, channels, height / 2, width / 2])
    }

    fn shrink_backward(gradient: OnCpu) -> OnCpu {
        let gradient = gradient.to_contiguous();
        let [batch, channels, height, width] = extents(&gradient);
        let [height, width] = [height, width].map(|side| 2 * side);
        let mut dx = vec![0.0; 4 * gradient.shape().num_elements()];
        shrink::shrink_backward(elements(&gradient), &mut dx, [height, width]);
        from_elements(dx, [batch, channels, height, width])
    }

    fn loss_forward(x: OnCpu, other: OnCpu, distance: Distance, weight: f32) -> OnCpu {
        let [x, other] = [x, other].map(|tensor| tensor.to_contiguous());
        let sum = loss::loss(elements(&x), elements(&other), extents(&x)[0], distance);
        let mean = sum / elements(&x).len() as f64;
        from_elements(vec![(f64::from(weight) * mean) as f32], [1])
    }

    fn loss_backward(
        x: OnCpu,
        other: OnCpu,
        gradient: OnCpu,
        distance: Distance,
        weight: f32,
    ) -> OnCpu {
        let [x, other, gradient] = [x, other, gradient].map(|tensor| tensor.to_contiguous());
        let shape = extents(&x);
        let (x, other) = (elements(&x), elements(&other));
        let above = elements(&gradient).first().copied().unwrap_or_default();
        let scale = above * weight / x.len() as f32;
        from_elements(loss::loss_backward(x, other, shape[0], distance, scale), shape)
    }

    fn augment_forward(x: OnCpu, draws: OnCpu) -> OnCpu {
        pictures(&x, &draws, augment::augment)
    }

    fn augment_backward(gradient: OnCpu, draws: OnCpu) -> OnCpu {
        pictures(&gradient, &draws, augment::augment_backward)
    }
}

/// A convolution, which `convolve` computes unless it is transposed, and its activation.
fn convolved(convolve: Convolve, x: OnCpu, weight: OnCpu, bias: OnCpu, spec: Conv2d) -> OnCpu {
    let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.to_contiguous());
    let shape = Geometry::new(extents(&x), extents(&weight), &spec);
    let (forward, shape_y): (Convolve, _) = if spec.transposed {
        let shape_y = [shape.batch, shape.channels, shape.height, shape.width];
        (conv2d::conv_transpose2d, shape_y)
    } else {
        (convolve, [shape.batch, shape.outputs, shape.rows(), shape.columns()])
    };
    let mut y = vec![0.0; shape_y.iter().product()];
    forward(elements(&x), elements(&weight), elements(&bias), &mut y, &shape);
    activation::activate(&mut y, spec.activation);
    from_elements(y, shape_y)
}

/// Applies `work` to each picture.
fn pictures(
    x: &OnCpu,
    draws: &OnCpu,
    work: fn(&[f32], &mut [f32], [usize; 3], &Augmentation),
) -> OnCpu {
    let [batch, channels, height, width] = extents(x);
    let [x, draws] = [x, draws].map(OnCpu::to_contiguous);
    let (draws, _) = elements(&draws).as_chunks();
    let mut y = vec![0.0; elements(&x).len()];
    let size = channels * height * width;
    let each = elements(&x).chunks(size).zip(y.chunks_mut(size));
    for ((x, y), numbers) in each.zip(draws.iter().cycle()) {
        work(x, y, [channels, height, width], &Augmentation::from_numbers(*numbers));
    }
    from_elements(y, [batch, channels, height, width])
}

/// Updates a parameter by its gradient and both moments, and returns it with the moments. All three
/// are changed in place if nobody else holds them; a view into a larger tensor is copied first.
pub fn adam(learning: [OnCpu; 4], step: &AdamStep) -> [OnCpu; 3] {
    let [mut parameter, gradient, mut mean, mut square] =
        learning.map(|tensor| tensor.to_contiguous());
    super::adam::adam(
        parameter.storage_mut(),
        mean.storage_mut(),
        square.storage_mut(),
        gradient.storage(),
        step,
    );
    [parameter, mean, square]
}

/// [`crate::ops::moments()`].
pub fn moments(x: OnCpu) -> OnCpu {
    let [_, channels, height, width] = extents(&x);
    let x = x.to_contiguous();
    let mut moments = vec![0.0; 2 * channels];
    let (means, variances) = moments.split_at_mut(channels);
    instance_norm::moments(elements(&x), means, variances, height * width);
    from_elements(moments, [2, channels])
}

/// [`crate::ops::scaled()`]; `scaling` is factor and constant.
pub fn scaled(x: OnCpu, scaling: [OnCpu; 2], activation: Activation, skip: Option<OnCpu>) -> OnCpu {
    let shape = x.shape();
    let x = x.to_contiguous();
    let skip = skip.map(|skip| skip.to_contiguous());
    let mut y = vec![0.0; shape.num_elements()];
    let (skip, plane) = (skip.as_ref().map(elements), shape[2] * shape[3]);
    let scaling = scaling.each_ref().map(elements);
    instance_norm::scale(elements(&x), scaling, skip, &mut y, plane, activation);
    from_elements(y, shape)
}

/// The sum of both.
pub fn add([sum, gradient]: [OnCpu; 2]) -> [OnCpu; 1] {
    [Flex::float_add(sum, gradient)]
}

/// Moves an average by `share` of the way towards its weight, in place if nobody else holds it.
pub fn average(pair: [OnCpu; 2], share: f64) -> [OnCpu; 1] {
    let [mut average, weight] = pair.map(|tensor| tensor.to_contiguous());
    super::average::average(average.storage_mut(), weight.storage(), share as f32);
    [average]
}
