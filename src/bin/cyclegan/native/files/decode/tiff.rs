//! TIFF 6.0 and BigTIFF: the first page.
//!
//! Grey, palette, RGB and CMYK, with up to 16 bits a level, in strips or tiles, interleaved or in
//! planes; uncompressed, or with LZW, Deflate, PackBits or CCITT Group 4. Refused are JPEG inside of
//! TIFF, floating point, YCbCr and Lab, and raw photos, which are TIFFs too.

use std::io::Cursor;

use ::tiff::{
    ColorType, TiffError,
    decoder::{Decoder, DecodingResult, Limits},
    tags::Tag,
};
use cyclegan_web::{
    error::{Error, Result},
    image::{MAX_PIXELS, MAX_SIDE},
};
use image::metadata::Orientation;
use moxcms::ColorProfile;

use super::super::kind::Kind;
use super::{
    MAX_MEMORY,
    directory::{Directory, PHOTOMETRIC},
    stored::{Levels, Stored},
};

/// Most bytes of a tag's value, above all of a colour profile.
const MAX_TAG: usize = 16 << 20;

/// Photometric interpretations: zero is black, and colours of a palette.
const BLACK_IS_ZERO: u16 = 1;
const PALETTE: u32 = 3;

type File = Decoder<Cursor<Vec<u8>>>;

/// Decodes the first page. Fails with `image-damaged`, `image-unsupported`, `image-too-large`.
pub fn decode(mut bytes: Vec<u8>) -> Result<Stored> {
    let directory = Directory::read(&mut Cursor::new(&bytes));
    let directory = directory.map_err(|error| Error::ImageDamaged(error.to_string()))?;
    if directory.is_raw() {
        return Err(Kind::RAW.refusal());
    }
    let has_palette = directory.get(PHOTOMETRIC) == Some(PALETTE);
    if has_palette {
        // The decoder knows no palettes; taken as levels of grey, the pixels are their indices.
        directory.set(PHOTOMETRIC, BLACK_IS_ZERO, &mut bytes);
    }
    let length = bytes.len() as u64;
    let mut file = Decoder::new(Cursor::new(bytes)).map_err(refused)?.with_limits(limits());
    let (width, height) = size(&mut file)?;
    let kind = Samples::of(&mut file)?;
    check_chunks(&mut file, length)?;
    let mut data = samples(&mut file, &kind, width)?;
    let mut levels = kind.levels;
    if has_palette {
        let map = file.get_tag_u16_vec(Tag::ColorMap).map_err(refused)?;
        (levels, data) = (Levels::Rgb, colours(&data, &map, kind.bits)?);
    } else if kind.bits < 8 {
        let most = (1_u32 << kind.bits) - 1;
        data.iter_mut().for_each(|level| *level = (255 * u32::from(*level) / most) as u8);
    }
    if kind.premultiplied {
        straighten(&mut data, levels.count());
    }
    let profile = file.find_tag(Tag::IccProfile).map_err(refused)?;
    let profile = profile.and_then(|value| value.into_u8_vec().ok());
    let profile = profile.and_then(|icc| ColorProfile::new_from_slice(&icc).ok());
    let turned = file.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    let orientation = turned.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms);
    Ok(Stored { width, height, levels, data, profile, orientation })
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_MEMORY as usize;
    limits.intermediate_buffer_size = MAX_MEMORY as usize;
    limits.ifd_value_size = MAX_TAG;
    limits
}

/// Checks everything by which memory is measured.
fn size(file: &mut File) -> Result<(usize, usize)> {
    let (width, height) = file.dimensions().map_err(refused)?;
    let (width, height) = (width as usize, height as usize);
    // A row of tiles is held as a whole.
    let wide = file.find_tag_unsigned::<u64>(Tag::TileWidth).map_err(refused)?;
    let wide = width.max(wide.map_or(0, |wide| usize::try_from(wide).unwrap_or(usize::MAX)));
    if wide.max(height) > MAX_SIDE || width * height > MAX_PIXELS {
        return Err(Error::ImageTooLarge(format!("{width} × {height} pixels")));
    }
    Ok((width, height))
}

/// Whether every part of the picture is inside of the file: the decoder reads uncompressed parts
/// from wherever they begin.
fn check_chunks(file: &mut File, length: u64) -> Result<()> {
    let mut list = |strips, tiles| {
        let tag = if file.find_tag(strips).map_err(refused)?.is_some() { strips } else { tiles };
        file.get_tag_u64_vec(tag).map_err(refused)
    };
    let offsets = list(Tag::StripOffsets, Tag::TileOffsets)?;
    let counts = list(Tag::StripByteCounts, Tag::TileByteCounts)?;
    let is_inside = |(at, bytes): (u64, u64)| {
        bytes > 0 && at.checked_add(bytes).is_some_and(|end| end <= length)
    };
    if offsets.into_iter().zip(counts).all(is_inside) {
        Ok(())
    } else {
        Err(Error::ImageDamaged("it ends before its pixels do".into()))
    }
}

/// How a pixel is stored.
struct Samples {
    levels: Levels,
    /// Bits of a level.
    bits: u8,
    /// Whether colours were multiplied by their opacity.
    premultiplied: bool,
}

