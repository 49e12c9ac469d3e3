//! Pillow's `BICUBIC` for a picture that arrives a few rows at a time. A photo of 64 megapixels
//! that will be shrunk to 256 pixels is never held whole.

use super::{
    resize::{self, resize_bicubic},
    rgb::{Rgb, check_size},
};
use crate::error::{Error, Result};

/// A picture being resized as it arrives; the result equals [`resize_bicubic`] byte for byte.
#[derive(Debug)]
pub struct Shrink {
    width: usize,
    height: usize,
    to: (usize, usize),
    /// The rows so far, `kept` pixels wide.
    rows: Vec<u8>,
    /// Pixels per kept row: the final width if Pillow does the horizontal pass first.
    kept: usize,
}

impl Shrink {
    /// Resizes a picture of `width` × `height` pixels to `to`. Fails with `image-too-large` when
    /// the kept rows exceed [`MAX_PIXELS`](super::MAX_PIXELS), [`MAX_SIDE`](super::MAX_SIDE) or the
    /// available memory; `image-unusable` for a side of 0.
    pub fn new(width: usize, height: usize, to: (usize, usize)) -> Result<Self> {
        let to = (to.0.max(1), to.1.max(1));
        let kept = if resize::columns_first((width, height), to) { width } else { to.0 };
        check_size(width, 1)?;
        check_size(kept, height)?;
        check_size(to.0, to.1)?;
        let mut rows = Vec::new();
        rows.try_reserve_exact(kept * height * 3)
            .map_err(|_| Error::ImageTooLarge(format!("no memory for {kept}x{height} pixels")))?;
        Ok(Self { width, height, to, rows, kept })
    }

    /// Takes the next rows, straight-alpha RGBA, `[rows, width, 4]`. Fails with `image-unusable`
    /// for an incomplete row, or more rows than the picture has.
    pub fn push(&mut self, rgba: &[u8]) -> Result<()> {
        let count = rgba.len() / (4 * self.width);
        let strip = Rgb::from_rgba(rgba, self.width, count)?;
        self.rows.extend_from_slice(&resize_bicubic(&strip, self.kept, count).pixels);
        if self.rows.len() > self.kept * self.height * 3 {
            return Err(Error::ImageUnusable("it has more rows than it says".into()));
        }
        Ok(())
    }

    /// The picture at its new size. Fails with `image-unusable` when rows are missing.
    pub fn finish(self) -> Result<Rgb> {
        let whole = Rgb::new(self.kept, self.height, self.rows)?;
        Ok(resize_bicubic(&whole, self.to.0, self.to.1))
    }
}
