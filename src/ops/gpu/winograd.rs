//! A residual block by Winograd's filtering: it takes a quarter of the multiplications of its two
//! convolutions, and writes none of the images between them.
//!
//! There are five kinds of kernels. The weights are transformed; then, for each convolution, the
//! image is transformed (including the normalisation and activation before it), 36 products are
//! computed in one launch, and the result is transformed back (including the sums for the next
//! normalisation). The last normalisation adds the block's input.
//!
//! The transform's factors increase rounding to about 1e-5 of a layer's largest value.

use burn_wgpu::{CubeBackend, CubeTensor, into_contiguous};

use super::{
    conv2d::{Way, multiply},
    instance_norm::{self, Learnt},
    kernel::{Kernel, activation_code, spread, wgsl},
    layout::{self, extents, is_half},
};
use crate::ops::graph::passes::{Block, KeptByBlock};
use crate::ops::layer::Activation;

/// Side of a tile of results.
pub(super) const SIDE: usize = 4;
/// Positions in a transformed tile.
pub(super) const POSITIONS: usize = (SIDE + 2) * (SIDE + 2);
/// Channels per workgroup.
const CHANNELS: usize = 64;
/// Least tiles per workgroup, and most blocks of tiles per image.
const BLOCK: usize = 8;
const BLOCKS: usize = 64;

/// From here on, fewer multiplications outweigh the transforms: an image has enough tiles for a
/// product, and a tile enough channels.
const LEAST_CHANNELS: usize = 32;
const LEAST_PIXELS: usize = 256;

/// Buffers of each kernel that have the precision of the block's input. Transformed values never
/// are float16: the transform's factors would use up its bits.
pub(super) const WEIGHTS: &[&str] = &["first", "second"];
pub(super) const ENTERED: &[&str] = &["x"];
pub(super) const LEFT: &[&str] = &["y"];

/// The kernel for weights.
pub(super) fn weighing() -> Kernel {
    Kernel::new("winograd_weight", wgsl!["winograd", "winograd_weight"], [64, 1, 1])
}

/// The workgroups of [`weighing()`]; the convolutions of a block are along z.
pub(super) fn weighing_groups(channels: usize) -> [usize; 3] {
    let [x, y, _] = spread(channels * channels);
    [x, y, 2]
}

/// The kernel for images, `normalise`d or unchanged.
pub(super) fn entering(normalise: bool, affine: bool, activation: Activation) -> Kernel {
    let files = wgsl!["winograd", "numbers", "activation", "winograd_input"];
    Kernel::new("winograd_input", files, [64, 4, 1])
        .with([activation_code(activation), ("normalise", u32::from(normalise))])
        .learnt_by_one(affine, 4)
}

/// The kernel for results.
pub(super) fn leaving() -> Kernel {
    Kernel::new("winograd_output", wgsl!["winograd", "winograd_output"], [64, 4, 1])
}

/// Whether this is faster for a block of `channels` channels on images `[B, C, H, W]`.
pub(super) fn pays([_, channels, height, width]: [usize; 4]) -> bool {
    let is_large = channels >= LEAST_CHANNELS && height * width >= LEAST_PIXELS;
    is_large && channels.is_multiple_of(4)
}

/// The tiling of images.
pub(super) struct BlockTiles {
    /// `[B, C, H, W]`.
    pub image: [usize; 4],
    down: usize,
    across: usize,
    block: usize,
    /// Blocks of tiles, and thus of sums.
    pub blocks: usize,
}

impl BlockTiles {
    pub fn new(image: [usize; 4]) -> Self {
        let [_, _, height, width] = image;
        let (down, across) = (height.div_ceil(SIDE), width.div_ceil(SIDE));
        let block = BLOCK.max((down * across).div_ceil(BLOCKS));
        Self { image, down, across, block, blocks: (down * across).div_ceil(block) }
    }

    /// Tiles of all images.
    pub fn count(&self) -> usize {
        self.image[0] * self.down * self.across
    }

    pub fn uniform(&self) -> [u32; 8] {
        self.uniform_with(self.blocks)
    }

    /// The uniform of `winograd.wgsl`, with sums of `blocks` blocks.
    pub fn uniform_with(&self, blocks: usize) -> [u32; 8] {
        let [batch, channels, height, width] = self.image;
        let (down, across, block) = (self.down, self.across, self.block);
        [batch, height, width, channels, down, across, block, blocks].map(|extent| extent as u32)
    }

    pub fn groups(&self) -> [usize; 3] {
        let [batch, channels, ..] = self.image;
        [channels.div_ceil(CHANNELS), self.blocks, batch]
    }

    /// Memory needed between two launches. It reuses that of the generator's outermost layers,
    /// whose images are four times as large as the blocks' and are not alive at the same time.
    pub fn temporary<const D: usize>(&self, like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
        let outermost = 4 * self.image.iter().product::<usize>();
        // In half precision those images are too small.
        layout::empty_within(like, shape, if is_half(like) { 0 } else { outermost })
    }

