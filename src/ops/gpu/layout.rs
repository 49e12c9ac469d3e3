//! The memory layout of tensors on the graphics card. Shapes stay those of PyTorch; only the
//! strides differ, and tensors in another layout are copied once.

use burn::{
    backend::TensorMetadata,
    tensor::{DType, Shape},
};
use burn_wgpu::{CubeTensor, into_contiguous};

/// The axes of an image `[B, C, H, W]` in memory order: all channels of a pixel are contiguous.
const IMAGE: [usize; 4] = [0, 2, 3, 1];
/// The axes of a weight `[out, in, k, k]` in memory order: each tap is a matrix `[in, out]`.
const WEIGHT: [usize; 4] = [2, 3, 1, 0];

/// `[B, C, H, W]` with the channels of a pixel contiguous (NHWC).
pub fn image(tensor: CubeTensor) -> CubeTensor {
    arranged(tensor, IMAGE)
}

/// `[out, in, k, k]` with each tap a matrix `[in, out]`.
pub(super) fn weight(tensor: CubeTensor) -> CubeTensor {
    arranged(tensor, WEIGHT)
}

/// A parameter: one with four axes is a weight.
pub fn parameter(tensor: CubeTensor) -> CubeTensor {
    if tensor.meta.rank() == 4 { weight(tensor) } else { into_contiguous(tensor) }
}

/// The tensor without gaps in memory: with four axes, as a weight or else as an image.
pub(super) fn gapless(tensor: CubeTensor) -> CubeTensor {
    if tensor.meta.rank() != 4 {
        into_contiguous(tensor)
    } else if lies(&tensor, WEIGHT) {
        tensor
    } else {
        image(tensor)
    }
}

/// An uninitialised image on the device of `like`.
pub(super) fn empty_image(like: &CubeTensor, [b, c, h, w]: [usize; 4]) -> CubeTensor {
    restored(empty(like, [b, h, w, c]), IMAGE)
}

/// An uninitialised image with the precision of `like`.
pub(super) fn empty_image_as(like: &CubeTensor, [b, c, h, w]: [usize; 4]) -> CubeTensor {
    restored(empty_of(like, [b, h, w, c], like.dtype), IMAGE)
}

/// An uninitialised weight on the device of `like`.
pub(super) fn empty_weight(like: &CubeTensor, [outputs, inputs, h, w]: [usize; 4]) -> CubeTensor {
    restored(empty(like, [h, w, inputs, outputs]), WEIGHT)
}

/// An uninitialised contiguous tensor on the device of `like`.
pub(super) fn empty(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    empty_of(like, shape, DType::F32)
}

/// [`empty()`] in memory for at least `elements` elements. Where memory is only reused for the same
/// size, it can then reuse that of other tensors that are not alive at the same time.
pub(super) fn empty_within(
    like: &CubeTensor,
    shape: impl Into<Shape>,
    elements: usize,
) -> CubeTensor {
    let shape = shape.into();
    let bytes = shape.num_elements().max(elements) * size_of::<f32>();
    contiguous(like, shape, bytes, DType::F32)
}

/// [`empty()`] with another element type.
pub(super) fn empty_of(like: &CubeTensor, shape: impl Into<Shape>, dtype: DType) -> CubeTensor {
    let shape = shape.into();
    // Bound buffers must be a multiple of four bytes.
    let bytes = (shape.num_elements() * dtype.size()).next_multiple_of(size_of::<f32>());
    contiguous(like, shape, bytes, dtype)
}

fn contiguous(like: &CubeTensor, shape: Shape, bytes: usize, dtype: DType) -> CubeTensor {
    let handle = like.client.empty(bytes);
    CubeTensor::new_contiguous(like.client.clone(), like.device.clone(), shape, handle, dtype)
}

/// Whether a tensor is float16.
pub(super) fn is_half(tensor: &CubeTensor) -> bool {
    tensor.dtype == DType::F16
}

/// The extents of a tensor with four axes.
pub(super) fn extents(tensor: &CubeTensor) -> [usize; 4] {
    let shape = tensor.shape();
    [shape[0], shape[1], shape[2], shape[3]]
}

/// Whether the tensor's elements are contiguous in memory in the order `axes`.
fn lies(tensor: &CubeTensor, axes: [usize; 4]) -> bool {
    let (shape, strides) = (tensor.meta.shape(), tensor.meta.strides());
    let mut expected = 1;
    axes.iter().rev().all(|&axis| {
        let fits = shape[axis] == 1 || strides[axis] == expected;
        expected *= shape[axis];
        fits
    })
}

fn arranged(mut tensor: CubeTensor, axes: [usize; 4]) -> CubeTensor {
    if lies(&tensor, axes) {
        return tensor;
    }
    permute(&mut tensor, axes);
    restored(into_contiguous(tensor), axes)
}

/// Undoes a permutation of the axes by `axes`.
fn restored(mut tensor: CubeTensor, axes: [usize; 4]) -> CubeTensor {
    let mut back = [0; 4];
    for (place, axis) in axes.into_iter().enumerate() {
        back[axis] = place;
    }
    permute(&mut tensor, back);
    tensor
}

fn permute(tensor: &mut CubeTensor, axes: [usize; 4]) {
    let permuted = tensor.meta.permute(&axes);
    debug_assert!(permuted.is_ok(), "the tensor has four axes");
}
