//! The operations on the CPU: tensors of Burn's Flex backend as slices for the functions of
//! [`super::cpu`].

#![allow(clippy::indexing_slicing, reason = "shapes of four axes, arrays of known length")]

use burn::{
    backend::{Flex, TensorMetadata, tensor::FloatTensor},
    tensor::{Shape, TensorData},
};

use super::{
    affine::AffineOf,
    augment::{AugmentationGradients, Augmentations},
    backend::{BackwardOperations, Operations},
    cpu,
    enlarge::Enlarging,
    layer::{Activation, Augmentation, Conv2d, Distance, Geometry, Interpolation},
    loss::{LossGradients, Losses},
};

type OnCpu = FloatTensor<Flex>;
/// Input, weight, bias, and the place for the output.
type Forward = fn(&[f32], &[f32], &[f32], &mut [f32], &Geometry);

/// The elements of a tensor that was made contiguous.
fn elements(tensor: &OnCpu) -> &[f32] {
    tensor.as_slice().unwrap_or_default()
}

fn from_elements(elements: Vec<f32>, shape: impl Into<Shape>) -> OnCpu {
    OnCpu::from_data(TensorData::new(elements, shape.into()))
}

/// The extents of a tensor with four axes.
fn extents(tensor: &OnCpu) -> [usize; 4] {
    let shape = tensor.shape();
    [shape[0], shape[1], shape[2], shape[3]]
}

impl Operations for Flex {
    fn convolve(x: OnCpu, weight: OnCpu, bias: OnCpu, spec: Conv2d) -> OnCpu {
        let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.to_contiguous());
        let shape = Geometry::new(extents(&x), extents(&weight), &spec);
        let (forward, shape_y): (Forward, _) = if spec.transposed {
            (cpu::conv_transpose2d, [shape.batch, shape.channels, shape.height, shape.width])
        } else {
            (cpu::conv2d, [shape.batch, shape.outputs, shape.rows(), shape.columns()])
        };
        let mut y = vec![0.0; shape_y.iter().product()];
        forward(elements(&x), elements(&weight), elements(&bias), &mut y, &shape);
        cpu::activate(&mut y, spec.activation);
        from_elements(y, shape_y)
    }

    fn normalise(x: OnCpu, affine: AffineOf<Flex>, activation: Activation) -> (OnCpu, OnCpu) {
        (normalise(&x, affine, None, activation), nothing())
    }

    fn normalise_and_add(
        x: OnCpu,
        skip: OnCpu,
        affine: AffineOf<Flex>,
        activation: Activation,
    ) -> (OnCpu, OnCpu) {
        (normalise(&x, affine, Some(&skip), activation), nothing())
    }
}

/// The statistics of a channel, which fits the cache, cost less to find again than to keep.
fn nothing() -> OnCpu {
    from_elements(Vec::new(), [0])
}

fn normalise(
    x: &OnCpu,
    affine: AffineOf<Flex>,
    skip: Option<&OnCpu>,
    activation: Activation,
) -> OnCpu {
    let shape = x.shape();
    let x = x.to_contiguous();
    let affine = affine.tensors().map(|both| both.map(OnCpu::to_contiguous));
    let affine = affine.as_ref().map(|both| both.each_ref().map(elements));
    let skip = skip.map(OnCpu::to_contiguous);
    let mut y = vec![0.0; shape.num_elements()];
    let skip = skip.as_ref().map(elements);
    cpu::instance_norm(elements(&x), affine, skip, &mut y, shape[2] * shape[3], activation);
    from_elements(y, shape)
}

impl Losses for Flex {
    fn loss(x: OnCpu, other: OnCpu, distance: Distance, weight: f32) -> OnCpu {
        let [x, other] = [x, other].map(|tensor| tensor.to_contiguous());
        let sum = cpu::loss(elements(&x), elements(&other), extents(&x)[0], distance);
        let mean = sum / elements(&x).len() as f64;
        from_elements(vec![(f64::from(weight) * mean) as f32], [1])
    }
}

impl LossGradients for Flex {
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
        from_elements(cpu::loss_backward(x, other, shape[0], distance, scale), shape)
    }
}

impl Augmentations for Flex {
    fn augment(x: OnCpu, draws: OnCpu) -> OnCpu {
        pictures(&x, &draws, cpu::augment)
    }
}

