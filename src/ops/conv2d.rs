//! Convolution: zero or reflected borders, strided, transposed.
//!
//! Mirrors PyTorch's `ReflectionPad2d` + `Conv2d`, `Conv2d` with zero padding, and
//! `ConvTranspose2d` with output padding, as `models/networks.py` uses them.

use burn::{backend::Dispatch, tensor::Tensor};

use super::{Activation, backend::Operations};

/// What lies beyond the edge of the input, and how many pixels of it are seen on each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    /// Zeros.
    Zero(usize),
    /// The image mirrored at its outermost pixel, which is not repeated. The width must be
    /// smaller than the image.
    Reflect(usize),
}

/// One kind of convolution; its weights are given apart from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conv2d {
    /// Side of the square kernel.
    pub kernel: usize,
    /// Step between output pixels, or between input pixels when transposed.
    pub stride: usize,
    /// What is beyond the edges. A transposed convolution has none of its own: its output is
    /// exactly `stride` times as large as its input (PyTorch: padding 1, output padding 1).
    pub border: Border,
    /// Upsample instead of downsample. Its weight is `[C_in, C_out, k, k]`, as in PyTorch.
    pub transposed: bool,
    /// Applied to the result.
    pub activation: Activation,
}

impl Conv2d {
    /// The border of the larger image: what a transposed convolution is the adjoint of has
    /// PyTorch's padding, half the kernel.
    pub(super) fn image_border(&self) -> Border {
        if self.transposed { Border::Zero(self.kernel / 2) } else { self.border }
    }
}

/// Applies `spec` to `x` `[B, C_in, H, W]` with `weight` `[C_out, C_in, k, k]` (transposed:
/// `[C_in, C_out, k, k]`) and `bias` `[C_out]`.
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, spec: Conv2d) -> Tensor<4> {
    let [x, weight] = [x, weight].map(Tensor::into_dispatch);
    let y = <Dispatch as Operations>::convolve(x, weight, bias.into_dispatch(), spec);
    Tensor::from_dispatch(y)
}
