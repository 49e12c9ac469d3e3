//! Bytes in, bytes out: resizing against Pillow, scaling against PyTorch, borders against brute
//! force, and the pictures that nobody expects.

#![cfg(not(target_family = "wasm"))]

mod golden_folder;

use std::{fs, path::PathBuf};

use cyclegan_web::error::{Error, Result};
use cyclegan_web::image::{
    MAX_SIDE, Rgb, Shrink, add_change, carry, crop, fit, from_unit, reflect_pad, resize_bicubic,
    to_unit,
};
use cyclegan_web::random::Random;
use cyclegan_web::samples::{Season, paint};
use golden_folder::golden_folder;

/// A picture of noise, so that no two neighbours are alike.
fn noise(width: usize, height: usize) -> Rgb {
    let mut state = (width * 31 + height) as u32 + 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let pixels = (0..width * height * 3).map(|_| next()).collect();
    Rgb::new(width, height, pixels).unwrap()
}

fn plain(width: usize, height: usize, rgb: [u8; 3]) -> Rgb {
    Rgb::new(width, height, rgb.repeat(width * height)).unwrap()
}

fn read_png(path: PathBuf) -> Rgb {
    let file = fs::File::open(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    Rgb::new(info.width as usize, info.height as usize, pixels).unwrap()
}

#[test]
fn resize_equals_pillow() {
    let folder = golden_folder().join("resize");
    let cases = fs::read(folder.join("cases.json")).unwrap();
    let cases: Vec<[usize; 4]> = serde_json::from_slice(&cases).unwrap();
    assert!(!cases.is_empty());
    for (i, [w, h, to_w, to_h]) in cases.into_iter().enumerate() {
        let before = read_png(folder.join(format!("{i}_in.png")));
        let after = read_png(folder.join(format!("{i}_out.png")));
        assert_eq!((before.width, before.height), (w, h));
        let ours = resize_bicubic(&before, to_w, to_h);
        assert_eq!((ours.width, ours.height), (to_w, to_h));
        let worst = ours.pixels.iter().zip(&after.pixels).map(|(a, b)| a.abs_diff(*b)).max();
        assert_eq!(worst, Some(0), "{w} × {h} to {to_w} × {to_h}");
        assert_eq!(ours, after);
    }
}

#[test]
fn resize_keeps_what_does_not_change() {
    let image = noise(37, 23);
    assert_eq!(resize_bicubic(&image, 37, 23), image);
    for (w, h) in [(1, 1), (5, 200), (200, 5), (37, 1), (1, 23), (300, 300)] {
        assert_eq!(resize_bicubic(&plain(37, 23, [0, 128, 255]), w, h), plain(w, h, [0, 128, 255]));
    }
}

#[test]
fn resize_takes_the_thinnest_pictures() {
    for (w, h) in [(1, 1), (1, 5000), (5000, 1), (2, 3)] {
        for (to_w, to_h) in [(1, 1), (1, 256), (256, 1), (7, 9), (0, 0)] {
            let resized = resize_bicubic(&noise(w, h), to_w, to_h);
            assert_eq!((resized.width, resized.height), (to_w.max(1), to_h.max(1)));
            assert_eq!(resized.pixels.len(), resized.width * resized.height * 3);
        }
    }
}

#[test]
fn fit_keeps_proportions_and_never_enlarges() {
    assert_eq!(fit(640, 480, Some(256)), (256, 192));
    assert_eq!(fit(480, 640, Some(256)), (192, 256));
    assert_eq!(fit(640, 480, None), (640, 480));
    assert_eq!(fit(640, 480, Some(640)), (640, 480));
    assert_eq!(fit(640, 480, Some(4000)), (640, 480));
    assert_eq!(fit(1, 5000, Some(512)), (1, 512));
    assert_eq!(fit(1, 1, Some(1)), (1, 1));
    // 2.5 and 1.5 rows: halves go up.
    assert_eq!(fit(8, 5, Some(4)), (4, 3));
    assert_eq!(fit(8, 3, Some(4)), (4, 2));
    // 16384² overflows 32 bits.
    assert_eq!(fit(MAX_SIDE, MAX_SIDE, Some(MAX_SIDE - 1)), (MAX_SIDE - 1, MAX_SIDE - 1));
    assert_eq!(fit(0, 0, Some(0)), (1, 1));
}

/// `PIL.Image.convert("L")`.
#[test]
fn grey_is_pillow_s() {
    for (colour, level) in [
        ([0, 0, 0], 0),
        ([255, 255, 255], 255),
        ([255, 0, 0], 76),
        ([0, 255, 0], 150),
        ([0, 0, 255], 29),
        ([200, 30, 40], 82),
        ([1, 2, 3], 2),
        ([90, 91, 92], 91),
        ([250, 210, 40], 203),
        ([17, 130, 61], 88),
        ([3, 0, 1], 1),
        ([128, 127, 129], 128),
    ] {
        assert_eq!(plain(2, 1, colour).grey(), plain(2, 1, [level; 3]), "{colour:?}");
    }
    let grey = noise(9, 5).grey();
    assert_eq!(grey.grey(), grey);
}

#[test]
fn a_single_channel_is_drawn_in_grey() {
    let picture = from_unit(&[-1.0, 0.0, 0.5, 1.0, 2.0, -0.5], 3, 2).unwrap();
    let levels = picture.pixels.chunks(3).map(|colour| colour.to_vec());
    assert!(levels.eq([0, 127, 191, 255, 255, 63].map(|level| vec![level; 3])));
    assert!(from_unit(&[0.0; 12], 3, 2).is_err(), "two channels are no picture");
}

#[test]
fn every_level_goes_through_the_network_s_range_as_in_pytorch() {
    let levels = Rgb::new(256, 1, (0..=255).flat_map(|x| [x, x, x]).collect()).unwrap();
    let unit = to_unit(&levels);
    assert_eq!(unit.len(), 3 * 256);
    // numpy: (np.float32(x) / 255 - 0.5) / 0.5, as bits.
    for (x, bits) in [(0, 0xbf80_0000), (1, 0xbf7d_fdfe), (100, 0xbe5c_dcdc), (255, 0x3f80_0000)] {
        assert_eq!(unit[x].to_bits(), bits, "level {x}");
    }
    let back = from_unit(&unit, 256, 1).unwrap();
    for x in 0..=255_u8 {
        // Truncation takes a level from the lowest quarter, except from 0.
        let expected = if (1..64).contains(&x) { x - 1 } else { x };
        assert_eq!(back.pixels[usize::from(x) * 3..][..3], [expected; 3], "level {x}");
    }
}

#[test]
fn planes_are_channels() {
    let image = Rgb::new(2, 1, vec![255, 0, 0, 0, 255, 255]).unwrap();
    let unit = to_unit(&image);
    assert_eq!(unit, [1.0, -1.0, -1.0, 1.0, -1.0, 1.0]);
    assert_eq!(from_unit(&unit, 2, 1).unwrap(), image);
    let large =
        Rgb { pixels: noise(19, 7).pixels.iter().map(|x| x | 64).collect(), ..noise(19, 7) };
    assert_eq!(from_unit(&to_unit(&large), 19, 7).unwrap(), large);
}

#[test]
fn output_is_clamped_and_must_be_finite() {
    let image = from_unit(&[-9.0, 1.000_001, 0.0], 1, 1).unwrap();
    assert_eq!(image.pixels, [0, 255, 127]);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(from_unit(&[0.0, 0.0, bad], 1, 1), Err(Error::OutputNotFinite));
    }
    assert_eq!(from_unit(&[0.0; 4], 1, 1).unwrap_err().code(), "image-unusable");
}

