//! The operations on WebGPU, with our own kernels in `ops/wgsl/`.
//!
//! Images are stored with the channels of a pixel contiguous (NHWC) and weights as one matrix per
//! tap, so that every kernel reads four channels at once; shapes and names stay PyTorch's
//! (`layout.rs`). `kernel.rs` assembles and launches a shader; `conv2d.rs`, `instance_norm.rs` and,
//! for residual blocks, `winograd.rs` choose which. WebGPU's defaults suffice: at most 8 storage
//! buffers, 16 KB of workgroup memory and 256 invocations per workgroup.

#![allow(clippy::indexing_slicing, reason = "shapes of four axes, arrays of known length")]

mod adam;
mod augment;
mod backend;
mod buffers;
#[cfg(target_family = "wasm")]
mod canvas;
mod catalogue;
mod conv2d;
mod copy;
mod enlarge;
mod finite;
mod instance_norm;
mod kernel;
#[cfg(all(test, not(target_family = "wasm")))]
mod launches;
mod layout;
mod loss;
mod pixels;
mod recording;
mod screen;
mod shrink;
mod sum;
mod watch;
mod winograd;
mod winograd_backward;

pub use adam::adam;
#[cfg(target_family = "wasm")]
pub use canvas::Canvas;
pub use catalogue::{Shader, generator_shaders, half_shaders, shaders, training_shaders};
pub use copy::{converted, copied, copy, join, stack};
pub use finite::not_finite;
pub use instance_norm::{scaled, sums};
pub use layout::{image, parameter};
pub use pixels::{from_pixels, to_pixels};
pub use recording::{Recorder, Recording, apart};
pub use screen::{Card, Change, Screen};
pub use sum::{add, average};
pub use watch::watched;
pub use winograd::{residual_conv2d, takes_winograd};
