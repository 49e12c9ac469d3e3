//! Files as people have them, natively: right pixels, or a refusal with a code. `tests/zoo` has the
//! codings, `tests/field` what public threads report.

#![cfg(not(target_family = "wasm"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cyclegan_web::{
    error::{Error, Result},
    image::{Rgb, jpeg},
};
use serde_json::Value;

/// The command line's own way from a file to pixels.
#[allow(dead_code)]
#[path = "../src/bin/cyclegan/native/files"]
mod files {
    pub mod decode;
    pub mod kind;
}

use files::decode::read;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn zoo() -> Vec<Value> {
    let list: Value =
        serde_json::from_slice(&fs::read(tests().join("zoo/zoo.json")).unwrap()).unwrap();
    list["files"].as_array().unwrap().clone()
}

/// A file of these bytes, read.
fn read_bytes(name: &str, bytes: &[u8]) -> Result<Rgb> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pictures-{name}"));
    fs::write(&path, bytes).unwrap();
    read(&path)
}

/// By how many levels two pictures differ on average.
fn difference(a: &Rgb, b: &Rgb) -> f64 {
    assert_eq!((a.width, a.height), (b.width, b.height));
    let levels = a.pixels.iter().zip(&b.pixels).map(|(a, b)| f64::from(a.abs_diff(*b)));
    levels.sum::<f64>() / a.pixels.len() as f64
}

