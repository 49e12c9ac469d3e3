//! A picture as its decoder gives it.

use image::metadata::Orientation;
use moxcms::ColorProfile;

/// The levels of a pixel; of CMYK, how much ink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Levels {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
    Cmyk,
}

impl Levels {
    pub fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }

    pub fn has_alpha(self) -> bool {
        matches!(self, Self::GreyAlpha | Self::Rgba)
    }
}

/// What a file holds.
pub struct Stored {
    pub width: usize,
    pub height: usize,
    pub levels: Levels,
    /// 8 bits a level, rows from the top.
    pub data: Vec<u8>,
    /// How its colours are meant, if it says so.
    pub profile: Option<ColorProfile>,
    /// How it is to be turned.
    pub orientation: Orientation,
}

/// What EXIF says, as JPEG, PNG and WebP hold it; some programs leave JPEG's mark before it.
pub fn orientation(exif: &[u8]) -> Orientation {
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms)
}
