//! What a file is that holds no weights, so that a refusal can say so.

use crate::error::Error;

/// How far into a file a web page may begin.
const BEFORE_PAGE: usize = 512;

/// First bytes of files that people take for weights, and what they are.
const BEGINNINGS: [(&[u8], &str); 31] = [
    (b"\x89HDF\r\n\x1a\n", "this is HDF5, such as Keras weights; it takes a conversion to PyTorch"),
    (b"\x93NUMPY", "this is a single array of NumPy (.npy)"),
    (b"\x1f\x8b", "this is compressed (gzip); unpack it first"),
    (b"BZh", "this is compressed (bzip2); unpack it first"),
    (b"\xfd7zXZ\0", "this is compressed (xz); unpack it first"),
    (b"\x28\xb5\x2f\xfd", "this is compressed (Zstandard); unpack it first"),
    (b"\x04\x22\x4d\x18", "this is compressed (LZ4); unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "this is a 7-Zip archive; unpack it first"),
    (b"Rar!\x1a\x07", "this is a RAR archive; unpack it first"),
    (b"PK\x05\x06", "this is an empty zip archive"),
    (b"GGUF", "this is a language model (GGUF)"),
    (b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1", "this is a file of Lua Torch (.t7)"),
    (b"MATLAB 5.0", "this is a file of MATLAB"),
    (b"\x89PNG", "this is a picture (PNG)"),
    (b"\xff\xd8\xff", "this is a picture (JPEG)"),
    (b"GIF8", "this is a picture (GIF)"),
    (b"BM", "this may be a picture (BMP)"),
    (b"II*\0", "this is a picture (TIFF)"),
    (b"MM\0*", "this is a picture (TIFF)"),
    (b"8BPS", "this is a picture (Photoshop)"),
    (b"%PDF", "this is a document (PDF)"),
    (b"\0\0\0\x14ftyp", "this is a film or a picture (MP4, HEIC)"),
    (b"\0\0\0\x18ftyp", "this is a film or a picture (MP4, HEIC)"),
    (b"\0\0\0\x1cftyp", "this is a film or a picture (MP4, HEIC)"),
    (b"\0\0\0\x20ftyp", "this is a film or a picture (MP4, AVIF)"),
    (b"\x1a\x45\xdf\xa3", "this is a film (Matroska)"),
    (b"\x7fELF", "this is a program"),
    (b"MZ", "this may be a program"),
    (b"SQLite format 3\0", "this is a database (SQLite)"),
    (b"PAR1", "this is a table (Parquet)"),
    (b"\xd0\xcf\x11\xe0", "this is a document of Microsoft Office"),
];

/// What is wrong with a file that is neither safetensors nor a pickle: `weights-web-page`,
/// `weights-git-lfs`, or `weights-not-recognised` with what it is instead, as far as that is known.
pub(super) fn refusal(bytes: &[u8]) -> Error {
    let start = bytes.get(..BEFORE_PAGE).unwrap_or(bytes);
    let text = String::from_utf8_lossy(start).to_ascii_lowercase();
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if ["<!doctype html", "<html", "<head", "<?xml", "<!--"].iter().any(|tag| text.starts_with(tag))
    {
        return Error::WeightsWebPage(format!("it starts with \"{}\"", first(bytes)));
    }
    if text.starts_with("version https://git-lfs") {
        let size = text.lines().find_map(|line| line.strip_prefix("size "));
        let size = size.unwrap_or("?").chars().take(20).collect::<String>();
        return Error::WeightsGitLfs(format!("the file it stands for has {size} bytes"));
    }
    let what = kind(bytes, text);
    Error::WeightsNotRecognised(
        what.map_or_else(|| format!("it starts with \"{}\"", first(bytes)), str::to_string),
    )
}

/// The first bytes, fit for a message.
fn first(bytes: &[u8]) -> impl std::fmt::Display {
    bytes.get(..16).unwrap_or(bytes).escape_ascii()
}

/// What a file is, by its bytes and by the text that it starts with, if it is text.
fn kind(bytes: &[u8], text: &str) -> Option<&'static str> {
    let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
    if let Some((_, what)) = known {
        return Some(what);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("this is a picture (WebP)");
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some(
            "this is a tar archive; unpack it, or if PyTorch before 0.1.10 wrote it, open it there",
        );
    }
    if bytes.get(4..8) == Some(b"TFL3") {
        return Some("this is a model of TensorFlow Lite");
    }
    if bytes.ends_with(b"\x57\xfb\x80\x8b\x24\x75\x47\xdb") {
        return Some("this is the index of a TensorFlow checkpoint");
    }
    if text.starts_with('{') || text.starts_with('[') {
        return Some(json(text));
    }
    protobuf(bytes)
}

fn json(text: &str) -> &'static str {
    if text.contains("weight_map") || text.contains("\"total_size\"") {
        "this is the index of a model in several files; take those"
    } else if text.contains("weightsmanifest") || text.contains("modeltopology") {
        "this is a model of TensorFlow.js"
    } else {
        "this is JSON, such as a model's settings; the weights are in another file"
    }
}

/// ONNX and TensorFlow write messages of Protocol Buffers: fields with a number and a type each.
fn protobuf(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        // The version of the format, then who wrote it, or the next that is there.
        [0x08, 3..=20, 0x12 | 0x1a | 0x22 | 0x32 | 0x3a | 0x42, ..] => {
            Some("this is a model of ONNX; it takes the PyTorch file from which it was made")
        }
        // A version of 1, then a graph; and a graph alone, which starts with a node.
        [0x08, 0x01, 0x12, ..] => Some("this is a model of TensorFlow"),
        [0x0a, _, 0x0a, _, b'a'..=b'z' | b'A'..=b'Z', ..] => Some("this is a model of TensorFlow"),
        _ => None,
    }
}

/// What a zip archive is that PyTorch did not write, by the names of its entries.
pub(super) fn archive<'n>(names: impl Iterator<Item = &'n [u8]>) -> &'static str {
    let endings: [(&[u8], &str); 14] = [
        (b"serialized_exported_program.json", "this is a program of torch.export"),
        (b"archive_format", "this is a program of torch.export"),
        (b".data/extern_modules", "this is a package of torch.package"),
        (b".npy", "this is an archive of NumPy (.npz)"),
        (b".pth", "this is a zip archive of weights files; unpack it and take one"),
        (b".pt", "this is a zip archive of weights files; unpack it and take one"),
        (b".ckpt", "this is a zip archive of weights files; unpack it and take one"),
        (b".safetensors", "this is a zip archive of weights files; unpack it and take one"),
        (b".weights.h5", "this is a model of Keras"),
        (b".pb", "this is a zip archive of a TensorFlow model"),
        (b".onnx", "this is a zip archive of an ONNX model"),
        (b".mlmodel", "this is a model of Core ML"),
        (b".jpg", "this is a zip archive of pictures"),
        (b".png", "this is a zip archive of pictures"),
    ];
    let mut found = endings.len();
    for name in names {
        let at = endings.iter().position(|(ending, _)| name.ends_with(ending));
        found = found.min(at.unwrap_or(found));
    }
    endings
        .get(found)
        .map_or("this is a zip archive without the data.pkl that PyTorch writes", |(_, what)| what)
}
