//! A picture as returned by its decoder.

use image::metadata::Orientation;
use moxcms::ColorProfile;

/// The channels of a pixel; for CMYK, the amount of ink.
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

/// The contents of a file.
pub struct Stored {
    pub width: usize,
    pub height: usize,
    pub levels: Levels,
    /// 8 bits per level, rows from the top.
    pub data: Vec<u8>,
    /// Its colour profile, if it has one.
    pub profile: Option<ColorProfile>,
    /// How to rotate it.
    pub orientation: Orientation,
}

/// The orientation in EXIF data of JPEG, PNG or WebP; some programs leave JPEG's marker before it.
pub fn orientation(exif: &[u8]) -> Orientation {
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms)
}