#[test]
fn transparency_is_laid_on_white() {
    let rgba =
        [[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 128], [255, 255, 255, 77], [200, 100, 0, 1]];
    let image = Rgb::from_rgba(rgba.as_flattened(), 5, 1).unwrap();
    let expected = [[10, 20, 30], [255; 3], [127; 3], [255; 3], [255, 254, 254]];
    assert_eq!(image.pixels, expected.as_flattened());
    let opaque: Vec<u8> = (0..=255).flat_map(|x| [x, 255 - x, x / 2, 255]).collect();
    assert_eq!(Rgb::from_rgba(&opaque, 16, 16).unwrap().to_rgba(), opaque);
}

#[test]
fn bytes_that_are_no_picture_are_refused() {
    let code = |result: Result<Rgb, Error>| result.unwrap_err().code();
    assert_eq!(code(Rgb::from_rgba(&[], 0, 0)), "image-unusable");
    assert_eq!(code(Rgb::from_rgba(&[], 0, 5)), "image-unusable");
    assert_eq!(code(Rgb::from_rgba(&[0; 15], 2, 2)), "image-unusable");
    assert_eq!(code(Rgb::from_rgba(&[0; 17], 2, 2)), "image-unusable");
    assert_eq!(code(Rgb::new(2, 2, vec![0; 13])), "image-unusable");
    assert_eq!(code(Rgb::from_rgba(&[], MAX_SIDE + 1, 1)), "image-too-large");
    assert_eq!(code(Rgb::from_rgba(&[], MAX_SIDE, MAX_SIDE)), "image-too-large");
    assert_eq!(code(Rgb::new(usize::MAX, usize::MAX, vec![])), "image-too-large");
}

