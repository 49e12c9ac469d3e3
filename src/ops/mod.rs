//! The two operations that both networks are made of.
//!
//! [`conv2d()`]: convolution with zero or reflected borders, strided or transposed, with an
//! activation where no normalisation follows. [`instance_norm()`]: normalise, activate, add a skip
//! connection.
//!
//! This folder is the only place that knows how an operation is computed; the networks are
//! written against these two functions. They are composed of Burn's own tensor operations, which
//! run on WebGPU and on the CPU and have gradients: the reference for anything faster. What is
//! faster already stands in files of its own: `winograd.rs` and `narrow.rs`, for the CPU.

mod adam;
mod conv2d;
mod instance_norm;
mod narrow;
mod winograd;

use burn::{
    backend::{Flex, tensor::FloatTensor},
    tensor::{Tensor, activation},
};

pub use adam::{AdamStep, adam};
pub use conv2d::{Border, Conv2d, conv2d};
pub use instance_norm::instance_norm;

/// The element-wise function at the end of an operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// max(0, x).
    Relu,
    /// x for x > 0, else 0.2 x: the slope of the PatchGAN (paper, appendix 7.2).
    LeakyRelu,
    /// The generator's last layer: values in (-1, 1).
    Tanh,
}

impl Activation {
    fn apply(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::None => x,
            Self::Relu => activation::relu(x),
            Self::LeakyRelu => activation::leaky_relu(x, 0.2),
            Self::Tanh => activation::tanh(x),
        }
    }
}

/// The elements in row-major order, if they are in main memory and carry no gradients: what the
/// CPU's own ways of computing can work on.
fn on_cpu<const D: usize>(tensor: Tensor<D>) -> Option<FloatTensor<Flex>> {
    Some(tensor.try_into_primitive::<Flex>().ok()?.to_contiguous())
}
