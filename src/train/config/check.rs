//! Checks whether a configuration can be run, and says what is wrong with it.

use std::{fmt::Display, ops::RangeInclusive};

use super::{Adam, Config, MOST_BLOCKS, MOST_POOLED};
use crate::{
    error::{Error, Result},
    model::MULTIPLE,
    train::data::{LONGEST_SIDE, PreprocessMode, SMALLEST_SIDE},
    weights::{Architecture, Down, Up},
};

/// The widest range of scales: the memory for cached photos grows with its square.
const MOST_ZOOM: f64 = 4.0;

/// Most channels after the first convolution of a network.
const MOST_CHANNELS: usize = 1024;

/// Most pairs per step.
const MOST_PAIRS: usize = 256;

/// Most epochs or steps.
const LONGEST_RUN: u64 = 1_000_000_000;

/// The largest weight of a loss, and the largest standard deviation of random weights.
const MOST_WEIGHT: f64 = 1e6;

/// The largest integer up to which JavaScript's numbers are exact.
const LARGEST_SEED: u64 = (1 << 53) - 1;

impl Config {
    /// Checks every value, and that they fit together. Fails with `config-invalid` with the name of
    /// the first wrong value, what it is and what it may be.
    pub fn validate(&self) -> Result<()> {
        within("ngf", self.ngf, 1..=MOST_CHANNELS)?;
        within("ndf", self.ndf, 1..=MOST_CHANNELS)?;
        within("blocks", self.blocks, 0..=MOST_BLOCKS)?;
        if self.up == Up::Blurred {
            return refuse("up is blurred, but such generators can only translate");
        }
        within("discriminator_padding", self.discriminator_padding, 1..=2)?;
        within("lambda_A", self.lambda_a, 0.0..=MOST_WEIGHT)?;
        within("lambda_B", self.lambda_b, 0.0..=MOST_WEIGHT)?;
        within("lambda_identity", self.lambda_identity, 0.0..=MOST_WEIGHT)?;
        within("pool_size", self.pool_size, 0..=MOST_POOLED)?;
        within("lr_flat", self.schedule.flat, 0..=LONGEST_RUN)?;
        within("lr_decay", self.schedule.decay, 0..=LONGEST_RUN)?;
        within("batch_size", self.batch_size, 1..=MOST_PAIRS)?;
        within("seed", self.seed, 0..=LARGEST_SEED)?;
        within("warm_up", self.warm_up, 0..=LONGEST_RUN)?;
        within("lr_ramp", self.lr_ramp, 0..=LONGEST_RUN)?;
        below_one("ema", self.ema)?;
        within("polish", self.polish, 0..=LONGEST_RUN)?;
        positive("init_gain", self.init.gain, MOST_WEIGHT)?;
        self.adam.validate()?;
        within("zoom", self.preprocess.zoom, 1.0..=MOST_ZOOM)?;
        self.validate_sizes()?;
        if self.schedule.total() == 0 {
            return refuse("lr_flat and lr_decay are both 0, so the run has no length");
        }
        if !self.teaches() {
            return refuse("every loss is off or weighs 0, so the generators would learn nothing");
        }
        Ok(())
    }

    /// Whether any loss trains the generators.
    fn teaches(&self) -> bool {
        let cycles = self.terms.cycle_forward && self.lambda_a > 0.0
            || self.terms.cycle_backward && self.lambda_b > 0.0;
        let identity = self.lambda_identity > 0.0 && self.lambda_a + self.lambda_b > 0.0;
        self.terms.adversarial || cycles || identity
    }

    /// Checks the sizes that the mode of preprocessing uses.
    fn validate_sizes(&self) -> Result<()> {
        let sizes = &self.preprocess;
        let (resizes, crops) = match sizes.mode {
            PreprocessMode::ResizeAndCrop
            | PreprocessMode::ScaleWidthAndCrop
            | PreprocessMode::ScaleAndCrop => (true, true),
            PreprocessMode::Crop => (false, true),
            PreprocessMode::None => (false, false),
        };
        if crops {
            within("crop_size", sizes.crop_size, SMALLEST_SIDE..=LONGEST_SIDE)?;
            if !sizes.crop_size.is_multiple_of(MULTIPLE) {
                let crop = sizes.crop_size;
                return refuse(&format!("crop_size is {crop}, but must be a multiple of 4"));
            }
        }
        if resizes {
            // At least the crop, which must fit inside.
            within("load_size", sizes.load_size, sizes.crop_size..=LONGEST_SIDE)?;
        }
        if !crops && self.batch_size > 1 {
            let detail = "batch_size must be 1 without a crop, since whole photos differ in size";
            return refuse(detail);
        }
        Ok(())
    }
}

/// Checks whether generators of this architecture can be trained. The discriminators here judge
/// colours, and a checkpoint does not say what CUT's filters do. Fails with
/// `weights-only-translate`.
pub fn trains(architecture: &Architecture) -> Result<()> {
    let Architecture { pictures, down, up, .. } = *architecture;
    if pictures != 1 && down == Down::Strided && up != Up::Blurred {
        return Ok(());
    }
    Err(Error::WeightsOnlyTranslate(architecture.to_string()))
}

impl Adam {
    fn validate(&self) -> Result<()> {
        positive("lr", self.learning_rate, 1.0)?;
        below_one("beta1", self.beta1)?;
        below_one("beta2", self.beta2)?;
        positive("eps", self.epsilon, 1.0)
    }
}

/// Refuses a value outside its range, and NaN.
fn within<T: PartialOrd + Display>(name: &str, value: T, range: RangeInclusive<T>) -> Result<()> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    refuse(&format!("{name} is {value}, but must be {least} to {most}"))
}

/// Refuses a value that is not above 0 and at most `most`.
fn positive(name: &str, value: f64, most: f64) -> Result<()> {
    if value > 0.0 && value <= most {
        return Ok(());
    }
    refuse(&format!("{name} is {value}, but must be above 0 and at most {most}"))
}

/// Refuses a decay that would never forget anything.
fn below_one(name: &str, value: f64) -> Result<()> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    refuse(&format!("{name} is {value}, but must be 0 or more and below 1"))
}

fn refuse(sentence: &str) -> Result<()> {
    Err(Error::ConfigInvalid(sentence.into()))
}