/// Walks from place to place and turns round at the ends.
fn bounce(side: usize, place: isize) -> usize {
    let (mut at, mut step) = (0_isize, place.signum());
    for _ in 0..place.abs() {
        if at + step < 0 || at + step >= side as isize {
            step = -step;
        }
        if side > 1 {
            at += step;
        }
    }
    at as usize
}

#[test]
fn borders_are_reflected_however_wide() {
    for (w, h) in [(1, 1), (1, 4), (2, 2), (3, 5), (6, 1)] {
        let image = noise(w, h);
        for (left, right, top, bottom) in
            [(0, 0, 0, 0), (1, 0, 0, 2), (2, 3, 4, 1), (17, 23, 11, 31)]
        {
            let padded = reflect_pad(&image, left, right, top, bottom);
            assert_eq!((padded.width, padded.height), (left + w + right, top + h + bottom));
            for y in 0..padded.height {
                for x in 0..padded.width {
                    let from_x = bounce(w, x as isize - left as isize);
                    let from_y = bounce(h, y as isize - top as isize);
                    assert_eq!(
                        padded.pixels[(y * padded.width + x) * 3..][..3],
                        image.pixels[(from_y * w + from_x) * 3..][..3],
                        "{w} × {h}, place ({x}, {y})"
                    );
                }
            }
            assert_eq!(crop(&padded, left, top, w, h).unwrap(), image);
        }
    }
}

#[test]
fn crops_stay_inside() {
    let image = noise(4, 3);
    let corner = crop(&image, 3, 2, 1, 1).unwrap();
    assert_eq!(corner.pixels, image.pixels[33..]);
    for (x, y, w, h) in
        [(0, 0, 5, 3), (0, 0, 4, 4), (4, 0, 1, 1), (0, 0, 0, 1), (usize::MAX, 0, 2, 1)]
    {
        assert_eq!(crop(&image, x, y, w, h).unwrap_err().code(), "engine-usage");
    }
}

/// A picture handed over `rows` rows at a time, as RGBA.
fn in_strips(image: &Rgb, rows: usize, to: (usize, usize)) -> Result<Rgb> {
    let mut shrink = Shrink::new(image.width, image.height, to)?;
    for strip in image.to_rgba().chunks(4 * image.width * rows) {
        shrink.push(strip)?;
    }
    shrink.finish()
}

#[test]
fn a_photo_that_comes_a_few_rows_at_a_time_is_resized_to_the_same_bytes() {
    // Wide, tall (where Pillow takes columns first), unchanged, enlarged, of one pixel.
    for ((w, h), to) in [
        ((97, 61), (40, 25)),
        ((31, 120), (9, 33)),
        ((33, 20), (33, 7)),
        ((33, 20), (12, 20)),
        ((33, 20), (33, 20)),
        ((10, 7), (25, 18)),
        ((50, 40), (1, 1)),
    ] {
        let image = noise(w, h);
        let whole = resize_bicubic(&image, to.0, to.1);
        for rows in [1, 7, h] {
            assert_eq!(in_strips(&image, rows, to).unwrap(), whole, "{w} × {h} to {to:?}, {rows}");
        }
    }
}

