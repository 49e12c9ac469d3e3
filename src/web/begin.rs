//! Starts a training run: from scratch, from weights or from a checkpoint.

use std::collections::BTreeMap;

use js_sys::Function;
use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::{
    engine::Engine,
    file::{Failure, File},
    photos::Supplied,
    training::Training,
    types::{TrainNeed, parse, told},
};
use crate::{
    error::Result,
    random::Random,
    train::{
        Config, Dataset, Start, Trainer,
        checkpoint::pieces::{Reader, Tensors as _},
        memory::{self, Need},
    },
    weights::{Architecture, Judge, StateDict, WeightsFile, Which, safetensors},
};

#[wasm_bindgen]
impl Engine {
    /// A new run with the configuration `config` (JSON, PyTorch's names) on sets of `photos_a` and
    /// `photos_b` photos, keeping at most `cache_bytes` of pixels. Generators are weights files, or
    /// absent; so are discriminators. A file may hold both, named as `G_A` and `G_B` are. For an
    /// engine from `openToTrain`.
    #[allow(clippy::too_many_arguments, reason = "files that may each be left out")]
    #[wasm_bindgen(js_name = startTraining)]
    pub fn start_training(
        &self,
        config: &str,
        photos_a: usize,
        photos_b: usize,
        cache_bytes: usize,
        generator_a: Option<Vec<u8>>,
        generator_b: Option<Vec<u8>>,
        discriminator_a: Option<Vec<u8>>,
        discriminator_b: Option<Vec<u8>>,
    ) -> Result<Training> {
        let config = Config::from_json(&parse(config)?)?;
        let start = Start {
            g_a: generator(generator_a, Judge::A)?,
            g_b: generator(generator_b, Judge::B)?,
            d_a: discriminator(discriminator_a, Judge::A)?,
            d_b: discriminator(discriminator_b, Judge::B)?,
        };
        let config = start.applied_to(config)?;
        memory::check(&config, self.opened.kind, &self.opened.limits)?;
        let (a, b) = (Supplied::new(photos_a), Supplied::new(photos_b));
        let random = Random::new(config.seed);
        let dataset = Dataset::new(a, b, config.preprocess, random, cache_bytes)?;
        let device = &self.opened.device;
        Ok(Training::new(Trainer::new(config, start, dataset, device)?, true, &self.opened))
    }

    /// The memory that a run with the configuration `config` needs on this device.
    #[wasm_bindgen(js_name = trainingNeed)]
    pub fn training_need(&self, config: &str) -> Result<Ts<TrainNeed>> {
        let config = Config::from_json(&parse(config)?)?;
        let (kind, limits) = (self.opened.kind, &self.opened.limits);
        let crop = memory::largest_crop(&config, kind, limits);
        told(&TrainNeed { bytes: Need::of(&config, kind).total, limit: limits.memory, crop })
    }

    /// Continues with the same photos from a checkpoint of `length` bytes that is read piece by
    /// piece: `read(at, length)` promises the bytes from `at` on.
    #[wasm_bindgen(js_name = resumeTrainingFrom)]
    pub async fn resume_training_from(
        &self,
        read: Function,
        length: f64,
        photos_a: usize,
        photos_b: usize,
        cache_bytes: usize,
    ) -> std::result::Result<Training, JsValue> {
        let failure = Failure::default();
        let file = File::new(read, length as u64, &failure);
        let photos = (Supplied::new(photos_a), Supplied::new(photos_b));
        let device = self.opened.device.clone();
        let resumed = async {
            Trainer::resume_from(Reader::open(file).await?, photos, cache_bytes, &device).await
        };
        let (trainer, exact) = resumed.await.map_err(|error| failure.or(error))?;
        Ok(Training::new(trainer, exact, &self.opened))
    }

    /// The discriminators in a checkpoint of `length` bytes, read as in `resumeTrainingFrom`, as
    /// one weights file, from which another run can start.
    #[wasm_bindgen(js_name = discriminatorsOf)]
    pub async fn discriminators_of(
        &self,
        read: Function,
        length: f64,
    ) -> std::result::Result<Vec<u8>, JsValue> {
        let failure = Failure::default();
        let file = File::new(read, length as u64, &failure);
        let taken = async {
            let mut checkpoint = Reader::open(file).await?;
            let mut state = StateDict::new();
            for judge in [Judge::A, Judge::B] {
                for name in checkpoint.names(&format!("{}.model.", judge.name())) {
                    state.extend(checkpoint.take(&name).await?.map(|tensor| (name, tensor)));
                }
            }
            safetensors::write(&state, &BTreeMap::new())
        };
        taken.await.map_err(|error| failure.or(error))
    }
}

fn generator(bytes: Option<Vec<u8>>, judge: Judge) -> Result<Option<(Architecture, StateDict)>> {
    bytes.map(|bytes| WeightsFile::open(&bytes)?.generator(Which::Side(judge))).transpose()
}

fn discriminator(bytes: Option<Vec<u8>>, judge: Judge) -> Result<Option<(usize, StateDict)>> {
    bytes.map(|bytes| WeightsFile::open(&bytes)?.discriminator(judge)).transpose()
}
