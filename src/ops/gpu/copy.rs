//! Copies tensors on the graphics card: unchanged, to another precision, or two of them into one.

use burn::tensor::DType;
use burn_wgpu::CubeTensor;

use super::{
    kernel::{Kernel, spread, wgsl},
    layout::{self, is_half},
};

/// The kernel that copies `elements` elements.
pub(super) fn copying(elements: usize) -> Kernel {
    Kernel::new("copy", wgsl!["copy"], [64, 1, 1]).wide(&["source", "destination"], elements)
}

/// Copies `source` to `target`, which [`copied()`] made from a tensor of the same layout.
pub fn copy(source: CubeTensor, target: &CubeTensor) {
    let source = layout::gapless(source);
    let elements = source.meta.shape().num_elements();
    let groups = spread(elements.div_ceil(4));
    copying(elements).launch(&[&source], &[target], &[elements as u32, 0], groups);
}

/// A copy of a tensor. Float16 tensors are never written to, and are returned as they are.
pub fn copied(source: CubeTensor) -> CubeTensor {
    if is_half(&source) {
        return source;
    }
    let source = layout::gapless(source);
    let mut target = layout::empty(&source, source.meta.shape().clone());
    target.meta = source.meta.clone();
    copy(source, &target);
    target
}

/// The kernel that joins two batches of images of `elements` elements.
pub(super) fn joining(elements: usize) -> Kernel {
    Kernel::new("join", wgsl!["join"], [64, 1, 1]).wide(JOINED, elements)
}

/// Buffers of [`joining()`] that have the precision of the images.
pub(super) const JOINED: &[&str] = &["first", "second", "joined"];

/// Concatenates both batches of images, starting with the first.
pub fn join(first: CubeTensor, second: CubeTensor) -> CubeTensor {
    let [shape, other] = [&first, &second].map(layout::extents);
    assert_eq!(shape[1..], other[1..], "a batch has pictures of one size");
    concatenated(first, second, 0)
}

/// Images `[1, C, H, W]` of one width, the second below the first.
pub fn stack(first: CubeTensor, second: CubeTensor) -> CubeTensor {
    let [shape, other] = [&first, &second].map(layout::extents);
    assert_eq!((shape[0], shape[1], shape[3]), (1, other[1], other[3]), "rows of one width");
    concatenated(first, second, 2)
}

/// Images and their rows are contiguous, so both are one after the other in memory.
fn concatenated(first: CubeTensor, second: CubeTensor, axis: usize) -> CubeTensor {
    let [first, second] = [first, second].map(layout::image);
    let [mut shape, other] = [&first, &second].map(layout::extents);
    let [front, back] = [shape, other].map(|shape| shape.iter().product::<usize>());
    shape[axis] += other[axis];
    let joined = layout::empty_image_as(&first, shape);
    let groups = spread(front.div_ceil(4) + back.div_ceil(4));
    let sizes = [front + back, front].map(|size| size as u32);
    // Rows of fours only if both are multiples of four.
    let kernel = joining(front | back).half(JOINED, is_half(&first));
    kernel.launch(&[&first, &second], &[&joined], &sizes, groups);
    joined
}

/// The kernel that copies tensors of `elements` elements to or from float16.
pub(super) fn converting(elements: usize, to_half: bool) -> Kernel {
    copying(elements).half(if to_half { &["destination"] } else { &["source"] }, true)
}

/// A parameter or an image converted to float16 or to float32, in the same memory layout.
pub fn converted(x: CubeTensor, dtype: DType) -> CubeTensor {
    if x.dtype == dtype {
        return x;
    }
    let elements = x.meta.shape().num_elements();
    let mut y = layout::empty_of(&x, x.meta.shape().clone(), dtype);
    y.meta = x.meta.clone();
    let groups = spread(elements.div_ceil(4));
    converting(elements, dtype == DType::F16).launch(&[&x], &[&y], &[elements as u32, 0], groups);
    y
}
