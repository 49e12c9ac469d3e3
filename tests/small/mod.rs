//! Small pictures to be learnt from.

use cyclegan_web::{
    image::Rgb,
    random::Random,
    train::{Preprocess, PreprocessMode},
};

/// Crops of 24 from squares of 28.
pub const SMALL: Preprocess = Preprocess {
    mode: PreprocessMode::ResizeAndCrop,
    load_size: 28,
    crop_size: 24,
    zoom: 1.5,
    flip: true,
};

/// A picture of noise, so that no two neighbours are alike.
pub fn noise(width: usize, height: usize, seed: u64) -> Rgb {
    let mut random = Random::new(seed);
    let pixels = (0..width * height * 3).map(|_| random.bits() as u8).collect();
    Rgb::new(width, height, pixels).unwrap()
}
