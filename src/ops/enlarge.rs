//! An image of twice the sides, as the convolutions behind it want it.
//!
//! Mirrors PyTorch's `Upsample(scale_factor=2)`, `mode` nearest or bilinear with
//! `align_corners=False`.

use burn::backend::{Backend, tensor::FloatTensor};

use super::layer::Interpolation;

/// The operation and its gradient. No graph has it alone: see [`super::prepared_conv2d()`].
pub trait Enlarging: Backend {
    /// `[B, C, 2H, 2W]` of `x` `[B, C, H, W]`, as precise as that.
    fn enlarge(x: FloatTensor<Self>, by: Interpolation) -> FloatTensor<Self>;

    /// The gradient of `x` by that of the result.
    fn enlarge_backward(gradient: FloatTensor<Self>, by: Interpolation) -> FloatTensor<Self>;
}