impl Samples {
    fn of(file: &mut File) -> Result<Self> {
        let color = file.colortype().map_err(refused)?;
        let extra = file.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples).map_err(refused)?;
        let (extra, all) = (extra.unwrap_or_default(), number(file, Tag::SamplesPerPixel)?);
        let alpha = extra.first().copied().unwrap_or_default();
        let (levels, bits) = match color {
            ColorType::Gray(bits @ (1 | 2 | 4 | 8 | 16)) => (Levels::Grey, bits),
            ColorType::Multiband { bit_depth: bits @ (8 | 16), num_samples: 2 } if alpha != 0 => {
                (Levels::GreyAlpha, bits)
            }
            ColorType::RGB(bits @ (8 | 16)) => (Levels::Rgb, bits),
            ColorType::RGBA(bits @ (8 | 16)) => (Levels::Rgba, bits),
            ColorType::CMYK(bits @ (8 | 16)) => (Levels::Cmyk, bits),
            other => return Err(unsupported(&format!("{other:?}"))),
        };
        let formats = file.find_tag_unsigned_vec::<u16>(Tag::SampleFormat).map_err(refused)?;
        if formats.is_some_and(|formats| formats.iter().any(|format| *format != 1)) {
            return Err(unsupported("levels that are no natural numbers"));
        }
        // Channels beyond these are left out, but not before a predictor has added them up.
        let more = usize::from(all) > levels.count();
        if all > 8 || more && number(file, Tag::Predictor)? != 1 {
            return Err(unsupported(&format!("{all} channels")));
        }
        Ok(Self { levels, bits, premultiplied: levels.has_alpha() && alpha == 1 })
    }
}

/// A tag whose default is 1.
fn number(file: &mut File, tag: Tag) -> Result<u16> {
    Ok(file.find_tag_unsigned(tag).map_err(refused)?.unwrap_or(1))
}

/// All levels, interleaved: 16 bits rounded to 8, and fewer than 8 as they are.
fn samples(file: &mut File, kind: &Samples, width: usize) -> Result<Vec<u8>> {
    let mut read = DecodingResult::U8(Vec::new());
    let layout = file.read_image_to_buffer(&mut read).map_err(refused)?;
    let data = match read {
        DecodingResult::U8(data) if kind.bits < 8 => unpacked(&data, kind.bits, width),
        DecodingResult::U8(data) => data,
        DecodingResult::U16(data) => {
            data.into_iter().map(|level| ((u32::from(level) + 128) / 257) as u8).collect()
        }
        _ => return Err(unsupported("levels that are no natural numbers")),
    };
    let channels = kind.levels.count();
    if layout.planes == 1 {
        return Ok(data);
    }
    // One after the other, all of one length.
    let plane = data.len() / layout.planes;
    let mut mixed = vec![0; plane * channels];
    for (channel, plane) in data.chunks_exact(plane.max(1)).take(channels).enumerate() {
        for (to, from) in mixed.iter_mut().skip(channel).step_by(channels).zip(plane) {
            *to = *from;
        }
    }
    Ok(mixed)
}

/// A number for each pixel from rows of whole bytes, the highest bits first.
fn unpacked(data: &[u8], bits: u8, width: usize) -> Vec<u8> {
    let (of_byte, mask) = (usize::from(8 / bits), 0xFF >> (8 - bits));
    let rows = data.chunks_exact(width.div_ceil(of_byte).max(1));
    let pixels = |row: &[u8]| -> Vec<u8> {
        let all = row
            .iter()
            .flat_map(|byte| (1..=8 / bits).map(move |place| (byte >> (8 - place * bits)) & mask));
        all.take(width).collect()
    };
    rows.flat_map(pixels).collect()
}

/// The colours of a palette, all of red before green and blue.
fn colours(indices: &[u8], map: &[u16], bits: u8) -> Result<Vec<u8>> {
    let size = 1 << bits.min(8);
    if bits > 8 || map.len() != 3 * size {
        return Err(Error::ImageDamaged("its palette has another size".into()));
    }
    // Some programs write 8 bits where 16 belong.
    let shift = if map.iter().any(|level| *level > 255) { 8 } else { 0 };
    let level = |channel: usize, index: u8| {
        map.get(channel * size + usize::from(index)).map_or(0, |level| (level >> shift) as u8)
    };
    Ok(indices.iter().flat_map(|&index| [0, 1, 2].map(|channel| level(channel, index))).collect())
}

/// Undoes the multiplication of colours by their opacity.
fn straighten(data: &mut [u8], channels: usize) {
    for pixel in data.chunks_exact_mut(channels) {
        let Some((alpha @ 1.., colours)) = pixel.split_last_mut() else { continue };
        let alpha = u32::from(*alpha);
        for colour in colours {
            *colour = ((255 * u32::from(*colour) + alpha / 2) / alpha).min(255) as u8;
        }
    }
}

fn unsupported(what: &str) -> Error {
    Error::ImageUnsupported(format!("TIFF with {what}; export it as JPEG or PNG"))
}

fn refused(error: TiffError) -> Error {
    match error {
        TiffError::UnsupportedError(what) => unsupported(&format!("{what:?}")),
        TiffError::LimitsExceeded => Error::ImageTooLarge("its parts take too much memory".into()),
        other => Error::ImageDamaged(other.to_string()),
    }
}
