//! Judges two generators with photos that neither was trained on.

use std::path::{Path, PathBuf};

use cyclegan_web::{
    device::Opened,
    error::Result,
    image::Rgb,
    model::Generator,
    random::Random,
    train::{
        Preprocess,
        scores::{self, Classifier, Preview, Scores, preview},
    },
    translate::Smooth,
};
use pollster::block_on;
use rayon::prelude::*;

use crate::native::{files::decode, given::sets::Sets, stop::told};

/// Most photos of a set for training the classifier.
const MOST: usize = 500;

/// Longest side of a photo that is judged whole, in pixels.
const LONGEST: usize = 1024;

/// Makes the draw of the classifier's photos independent of every other use of the seed.
const STREAM: u64 = 0x434c_4153_5349_4659;

/// A generator for each direction.
pub struct Generators {
    /// A to B.
    pub g_a: Generator,
    /// B to A.
    pub g_b: Generator,
}

/// Photos for judging: see [`Preprocess::held_out`].
pub struct Held {
    /// Of set A.
    pub a: Vec<Rgb>,
    /// Of set B.
    pub b: Vec<Rgb>,
}

impl Held {
    /// Reads held-out photos of both sets, at most `most` of each.
    pub fn read(sets: &Sets, most: usize, preprocess: &Preprocess) -> Self {
        let [a, b] = [&sets.a, &sets.b].map(|set| {
            let photos = set.held_out.get(..most).unwrap_or(&set.held_out);
            pictures(photos, preprocess)
        });
        Self { a, b }
    }

    /// The round trip of each photo of the two sets: of A, then of B. Fails with
    /// `output-not-finite`, `gpu-lost`, `gpu-refused`, `out-of-memory`.
    pub fn previews(&self, generators: &Generators, opened: &Opened) -> Result<[Vec<Preview>; 2]> {
        let Generators { g_a, g_b } = generators;
        let all = |there, back, photos: &[Rgb]| -> Result<Vec<Preview>> {
            photos
                .iter()
                .map(|photo| block_on(preview(there, back, photo, 0, Smooth::One, &opened.device)))
                .collect()
        };
        Ok([all(g_a, g_b, &self.a)?, all(g_b, g_a, &self.b)?])
    }
}

/// A classifier trained on the two looks, and the photos for judging.
pub struct Judge {
    classifier: Classifier,
    held: Held,
}

impl Judge {
    /// Trains a classifier on the training photos of `sets`. `None` when a set has no held-out
    /// photo. Fails with `dataset-empty` when no training photo can be read, `output-not-finite`,
    /// `gpu-lost`, `gpu-refused`, `out-of-memory`.
    pub fn train(
        sets: &Sets,
        preprocess: &Preprocess,
        seed: u64,
        opened: &Opened,
    ) -> Result<Option<Self>> {
        let held = Held::read(sets, usize::MAX, preprocess);
        for (set, held, name) in [(&sets.a, &held.a, "A"), (&sets.b, &held.b, "B")] {
            if held.is_empty() {
                let why = if set.held_out.is_empty() {
                    "was kept out of training"
                } else {
                    "can be used"
                };
                eprintln!("no scores: no photo of {name} to judge by {why}");
                return Ok(None);
            }
        }
        eprintln!("training a classifier that tells A from B");
        let mut random = Random::new(seed ^ STREAM);
        let [a, b] = [&sets.a, &sets.b].map(|set| {
            let mut photos = set.train.clone();
            random.shuffle(&mut photos);
            photos.truncate(MOST);
            pictures(&photos, preprocess)
        });
        let classifier = block_on(Classifier::train(&a, &b, seed, &opened.device))?;
        Ok(Some(Self { classifier, held }))
    }

    /// The photos for judging.
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Scores two generators, whose translations are the mean of several passes where they are to
    /// be smooth. Fails with `output-not-finite`, `gpu-lost`, `gpu-refused`, `out-of-memory`.
    pub fn score(
        &self,
        Generators { g_a, g_b }: &Generators,
        smooth: Smooth,
        opened: &Opened,
    ) -> Result<Scores> {
        let Held { a, b } = &self.held;
        let device = &opened.device;
        block_on(scores::score(&self.classifier, [g_a, g_b], [a, b], smooth, device))
    }
}

/// How much the translations of `from` differ from each other, relative to the photos of `to`,
/// which they should look like. `None` without two pictures of one size.
pub fn diversity(from: &[Preview], to: &[Preview]) -> Option<f32> {
    let translated: Vec<&Rgb> = from.iter().map(|preview| &preview.translated).collect();
    let real: Vec<&Rgb> = to.iter().map(|preview| &preview.input).collect();
    let (translated, real) = (spread(&translated)?, spread(&real)?);
    (real > 0.0).then(|| (translated / real) as f32)
}

/// Mean absolute difference in levels over all pairs of pictures of the same size.
fn spread(pictures: &[&Rgb]) -> Option<f64> {
    let mut differences = Vec::new();
    for (place, one) in pictures.iter().enumerate() {
        for other in pictures.iter().skip(place + 1) {
            if (one.width, one.height) == (other.width, other.height) {
                let levels = one.pixels.iter().zip(&other.pixels);
                let sum: u64 = levels.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
                differences.push(sum as f64 / one.pixels.len() as f64);
            }
        }
    }
    let count = differences.len();
    (count > 0).then(|| differences.iter().sum::<f64>() / count as f64)
}

/// Reads photos and prepares them for judging as in [`Preprocess::held_out`]. Unreadable ones are
/// reported and left out.
pub fn pictures(paths: &[PathBuf], preprocess: &Preprocess) -> Vec<Rgb> {
    let read =
        |path: &Path| decode::read(path).and_then(|photo| preprocess.held_out(photo, LONGEST));
    let read_or_tell = |path: &PathBuf| {
        read(path).inspect_err(|error| eprintln!("skipped {}", told(path, error))).ok()
    };
    paths.par_iter().filter_map(read_or_tell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(level: u8) -> Rgb {
        Rgb { width: 4, height: 3, pixels: vec![level; 36] }
    }

    fn shown(pairs: &[(u8, u8)]) -> Vec<Preview> {
        let preview = |&(input, translated): &(u8, u8)| {
            let (input, translated) = (plain(input), plain(translated));
            Preview { back: input.clone(), input, translated, error: 0.0 }
        };
        pairs.iter().map(preview).collect()
    }

    #[test]
    fn diversity_is_0_when_the_modes_have_collapsed_and_1_when_it_is_that_of_photos() {
        // Real photos at 10, 20 and 60: differences of 10, 50 and 40.
        let real = shown(&[(10, 0), (20, 0), (60, 0)]);
        let collapsed = shown(&[(1, 99), (2, 99), (3, 99)]);
        assert_eq!(diversity(&collapsed, &real), Some(0.0));
        let alike = shown(&[(1, 160), (2, 120), (3, 110)]);
        assert_eq!(diversity(&alike, &real), Some(1.0));
        let half = shown(&[(1, 10), (2, 15), (3, 35)]);
        assert_eq!(diversity(&half, &real), Some(0.5));
        assert_eq!(diversity(&half[..1], &real), None, "one picture differs from nothing");
    }
}
