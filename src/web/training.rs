//! A training run as JavaScript sees it.
//!
//! The page decodes photos, so it is asked before each call which ones will be needed
//! ([`Training::upcoming`]) and hands them over ([`Training::supply`]); what is resized is kept as
//! far as the given number of bytes allows.

use std::collections::BTreeMap;

use burn::tensor::Device;
use js_sys::Function;
use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::{
    begin::parse,
    file::{Failure, File},
    photos::{Supplied, domain_of},
    types::{MemoryUse, RatesChange, TrainReport, told},
};
use crate::{
    device::{Kind, Opened},
    error::{Error, Result},
    image::Rgb,
    json,
    train::{Domain, Role, StepReport, Trainer, Unit, scores::Classifier},
    weights::safetensors,
};

/// Pixels of reflected border that generators trained here want around a photo, as the weights say
/// in their header: `margin`.
pub(super) const MARGIN: usize = 32;

/// A run, its held-out photos, and what judges it.
#[wasm_bindgen]
pub struct Training {
    pub(super) trainer: Trainer<Supplied>,
    /// Whether it goes on exactly where its checkpoint was.
    exact: bool,
    pub(super) device: Device,
    /// Without a graphics card.
    pub(super) slow: bool,
    /// Held-out photos of A and of B as [`Preprocess::held_out`] gives them: these are scored.
    pub(super) held_out: [Vec<Rgb>; 2],
    /// The same photos whole: these are shown.
    pub(super) shown: [Vec<Rgb>; 2],
    /// Small copies of photos of the run, from which the classifier learns.
    pub(super) seen: [Vec<Rgb>; 2],
    pub(super) classifier: Option<Classifier>,
    poison_at: Option<u64>,
}

impl Training {
    pub(super) fn new(trainer: Trainer<Supplied>, exact: bool, opened: &Opened) -> Self {
        Self {
            trainer,
            exact,
            device: opened.device.clone(),
            slow: opened.kind == Kind::Cpu || opened.fallback,
            held_out: Default::default(),
            shown: Default::default(),
            seen: Default::default(),
            classifier: None,
            poison_at: None,
        }
    }
}

#[wasm_bindgen]
impl Training {
    /// Where the run is.
    pub fn report(&self) -> Result<Ts<TrainReport>> {
        let trainer = &self.trainer;
        let config = trainer.config();
        let in_epochs = config.schedule.unit == Unit::Epochs;
        let parameters = [Domain::A, Domain::B]
            .map(|domain| trainer.generator(domain).architecture().parameters());
        told(&TrainReport {
            step: trainer.step(),
            total: trainer.total(),
            epoch: trainer.epoch(),
            epochs: in_epochs.then(|| config.schedule.total()),
            over: trainer.is_over(),
            exact: self.exact,
            warm_up: trainer.warm_up(),
            polish: config.polish,
            config: config.to_json().to_string(),
            parameters: parameters.iter().sum(),
        })
    }

    /// Does `n` steps, or as many as are left, and tells of each.
    #[wasm_bindgen(js_name = trainSteps)]
    pub async fn train_steps(&mut self, n: usize) -> Result<Vec<Ts<StepReport>>> {
        let mut reports = Vec::new();
        if let Some(at) = self.poison_at {
            let before = at.saturating_sub(self.trainer.step() + 1);
            if before < n as u64 {
                reports.extend(self.trainer.train_steps(before as usize).await?);
                self.trainer.poison();
                self.poison_at = None;
            }
        }
        let left = n - reports.len();
        reports.extend(self.trainer.train_steps(left).await?);
        reports.iter().map(told).collect()
    }

    /// Changes the learning rate and the weights of the losses by a [`RatesChange`] as JSON.
    pub fn change(&mut self, rates: &str) -> Result<()> {
        let RatesChange { lr, lambda_a, lambda_b, lambda_identity } =
            json::read(&parse(rates)?, Error::ConfigInvalid)?;
        self.trainer.change(|config| {
            config.adam.learning_rate = lr.unwrap_or(config.adam.learning_rate);
            config.lambda_a = lambda_a.unwrap_or(config.lambda_a);
            config.lambda_b = lambda_b.unwrap_or(config.lambda_b);
            config.lambda_identity = lambda_identity.unwrap_or(config.lambda_identity);
        })
    }

    /// Goes on for `steps` steps from here, at the rate that the run would have had, or at `lr`: see
    /// `Trainer::learn_on`.
    #[wasm_bindgen(js_name = learnOn)]
    pub fn learn_on(&mut self, steps: f64, lr: Option<f64>) -> Result<()> {
        self.trainer.learn_on(steps as u64, lr)
    }

    /// Writes everything that the run needs to go on elsewhere, piece by piece, so that it is never
    /// in memory as a whole: `write(at, bytes)` takes each to its place, and may promise to. Returns
    /// the file's length.
    #[wasm_bindgen(js_name = saveCheckpoint)]
    pub async fn save_checkpoint(&self, write: Function) -> std::result::Result<f64, JsValue> {
        let failure = Failure::default();
        let mut file = File::new(write, 0, &failure);
        let saved = self.trainer.save(&mut file).await;
        saved.map(|length| length as f64).map_err(|error| failure.or(error))
    }

    /// The generator from the set `direction` to the other one, as a weights file.
    pub async fn weights(&self, direction: &str) -> Result<Vec<u8>> {
        let network = match domain_of(direction)? {
            Domain::A => Role::GeneratorA,
            Domain::B => Role::GeneratorB,
        };
        let state = self.trainer.state(network).await?;
        let about = BTreeMap::from([("margin".into(), MARGIN.to_string())]);
        safetensors::write(&state, &about)
    }

    /// Bytes in use.
    pub fn memory(&self) -> Result<Ts<MemoryUse>> {
        let pool = self.device.memory_pool_usage();
        told(&MemoryUse {
            linear: core::arch::wasm32::memory_size(0) as u64 * 65536,
            device_in_use: pool.as_ref().map(|pool| pool.bytes_in_use),
            device_reserved: pool.as_ref().map(|pool| pool.bytes_reserved),
        })
    }

    /// A weight becomes not a number before step `step`, so that the page can try what it does
    /// then.
    pub fn poison(&mut self, step: u32) {
        self.poison_at = Some(step.into());
    }
}
