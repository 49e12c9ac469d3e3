//! The interface of a training run to JavaScript.
//!
//! The page decodes photos. Before each call, [`Training::upcoming`] says which ones will be
//! needed, and the page supplies them ([`Training::supply`]); resized photos are kept within the
//! given number of bytes.

use std::collections::BTreeMap;

use burn::tensor::Device;
use js_sys::Function;
use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::{
    file::{Failure, File},
    photos::{Supplied, domain_of},
    types::{MemoryUse, RatesChange, TrainReport, parse, told},
};
use crate::{
    device::{Kind, Opened},
    error::{Error, Result},
    image::Rgb,
    json,
    train::{Domain, Role, StepReport, Trainer, Unit, scores::Classifier},
    weights::safetensors,
};

/// Pixels of reflected border that generators trained here want around a photo; `margin` in the
/// header of their weights.
pub(super) const MARGIN: usize = 32;

/// A run, its held-out photos, and its classifier.
#[wasm_bindgen]
pub struct Training {
    pub(super) trainer: Trainer<Supplied>,
    /// Whether it continues exactly from its checkpoint.
    exact: bool,
    pub(super) device: Device,
    /// Whether there is no graphics card.
    pub(super) slow: bool,
    /// Held-out photos of A and of B as [`Preprocess::held_out`] returns them, for scores.
    pub(super) held_out: [Vec<Rgb>; 2],
    /// The same photos whole, for previews.
    pub(super) shown: [Vec<Rgb>; 2],
    /// Small copies of the run's photos, from which the classifier learns.
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
    /// The state of the run.
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

    /// Does `n` steps, or as many as are left, and reports each.
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

    /// Continues for `steps` steps from here, at the run's own rate or at `lr`: see
    /// `Trainer::learn_on`.
    #[wasm_bindgen(js_name = learnOn)]
    pub fn learn_on(&mut self, steps: f64, lr: Option<f64>) -> Result<()> {
        self.trainer.learn_on(steps as u64, lr)
    }

    /// Writes everything the run needs to continue elsewhere, piece by piece, so that it is never
    /// in memory as a whole: `write(at, bytes)` stores each piece and may return a promise. Returns
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
        let role = domain_of(direction)?.pick([Role::GeneratorA, Role::GeneratorB]);
        let state = self.trainer.state(role).await?;
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

    /// Sets a weight to NaN before step `step`, so that the page can test how it reacts.
    pub fn poison(&mut self, step: u32) {
        self.poison_at = Some(step.into());
    }
}
