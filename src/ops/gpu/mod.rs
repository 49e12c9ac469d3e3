//! The operations on WebGPU, by kernels of our own in `ops/wgsl/`.
//!
//! Images are kept with the channels of a pixel together (NHWC) and weights as one matrix a tap, so
//! that every kernel reads four channels at once; shapes and names stay PyTorch's (`layout.rs`).
//! `kernel.rs` puts a shader together and launches it, `conv2d.rs` and `instance_norm.rs` choose
//! which. Nothing beyond WebGPU's defaults is needed: at most 8 storage buffers, 16 KB of workgroup
//! memory and 256 invocations a workgroup.

#![allow(clippy::indexing_slicing, reason = "shapes of four axes, arrays of known length")]

mod adam;
mod augment;
mod catalogue;
mod conv2d;
mod copy;
mod enlarge;
mod finite;
mod instance_norm;
mod kernel;
#[cfg(all(test, not(target_family = "wasm")))]
mod launches;
mod layout;
mod loss;
mod recording;
mod sum;
mod watch;
mod winograd;
mod winograd_backward;

use burn::{
    backend::{Backend, TensorMetadata, tensor::FloatTensor},
    tensor::Shape,
};
use burn_wgpu::{CubeBackend, CubeTensor, into_contiguous};

use self::{
    conv2d::Way,
    winograd_backward::{Forward, Second},
};
use super::{
    affine::AffineOf,
    backend::{BackwardOperations, Operations},
    enlarge::Enlarging,
    layer::{Activation, Conv2d, Geometry, Interpolation},
    whole_block::{AffinePair, BlockGradients, BlockPasses, Each, Kept, Pair, WholeBlock},
};

pub use adam::{Learning, adam};
pub use catalogue::{Shader, half_shaders, shaders};
pub use copy::{converted, copied, copy, join};
pub use finite::not_finite;
pub use recording::{Recorder, Recording, apart};
pub use sum::{add, average};
pub use watch::watched;

/// The way of a convolution's result, and that of its gradients.
fn ways(spec: &Conv2d) -> [Way; 2] {
    if spec.transposed { [Way::Backward, Way::Forward] } else { [Way::Forward, Way::Backward] }
}

/// A parameter as the kernels want it in memory: then no call has to arrange it again.
pub fn arranged(parameter: CubeTensor) -> CubeTensor {
    if parameter.rank() == 4 { layout::weight(parameter) } else { into_contiguous(parameter) }
}

/// `[C]`: the sum of each channel of `x` `[B, C, H, W]`.
fn channel_sums<B: Backend>(x: FloatTensor<B>, channels: usize) -> FloatTensor<B> {
    let sums = [0, 2, 3].into_iter().fold(x, B::float_sum_dim);
    B::float_reshape(sums, Shape::new([channels]))
}

/// An image as the kernels want it in memory.
pub fn image(image: CubeTensor) -> CubeTensor {
    layout::image(image)
}

/// The residual block of [`super::residual_block()`], if there is a better way than one operation
/// behind the other.
pub fn residual_block(
    x: CubeTensor,
    [first, second]: [(CubeTensor, CubeTensor); 2],
    affine: [AffineOf<CubeBackend>; 2],
) -> Option<CubeTensor> {
    if !winograd::pays(layout::extents(&x)) {
        return None;
    }
    let x = layout::image(x);
    let [first, second] = [first, second].map(|(weight, bias)| (arranged(weight), arranged(bias)));
    let affine = affine.each_ref().map(AffineOf::tensors);
    let convs = [(&first.0, &first.1), (&second.0, &second.1)];
    Some(winograd::residual_block(&x, convs, affine).result)
}

/// Whether a residual block on images `[B, C, H, W]` is better learnt by [`WholeBlock`] than by one
/// operation behind the other.
pub fn whole_block_pays(image: [usize; 4]) -> bool {
    winograd::pays(image) && winograd_backward::is_possible(image)
}

impl Operations for CubeBackend {
    fn convolve(x: CubeTensor, weight: CubeTensor, bias: CubeTensor, spec: Conv2d) -> CubeTensor {
        let geometry = Geometry::new(layout::extents(&x), layout::extents(&weight), &spec);
        let (x, weight, bias) = (layout::image(x), layout::weight(weight), into_contiguous(bias));
        let [way, _] = ways(&spec);
        conv2d::gather(&x, &weight, Some(&bias), &geometry, way, spec.activation)
    }

