//! The operations of Burn's `CubeBackend`: arranges tensors as the kernels of the neighbouring
//! files need them, then launches these.

use burn::{backend::ops::FloatTensorOps, tensor::Shape};
use burn_wgpu::{CubeBackend, CubeTensor, into_contiguous};

use super::{
    augment::augmented,
    conv2d::{self, Way},
    enlarge, instance_norm, layout, loss, shrink, winograd, winograd_backward,
};
use crate::ops::graph::passes::{AffineOf, Block, BlockConv, GradientsOf, KeptByBlock, Passes};
use crate::ops::layer::{Activation, Conv2d, Distance, Geometry, Interpolation};

/// The direction of a convolution's result, and that of its gradients.
fn ways(spec: &Conv2d) -> [Way; 2] {
    if spec.transposed { [Way::Backward, Way::Forward] } else { [Way::Forward, Way::Backward] }
}

/// `[C]`: the sum of each channel of `x` `[B, C, H, W]`.
fn channel_sums(x: CubeTensor) -> CubeTensor {
    let [_, channels, ..] = layout::extents(&x);
    let sums = [0, 2, 3].into_iter().fold(x, CubeBackend::float_sum_dim);
    CubeBackend::float_reshape(sums, Shape::new([channels]))
}

impl Passes for CubeBackend {
    type Statistics = CubeTensor;

    fn conv2d_forward(
        x: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        spec: Conv2d,
    ) -> CubeTensor {
        let geometry = Geometry::new(layout::extents(&x), layout::extents(&weight), &spec);
        let (x, weight, bias) = (layout::image(x), layout::weight(weight), into_contiguous(bias));
        let [way, _] = ways(&spec);
        conv2d::gather(&x, &weight, Some(&bias), &geometry, way, spec.activation)
    }

    fn conv2d_backward(
        x: CubeTensor,
        weight: CubeTensor,
        y: CubeTensor,
        gradient: CubeTensor,
        spec: Conv2d,
        wanted: [bool; 3],
    ) -> GradientsOf<Self, 3> {
        let geometry = Geometry::new(layout::extents(&x), layout::extents(&weight), &spec);
        let x = layout::image(x);
        let mut gradient = layout::image(gradient);
        if spec.activation != Activation::None {
            gradient = instance_norm::activate_backward(&y, &gradient, spec.activation);
        }
        let [want_x, want_weight, want_bias] = wanted;
        let dx = want_x.then(|| {
            let weight = layout::weight(weight);
            let [_, way] = ways(&spec);
            conv2d::gather(&gradient, &weight, None, &geometry, way, Activation::None)
        });
        let [dw, db] = if spec.transposed {
            let dw = want_weight.then(|| {
                let [dw, _] = conv2d::weight_gradient(&gradient, &x, &geometry);
                dw
            });
            // No network wants it: a normalisation always follows (`Network::learning`).
            [dw, want_bias.then(|| channel_sums(gradient))]
        } else if want_weight || want_bias {
            conv2d::weight_gradient(&x, &gradient, &geometry).map(Some)
        } else {
            [None, None]
        };
        [dx, dw, db]
    }

    fn norm_forward(
        x: CubeTensor,
        affine: &AffineOf<Self>,
        activation: Activation,
        skip: Option<CubeTensor>,
    ) -> (CubeTensor, CubeTensor) {
        let (x, skip) = (layout::image(x), skip.map(layout::image));
        instance_norm::normalise(&x, affine.tensors(), skip.as_ref(), activation)
    }

    fn norm_backward(
        x: CubeTensor,
        statistics: CubeTensor,
        affine: &AffineOf<Self>,
        gradient: CubeTensor,
        activation: Activation,
        wanted: bool,
    ) -> (CubeTensor, GradientsOf<Self, 2>) {
        let (x, gradient) = (layout::image(x), layout::image(gradient));
        let affine = affine.tensors();
        instance_norm::normalise_backward(&x, &statistics, affine, &gradient, activation, wanted)
    }

    fn enlarge_forward(x: CubeTensor, by: Interpolation) -> CubeTensor {
        enlarge::enlarge(&layout::image(x), by)
    }

    fn enlarge_backward(gradient: CubeTensor, by: Interpolation) -> CubeTensor {
        enlarge::enlarge_backward(&layout::image(gradient), by)
    }

    fn shrink_forward(x: CubeTensor) -> CubeTensor {
        shrink::shrink(&layout::image(x))
    }

    fn shrink_backward(gradient: CubeTensor) -> CubeTensor {
        shrink::shrink_backward(&layout::image(gradient))
    }

    fn loss_forward(
        x: CubeTensor,
        other: CubeTensor,
        distance: Distance,
        weight: f32,
    ) -> CubeTensor {
        loss::loss(&layout::image(x), &layout::image(other), distance, weight)
    }

    fn loss_backward(
        x: CubeTensor,
        other: CubeTensor,
        gradient: CubeTensor,
        distance: Distance,
        weight: f32,
    ) -> CubeTensor {
        let [x, other] = [x, other].map(layout::image);
        loss::loss_backward(&x, &other, &gradient, distance, weight)
    }

    fn augment_forward(x: CubeTensor, draws: CubeTensor) -> CubeTensor {
        augmented(&layout::image(x), &into_contiguous(draws), false)
    }

    fn augment_backward(gradient: CubeTensor, draws: CubeTensor) -> CubeTensor {
        augmented(&layout::image(gradient), &into_contiguous(draws), true)
    }

    fn block_pays(image: [usize; 4], trained: bool) -> bool {
        winograd::pays(image) && (!trained || winograd_backward::is_possible(image))
    }

    fn block_forward(Block { x, first, second }: Block<Self>) -> (CubeTensor, KeptByBlock<Self>) {
        let arranged = |conv: BlockConv<Self>| BlockConv {
            weight: layout::weight(conv.weight),
            bias: into_contiguous(conv.bias),
            ..conv
        };
        let [first, second] = [first, second].map(arranged);
        winograd::block_forward(Block { x: layout::image(x), first, second })
    }

    fn block_backward(
        kept: KeptByBlock<Self>,
        gradient: CubeTensor,
        wanted: [bool; 9],
    ) -> GradientsOf<Self, 9> {
        winograd_backward::block_backward(&kept, &layout::image(gradient), wanted)
    }
}
