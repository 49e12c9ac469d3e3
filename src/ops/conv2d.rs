//! Convolution: zero or reflected borders, strided, transposed.
//!
//! Mirrors PyTorch's `ReflectionPad2d` + `Conv2d`, `Conv2d` with zero padding, and
//! `ConvTranspose2d` with output padding, as `models/networks.py` uses them.

use burn::{
    backend::Dispatch,
    tensor::{
        Tensor, module,
        ops::{ConvOptions, ConvTransposeOptions, PadMode},
    },
};

use super::{Activation, backend::Operations};
use crate::device::is_cpu;

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
    if is_cpu(&x.device()) {
        let [x, weight] = [x, weight].map(Tensor::into_dispatch);
        let y = <Dispatch as Operations>::convolve(x, weight, bias.into_dispatch(), spec);
        return Tensor::from_dispatch(y);
    }
    reference(x, weight, bias, spec)
}

/// [`conv2d()`], composed of Burn's own operations.
pub(super) fn reference(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    spec: Conv2d,
) -> Tensor<4> {
    let stride = [spec.stride; 2];
    let y = if spec.transposed {
        // Without the output padding an odd kernel and stride 2 lose one row and column.
        let padding = spec.kernel / 2;
        let output_padding = spec.stride + 2 * padding - spec.kernel;
        let options =
            ConvTransposeOptions::new(stride, [padding; 2], [output_padding; 2], [1; 2], 1);
        module::conv_transpose2d(x, weight, Some(bias), options) // [B, C_out, sH, sW]
    } else {
        let (x, padding) = match spec.border {
            Border::Zero(n) => (x, n),
            Border::Reflect(n) => (x.pad((n, n, n, n), PadMode::Reflect), 0),
        };
        let options = ConvOptions::new(stride, [padding; 2], [1; 2], 1);
        module::conv2d(x, weight, Some(bias), options) // [B, C_out, H', W']
    };
    spec.activation.apply(y)
}
