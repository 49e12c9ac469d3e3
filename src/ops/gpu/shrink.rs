//! Halving the sides of images behind a binomial blur, and the gradient.

use burn_wgpu::CubeTensor;

use super::{
    kernel::{Kernel, spread, wgsl},
    layout::{self, extents, is_half},
};

/// Buffers that [`shrink()`] keeps in the precision of its input.
pub(super) const IMAGES: &[&str] = &["x", "y"];

/// The kernels for both directions.
pub(super) fn ways(channels: usize) -> [Kernel; 2] {
    let kernel = |name, files| Kernel::new(name, files, [64, 1, 1]);
    [
        kernel("shrink", wgsl!["shrinking", "shrink"]).wide(IMAGES, channels),
        kernel("shrink_backward", wgsl!["shrinking", "shrink_backward"])
            .wide(&["gradient", "dx"], channels),
    ]
}

/// The workgroups for `pixels` pixels.
pub(super) fn groups(pixels: usize, channels: usize) -> [usize; 3] {
    spread(pixels * channels.div_ceil(4))
}

fn uniform([batch, channels, height, width]: [usize; 4]) -> [u32; 4] {
    [batch * height * width, height, width, channels].map(|extent| extent as u32)
}

/// `[B, C, H/2, W/2]` from `x` `[B, C, H, W]` with even sides, in the same precision.
pub(super) fn shrink(x: &CubeTensor) -> CubeTensor {
    let [batch, channels, height, width] = extents(x);
    let shape = [batch, channels, height / 2, width / 2];
    let [kernel, _] = ways(channels);
    let y = layout::empty_image_as(x, shape);
    let groups = groups(batch * height * width / 4, channels);
    kernel.half(IMAGES, is_half(x)).launch(&[x], &[&y], &uniform(shape), groups);
    y
}

/// The gradient of the image that was shrunk.
pub(super) fn shrink_backward(gradient: &CubeTensor) -> CubeTensor {
    let shape = extents(gradient);
    let [batch, channels, height, width] = shape;
    let [_, kernel] = ways(channels);
    let dx = layout::empty_image(gradient, [batch, channels, 2 * height, 2 * width]);
    let groups = groups(4 * batch * height * width, channels);
    kernel.launch(&[gradient], &[&dx], &uniform(shape), groups);
    dx
}
