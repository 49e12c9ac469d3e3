//! Instance normalisation and its gradient.

use burn_wgpu::CubeTensor;

use super::{
    conv2d,
    kernel::{Kernel, MOST_GROUPS, activation_code, spread, wgsl},
    layout::{self, extents, is_half},
};
use crate::ops::layer::Activation;

/// Channels per workgroup.
const CHANNELS: usize = 64;
/// Pixels per workgroup that only sums, so that the next pass has few enough sums to add up.
const SUMMED: usize = 512;
/// Most blocks of pixels.
const BLOCKS: usize = 64;
/// Least pixels per workgroup that writes them.
const WRITTEN: usize = 256;

/// Buffers that [`normalise()`] keeps in the precision of its input.
pub(super) const IMAGES: &[&str] = &["x", "skip", "y"];

const GROUP: [u32; 3] = [16, 16, 1];

/// The kernels of the two passes forward.
pub(super) fn forward(
    channels: usize,
    affine: bool,
    activation: Activation,
    skip: bool,
) -> [Kernel; 2] {
    [
        Kernel::new("statistics", wgsl!["columns", "statistics"], GROUP)
            .wide(&["x", "sums"], channels),
        Kernel::new("normalise", wgsl!["columns", "numbers", "activation", "normalise"], GROUP)
            .with([activation_code(activation), ("skip", u32::from(skip))])
            .wide(&["x", "skip", "sums", "y", "statistics"], channels)
            .learnt(affine, 5, channels),
    ]
}

/// The kernels of the two passes backward.
pub(super) fn backward(channels: usize, affine: bool, activation: Activation) -> [Kernel; 2] {
    let kernel = |name, files| Kernel::new(name, files, GROUP).with([activation_code(activation)]);
    [
        kernel("gradient_sums", wgsl!["columns", "numbers", "activation", "gradient_sums"])
            .wide(&["x", "gradient", "statistics", "sums"], channels)
            .learnt(affine, 4, channels),
        kernel(
            "normalise_backward",
            wgsl!["columns", "numbers", "activation", "normalise_backward"],
        )
        .wide(&["x", "gradient", "statistics", "sums", "dx"], channels)
        .learnt(affine, 5, channels),
    ]
}

/// The kernel that undoes a normalisation.
pub(super) fn undoing() -> Kernel {
    Kernel::new("unnormalise", wgsl!["unnormalise"], [64, 1, 1])
        .wide(&["result", "skip", "statistics", "x"], 4)
}

/// The kernel for the gradient of an activation.
pub(super) fn activating(elements: usize, activation: Activation) -> Kernel {
    let files = wgsl!["numbers", "activation", "activate_backward"];
    Kernel::new("activate_backward", files, [64, 1, 1])
        .with([activation_code(activation)])
        .wide(&["y", "gradient", "dx"], elements)
}

/// Images as matrices of pixels x channels, cut into blocks of pixels.
pub(super) struct Planes {
    batch: usize,
    channels: usize,
    pixels: usize,
    /// Pixels per block, and blocks per image, in the pass that sums.
    block: usize,
    blocks: usize,
}

impl Planes {
    /// For images `[B, C, H, W]`.
    pub fn new([batch, channels, height, width]: [usize; 4]) -> Self {
        let pixels = height * width;
        let block = SUMMED.max(pixels.div_ceil(BLOCKS));
        Self { batch, channels, pixels, block, blocks: pixels.div_ceil(block) }
    }

    fn sums(&self, like: &CubeTensor) -> CubeTensor {
        layout::empty(like, [self.batch, self.blocks, 2, self.channels])
    }

    /// Uniform and workgroups of the pass that sums.
    pub fn summed(&self) -> ([u32; 4], [usize; 3]) {
        self.pass(self.block)
    }

    /// Uniform and workgroups of the pass that writes each pixel.
    pub fn written(&self) -> ([u32; 4], [usize; 3]) {
        self.pass(WRITTEN.max(self.pixels.div_ceil(MOST_GROUPS)))
    }

    fn pass(&self, block: usize) -> ([u32; 4], [usize; 3]) {
        let info = [self.pixels, self.channels, block, self.blocks].map(|extent| extent as u32);
        let groups = [self.channels.div_ceil(CHANNELS), self.pixels.div_ceil(block), self.batch];
        (info, groups)
    }
}

/// Weight and bias `[C]` of a normalisation that has them.
pub(super) type Learnt<'a> = Option<[&'a CubeTensor; 2]>;

/// `activation(weight (x - mean) / sqrt(var + ε) + bias) + skip`, and `[B, 2, C]`: the means and
/// the factors `1 / sqrt(var + ε)`.
pub(super) fn normalise(
    x: &CubeTensor,
    affine: Learnt,
    skip: Option<&CubeTensor>,
    activation: Activation,
) -> (CubeTensor, CubeTensor) {
    let planes = Planes::new(extents(x));
    let [first, _] = forward(planes.channels, affine.is_some(), activation, skip.is_some());
    let sums = planes.sums(x);
    let (info, groups) = planes.summed();
    first.half(&["x"], is_half(x)).launch(&[x], &[&sums], &info, groups);
    normalise_by(x, &sums, planes.blocks, affine, skip, activation)
}

/// The sums of the blocks of an image: differences from its first pixel, and their squares,
/// `[B, blocks, 2, C]`.
pub fn sums(x: &CubeTensor) -> CubeTensor {
    let x = layout::image(x.clone());
    let planes = Planes::new(extents(&x));
    let [kernel, _] = forward(planes.channels, false, Activation::None, false);
    let sums = planes.sums(&x);
    let (info, groups) = planes.summed();
    kernel.half(&["x"], is_half(&x)).launch(&[&x], &[&sums], &info, groups);
    sums
}

