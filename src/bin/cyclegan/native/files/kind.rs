//! What a file is, judged by its first bytes and never by its name, because phones, messengers and
//! downloads give photos arbitrary names.

use cyclegan_web::error::Error;
use image::ImageFormat;

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A picture that can be opened.
    Photo(ImageFormat),
    /// A known kind of picture that cannot be opened, with its name.
    Other(&'static str),
    /// Another kind of file that people keep next to photos.
    NoPicture(&'static str),
    /// Something unknown.
    Unknown,
    /// A file without bytes.
    Empty,
}

/// Most bytes that [`of`] looks at.
pub const START: usize = 256;

/// First bytes of pictures that cannot be opened.
const OTHERS: &[(&[u8], &str)] = &[
    (b"FUJIFILMCCD-RAW", "a raw photo"),
    (b"IIRO", "a raw photo"),
    (b"IIRS", "a raw photo"),
    (b"MMOR", "a raw photo"),
    (b"IIU\0", "a raw photo"),
    (b"FOVb", "a raw photo"),
    (b"\0MRM", "a raw photo"),
    (b"II\x1a\0\0\0HEAPCCDR", "a raw photo"),
    (b"II*\0\x10\0\0\0CR", "a raw photo"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"8BPS", "Photoshop"),
    (b"8BPB", "Photoshop"),
    (b"gimp xcf", "GIMP"),
    (b"\0\0\x01\0", "an icon"),
    (b"icns", "an icon"),
    (b"qoif", "QOI"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"DDS ", "DDS"),
    (b"%!PS", "PostScript"),
    (b"<svg", "SVG"),
];

/// First bytes of files that are not pictures.
const NO_PICTURES: &[(&[u8], &str)] = &[
    (b"%PDF", "PDF"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"PK\x03\x04", "a zip archive"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"\x1f\x8b", "an archive"),
];

/// The kind of a file that begins with these bytes.
pub fn of(bytes: &[u8]) -> Kind {
    let start = bytes.get(..START).unwrap_or(bytes);
    let at = |place: usize, text: &[u8]| start.get(place..).is_some_and(|s| s.starts_with(text));
    if start.is_empty() {
        return Kind::Empty;
    }
    let photo = match () {
        () if at(0, b"\xff\xd8\xff") => Some(ImageFormat::Jpeg),
        () if at(0, b"\x89PNG\r\n\x1a\n") => Some(ImageFormat::Png),
        () if at(0, b"GIF87a") || at(0, b"GIF89a") => Some(ImageFormat::Gif),
        () if at(0, b"RIFF") && at(8, b"WEBP") => Some(ImageFormat::WebP),
        // Words begin with these two letters too, but every header has this length.
        () if at(0, b"BM")
            && [12, 16, 40, 52, 56, 64, 108, 124].iter().any(|&n| at(14, &[n, 0, 0, 0])) =>
        {
            Some(ImageFormat::Bmp)
        }
        () => None,
    };
    let is_tiff = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| at(0, *magic));
    let named = |list: &[(&[u8], &'static str)]| {
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        let is = |magic: &[u8]| start.starts_with(magic) || text.starts_with(magic);
        list.iter().find(|(magic, _)| is(magic)).map(|(_, name)| *name)
    };
    if let Some(format) = photo {
        Kind::Photo(format)
    } else if at(4, b"ftyp") {
        boxed(start)
    } else if let Some(name) = named(OTHERS) {
        Kind::Other(name)
    } else if is_tiff {
        Kind::Photo(ImageFormat::Tiff)
    } else if let Some(name) = named(NO_PICTURES) {
        Kind::NoPicture(name)
    } else if at(0, b"<?xml") && start.windows(4).any(|word| word == b"<svg") {
        Kind::Other("SVG")
    } else {
        Kind::Unknown
    }
}

/// Judged by the brands in the first box (ISO/IEC 14496-12, 4.3).
fn boxed(start: &[u8]) -> Kind {
    let length = start.first_chunk().map_or(0, |length| u32::from_be_bytes(*length) as usize);
    let brands = start.get(..length).unwrap_or(start).get(8..).unwrap_or_default();
    let has = |wanted: &[&[u8; 4]]| brands.as_chunks::<4>().0.iter().any(|b| wanted.contains(&b));
    if has(&[b"avif", b"avis"]) {
        Kind::Other("AVIF")
    } else if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
        Kind::Other("HEIC")
    } else if has(&[b"crx "]) {
        Kind::Other("a raw photo")
    } else {
        Kind::NoPicture("a video")
    }
}

impl Kind {
    /// What comes out of a camera before it is developed.
    pub const RAW: Self = Self::Other("a raw photo");

    /// The error for trying to open a file of this kind.
    pub fn refusal(self) -> Error {
        match self {
            Self::Photo(format) => Error::ImageUnsupported(format!("{format:?}")),
            Self::Other(name) => {
                Error::ImageUnsupported(format!("{name}; export it as JPEG or PNG"))
            }
            Self::NoPicture(name) => Error::ImageUnsupported(name.into()),
            Self::Unknown => Error::ImageUnreadable("its first bytes are not those of one".into()),
            Self::Empty => Error::ImageEmpty,
        }
    }
}
