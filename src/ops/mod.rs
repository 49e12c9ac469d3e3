//! The two operations that both networks are made of, and the one that they learn by.
//!
//! [`conv2d()`]: convolution with zero or reflected borders, strided or transposed, with an
//! activation where no normalisation follows. [`instance_norm()`]: normalise, activate, add a skip
//! connection. [`adam()`]: one step of the optimiser.
//!
//! This folder is the only place that knows how an operation is computed; everything else is
//! written against these functions. Each is composed of Burn's own tensor operations, which run
//! everywhere and have gradients: the reference. On the CPU `cpu/` computes them, forward and
//! backward, and `backend.rs` tells Burn so.

mod adam;
mod backend;
mod conv2d;
mod cpu;
mod instance_norm;

use burn::tensor::{Tensor, activation};

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
