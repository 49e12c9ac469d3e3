//! The extents of a convolution: what goes in, what comes out.

use super::{Border, Conv2d};

/// One convolution: what goes in, what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
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

impl Geometry {
    /// Rows of the output.
    pub fn rows(&self) -> usize {
        (self.height + 2 * width_of(self.border) - self.kernel) / self.stride + 1
    }

    /// Columns of the output.
    pub fn columns(&self) -> usize {
        (self.width + 2 * width_of(self.border) - self.kernel) / self.stride + 1
    }

    /// What is known of the convolution `spec` from the shapes of its input `[B, C_in, H, W]` and
    /// its weight. A transposed one is the adjoint of a convolution from its output to its input,
    /// and is described as that.
    pub fn new(x: [usize; 4], weight: [usize; 4], spec: &Conv2d) -> Self {
        let factor = if spec.transposed { spec.stride } else { 1 };
        Self {
            batch: x[0],
            channels: weight[1],
            outputs: weight[0],
            height: factor * x[2],
            width: factor * x[3],
            kernel: spec.kernel,
            stride: spec.stride,
            border: spec.image_border(),
        }
    }
}

/// Pixels of the border on each side.
pub(super) fn width_of(border: Border) -> usize {
    match border {
        Border::Zero(width) | Border::Reflect(width) => width,
    }
}
