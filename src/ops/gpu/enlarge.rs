//! Enlarging images to twice their sides, and the gradient.

use burn_wgpu::CubeTensor;

use super::{
    kernel::{Kernel, spread, wgsl},
    layout::{self, extents, is_half},
};
use crate::ops::layer::Interpolation;

/// Buffers that [`enlarge()`] keeps in the precision of its input.
pub(super) const IMAGES: &[&str] = &["x", "y"];

/// The kernels for both directions.
pub(super) fn ways(channels: usize, by: Interpolation) -> [Kernel; 2] {
    let bilinear = [("bilinear", u32::from(by == Interpolation::Bilinear))];
    let kernel = |name, files| Kernel::new(name, files, [64, 1, 1]).with(bilinear);
    [
        kernel("enlarge", wgsl!["enlarging", "enlarge"]).wide(IMAGES, channels),
        kernel("enlarge_backward", wgsl!["enlarging", "enlarge_backward"])
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

/// `[B, C, 2H, 2W]` from `x` `[B, C, H, W]`, in the same precision.
pub(super) fn enlarge(x: &CubeTensor, by: Interpolation) -> CubeTensor {
    let shape = extents(x);
    let [batch, channels, height, width] = shape;
    let [kernel, _] = ways(channels, by);
    let y = layout::empty_image_as(x, [batch, channels, 2 * height, 2 * width]);
    let groups = groups(4 * batch * height * width, channels);
    kernel.half(IMAGES, is_half(x)).launch(&[x], &[&y], &uniform(shape), groups);
    y
}

/// The gradient of the image that was enlarged.
pub(super) fn enlarge_backward(gradient: &CubeTensor, by: Interpolation) -> CubeTensor {
    let [batch, channels, height, width] = extents(gradient);
    let shape = [batch, channels, height / 2, width / 2];
    let [_, kernel] = ways(channels, by);
    let dx = layout::empty_image(gradient, shape);
    let groups = groups(batch * height * width / 4, channels);
    kernel.launch(&[gradient], &[&dx], &uniform(shape), groups);
    dx
}
