//! Sizes in memory of a convolution's images and weights.

use super::lines::Plane;
use crate::ops::layer::{Border, Geometry};

impl Geometry {
    /// Elements per image of the input.
    pub(super) fn image(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Elements per channel of the output.
    pub(super) fn map(&self) -> usize {
        self.rows() * self.columns()
    }

    /// Weights per output.
    pub(super) fn taps(&self) -> usize {
        self.channels * self.kernel * self.kernel
    }

    pub(super) fn plane(&self) -> Plane {
        Plane { height: self.height, width: self.width, border: self.border }
    }

    /// Panics if memory and shape do not match, which is a bug in the calling code.
    pub(super) fn check(&self, x: &[f32], weight: &[f32], y: &[f32]) {
        assert_eq!(x.len(), self.batch * self.image(), "input of {self:?}");
        assert_eq!(weight.len(), self.outputs * self.taps(), "weight of {self:?}");
        assert_eq!(y.len(), self.batch * self.outputs * self.map(), "output of {self:?}");
        if let Border::Reflect(width) = self.border {
            assert!(width < self.height.min(self.width), "{self:?} reflects more than it has");
        }
    }
}
