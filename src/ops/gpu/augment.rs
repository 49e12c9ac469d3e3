//! Differentiable augmentation on WebGPU: the mean of each picture, then all pixels.

use burn_wgpu::CubeTensor;

use super::{
    kernel::{Kernel, folded, wgsl},
    layout::{self, extents},
};

/// Pixels per workgroup when summing.
const SUMMED: usize = 1024;
/// Most sums per picture, because the next pass adds them up in workgroups of this size.
const SUMS: usize = 64;

/// The kernel that sums the values of pictures, or the gradient where it belongs to a pixel.
pub(super) fn averaging(backward: bool) -> Kernel {
    Kernel::new("augment_sums", wgsl!["augment", "lanes", "augment_sums"], [64, 1, 1])
        .with([("backward", u32::from(backward))])
}

/// The kernel that computes the result, or the gradient.
pub(super) fn moving(backward: bool) -> Kernel {
    Kernel::new("augment", wgsl!["augment", "lanes", "augment_pixels"], [64, 1, 1])
        .with([("backward", u32::from(backward))])
}

/// Number of sums per picture.
fn sums([_, _, height, width]: [usize; 4]) -> usize {
    (height * width).div_ceil(SUMMED).clamp(1, SUMS)
}

/// The workgroups of [`averaging()`].
pub(super) fn averaging_groups(x: [usize; 4]) -> [usize; 3] {
    [sums(x), 1, x[0]]
}

/// The workgroups of [`moving()`], one invocation per pixel.
pub(super) fn moving_groups([batch, _, height, width]: [usize; 4]) -> [usize; 3] {
    let [x, y] = folded((height * width).div_ceil(64));
    [x, y, batch]
}

/// The augmented pictures `x`, or backward, the gradient from that of the result.
pub(super) fn augmented(x: &CubeTensor, draws: &CubeTensor, backward: bool) -> CubeTensor {
    let shape = extents(x);
    let [batch, channels, height, width] = shape;
    let sums = sums(shape);
    let [drawn, ..] = extents(draws);
    let info = [height, width, channels, drawn, sums, 0].map(|extent| extent as u32);
    let totals = layout::empty(x, [batch, sums]);
    averaging(backward).launch(&[x, draws], &[&totals], &info, averaging_groups(shape));
    let y = layout::empty_image(x, shape);
    moving(backward).launch(&[x, draws, &totals], &[&y], &info, moving_groups(shape));
    y
}