impl AugmentationGradients for Flex {
    fn augment_backward(gradient: OnCpu, draws: OnCpu) -> OnCpu {
        pictures(&gradient, &draws, cpu::augment_backward)
    }
}

/// What `work` makes of each picture, in one direction or the other.
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

impl BackwardOperations for Flex {
    fn convolve_backward(
        x: OnCpu,
        weight: OnCpu,
        y: OnCpu,
        gradient: OnCpu,
        spec: Conv2d,
        wanted: [bool; 3],
    ) -> (OnCpu, OnCpu, OnCpu) {
        let [x, weight, y, mut gradient] =
            [x, weight, y, gradient].map(|tensor| tensor.to_contiguous());
        if spec.activation != Activation::None {
            let mut inner = vec![0.0; gradient.shape().num_elements()];
            cpu::activate_backward(elements(&y), elements(&gradient), &mut inner, spec.activation);
            gradient = from_elements(inner, gradient.shape());
        }
        let shape = Geometry::new(extents(&x), extents(&weight), &spec);
        let channels = gradient.shape()[1];
        let shapes = [x.shape(), weight.shape(), Shape::new([channels])];
        let counts = std::array::from_fn(|i| if wanted[i] { shapes[i].num_elements() } else { 0 });
        let [mut dx, mut dw, mut db] = counts.map(|count: usize| vec![0.0; count]);
        let [want_x, want_w, want_b] = wanted;
        let gradients = cpu::Gradients {
            input: want_x.then_some(dx.as_mut_slice()),
            weight: want_w.then_some(dw.as_mut_slice()),
            bias: want_b.then_some(db.as_mut_slice()),
        };
        let backward =
            if spec.transposed { cpu::conv_transpose2d_backward } else { cpu::conv2d_backward };
        backward(elements(&x), elements(&weight), elements(&gradient), gradients, &shape);
        let [shape_x, shape_w, shape_b] = shapes;
        let give = |values: Vec<f32>, shape: Shape| {
            let shape = if values.is_empty() { Shape::new([0]) } else { shape };
            from_elements(values, shape)
        };
        (give(dx, shape_x), give(dw, shape_w), give(db, shape_b))
    }

    fn normalise_backward(
        x: OnCpu,
        _statistics: OnCpu,
        affine: AffineOf<Flex>,
        gradient: OnCpu,
        activation: Activation,
        _wanted: bool,
    ) -> (OnCpu, Option<[OnCpu; 2]>) {
        let shape = x.shape();
        let [x, gradient] = [x, gradient].map(|tensor| tensor.to_contiguous());
        let mut dx = vec![0.0; shape.num_elements()];
        let plane = shape[2] * shape[3];
        let (x, gradient) = (elements(&x), elements(&gradient));
        let affine = affine.tensors().map(|both| both.map(OnCpu::to_contiguous));
        // Its gradients are sums that the image's needs anyway.
        let of_affine = match &affine {
            None => {
                cpu::instance_norm_backward(x, gradient, &mut dx, plane, activation);
                None
            }
            Some(both) => {
                let affine = both.each_ref().map(elements);
                Some(cpu::affine_norm_backward(x, affine, gradient, &mut dx, plane, activation))
            }
        };
        let of_affine = of_affine.map(|both| both.map(|sums| from_elements(sums, [shape[1]])));
        (from_elements(dx, shape), of_affine)
    }
}

impl Enlarging for Flex {
    fn enlarge(x: OnCpu, by: Interpolation) -> OnCpu {
        let x = x.to_contiguous();
        let [batch, channels, height, width] = extents(&x);
        let mut y = vec![0.0; 4 * x.shape().num_elements()];
        cpu::enlarge(elements(&x), &mut y, [height, width], by);
        from_elements(y, [batch, channels, 2 * height, 2 * width])
    }

    fn enlarge_backward(gradient: OnCpu, by: Interpolation) -> OnCpu {
        let gradient = gradient.to_contiguous();
        let [batch, channels, height, width] = extents(&gradient);
        let [height, width] = [height, width].map(|side| side / 2);
        let mut dx = vec![0.0; gradient.shape().num_elements() / 4];
        cpu::enlarge_backward(elements(&gradient), &mut dx, [height, width], by);
        from_elements(dx, [batch, channels, height, width])
    }
}
