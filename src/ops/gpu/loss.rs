//! The losses on WebGPU.

use burn_wgpu::CubeTensor;

use super::{
    kernel::{Constant, Kernel, spread, wgsl},
    layout::{self, extents},
};
use crate::ops::layer::Distance;

/// Elements per workgroup that sums, and most sums: a second workgroup adds those up.
const SUMMED: usize = 4096;
const SUMS: usize = 64;

/// The number of a distance in `loss.wgsl`.
fn code(distance: Distance) -> Constant {
    let code = match distance {
        Distance::Absolute => 0,
        Distance::Squared { .. } => 1,
        Distance::Logistic { .. } => 2,
    };
    ("distance", code)
}

/// The kernel that sums distances over `elements` elements.
pub(super) fn summing(elements: usize, distance: Distance) -> Kernel {
    Kernel::new("loss_sums", wgsl!["numbers", "loss", "lanes", "loss_sums"], [256, 1, 1])
        .with([code(distance)])
        .wide(&["x", "other"], elements)
}

/// The workgroups of [`summing()`], along x.
pub(super) fn summing_groups(elements: usize) -> usize {
    elements.div_ceil(SUMMED).clamp(1, SUMS)
}

/// The kernel that adds up those sums.
pub(super) fn totalling() -> Kernel {
    Kernel::new("loss_total", wgsl!["lanes", "loss_total"], [64, 1, 1])
}

/// The kernel for the gradient of `elements` elements.
pub(super) fn sloping(elements: usize, distance: Distance) -> Kernel {
    Kernel::new("loss_backward", wgsl!["numbers", "loss", "loss_backward"], [64, 1, 1])
        .with([code(distance)])
        .wide(&["x", "other", "dx"], elements)
}

/// The number of elements, and the uniform of `loss.wgsl`.
fn uniform(x: &CubeTensor, distance: Distance, weight: f32) -> (usize, [u32; 4]) {
    let [batch, channels, height, width] = extents(x);
    let image = channels * height * width;
    let elements = batch * image;
    let scale = weight / elements as f32;
    (elements, [elements as u32, (image * distance.real()) as u32, scale.to_bits(), 0])
}

/// The mean of `distance` over `x`, times `weight`: `[1]`.
pub(super) fn loss(
    x: &CubeTensor,
    other: &CubeTensor,
    distance: Distance,
    weight: f32,
) -> CubeTensor {
    let (elements, info) = uniform(x, distance, weight);
    let groups = summing_groups(elements);
    let sums = layout::empty(x, [groups]);
    summing(elements, distance).launch(&[x, other], &[&sums], &info, [groups, 1, 1]);
    if groups == 1 {
        return sums;
    }
    let total = layout::empty(x, [1]);
    totalling().launch(&[&sums], &[&total], &[groups as u32, 0], [1, 1, 1]);
    total
}

/// The gradient of `x` from that of the loss.
pub(super) fn loss_backward(
    x: &CubeTensor,
    other: &CubeTensor,
    gradient: &CubeTensor,
    distance: Distance,
    weight: f32,
) -> CubeTensor {
    let (elements, info) = uniform(x, distance, weight);
    let dx = layout::empty_image(x, extents(x));
    let groups = spread(elements.div_ceil(4));
    sloping(elements, distance).launch(&[x, other, gradient], &[&dx], &info, groups);
    dx
}