#[test]
fn a_photo_of_200_megapixels_is_never_held_whole() {
    let (width, height) = (16_320, 12_240);
    let mut shrink = Shrink::new(width, height, (256, 192)).unwrap();
    let strip = [9, 90, 200, 255].repeat(width * 240);
    for _ in 0..height / 240 {
        shrink.push(&strip).unwrap();
    }
    let small = shrink.finish().unwrap();
    assert!(small.pixels.chunks(3).all(|pixel| pixel == [9, 90, 200]));
}

#[test]
fn rows_that_are_missing_too_many_or_cut_are_refused() {
    let image = noise(8, 6);
    let code = |result: Result<Rgb>| result.unwrap_err().code();
    let mut short = Shrink::new(8, 7, (4, 3)).unwrap();
    short.push(&image.to_rgba()).unwrap();
    assert_eq!(code(short.finish()), "image-unusable");
    let mut long = Shrink::new(8, 5, (4, 3)).unwrap();
    assert_eq!(long.push(&image.to_rgba()).unwrap_err().code(), "image-unusable");
    let mut cut = Shrink::new(8, 6, (4, 3)).unwrap();
    assert_eq!(cut.push(&[0; 33]).unwrap_err().code(), "image-unusable");
    let size = |w, h, to| Shrink::new(w, h, to).unwrap_err().code();
    assert_eq!(size(MAX_SIDE + 1, 9, (4, 3)), "image-too-large");
    assert_eq!(size(0, 9, (4, 3)), "image-unusable");
}

/// A painted scene and a smaller version of it.
fn scene() -> [Rgb; 2] {
    let photo = paint(Season::Summer, 7, 400, 300);
    let small = resize_bicubic(&photo, 100, 75);
    [photo, small]
}

fn changed(picture: &Rgb, change: impl Fn([u8; 3]) -> [u8; 3]) -> Rgb {
    let pixels = picture.pixels.as_chunks::<3>().0.iter().flat_map(|&colour| change(colour));
    Rgb::new(picture.width, picture.height, pixels.collect()).unwrap()
}

fn apart(one: &Rgb, other: &Rgb) -> Vec<u8> {
    assert_eq!((one.width, one.height), (other.width, other.height));
    one.pixels.iter().zip(&other.pixels).map(|(one, other)| one.abs_diff(*other)).collect()
}

#[test]
fn no_change_is_carried_without_one() {
    let [photo, small] = scene();
    assert_eq!(carry(&photo, &small, &small).unwrap(), photo);
    for (width, height) in [(1, 1), (1, 40), (3, 2), (400, 1)] {
        let tiny = resize_bicubic(&photo, width, height);
        assert_eq!(carry(&photo, &tiny, &tiny).unwrap(), photo, "{width} x {height}");
        let dark = changed(&tiny, |colour| colour.map(|level| level / 2));
        let carried = carry(&photo, &tiny, &dark).unwrap();
        assert_eq!((carried.width, carried.height), (400, 300));
    }
}

#[test]
fn a_change_of_colours_is_carried_as_it_is() {
    let [photo, small] = scene();
    let winter = |[r, g, b]: [u8; 3]| {
        let [r, g, b] = [r, g, b].map(f32::from);
        [0.6 * r + 0.2 * g + 20.0, 0.8 * g + 10.0, 0.2 * g + 0.7 * b + 25.0]
            .map(|level| level.round() as u8)
    };
    let carried = carry(&photo, &small, &changed(&small, winter)).unwrap();
    let off = apart(&carried, &changed(&photo, winter));
    // Where there is little contrast a little of the change is taken for a constant.
    let mean = off.iter().map(|&off| f64::from(off)).sum::<f64>() / off.len() as f64;
    let far = |off: &[u8]| off.iter().filter(|&&off| off > 12).count();
    assert!(mean < 0.6 && far(&off) < off.len() / 500, "{mean} levels, {} of 13", far(&off));
    let plain = resize_bicubic(&changed(&small, winter), 400, 300);
    let blurred = apart(&plain, &changed(&photo, winter));
    assert!(far(&blurred) > blurred.len() / 10, "the photo has detail: {}", far(&blurred));
}

