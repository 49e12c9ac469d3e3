//! The backward pass of a residual block by Winograd's filtering.
//!
//! The gradient of a convolution's input is the exact adjoint of the forward pass: every transform
//! is transposed, and so are the 36 products, with the same transformed weights. These are computed
//! again, because those of all blocks would take 340 MB at 256 channels. The gradient of a weight
//! is the adjoint in the other factor: 36 products of transformed images and transformed gradients,
//! which already exist. The normalisations' backward passes are part of the transforms, so neither
//! the image between the convolutions nor the gradients of their results are ever written.

use burn_wgpu::{CubeBackend, CubeTensor};

use super::{
    conv2d::{BUSY, Way, multiply},
    instance_norm::{self, Learnt},
    kernel::{Kernel, activation_code, spread, wgsl},
    layout::{self, extents},
    winograd::{BlockTiles, Normalised, POSITIONS, SIDE},
};
use crate::ops::graph::passes::{AffineOf, GradientsOf, KeptByBlock};
use crate::ops::layer::Activation;

/// Side of a tile of a weight's gradient, and tiles of an image that are summed at once.
const WEIGHTS: usize = 64;
const DEPTH: usize = 16;

/// The kernel for gradients of results that are normalised and activated.
pub(super) fn entering(affine: bool, activation: Activation) -> Kernel {
    let files = wgsl!["winograd", "numbers", "activation", "winograd_gradient"];
    Kernel::new("winograd_gradient", files, [64, 4, 1])
        .with([activation_code(activation)])
        .learnt_by_one(affine, 5)
}

/// The kernel for gradients of images, with or without that of a skip connection.
pub(super) fn leaving(skip: bool) -> Kernel {
    let files = wgsl!["winograd", "winograd_input_gradient"];
    Kernel::new("winograd_input_gradient", files, [64, 4, 1]).with([("skip", u32::from(skip))])
}

/// The kernel for the products of weights' gradients.
pub(super) fn multiplying(channels: usize) -> Kernel {
    let files = wgsl!["winograd", "winograd_weight_product"];
    Kernel::new("winograd_weight_product", files, [8, 8, 1])
        .wide(&["source", "gradient", "part"], channels)
}

/// The kernel that adds up their parts and transforms them.
pub(super) fn summing() -> Kernel {
    Kernel::new("winograd_weight_gradient", wgsl!["winograd_weight_gradient"], [64, 1, 1])
}

/// Whether the backward pass of images `[B, C, H, W]` can use this: all tiles must be whole.
pub(super) fn is_possible([.., height, width]: [usize; 4]) -> bool {
    height.is_multiple_of(SIDE) && width.is_multiple_of(SIDE)
}

impl BlockTiles {
    /// The gradient of a convolution's result `y`, transformed: `[36][tile][channels]`, and the
    /// sums for the gradients of `affine`. `gradient` is the one after `y`'s normalisation and
    /// activation, whose backward passes are included.
    fn transformed_gradient(
        &self,
        y: &CubeTensor,
        statistics: &CubeTensor,
        affine: Learnt,
        gradient: &CubeTensor,
        activation: Activation,
    ) -> [CubeTensor; 2] {
        let [_, channels, ..] = self.image;
        let (sums, blocks) =
            instance_norm::gradient_sums(y, statistics, affine, gradient, activation);
        let transformed = self.temporary(gradient, [POSITIONS, self.count(), channels]);
        let read = [y, gradient, statistics, &sums];
        let info = self.uniform_with(blocks);
        let enter = entering(affine.is_some(), activation);
        enter.launch_affine(&read, &[&transformed], affine, &info, self.groups());
        [transformed, sums]
    }

    /// The gradient of a convolution's input, from that of its result and its kernels, both
    /// transformed; adds `skip`.
    fn input_gradient(
        &self,
        gradient: &CubeTensor,
        kernels: &CubeTensor,
        skip: Option<&CubeTensor>,
    ) -> CubeTensor {
        let [_, channels, ..] = self.image;
        let size = [POSITIONS, self.count(), channels];
        let products = multiply(gradient, kernels, size, Way::Backward);
        let dx = layout::empty_image(gradient, self.image);
        let read = [&products, skip.unwrap_or(&products)];
        leaving(skip.is_some()).launch(&read, &[&dx], &self.uniform(), self.groups());
        dx
    }