#[test]
fn every_coding_becomes_the_pixels_of_pillow_or_is_refused_with_its_code() {
    let mut wrong = Vec::new();
    let files = zoo();
    assert!(files.len() > 180, "{}", files.len());
    for entry in files {
        let file = entry["file"].as_str().unwrap();
        let wanted = |key: &str| entry["cli"].get(key).or(entry.get(key)).cloned();
        let got = read(&tests().join("zoo").join(file));
        match (got, wanted("expected"), wanted("refused")) {
            (Ok(got), Some(expected), None) => {
                let expected = tests().join("zoo").join(expected.as_str().unwrap());
                let (mean, most) = (difference(&got, &read(&expected).unwrap()), wanted("mean"));
                if mean > most.unwrap().as_f64().unwrap() {
                    wrong.push(format!("{file}: {mean:.2} levels off on average"));
                }
            }
            (Err(error), None, Some(code)) if code == error.code() => {}
            (got, ..) => wrong.push(format!("{file}: {:?}", got.map(|_| "opened"))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_from_the_field_have_the_pixels_that_their_owners_see() {
    for (file, most) in [
        ("exif6.webp", 0.0),
        ("fill_ff_70000.jpg", 0.6),
        ("iphone.jpg", 0.6),
        ("p3.png", 0.6),
        ("scan.tif", 0.0),
        ("three_scans_2x2.jpg", 0.6),
    ] {
        let pictures = tests().join("field/pictures");
        let expected = read(&pictures.join(format!("expected/{file}.png"))).unwrap();
        let mean = difference(&read(&pictures.join(file)).unwrap(), &expected);
        assert!(mean <= most, "{file}: {mean:.2} levels off on average");
    }
}

#[test]
fn a_jpeg_is_whole_without_its_end_marker_and_damaged_without_its_last_bytes() {
    let mut tried = 0;
    for entry in zoo() {
        let file = entry["file"].as_str().unwrap();
        if !file.ends_with(".jpg") || entry.get("expected").is_none() {
            continue;
        }
        let bytes = fs::read(tests().join("zoo").join(file)).unwrap();
        let end = jpeg::whole(&bytes).unwrap();
        if file.contains("coarse") {
            // Without an end marker its finer scans may have been lost.
            let refused = jpeg::whole(&bytes[..end]).map_err(|error| error.code());
            assert_eq!(refused, Err("image-damaged"), "{file}");
            continue;
        }
        assert_eq!(jpeg::whole(&bytes[..end]), Ok(end), "{file}");
        if file.contains("zeros_for_eoi") || file.contains("fill_before_eoi") {
            continue; // no coded data that could be missed
        }
        // Some of the last byte's bits count, so all of them do in the one before.
        let cut = [&bytes[..end - 2], &[0xFF, 0xD9]].concat();
        for part in [&bytes[..end - 2], &cut] {
            let refused = jpeg::whole(part).map_err(|error| error.code());
            assert_eq!(refused, Err("image-damaged"), "{file}");
        }
        tried += 1;
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn a_file_cut_anywhere_has_all_its_pixels_or_is_refused() {
    for file in [
        "jpeg/sampling_2x2_small.jpg",
        "jpeg/scans_apart_restart.jpg",
        "jpeg/progressive_2x2.jpg",
        "png/rgb_8.png",
        "png/palette_4_interlaced.png",
        "webp/lossy_small.webp",
        "webp/lossless.webp",
        "webp/lossy_alpha.webp",
        "webp/animated.webp",
        "other/plain.gif",
        "other/plain.bmp",
        "tiff/classic_be.tif",
        "tiff/deflate.tif",
        "tiff/palette_4.tif",
        "tiff/tiles.tif",
    ] {
        let bytes = fs::read(tests().join("zoo").join(file)).unwrap();
        let whole = read(&tests().join("zoo").join(file)).unwrap();
        let mut opened = 0;
        for length in 0..bytes.len() {
            match read_bytes("cut", &bytes[..length]) {
                Ok(picture) => {
                    opened += 1;
                    assert!(picture == whole, "{file}: other pixels after {length} bytes");
                }
                Err(error) => {
                    let code = error.code();
                    assert!(code.starts_with("image-"), "{file}, {length} bytes: {code}");
                }
            }
        }
        assert!(opened < bytes.len() / 2, "{file} is opened at {opened} lengths");
    }
}

#[test]
fn damaged_files_never_panic() {
    let mut random = cyclegan_web::random::Random::new(1);
    let mut below = |n: usize| (random.uniform() * n as f64) as usize;
    for entry in zoo() {
        let file = entry["file"].as_str().unwrap();
        let bytes = fs::read(tests().join("zoo").join(file)).unwrap();
        for _ in 0..if bytes.is_empty() { 0 } else { 10 } {
            let mut bytes = bytes.clone();
            for _ in 0..3 {
                let place = below(bytes.len());
                bytes[place] = below(256) as u8;
            }
            // Either is fine; that it comes back is what counts.
            let _ = read_bytes("changed", &bytes);
        }
    }
}

/// A grey JPEG of which every block takes two bits.
fn flat_jpeg(width: u16, height: u16) -> Vec<u8> {
    let [w, h] = [width, height].map(u16::to_be_bytes);
    let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8);
    let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    jpeg.extend([1; 64]);
    jpeg.extend([0xFF, 0xC0, 0, 11, 8, h[0], h[1], w[0], w[1], 1, 1, 0x11, 0]);
    for table in [0x00, 0x10] {
        // One code, a zero: no difference, and no more coefficients.
        jpeg.extend([0xFF, 0xC4, 0, 20, table, 1]);
        jpeg.extend([0; 16]);
    }
    jpeg.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]);
    jpeg.extend(vec![0; (2 * blocks).div_ceil(8)]);
    jpeg.extend([0xFF, 0xD9]);
    jpeg
}

#[test]
fn a_jpeg_whose_table_asks_for_more_bits_than_a_level_has_is_damaged() {
    let mut jpeg = flat_jpeg(64, 64);
    // There are data enough for all that is asked for.
    jpeg.truncate(jpeg.len() - 2);
    jpeg.extend([0; 1024]);
    jpeg.extend([0xFF, 0xD9]);
    let table = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC4]).unwrap();
    for bits in [17, 33, 64, 255] {
        // The value of its only code.
        jpeg[table + 21] = bits;
        let refused = jpeg::whole(&jpeg).map_err(|error| error.code());
        assert_eq!(refused, Err("image-damaged"), "{bits} bits");
    }
}

#[test]
fn a_photo_of_200_megapixels_is_opened_at_half_its_size() {
    let picture = read_bytes("large.jpg", &flat_jpeg(16_320, 12_240)).unwrap();
    assert_eq!((picture.width, picture.height), (8160, 6120));
    assert!(picture.pixels.iter().all(|&level| level == 128));
    // A panorama, longer than a canvas can be.
    let picture = read_bytes("wide.jpg", &flat_jpeg(40_000, 500)).unwrap();
    assert_eq!((picture.width, picture.height), (40_000, 500));
}

#[test]
fn what_is_too_large_is_refused_by_its_header_at_once() {
    let mut jpeg = flat_jpeg(8, 8);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x7F, 0xFF, 0x7F, 0xFF]);
    let begun = Instant::now();
    for (name, refused) in [
        ("JPEG", read_bytes("bomb.jpg", &jpeg)),
        ("PNG", read(&tests().join("zoo/png/bomb.png"))),
        ("WebP", read(&tests().join("zoo/webp/bomb.webp"))),
        ("TIFF", read(&tests().join("zoo/tiff/bomb.tif"))),
        ("TIFF, Deflate", read(&tests().join("zoo/tiff/bomb_deflate.tif"))),
        ("TIFF, a line", read(&tests().join("zoo/tiff/bomb_line.tif"))),
        ("TIFF, a tile", read(&tests().join("zoo/tiff/bomb_tile.tif"))),
    ] {
        assert!(matches!(refused, Err(Error::ImageTooLarge(_))), "{name}: {refused:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
