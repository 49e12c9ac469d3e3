//! From a picture to a file, as the page writes them: sRGB, upright, and nothing but pixels.

use std::path::Path;

use clap::ValueEnum;
use cyclegan_web::{
    error::{Error, Result},
    image::Rgb,
};
use image::{
    ExtendedColorType, ImageEncoder,
    codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
};

/// The longest side of a WebP file, whose header has 14 bits for it (RFC 9649, 3.4).
const WEBP_SIDE: usize = 1 << 14;

/// A kind of file for pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Every pixel as it was computed
    #[default]
    Png,
    /// Much smaller, with small changes; see --quality
    Jpeg,
    /// As exact as PNG, and often smaller
    Webp,
}

impl Format {
    /// The ending of its files' names.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }

    /// The bytes of a file. `quality`, 1 to 100, is JPEG's. Fails with `image-too-large` beyond the
    /// format's limits.
    pub fn encode(self, picture: &Rgb, quality: u8) -> Result<Vec<u8>> {
        let Rgb { width, height, ref pixels } = *picture;
        let too_large = |why: String| Error::ImageTooLarge(format!("{width} × {height}: {why}"));
        if self == Self::Webp && width.max(height) > WEBP_SIDE {
            return Err(too_large(format!("a side of WebP has at most {WEBP_SIDE} pixels")));
        }
        let side = |side: usize| u32::try_from(side).map_err(|error| too_large(error.to_string()));
        let (width, height) = (side(width)?, side(height)?);
        let (mut bytes, rgb) = (Vec::new(), ExtendedColorType::Rgb8);
        match self {
            Self::Png => PngEncoder::new(&mut bytes).write_image(pixels, width, height, rgb),
            Self::Jpeg => JpegEncoder::new_with_quality(&mut bytes, quality)
                .write_image(pixels, width, height, rgb),
            Self::Webp => {
                WebPEncoder::new_lossless(&mut bytes).write_image(pixels, width, height, rgb)
            }
        }
        .map_err(|error| too_large(error.to_string()))?;
        Ok(bytes)
    }
}

/// Writes a picture as PNG. Fails with `file-not-written`, `image-too-large` beyond PNG's limits.
pub fn write_png(path: &Path, picture: &Rgb) -> Result<()> {
    super::write(path, &Format::Png.encode(picture, 0)?)
}
