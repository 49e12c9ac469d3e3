//! Convolution: zero or reflected borders, strided, transposed.
//!
//! Mirrors PyTorch's `ReflectionPad2d` + `Conv2d`, `Conv2d` with zero padding, and
//! `ConvTranspose2d` with output padding, as `models/networks.py` uses them.

use burn::{backend::Dispatch, tensor::Tensor};

use super::{backend::Operations, layer::Conv2d};

/// Applies `spec` to `x` `[B, C_in, H, W]` with `weight` `[C_out, C_in, k, k]` (transposed:
/// `[C_in, C_out, k, k]`) and `bias` `[C_out]`.
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, spec: Conv2d) -> Tensor<4> {
    let [x, weight] = [x, weight].map(Tensor::into_dispatch);
    let y = <Dispatch as Operations>::convolve(x, weight, bias.into_dispatch(), spec);
    Tensor::from_dispatch(y)
}
