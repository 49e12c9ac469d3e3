//! Differentiable augmentation on WebGPU: the mean of each picture, then all pixels.

use burn::tensor::Shape;
use burn_wgpu::{CubeBackend, CubeTensor, into_contiguous};

use super::{
    kernel::{Kernel, folded, wgsl},
    layout::{self, extents},
};
use crate::ops::augment::{AugmentationGradients, Augmentations};

/// Pixels of a workgroup that sums.
const SUMMED: usize = 1024;
/// Sums of a picture at most: the next pass adds them up in workgroups of so many.
const SUMS: usize = 64;

/// The kernel that sums the values of pictures, or of the gradient where it belongs to a pixel.
pub(super) fn averaging(backward: bool) -> Kernel {
    Kernel::new("augment_sums", wgsl!["augment", "lanes", "augment_sums"], [64, 1, 1])
        .with([("backward", u32::from(backward))])
}

/// The kernel that makes the result, or its gradient's.
pub(super) fn moving(backward: bool) -> Kernel {
    Kernel::new("augment", wgsl!["augment", "lanes", "augment_pixels"], [64, 1, 1])
        .with([("backward", u32::from(backward))])
}

/// Sums of each picture.
fn sums([_, _, height, width]: [usize; 4]) -> usize {
    (height * width).div_ceil(SUMMED).clamp(1, SUMS)
}

/// The workgroups of [`averaging()`].
pub(super) fn averaging_groups(x: [usize; 4]) -> [usize; 3] {
    [sums(x), 1, x[0]]
}

/// The workgroups of [`moving()`], an invocation for each pixel.
pub(super) fn moving_groups([batch, _, height, width]: [usize; 4]) -> [usize; 3] {
    let [x, y] = folded((height * width).div_ceil(64));
    [x, y, batch]
}

fn augmented(x: CubeTensor, draws: CubeTensor, backward: bool) -> CubeTensor {
    let (x, draws) = (layout::image(x), into_contiguous(draws));
    let shape = extents(&x);
    let [batch, channels, height, width] = shape;
    let sums = sums(shape);
    let [drawn, ..] = extents(&draws);
    let info = [height, width, channels, drawn, sums, 0].map(|extent| extent as u32);
    let totals = layout::empty(&x, Shape::new([batch, sums]));
    averaging(backward).launch(&[&x, &draws], &[&totals], &info, averaging_groups(shape));
    let y = layout::empty_image(&x, shape);
    moving(backward).launch(&[&x, &draws, &totals], &[&y], &info, moving_groups(shape));
    y
}

impl Augmentations for CubeBackend {
    fn augment(x: CubeTensor, draws: CubeTensor) -> CubeTensor {
        augmented(x, draws, false)
    }
}

impl AugmentationGradients for CubeBackend {
    fn augment_backward(gradient: CubeTensor, draws: CubeTensor) -> CubeTensor {
        augmented(gradient, draws, true)
    }
}
