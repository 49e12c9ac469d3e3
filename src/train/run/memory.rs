//! Predicts how much memory a run takes.
//!
//! Nothing in a step depends on the contents of the pictures, so its memory is arithmetic: what
//! persists (weights, averages, moments, pools), what every step creates per parameter, and what
//! grows with the pictures. The number of simultaneous tensors of each kind was fitted to what runs
//! reserved: 18 small ones on lavapipe (ngf and ndf 4 to 32, 32 to 128 pixels), for which 0.73 to
//! 1.44 times as much is predicted; runs on an H200 with 9 blocks, ndf 64 and 256 pixels, 1.03
//! times at ngf 64 and 1.09 at 32; and the same small ones on the CPU with one thread.
//! `tests/train_memory.rs` repeats some of these comparisons.

use crate::{
    device::{Kind, Limits},
    error::{Error, Result},
    train::{
        config::Config,
        data::{Preprocess, PreprocessMode, SMALLEST_SIDE},
        polish,
    },
    weights::{Architecture, Norm, Up, discriminator},
};

/// Bytes of a float32.
const FLOAT: u64 = 4;
/// Proposed sides are multiples of this if possible.
const STEP: usize = 32;

/// The memory of a run, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Everything alive at once.
    pub total: u64,
    /// The largest tensor.
    pub tensor: u64,
}

impl Need {
    /// The need of a run of `config` on pictures of `pixels` pixels.
    pub fn new(config: &Config, pixels: u64, kind: Kind) -> Self {
        let Config { ngf, ndf, blocks, batch_size, up, norm, .. } = *config;
        let generator = config.architecture().parameters() as u64;
        let shapes = discriminator::tensors(ndf).into_iter().map(|(_, shape)| shape);
        let discriminator = shapes.map(|shape| shape.iter().product::<usize>() as u64).sum::<u64>();
        let pictures = pixels * batch_size as u64;
        // The widest images of the two kinds of networks: the first layers' results.
        let wide = FLOAT * ngf as u64 * pictures;
        let judged = FLOAT * ndf as u64 * pictures / 2;
        let image = FLOAT * 3 * pictures;
        let pools = FLOAT * 2 * 3 * pixels * config.pool_size as u64;
        // Weights and their two moments, for two networks of each kind.
        let networks = FLOAT * 3 * 2 * (generator + discriminator);
        let averages = if config.ema > 0.0 { FLOAT * 2 * generator } else { 0 };
        let stays = networks + averages + pools;
        let blocks = blocks as u64;
        // Enlarged images and their gradients have twice the channels of the first layer's result.
        let enlarged = if up == Up::Transpose { 0 } else { 2 * wide };
        let (made, rest) = match kind {
            Kind::WebGpu => {
                let parameters = FLOAT * (2 * generator + 5 * discriminator);
                // An affine block's intermediate values cannot be recovered from its result.
                let of_block = if norm == Norm::Instance { 6 } else { 9 };
                let of_blocks = of_block * blocks * wide / 10;
                let images = 5 * wide + 3 * enlarged + of_blocks + 38 * judged + 8 * image;
                // The gradient of a weight is summed in parts of at most 4 MB in total; those of
                // convolutions of enlarged images, which have twice the rows, are the largest.
                let parts = if up == Up::Transpose { 0 } else { 3_000_000 };
                (parameters + images + transformed(ngf, config.blocks), 2_000_000 + parts)
            }
            Kind::Cpu => {
                let parameters = FLOAT * 3 * (generator + discriminator);
                let images = 14 * wide + 2 * enlarged + 11 * blocks * wide / 10 + 3 * judged;
                (parameters + images, 4_000_000)
            }
        };
        Self { total: stays + made + rest, tensor: wide.max(enlarged).max(judged) }
    }

    /// The need of polishing in a run of `config` on pictures of `pixels` pixels, after training on
    /// pictures of `trained`. The run needs the larger one of this and [`Need::new`].
    fn polishing(config: &Config, trained: u64, pixels: u64, kind: Kind) -> Self {
        let Config { ngf, blocks, pool_size, up, norm, .. } = *config;
        let generator = config.architecture().parameters() as u64;
        let wide = FLOAT * ngf as u64 * pixels;
        let enlarged = if up == Up::Transpose { 0 } else { 2 * wide };
        let of_block = if norm == Norm::Instance { 6 } else { 9 };
        let of_blocks = of_block * blocks as u64 * wide / 10;
        let pools = FLOAT * 2 * 3 * trained * pool_size as u64;
        // A copy of each generator, its two moments and its average.
        let copies = FLOAT * 2 * 4 * generator;
        let images = match kind {
            // Each generator has its own recording, so more transformed weights live at once.
            Kind::WebGpu => 10 * wide + 3 * enlarged + of_blocks + transformed(ngf, blocks) / 2,
            Kind::Cpu => 7 * wide + enlarged + of_blocks,
        };
        let total = Self::new(config, 0, kind).total + pools + copies + images;
        Self { total, tensor: wide.max(enlarged) }
    }

