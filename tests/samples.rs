//! The painted scenes: the same everywhere, at any size, and what their names say.

#![cfg(not(target_family = "wasm"))]

use cyclegan_web::image::{Rgb, resize_bicubic};
use cyclegan_web::samples::{Season, paint};

/// Mean of each channel over some rows.
fn mean(image: &Rgb, rows: std::ops::Range<usize>) -> [f64; 3] {
    let part = &image.pixels[rows.start * image.width * 3..rows.end * image.width * 3];
    let count = (part.len() / 3) as f64;
    [0, 1, 2].map(|c| part.iter().skip(c).step_by(3).map(|&x| f64::from(x)).sum::<f64>() / count)
}

/// Mean absolute difference in levels.
fn difference(a: &Rgb, b: &Rgb) -> f64 {
    let sum: f64 = a.pixels.iter().zip(&b.pixels).map(|(x, y)| f64::from(x.abs_diff(*y))).sum();
    sum / a.pixels.len() as f64
}

/// FNV-1a, 64 bits.
fn fingerprint(image: &Rgb) -> u64 {
    image.pixels.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Identical bytes on every platform and at every optimisation. A change of the painting changes
/// these numbers; a change of compiler or target must not.
#[test]
fn scenes_are_the_same_everywhere() {
    assert_eq!(fingerprint(&paint(Season::Summer, 1, 96, 64)), SUMMER_1);
    assert_eq!(fingerprint(&paint(Season::Winter, 2, 64, 96)), WINTER_2);
}

const SUMMER_1: u64 = 0x3ec4_55cf_7df8_24f8;
const WINTER_2: u64 = 0x2eea_4387_ba0a_38d2;

#[test]
fn any_size_can_be_painted() {
    for (w, h) in [(16, 16), (1, 1), (0, 3), (17, 300), (300, 17), (2048, 16), (16, 2048)] {
        for season in [Season::Summer, Season::Winter] {
            let scene = paint(season, u64::MAX, w, h);
            assert_eq!((scene.width, scene.height), (w.max(1), h.max(1)));
            assert_eq!(scene.pixels.len(), scene.width * scene.height * 3);
        }
    }
}

#[test]
fn a_seed_is_one_place_at_any_size() {
    for seed in 0..4 {
        let small = paint(Season::Summer, seed, 128, 96);
        let large = resize_bicubic(&paint(Season::Summer, seed, 384, 288), 128, 96);
        let other = paint(Season::Summer, seed + 50, 128, 96);
        assert!(difference(&small, &large) < 0.6 * difference(&small, &other), "seed {seed}");
    }
}

#[test]
fn winter_is_paler_than_summer() {
    for seed in 0..8 {
        let summer = paint(Season::Summer, seed, 128, 96);
        let winter = paint(Season::Winter, seed, 128, 96);
        // The lower third is meadow and lake, or snow.
        let ([r, g, b], [wr, wg, wb]) = (mean(&summer, 64..96), mean(&winter, 64..96));
        assert!(g > b && g > r * 0.8, "seed {seed}: the meadow is green: {r} {g} {b}");
        assert!(wb >= wg * 0.97 && wb >= wr, "seed {seed}: snow is white or blue: {wr} {wg} {wb}");
        assert!(wr + wg + wb > 1.2 * (r + g + b), "seed {seed}: snow is bright");
    }
}

#[test]
fn scenes_have_detail_and_depth() {
    for seed in 0..8 {
        for season in [Season::Summer, Season::Winter] {
            let scene = paint(season, seed, 256, 192);
            let steps = scene.pixels.windows(4).filter(|w| w[0].abs_diff(w[3]) > 12).count();
            assert!(steps * 12 > scene.pixels.len(), "seed {seed}: {steps} edges");
            let mut levels = scene.pixels.clone();
            levels.sort_unstable();
            let [dark, bright] = [2, 98].map(|percent| levels[levels.len() * percent / 100]);
            assert!(dark < 75 && bright > 185, "seed {seed}: levels {dark} to {bright}");
        }
    }
}
