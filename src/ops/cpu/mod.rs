//! The operations on the CPU, forward and backward, as plain functions on slices.
//!
//! All images are `[B, C, H, W]` in row-major order without gaps. Results overwrite what was in
//! the slices for them. They are bit for bit the same in every run and with any number of threads.
//!
//! [`conv2d()`], [`conv2d_backward()`] and their transposed forms are exact adjoints of each other;
//! which way computes them fastest depends on the [`Shape`]: `winograd.rs` for 3x3 with stride 1,
//! `narrow.rs` for at most four outputs, `columns.rs` for everything else. [`instance_norm()`],
//! [`activate()`] and [`adam()`] pass over memory once or twice.

mod activation;
mod adam;
mod columns;
mod conv2d;
mod instance_norm;
mod lanes;
mod lines;
mod matmul;
mod narrow;
#[cfg(test)]
mod tests;
mod threads;
mod tiles;
mod winograd;
mod workspace;

pub use activation::{activate, activate_backward};
pub use adam::{Adam, adam};
pub use conv2d::{Gradients, conv_transpose2d, conv_transpose2d_backward, conv2d, conv2d_backward};
pub use instance_norm::{instance_norm, instance_norm_backward};

use super::Border;

/// One convolution: what goes in, what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Images.
    pub batch: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Rows of the input, without its border.
    pub height: usize,
    /// Columns of the input, without its border.
    pub width: usize,
    /// Side of the square kernel.
    pub kernel: usize,
    /// Step between outputs.
    pub stride: usize,
    /// What is beyond the edges of the input.
    pub border: Border,
}

impl Shape {
    /// Rows of the output.
    pub fn rows(&self) -> usize {
        (self.height + 2 * width_of(self.border) - self.kernel) / self.stride + 1
    }

    /// Columns of the output.
    pub fn columns(&self) -> usize {
        (self.width + 2 * width_of(self.border) - self.kernel) / self.stride + 1
    }

    /// Elements of one image of the input.
    fn image(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Elements of one channel of the output.
    fn map(&self) -> usize {
        self.rows() * self.columns()
    }

    /// Weights of one output.
    fn taps(&self) -> usize {
        self.channels * self.kernel * self.kernel
    }

    fn plane(&self) -> lines::Plane {
        lines::Plane { height: self.height, width: self.width, border: self.border }
    }

    /// Panics where memory and shape do not belong together: a mistake in the calling code.
    fn check(&self, x: &[f32], weight: &[f32], y: &[f32]) {
        assert_eq!(x.len(), self.batch * self.image(), "input of {self:?}");
        assert_eq!(weight.len(), self.outputs * self.taps(), "weight of {self:?}");
        assert_eq!(y.len(), self.batch * self.outputs * self.map(), "output of {self:?}");
        if let Border::Reflect(width) = self.border {
            assert!(width < self.height.min(self.width), "{self:?} reflects more than it has");
        }
    }
}

/// Pixels of the border on each side.
fn width_of(border: Border) -> usize {
    match border {
        Border::Zero(width) | Border::Reflect(width) => width,
    }
}