    /// The need of a run of `config`. Whole photos are not counted: see [`most_pixels`].
    pub fn of(config: &Config, kind: Kind) -> Self {
        let Preprocess { mode, load_size, crop_size, .. } = config.preprocess;
        // The size of photos that are not resized is unknown.
        let shorter = if mode == PreprocessMode::ResizeAndCrop { load_size } else { usize::MAX };
        let polished = polish::enlarged(&config.preprocess, shorter).crop_size;
        let [trained, polished] = match mode {
            PreprocessMode::None => [0, 0],
            _ => [crop_size, polished].map(|side| side.pow(2) as u64),
        };
        let training = Self::new(config, trained, kind);
        if config.polish == 0 {
            return training;
        }
        let Self { total, tensor } = Self::polishing(config, trained, polished, kind);
        Self { total: total.max(training.total), tensor: tensor.max(training.tensor) }
    }

    fn fits(&self, limits: &Limits) -> bool {
        self.total <= limits.memory && self.tensor <= limits.tensor
    }
}

/// Winograd's filtering transforms weights, and computes their gradients from transformed ones.
fn transformed(ngf: usize, blocks: usize) -> u64 {
    let kernel = FLOAT * 9 * 16 * (ngf * ngf) as u64;
    if blocks > 0 && ngf >= 8 { 44 * kernel } else { 0 }
}

/// Refuses a run that exceeds a device's limits. Fails with `training-too-large`, with the largest
/// crop that fits.
pub fn check(config: &Config, kind: Kind, limits: &Limits) -> Result<()> {
    let need = Need::of(config, kind);
    if need.fits(limits) {
        return Ok(());
    }
    let way = match largest_crop(config, kind, limits) {
        Some(side) => {
            let need = Need::of(&cropped(config, side), kind);
            format!("with a crop_size of {side} it needs {}", gigabytes(need.total))
        }
        None => "no crop_size is small enough for these networks".into(),
    };
    let (needed, memory) = (gigabytes(need.total), gigabytes(limits.memory));
    Err(Error::TrainingTooLarge(format!(
        "it needs about {needed}, of which {memory} can be used here; {way}"
    )))
}

/// The largest crop, at most that of `config`, with which a run is within these limits.
pub fn largest_crop(config: &Config, kind: Kind, limits: &Limits) -> Option<usize> {
    let crop = config.preprocess.crop_size;
    let coarse = (1..=crop / STEP).rev().map(|side| side * STEP);
    let fine = (SMALLEST_SIDE..STEP).rev().filter(|side| side.is_multiple_of(4));
    let mut sides = std::iter::once(crop).chain(coarse).chain(fine).filter(|side| *side <= crop);
    sides.find(|side| Need::of(&cropped(config, *side), kind).fits(limits))
}

/// Pixels of the largest picture with which a run is within these limits.
pub fn most_pixels(config: &Config, kind: Kind, limits: &Limits) -> u64 {
    // The need is linear in the pixels.
    const SAMPLE: u64 = 1 << 20;
    let part = |room: u64, each: u64| u128::from(room) * u128::from(SAMPLE) / u128::from(each);
    let most = |need: fn(&Config, u64, Kind) -> Need| {
        let none = need(config, 0, kind).total;
        let Need { total, tensor } = need(config, SAMPLE, kind);
        let by_memory = part(limits.memory.saturating_sub(none), total - none);
        by_memory.min(part(limits.tensor, tensor)) as u64
    };
    let training = most(Need::new);
    let polished = |config: &Config, pixels, kind| Need::polishing(config, pixels, pixels, kind);
    if config.polish == 0 { training } else { training.min(most(polished)) }
}

/// The longest side of a square on which one generator can be polished within these limits.
pub fn largest_polished(architecture: &Architecture, kind: Kind, limits: &Limits) -> usize {
    // Without discriminators or pools to speak of.
    let config = Config { ndf: 1, pool_size: 0, polish: 1, ..Config::default() };
    most_pixels(&config.with_architecture(*architecture), kind, limits).isqrt() as usize
}

fn cropped(config: &Config, crop_size: usize) -> Config {
    let load_size = config.preprocess.load_size.max(crop_size);
    Config { preprocess: Preprocess { crop_size, load_size, ..config.preprocess }, ..*config }
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.2} GB", bytes as f64 / 1e9)
}