    /// Both kernels, transformed.
    pub fn kernels(&self, weights: [&CubeTensor; 2]) -> [CubeTensor; 2] {
        let [_, channels, ..] = self.image;
        let shape = [POSITIONS, channels, channels];
        let kernels = weights.map(|like| self.temporary(like, shape));
        let groups = weighing_groups(channels);
        let kernel = weighing().half(WEIGHTS, weights.into_iter().all(is_half));
        kernel.launch(&weights, &kernels.each_ref(), &self.uniform(), groups);
        kernels
    }

    /// An image, transformed: `[36][tile][channels]`. If `normalised` has sums, the image is first
    /// normalised by them and goes through a ReLU; then there are statistics too, as from
    /// [`instance_norm::normalise()`].
    pub fn transformed(&self, x: &CubeTensor, normalised: Option<Normalised>) -> [CubeTensor; 2] {
        let [batch, channels, ..] = self.image;
        let transformed = self.temporary(x, [POSITIONS, self.count(), channels]);
        let statistics = layout::empty(x, [batch, 2, channels]);
        let (sums, affine, activation) = match normalised {
            Some(Normalised { sums, affine }) => (sums, affine, Activation::Relu),
            None => (x, None, Activation::None),
        };
        let (read, written) = ([x, sums], [&transformed, &statistics]);
        let enter = entering(normalised.is_some(), affine.is_some(), activation);
        let enter = enter.half(ENTERED, is_half(x));
        enter.launch_affine(&read, &written, affine, &self.uniform(), self.groups());
        [transformed, statistics]
    }

    /// One convolution of `x` with mirrored border and transformed `kernels`; `x` may first be
    /// `normalised` and go through a ReLU. Returns the result and its own sums.
    fn convolve(
        &self,
        x: &CubeTensor,
        normalised: Option<Normalised>,
        kernels: &CubeTensor,
        bias: &CubeTensor,
    ) -> [CubeTensor; 2] {
        let [batch, channels, ..] = self.image;
        let [pixels, _] = self.transformed(x, normalised);
        let products =
            multiply(&pixels, kernels, [POSITIONS, self.count(), channels], Way::Forward);

        let y = layout::empty_image_as(x, self.image);
        let sums = layout::empty(x, [batch, self.blocks, 2, channels]);
        let leave = leaving().half(LEFT, is_half(x));
        leave.launch(&[&products, bias], &[&y, &sums], &self.uniform(), self.groups());
        [y, sums]
    }
}

/// How to normalise an image on its way into a convolution.
#[derive(Clone, Copy)]
pub(super) struct Normalised<'a> {
    /// Sums of the image's blocks of tiles.
    pub sums: &'a CubeTensor,
    /// Learnt parameters of the normalisation.
    pub affine: Learnt<'a>,
}

/// Whether [`residual_conv2d()`] is faster than a plain convolution of images `x`.
pub fn takes_winograd(x: &CubeTensor) -> bool {
    pays(extents(x))
}

/// One convolution of a residual block, without its normalisation.
pub fn residual_conv2d(x: CubeTensor, weight: CubeTensor, bias: CubeTensor) -> CubeTensor {
    let (x, weight) = (layout::image(x), layout::weight(weight));
    let tiles = BlockTiles::new(extents(&x));
    let [kernels, _] = tiles.kernels([&weight, &weight]);
    let [y, _] = tiles.convolve(&x, None, &kernels, &into_contiguous(bias));
    y
}

/// The residual block `x + norm(conv(relu(norm(conv(x)))))`, and what its backward pass needs. The
/// statistics of the first convolution are sums of its blocks of tiles, those of the second one
/// means and factors, as from [`instance_norm::normalise()`]. The second result can be computed
/// from the block's, which the next layer keeps anyway, unless its normalisation has a weight: that
/// may be zero.
pub(super) fn block_forward(
    Block { x, first, second }: Block<CubeBackend>,
) -> (CubeTensor, KeptByBlock<CubeBackend>) {
    let tiles = BlockTiles::new(extents(&x));
    let kernels = tiles.kernels([&first.weight, &second.weight]);
    let [y, sums] = tiles.convolve(&x, None, &kernels[0], &first.bias);
    let normalised = Normalised { sums: &sums, affine: first.affine.tensors() };
    let [z, z_sums] = tiles.convolve(&y, Some(normalised), &kernels[1], &second.bias);
    let (affine, none) = (second.affine.tensors(), Activation::None);
    let (result, statistics) =
        instance_norm::normalise_by(&z, &z_sums, tiles.blocks, affine, Some(&x), none);
    let z = if affine.is_some() { z } else { result.clone() };
    let kept = KeptByBlock {
        x,
        weights: [first.weight, second.weight],
        results: [y, z],
        statistics: [sums, statistics],
        affine: [first.affine, second.affine],
    };
    (result, kept)
}