    /// The workgroups of [`multiplying()`]; the parts of the sum are along z, each with all
    /// positions.
    pub fn weight_groups(&self) -> [usize; 3] {
        let side = self.image[1].div_ceil(WEIGHTS);
        let most = self.count().div_ceil(DEPTH);
        let parts = BUSY.div_ceil(POSITIONS * side * side).clamp(1, most);
        [side, side, POSITIONS * parts]
    }

    /// The gradients of a convolution's weight and bias, from its image and its result's gradient,
    /// both transformed.
    fn weight_gradient(&self, pixels: &CubeTensor, gradient: &CubeTensor) -> [CubeTensor; 2] {
        let [_, channels, ..] = self.image;
        let groups = self.weight_groups();
        let parts = groups[2] / POSITIONS;
        let part = self.temporary(pixels, [parts, POSITIONS * channels * channels + channels]);
        multiplying(channels).launch(&[pixels, gradient], &[&part], &self.uniform(), groups);
        let weight = layout::empty_weight(pixels, [channels, channels, 3, 3]);
        let bias = layout::empty(pixels, [channels]);
        let sizes = [parts, channels].map(|size| size as u32);
        summing().launch(&[&part], &[&weight, &bias], &sizes, spread(channels * (channels + 1)));
        [weight, bias]
    }
}

/// The backward pass of [`super::winograd::block_forward()`]: the gradients that are `wanted`.
pub(super) fn block_backward(
    kept: &KeptByBlock<CubeBackend>,
    gradient: &CubeTensor,
    wanted: [bool; 9],
) -> GradientsOf<CubeBackend, 9> {
    let KeptByBlock { x, weights, results: [y, z], statistics: [sums, statistics], affine } = kept;
    let affine = affine.each_ref().map(AffineOf::tensors);
    let tiles = BlockTiles::new(extents(x));
    let [want_x, want_w1, want_b1, want_w2, want_b2, learns_1, _, learns_2, _] = wanted;
    let [first, second] = tiles.kernels(weights.each_ref());

    let z = match affine[1] {
        Some(_) => z.clone(),
        None => instance_norm::unnormalise(z, x, statistics),
    };
    let [transformed, z_sums] =
        tiles.transformed_gradient(&z, statistics, affine[1], gradient, Activation::None);
    drop(z);
    let [weight_2, bias_2] = instance_norm::affine_gradients(&z_sums, learns_2);
    let normalised = Normalised { sums, affine: affine[0] };
    let [pixels, statistics] = tiles.transformed(y, Some(normalised));
    let [dw2, db2] = if want_w2 || want_b2 {
        tiles.weight_gradient(&pixels, &transformed).map(Some)
    } else {
        [None, None]
    };
    drop(pixels);
    if !(want_x || want_w1 || want_b1 || learns_1) {
        return [None, None, None, dw2, db2, None, None, weight_2, bias_2];
    }
    let d_inner = tiles.input_gradient(&transformed, &second, None);
    drop((transformed, second));

    let [transformed, y_sums] =
        tiles.transformed_gradient(y, &statistics, affine[0], &d_inner, Activation::Relu);
    drop(d_inner);
    let [weight_1, bias_1] = instance_norm::affine_gradients(&y_sums, learns_1);
    let [dw1, db1] = if want_w1 || want_b1 {
        let [pixels, _] = tiles.transformed(x, None);
        tiles.weight_gradient(&pixels, &transformed).map(Some)
    } else {
        [None, None]
    };
    let dx = want_x.then(|| tiles.input_gradient(&transformed, &first, Some(gradient)));
    [dx, dw1, db1, dw2, db2, weight_1, bias_1, weight_2, bias_2]
}
