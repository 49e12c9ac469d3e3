//! Pictures as bytes, before and after the network.
//!
//! The browser hands over straight-alpha RGBA and shows RGBA; everything between is [`Rgb`]. What
//! the network sees is what PyTorch's data pipeline would have shown it: resized as Pillow does
//! ([`resize_bicubic`]) and scaled to [-1, 1] as torchvision does ([`to_unit`]); what comes back
//! becomes bytes as PyTorch's `test.py` makes them ([`from_unit`]).
//!
//! Nothing here decodes a file format: the browser does that. [`jpeg`] tells whether a file is whole,
//! which decoders do not agree on.

mod border;
pub mod jpeg;
mod resize;
mod shrink;
mod unit;

pub use border::{crop, reflect_pad};
pub use resize::{fit, resize_bicubic};
pub use shrink::Shrink;
pub use unit::{from_unit, to_unit};

use crate::error::{Error, Result};

/// Longest side of a picture that is accepted, in pixels: as long as a JPEG can be.
pub const MAX_SIDE: usize = 65_535;

/// Most pixels of a picture that is accepted, 512 MB as RGBA: a photo of 108 megapixels.
pub const MAX_PIXELS: usize = 128_000_000;

/// An 8-bit RGB picture, rows from the top, pixels interleaved.
///
/// `pixels.len() == 3 * width * height` and both sides are at least 1; the constructors check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rgb {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `[height, width, 3]`, sRGB levels 0 to 255.
    pub pixels: Vec<u8>,
}

impl Rgb {
    /// Takes the rows of a picture, `[height, width, 3]`.
    ///
    /// # Errors
    /// [`Error::ImageUnusable`] for a side of 0 or a wrong number of bytes,
    /// [`Error::ImageTooLarge`] above [`MAX_SIDE`] or [`MAX_PIXELS`].
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self> {
        check(width, height, 3, pixels.len())?;
        Ok(Self { width, height, pixels })
    }

    /// Takes straight-alpha RGBA, `[height, width, 4]`, as a canvas hands it out, and lays it on
    /// white: `(c·a + 255·(255 − a)) / 255`, rounded to the nearest level. Opaque pixels pass
    /// unchanged, and what is fully transparent becomes white whatever colour hides in it.
    ///
    /// # Errors
    /// As [`Rgb::new`].
    pub fn from_rgba(bytes: &[u8], width: usize, height: usize) -> Result<Self> {
        check(width, height, 4, bytes.len())?;
        let mut pixels = vec![0; width * height * 3];
        let (from, _) = bytes.as_chunks::<4>();
        let (to, _) = pixels.as_chunks_mut::<3>();
        for (&[r, g, b, a], rgb) in from.iter().zip(to) {
            *rgb = if a == 255 { [r, g, b] } else { [r, g, b].map(|c| on_white(c, a)) };
        }
        Ok(Self { width, height, pixels })
    }

    /// The picture as opaque RGBA, `[height, width, 4]`, for a canvas.
    pub fn to_rgba(&self) -> Vec<u8> {
        let mut bytes = vec![255; self.width * self.height * 4];
        let (from, _) = self.pixels.as_chunks::<3>();
        let (to, _) = bytes.as_chunks_mut::<4>();
        for (&[r, g, b], rgba) in from.iter().zip(to) {
            *rgba = [r, g, b, 255];
        }
        bytes
    }
}

/// Level `c` at opacity `a` on white.
fn on_white(c: u8, a: u8) -> u8 {
    let (c, a) = (u32::from(c), u32::from(a));
    ((c * a + 255 * (255 - a) + 127) / 255) as u8
}

/// Refuses what is no picture, what is too large, and bytes that do not fit the size.
fn check(width: usize, height: usize, channels: usize, bytes: usize) -> Result<()> {
    check_size(width, height)?;
    let wanted = width * height * channels;
    if bytes != wanted {
        return Err(Error::ImageUnusable(format!(
            "{width} × {height} pixels need {wanted} bytes, there are {bytes}"
        )));
    }
    Ok(())
}

/// Refuses what is no picture and what is too large.
fn check_size(width: usize, height: usize) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::ImageUnusable(format!("it is {width} × {height} pixels")));
    }
    // Sides first: their product then fits into 32 bits, which is all that wasm has.
    if width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS {
        return Err(Error::ImageTooLarge(format!(
            "{width} × {height} pixels; at most {MAX_SIDE} a side and {} megapixels are possible",
            MAX_PIXELS / 1_000_000
        )));
    }
    Ok(())
}
