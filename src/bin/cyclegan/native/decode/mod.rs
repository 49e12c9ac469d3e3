//! From a file to a picture, as a browser would show it to the page.
//!
//! Turned as its EXIF says, 16 bits a level rounded to 8, what is transparent laid on white, an
//! animation's first frame; without colour management. The size is checked before any pixel is
//! decoded.
//!
//! On a painted scene of 640 x 427 pixels, PNG and WebP came out bit-equal to Pillow 13. JPEG was
//! off by at most 4 levels (0.2 on average) with colours at half the size, and by at most 3 (0.01)
//! with colours at full size: zune-jpeg rounds and interpolates otherwise than libjpeg.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use cyclegan_web::{
    error::{Error, Result},
    image::{MAX_PIXELS, MAX_SIDE, Rgb},
};
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, metadata::Orientation};

/// Most bytes that decoding may take: the largest picture with four levels of 16 bits, twice.
const MAX_MEMORY: u64 = 2 * 8 * MAX_PIXELS as u64;

/// Reads a PNG, JPEG or WebP file, told apart by its contents and not by its name.
///
/// # Errors
/// `file-not-read`, `image-too-large`, and `image-unusable` for anything else. None names the file:
/// whoever lists failures does.
pub fn read(path: &Path) -> Result<Rgb> {
    let bytes = fs::read(path).map_err(|error| Error::FileNotRead(error.to_string()))?;
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| Error::ImageUnusable(error.to_string()))?;
    if reader.format().is_none() {
        return Err(Error::ImageUnusable("it is no PNG, JPEG or WebP".into()));
    }
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE as u32);
    limits.max_image_height = Some(MAX_SIDE as u32);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS as u64 {
        return Err(Error::ImageTooLarge(format!("{width} × {height} pixels")));
    }
    // A camera's damaged notes are no reason to refuse its photo.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if picture.color().has_alpha() {
        Rgb::from_rgba(&picture.into_rgba8(), width, height)
    } else {
        Rgb::new(width, height, picture.into_rgb8().into_raw())
    }
}

fn refused(error: ImageError) -> Error {
    // Some decoders end their sentences with a new line.
    match error {
        ImageError::Limits(limit) => Error::ImageTooLarge(limit.to_string().trim().into()),
        other => Error::ImageUnusable(other.to_string().trim().into()),
    }
}