    fn normalise(
        x: CubeTensor,
        affine: AffineOf<Self>,
        activation: Activation,
    ) -> (CubeTensor, CubeTensor) {
        instance_norm::normalise(&layout::image(x), affine.tensors(), None, activation)
    }

    fn normalise_and_add(
        x: CubeTensor,
        skip: CubeTensor,
        affine: AffineOf<Self>,
        activation: Activation,
    ) -> (CubeTensor, CubeTensor) {
        let (x, skip) = (layout::image(x), layout::image(skip));
        instance_norm::normalise(&x, affine.tensors(), Some(&skip), activation)
    }
}

impl BackwardOperations for CubeBackend {
    fn convolve_backward(
        x: CubeTensor,
        weight: CubeTensor,
        y: CubeTensor,
        gradient: CubeTensor,
        spec: Conv2d,
        wanted: [bool; 3],
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
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
            // No network wants it: a normalisation follows everywhere (`Network::learning`).
            let channels = layout::extents(&gradient)[1];
            [dw, want_bias.then(|| channel_sums::<Self>(gradient.clone(), channels))]
        } else if want_weight || want_bias {
            conv2d::weight_gradient(&x, &gradient, &geometry).map(Some)
        } else {
            [None, None]
        };
        // Nobody looks at what was not wanted.
        let given = |gradient: Option<CubeTensor>| gradient.unwrap_or_else(|| x.clone());
        (given(dx), given(dw), given(db))
    }

    fn normalise_backward(
        x: CubeTensor,
        statistics: CubeTensor,
        affine: AffineOf<Self>,
        gradient: CubeTensor,
        activation: Activation,
        wanted: bool,
    ) -> (CubeTensor, Option<[CubeTensor; 2]>) {
        let (x, gradient) = (layout::image(x), layout::image(gradient));
        let affine = affine.tensors();
        instance_norm::normalise_backward(&x, &statistics, affine, &gradient, activation, wanted)
    }
}

impl Enlarging for CubeBackend {
    fn enlarge(x: CubeTensor, by: Interpolation) -> CubeTensor {
        enlarge::enlarge(&layout::image(x), by)
    }

    fn enlarge_backward(gradient: CubeTensor, by: Interpolation) -> CubeTensor {
        enlarge::enlarge_backward(&layout::image(gradient), by)
    }
}

impl WholeBlock for CubeBackend {
    fn whole_block(
        x: CubeTensor,
        first_weight: CubeTensor,
        first_bias: CubeTensor,
        second_weight: CubeTensor,
        second_bias: CubeTensor,
        affine: AffinePair<Self>,
    ) -> CubeTensor {
        let convs = [(first_weight, first_bias), (second_weight, second_bias)];
        Self::forward(x, convs, affine.both()).0
    }
}

impl BlockPasses for CubeBackend {
    fn forward(
        x: CubeTensor,
        [first, second]: [Pair<Self>; 2],
        affine: [AffineOf<Self>; 2],
    ) -> (CubeTensor, Kept<Self>) {
        let x = layout::image(x);
        let [first, second] =
            [first, second].map(|(weight, bias)| (arranged(weight), arranged(bias)));
        let learnt = affine.each_ref().map(AffineOf::tensors);
        let convs = [(&first.0, &first.1), (&second.0, &second.1)];
        let winograd::Block { result, inner, sums, second: z, statistics } =
            winograd::residual_block(&x, convs, learnt);
        // The second result can be told from the block's, which the next layer keeps anyway, unless it
        // was multiplied by what may be zero.
        let z = if learnt[1].is_some() { z } else { result.clone() };
        let (weights, results) = ([first.0, second.0], [inner, z]);
        (result, Kept { x, weights, results, statistics: [sums, statistics], affine })
    }

    fn backward(
        kept: Kept<Self>,
        gradient: CubeTensor,
        wanted: Each<bool>,
    ) -> BlockGradients<Self> {
        let Kept { x, weights, results: [inner, z], statistics: [sums, statistics], affine } =
            &kept;
        let (weights, affine) = (weights.each_ref(), affine.each_ref().map(AffineOf::tensors));
        let second = match affine[1] {
            Some(_) => Second::Kept(z),
            None => Second::Of(z),
        };
        let forward = Forward { x, weights, inner, sums, second, statistics, affine };
        winograd_backward::residual_block_backward(forward, &layout::image(gradient), wanted)
    }
}
