//! The operations that both networks are made of, and the one that they learn by.
//!
//! [`conv2d()`]: convolution with zero or reflected borders, strided or transposed, with an
//! activation where no normalisation follows. [`instance_norm()`]: normalise, activate, add a skip
//! connection. [`residual_block()`]: two of each, as one. [`adam()`]: one step of the optimiser.
//!
//! This folder is the only place that knows how an operation is computed; everything else is
//! written against these functions. [`reference`](mod@reference) has them composed of Burn's own
//! tensor operations. What runs is ours, forward and backward: `cpu/` on the CPU, `gpu/` with the
//! shaders of `wgsl/` on WebGPU; `backend.rs` tells Burn so.

mod adam;
mod backend;
mod conv2d;
mod cpu;
mod finite;
mod flex;
mod geometry;
mod gpu;
mod instance_norm;
pub mod reference;
mod residual_block;
mod whole_block;

use burn::{
    backend::wgpu::CubeBackend,
    tensor::{Tensor, activation},
};

pub use adam::{AdamStep, adam};
pub use conv2d::{Border, Conv2d, conv2d};
pub use cpu::release;
pub use finite::not_finite;
pub use gpu::{Shader, shaders};
pub use instance_norm::instance_norm;
pub use residual_block::{Parameters, residual_block, whole_residual_block};

/// A parameter, outside any graph, as its device's operations want it in memory: then they need not
/// arrange it at each call. Its shape and its values stay the same.
pub fn arranged<const D: usize>(parameter: Tensor<D>) -> Tensor<D> {
    match parameter.clone().try_into_primitive::<CubeBackend>() {
        Ok(tensor) => Tensor::from_primitive::<CubeBackend>(gpu::arranged(tensor)),
        Err(_) => parameter,
    }
}

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
