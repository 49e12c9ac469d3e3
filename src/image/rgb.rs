//! A picture as bytes.

use crate::error::{Error, Result};

/// Longest accepted side of a picture, in pixels: the longest that JPEG allows.
pub const MAX_SIDE: usize = 65_535;

/// Most accepted pixels of a picture, 512 MB as RGBA: enough for a photo of 108 megapixels.
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
    /// Takes the rows of a picture, `[height, width, 3]`. Fails with [`Error::ImageUnusable`] for a
    /// side of 0 or a wrong number of bytes, [`Error::ImageTooLarge`] above [`MAX_SIDE`] or
    /// [`MAX_PIXELS`].
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self> {
        check(width, height, 3, pixels.len())?;
        Ok(Self { width, height, pixels })
    }

    /// Takes straight-alpha RGBA from a canvas, `[height, width, 4]`, and composites it on white:
    /// `(c·a + 255·(255 − a)) / 255`, rounded to the nearest level. Opaque pixels pass unchanged;
    /// fully transparent ones become white whatever their colour. Fails as [`Rgb::new`].
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

    /// The picture in shades of grey: ITU-R 601's luma, as Pillow's `convert("L")` computes it,
    /// which PyTorch's `--input_nc 1` uses (`torchvision.transforms.Grayscale`).
    pub fn grey(&self) -> Self {
        let mut pixels = self.pixels.clone();
        let (colours, _) = pixels.as_chunks_mut::<3>();
        for colour in colours {
            let [r, g, b] = colour.map(u32::from);
            // Shares in 65,536ths, which add up to all of them, and a half for rounding.
            let luma = (19_595 * r + 38_470 * g + 7_471 * b + 0x8000) >> 16;
            *colour = [luma as u8; 3];
        }
        Self { width: self.width, height: self.height, pixels }
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

/// Level `c` with opacity `a` on white.
fn on_white(c: u8, a: u8) -> u8 {
    let (c, a) = (u32::from(c), u32::from(a));
    ((c * a + 255 * (255 - a) + 127) / 255) as u8
}

/// Refuses invalid and oversized dimensions, and a number of bytes that does not fit them.
pub(super) fn check(width: usize, height: usize, channels: usize, bytes: usize) -> Result<()> {
    check_size(width, height)?;
    let wanted = width * height * channels;
    if bytes != wanted {
        return Err(Error::ImageUnusable(format!(
            "{width} × {height} pixels need {wanted} bytes, there are {bytes}"
        )));
    }
    Ok(())
}

/// Refuses invalid and oversized dimensions.
pub(super) fn check_size(width: usize, height: usize) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::ImageUnusable(format!("it is {width} × {height} pixels")));
    }
    // Sides first, so that their product fits into wasm's 32 bits.
    if width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS {
        return Err(Error::ImageTooLarge(format!(
            "{width} × {height} pixels; at most {MAX_SIDE} a side and {} megapixels are possible",
            MAX_PIXELS / 1_000_000
        )));
    }
    Ok(())
}