/// The change is then measured on smaller versions.
#[test]
fn a_change_between_very_large_pictures_is_carried() {
    let [scene, _] = scene();
    let [photo, large] = [6000, 3000].map(|width| resize_bicubic(&scene, width, 40));
    let darker = |colour: [u8; 3]| colour.map(|level| level - level / 4);
    let carried = carry(&photo, &large, &changed(&large, darker)).unwrap();
    let off = apart(&carried, &changed(&photo, darker));
    assert!(off.iter().all(|&off| off <= 8), "at most {:?}", off.iter().max());
    assert_eq!(carry(&photo, &large, &large).unwrap(), photo);
}

#[test]
fn what_borders_on_each_other_keeps_its_edge() {
    // Sky above, ground below: the sky darkens, the ground brightens.
    let two = |width: usize, height: usize, [sky, ground]: [[u8; 3]; 2]| {
        let rows = (0..height).map(|y| if 2 * y < height { sky } else { ground });
        let pixels = rows.flat_map(|colour| vec![colour; width]).flatten().collect();
        Rgb::new(width, height, pixels).unwrap()
    };
    let (old, new) = ([[90, 140, 220], [70, 90, 40]], [[60, 80, 130], [190, 195, 200]]);
    let carried = carry(&two(320, 240, old), &two(80, 60, old), &two(80, 60, new)).unwrap();
    let off = apart(&carried, &two(320, 240, new));
    // Of changes by up to 160 levels that lie side by side.
    assert!(off.iter().all(|&off| off <= 12), "at most {:?}", off.iter().max());
}

#[test]
fn a_change_between_sizes_is_refused() {
    let [photo, small] = scene();
    assert_eq!(carry(&photo, &small, &photo).unwrap_err().code(), "engine-usage");
    assert_eq!(add_change(&photo, &small, &photo).unwrap_err().code(), "engine-usage");
}

#[test]
fn an_added_change_keeps_what_was_made_and_the_photos_detail() {
    let [photo, small] = scene();
    assert_eq!(add_change(&photo, &small, &small).unwrap(), photo);
    // Without a larger photo, what was made is the result.
    let mut random = Random::new(1);
    let pixels = small.pixels.iter().map(|_| (256.0 * random.uniform()) as u8).collect();
    let noise = Rgb::new(small.width, small.height, pixels).unwrap();
    assert_eq!(add_change(&small, &small, &noise).unwrap(), noise);
    // All is brighter by a fifth of the range, and nothing is blurred.
    let brighter = |colour: [u8; 3]| colour.map(|level| level.saturating_add(51));
    let added = add_change(&photo, &small, &changed(&small, brighter)).unwrap();
    let off = apart(&added, &changed(&photo, brighter));
    let far = off.iter().filter(|&&off| off > 8).count();
    assert!(far < off.len() / 100, "{far} of {}", off.len());
    // Stripes stay, two pixels wide, although they are no change of colours.
    let stripes = |picture: &Rgb| {
        let level = |i: usize| if (i / 3 % picture.width / 2).is_multiple_of(2) { 200 } else { 40 };
        let pixels = (0..picture.pixels.len()).map(level).collect();
        Rgb::new(picture.width, picture.height, pixels).unwrap()
    };
    let added = add_change(&photo, &small, &stripes(&small)).unwrap();
    let again = resize_bicubic(&added, small.width, small.height);
    let off = apart(&again, &stripes(&small));
    let mean = off.iter().map(|&off| f64::from(off)).sum::<f64>() / off.len() as f64;
    assert!(mean < 40.0, "{mean} of 160 levels");
    for (width, height) in [(1, 1), (1, 40), (3, 2), (400, 1)] {
        let tiny = resize_bicubic(&photo, width, height);
        let added = add_change(&photo, &tiny, &changed(&tiny, brighter)).unwrap();
        assert_eq!((added.width, added.height), (400, 300));
    }
}
