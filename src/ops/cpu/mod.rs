//! The operations on the CPU, forward and backward, as plain functions on slices.
//!
//! All images are `[B, C, H, W]` in row-major order without gaps. Results overwrite the contents of
//! their slices. They are bit-identical in every run and with any number of threads.
//!
//! [`conv2d()`], [`conv2d_backward()`] and their transposed forms are exact adjoints of each other;
//! the fastest algorithm depends on their extents: `winograd.rs` for 3x3 with stride 1,
//! `narrow.rs` for at most four outputs, `columns.rs` for everything else. [`instance_norm()`],
//! [`activate()`], [`adam()`] and [`average()`] pass over memory once or twice.

mod activation;
mod adam;
mod augment;
mod average;
mod columns;
mod conv2d;
mod enlarge;
mod geometry;
mod instance_norm;
mod lanes;
mod lines;
mod loss;
mod matmul;
mod narrow;
#[cfg(test)]
mod tests;
mod threads;
mod tiles;
mod winograd;
mod workspace;

pub use activation::{activate, activate_backward};
pub use adam::adam;
pub use augment::{augment, augment_backward};
pub use average::average;
pub use conv2d::{Gradients, conv_transpose2d, conv_transpose2d_backward, conv2d, conv2d_backward};
pub use enlarge::{enlarge, enlarge_backward};
pub use instance_norm::{affine_norm_backward, instance_norm, instance_norm_backward};
pub use loss::{loss, loss_backward};
pub use workspace::release;
