//! How tensors lie in memory on the graphics card. Their shapes stay those of PyTorch; only the
//! strides differ, and what does not fit is copied once.

use burn::{
    backend::TensorMetadata,
    tensor::{DType, Shape},
};
use burn_wgpu::{CubeTensor, into_contiguous};

/// The axes of an image `[B, C, H, W]` in the order of memory: all channels of a pixel together.
const IMAGE: [usize; 4] = [0, 2, 3, 1];
/// The axes of a weight `[out, in, k, k]` in the order of memory: each tap a matrix `[in, out]`.
const WEIGHT: [usize; 4] = [2, 3, 1, 0];

/// `[B, C, H, W]` with the channels of a pixel together (NHWC).
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

/// The tensor without gaps in memory: with four axes, if not as a weight then as an image.
pub(super) fn gapless(tensor: CubeTensor) -> CubeTensor {
    if tensor.meta.rank() != 4 {
        into_contiguous(tensor)
    } else if lies(&tensor, WEIGHT) {
        tensor
    } else {
        image(tensor)
    }
}

/// An image of no particular content beside `like`.
pub(super) fn empty_image(like: &CubeTensor, [b, c, h, w]: [usize; 4]) -> CubeTensor {
    restored(empty(like, [b, h, w, c]), IMAGE)
}

/// An image of no particular content with the precision of `like`.
pub(super) fn empty_image_as(like: &CubeTensor, [b, c, h, w]: [usize; 4]) -> CubeTensor {
    restored(empty_of(like, [b, h, w, c], like.dtype), IMAGE)
}

/// A weight of no particular content beside `like`.
pub(super) fn empty_weight(like: &CubeTensor, [outputs, inputs, h, w]: [usize; 4]) -> CubeTensor {
    restored(empty(like, [h, w, inputs, outputs]), WEIGHT)
}

/// A contiguous tensor of no particular content beside `like`.
pub(super) fn empty(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    empty_of(like, shape, DType::F32)
}

/// [`empty()`] in memory for `elements` elements, if it has not more itself: where memory is reused
/// only for the same size, it then takes that of other tensors that are not needed at the same
/// time.
pub(super) fn empty_within(
    like: &CubeTensor,
    shape: impl Into<Shape>,
    elements: usize,
) -> CubeTensor {
    let shape = shape.into();
    let bytes = shape.num_elements().max(elements) * size_of::<f32>();
    contiguous(like, shape, bytes, DType::F32)
}

/// [`empty()`] of another type of elements.
pub(super) fn empty_of(like: &CubeTensor, shape: impl Into<Shape>, dtype: DType) -> CubeTensor {
    let shape = shape.into();
    // What is bound is a multiple of four bytes.
    let bytes = (shape.num_elements() * dtype.size()).next_multiple_of(size_of::<f32>());
    contiguous(like, shape, bytes, dtype)
}

fn contiguous(like: &CubeTensor, shape: Shape, bytes: usize, dtype: DType) -> CubeTensor {
    let handle = like.client.empty(bytes);
    CubeTensor::new_contiguous(like.client.clone(), like.device.clone(), shape, handle, dtype)
}

/// Whether a tensor is kept in float16.
pub(super) fn is_half(tensor: &CubeTensor) -> bool {
    tensor.dtype == DType::F16
}

/// The extents of a tensor with four axes.
pub(super) fn extents(tensor: &CubeTensor) -> [usize; 4] {
    let shape = tensor.shape();
    [shape[0], shape[1], shape[2], shape[3]]
}

/// Whether the tensor's elements follow each other in memory in the order `axes`.
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

/// The tensor whose axes were taken in the order `axes`, with its axes in their own order.
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
