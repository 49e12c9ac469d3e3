//! From a file to a picture, as a browser would show it to the page.
//!
//! Rotated according to its EXIF data, in sRGB ([`colours`]), 16-bit levels rounded to 8,
//! transparent pixels on white, the first frame of an animation or page. The size is checked before any
//! pixel is decoded, and files with missing pixels are refused.
//!
//! `tests/zoo` compares all of it with Pillow: PNG, GIF, TIFF, BMP and lossless WebP are equal, JPEG and
//! lossy WebP differ by at most 0.3 levels on average, because decoders round differently.

mod colours;
pub mod directory;
mod jpeg;
mod stored;
mod tiff;
mod webp;

use std::fs;
use std::io::{self, Cursor};
use std::path::Path;

use cyclegan_web::{
    error::{Error, Result},
    image::{MAX_PIXELS, MAX_SIDE, Rgb},
};
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage,
    metadata::Orientation,
};
use moxcms::ColorProfile;

use super::kind::{self, Kind};
use stored::{Levels, Stored, orientation};

/// Most bytes for a decoder: the largest picture with four 16-bit levels.
const MAX_MEMORY: u64 = 8 * MAX_PIXELS as u64;

/// Reads a file of any kind that [`Kind::Photo`] covers, recognised by its contents and not by its
/// name. Fails with `file-not-read`, `image-empty`, `image-unreadable` for other files,
/// `image-unsupported`, `image-damaged`, `image-too-large`, all without the file's name.
pub fn read(path: &Path) -> Result<Rgb> {
    let bytes = bytes(path).map_err(|error| Error::FileNotRead(error.to_string()))?;
    let stored = match kind::of(&bytes) {
        Kind::Photo(ImageFormat::Jpeg) => jpeg::decode(bytes)?,
        Kind::Photo(ImageFormat::Tiff) => tiff::decode(bytes)?,
        Kind::Photo(format) => decode(bytes, format)?,
        other => return Err(other.refusal()),
    };
    let orientation = stored.orientation;
    upright(colours::to_srgb(stored)?, orientation)
}

/// The bytes of a regular file; others may never end.
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    fs::read(path)
}

fn upright(picture: Rgb, orientation: Orientation) -> Result<Rgb> {
    if orientation == Orientation::NoTransforms {
        return Ok(picture);
    }
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let size = (side(picture.width), side(picture.height));
    let picture = RgbImage::from_raw(size.0, size.1, picture.pixels);
    let mut picture = DynamicImage::from(picture.unwrap_or_default());
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    Rgb::new(width, height, picture.into_rgb8().into_raw())
}

/// All formats except JPEG and TIFF.
fn decode(mut bytes: Vec<u8>, format: ImageFormat) -> Result<Stored> {
    let mut profile = None;
    if format == ImageFormat::Png {
        profile = colours::of_png(&bytes);
        // The end chunk may be missing, and nothing after one is read.
        bytes.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    }
    if format == ImageFormat::WebP {
        bytes = webp::completed(bytes)?;
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
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
    // Damaged metadata is no reason to refuse a photo.
    let exif = decoder.exif_metadata().ok().flatten().unwrap_or_default();
    let icc = decoder.icc_profile().ok().flatten();
    let profile = profile.or_else(|| ColorProfile::new_from_slice(&icc?).ok());
    let picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    let color = picture.color();
    let (levels, data) = match (color.has_color(), color.has_alpha()) {
        (false, false) => (Levels::Grey, picture.into_luma8().into_raw()),
        (false, true) => (Levels::GreyAlpha, picture.into_luma_alpha8().into_raw()),
        (true, false) => (Levels::Rgb, picture.into_rgb8().into_raw()),
        (true, true) => (Levels::Rgba, picture.into_rgba8().into_raw()),
    };
    let (width, height) = (width as usize, height as usize);
    Ok(Stored { width, height, levels, data, profile, orientation: orientation(&exif) })
}

fn refused(error: ImageError) -> Error {
    // Some decoders end their messages with a line feed.
    let why = |error: &dyn std::error::Error| error.to_string().trim().to_string();
    match error {
        ImageError::Limits(limit) => Error::ImageTooLarge(why(&limit)),
        ImageError::Unsupported(what) => Error::ImageUnsupported(why(&what)),
        // WebP's decoder reports it only as text.
        other if why(&other).ends_with("Image too large") => Error::ImageTooLarge(why(&other)),
        other => Error::ImageDamaged(why(&other)),
    }
}