/// The kernel of [`scaled()`].
pub(super) fn scaling(channels: usize, activation: Activation, skip: bool) -> Kernel {
    Kernel::new("scale", wgsl!["numbers", "activation", "scale"], [64, 1, 1])
        .with([activation_code(activation), ("skip", u32::from(skip))])
        .wide(&["x", "skip", "factor", "constant", "y"], channels)
}

/// The workgroups of [`scaled()`] for `pixels` pixels.
pub(super) fn scaling_groups(pixels: usize, channels: usize) -> [usize; 3] {
    spread(pixels * channels.div_ceil(4))
}

/// `activation(x * factor + constant) + skip` with factor and constant `[C]`.
pub fn scaled(
    x: CubeTensor,
    [factor, constant]: [CubeTensor; 2],
    activation: Activation,
    skip: Option<CubeTensor>,
) -> CubeTensor {
    let (x, skip) = (layout::image(x), skip.map(layout::image));
    let [batch, channels, height, width] = extents(&x);
    let pixels = batch * height * width;
    let y = layout::empty_image_as(&x, extents(&x));
    let kernel = scaling(channels, activation, skip.is_some()).half(IMAGES, is_half(&x));
    let read = [&x, skip.as_ref().unwrap_or(&x), &factor, &constant];
    let groups = scaling_groups(pixels, channels);
    kernel.launch(&read, &[&y], &[pixels as u32, channels as u32], groups);
    y
}

/// [`normalise()`] with the sums of `blocks` parts of each image already known.
pub(super) fn normalise_by(
    x: &CubeTensor,
    sums: &CubeTensor,
    blocks: usize,
    affine: Learnt,
    skip: Option<&CubeTensor>,
    activation: Activation,
) -> (CubeTensor, CubeTensor) {
    let planes = Planes { blocks, ..Planes::new(extents(x)) };
    let [_, second] = forward(planes.channels, affine.is_some(), activation, skip.is_some());
    let second = second.half(IMAGES, is_half(x));
    let y = layout::empty_image_as(x, extents(x));
    let statistics = layout::empty(x, [planes.batch, 2, planes.channels]);
    let (info, groups) = planes.written();
    let (read, written) = ([x, skip.unwrap_or(x), sums], [&y, &statistics]);
    second.launch_affine(&read, &written, affine, &info, groups);
    (y, statistics)
}

/// The gradient of `x`, from that of [`normalise()`]'s result; if `wanted`, also of weight and
/// bias.
pub(super) fn normalise_backward(
    x: &CubeTensor,
    statistics: &CubeTensor,
    affine: Learnt,
    gradient: &CubeTensor,
    activation: Activation,
    wanted: bool,
) -> (CubeTensor, [Option<CubeTensor>; 2]) {
    let planes = Planes::new(extents(x));
    let [_, second] = backward(planes.channels, affine.is_some(), activation);
    let (sums, _) = gradient_sums(x, statistics, affine, gradient, activation);
    let dx = layout::empty_image(x, extents(x));
    let (info, groups) = planes.written();
    let read = [x, gradient, statistics, &sums];
    second.launch_affine(&read, &[&dx], affine, &info, groups);
    (dx, affine_gradients(&sums, wanted))
}

/// The first pass of [`normalise_backward()`]: sums over blocks of pixels `[B, blocks, 2, C]` of
/// the gradient before the activation and of its product with the normalised value; and `blocks`.
pub(super) fn gradient_sums(
    x: &CubeTensor,
    statistics: &CubeTensor,
    affine: Learnt,
    gradient: &CubeTensor,
    activation: Activation,
) -> (CubeTensor, usize) {
    let planes = Planes::new(extents(x));
    let [first, _] = backward(planes.channels, affine.is_some(), activation);
    let sums = planes.sums(x);
    let (info, groups) = planes.summed();
    first.launch_affine(&[x, gradient, statistics], &[&sums], affine, &info, groups);
    (sums, planes.blocks)
}

/// The gradients of weight and bias, if `wanted`, from the result of [`gradient_sums()`].
pub(super) fn affine_gradients(sums: &CubeTensor, wanted: bool) -> [Option<CubeTensor>; 2] {
    if !wanted {
        return [None, None];
    }
    let [batch, blocks, _, channels] = extents(sums);
    let [weight, bias] = [0; 2].map(|_| layout::empty(sums, [channels]));
    let sizes = [batch * blocks, channels, channels, 0].map(|size| size as u32);
    conv2d::summing().launch(&[sums], &[&bias, &weight], &sizes, spread(2 * channels));
    [weight, bias].map(Some)
}

/// The input of [`normalise()`], from its result with `skip` added and without an activation, and
/// its `statistics`. The number of channels is a multiple of four.
pub(super) fn unnormalise(
    result: &CubeTensor,
    skip: &CubeTensor,
    statistics: &CubeTensor,
) -> CubeTensor {
    let [batch, channels, height, width] = extents(result);
    let image = channels * height * width;
    let x = layout::empty_image(result, extents(result));
    let info = [batch * image, image, channels, 0].map(|extent| extent as u32);
    let groups = spread((batch * image).div_ceil(4));
    undoing().launch(&[result, skip, statistics], &[&x], &info, groups);
    x
}

/// The gradient before an activation with the result `y`. All have the same memory layout.
pub(super) fn activate_backward(
    y: &CubeTensor,
    gradient: &CubeTensor,
    activation: Activation,
) -> CubeTensor {
    let shape = extents(y);
    let elements: usize = shape.iter().product();
    let dx = layout::empty_image(y, shape);
    let groups = spread(elements.div_ceil(4));
    activating(elements, activation).launch(&[y, gradient], &[&dx], &[elements as u32, 0], groups);
    dx
}
