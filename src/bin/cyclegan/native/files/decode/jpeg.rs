//! JPEG, with a decoder that supports every sampling and order of scans.

use std::io::Cursor;

use cyclegan_web::{
    error::{Error, Result},
    image::{MAX_PIXELS, jpeg},
};
use jpeg_decoder::{Decoder, PixelFormat};
use moxcms::ColorProfile;

use super::stored::{Levels, Stored, orientation};

/// Decodes a JPEG with all its pixels, at half, a quarter or an eighth of its size if it has more
/// than [`MAX_PIXELS`]. Fails with `image-damaged`, `image-unsupported`, `image-too-large`.
pub fn decode(mut bytes: Vec<u8>) -> Result<Stored> {
    let end = jpeg::whole(&bytes)?;
    bytes.truncate(end);
    bytes.extend([0xFF, 0xD9]);
    let (width, height) = jpeg::size(&bytes)?;
    let mut decoder = Decoder::new(Cursor::new(bytes));
    let fits = |scale: &usize| width.div_ceil(*scale) * height.div_ceil(*scale) <= MAX_PIXELS;
    let scale = [1, 2, 4, 8].into_iter().find(fits).unwrap_or(8);
    if scale > 1 {
        let side = |side: usize| u16::try_from(side.div_ceil(scale)).unwrap_or(u16::MAX);
        decoder.scale(side(width), side(height)).map_err(refused)?;
    }
    let data = decoder.decode().map_err(refused)?;
    let info = decoder.info().ok_or_else(|| Error::ImageDamaged("it has no frame".into()))?;
    let levels = match info.pixel_format {
        PixelFormat::L8 => Levels::Grey,
        PixelFormat::RGB24 => Levels::Rgb,
        PixelFormat::CMYK32 => Levels::Cmyk,
        PixelFormat::L16 => return Err(Error::ImageUnsupported("JPEG of 16 bits a level".into())),
    };
    let profile = decoder.icc_profile().and_then(|icc| ColorProfile::new_from_slice(&icc).ok());
    let orientation = orientation(decoder.exif_data().unwrap_or_default());
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    Ok(Stored { width, height, levels, data, profile, orientation })
}

fn refused(error: jpeg_decoder::Error) -> Error {
    match error {
        jpeg_decoder::Error::Unsupported(what) => {
            Error::ImageUnsupported(format!("JPEG with {what:?}"))
        }
        other => Error::ImageDamaged(other.to_string()),
    }
}
