//! A run as a checkpoint, and back: on the CPU the same numbers follow, to the bit.

use burn::tensor::{Device, Tensor, TensorData};
use serde_json::json;

use super::{
    Checkpoint, Config, Dataset, ImagePool, Source, Start, Trainer,
    checkpoint::{fields, pack, unpack},
    dataset::sampler::SamplerState,
    fields::{Fields, hex},
};
use crate::{
    error::{Error, Result},
    model::Readback,
    random::Random,
    weights::{HostTensor, StateDict, generator_from},
};

const NETWORKS: [&str; 4] = ["G_A", "G_B", "D_A", "D_B"];

impl<S: Source> Trainer<S> {
    /// Everything that the run needs to go on elsewhere.
    ///
    /// # Errors
    /// `gpu-lost`; `training-not-finite` when a number in it is not finite, so that a broken run
    /// never takes the place of its last good checkpoint.
    pub async fn checkpoint(&self) -> Result<Checkpoint> {
        if let Some(ended) = &self.ended {
            return Err(ended.clone());
        }
        let mut readback = Readback::default();
        self.gan.g_a.read("G_A", &mut readback);
        self.gan.g_b.read("G_B", &mut readback);
        self.gan.d_a.read("D_A", &mut readback);
        self.gan.d_b.read("D_B", &mut readback);
        for (name, pool) in [("pool_A", &self.gan.pool_a), ("pool_B", &self.gan.pool_b)] {
            for (slot, picture) in pool.images().iter().enumerate() {
                readback.tensor(format!("{name}.{slot:04}"), picture.clone());
            }
        }
        let mut tensors = readback.read().await?;
        for (name, tensor) in &tensors {
            if tensor.data.iter().any(|value| !value.is_finite()) {
                return Err(Error::TrainingNotFinite(format!("step {}: {name}", self.step)));
            }
        }
        let (pool_a, shapes_a) = pack(&take_pool(&mut tensors, "pool_A."));
        let (pool_b, shapes_b) = pack(&take_pool(&mut tensors, "pool_B."));
        tensors.extend([("pool_A".into(), pool_a), ("pool_B".into(), pool_b)]);
        let state = json!({
            "config": self.config.to_json(),
            "step": self.step,
            "images": self.images,
            "warm_up_steps": self.warm_up,
            "lr_ramp_steps": self.ramp,
            "updates_G_A": self.gan.g_a.time(),
            "updates_G_B": self.gan.g_b.time(),
            "updates_D_A": self.gan.d_a.time(),
            "updates_D_B": self.gan.d_b.time(),
            "sampler": self.dataset.state().to_json(),
            "chance": hex(self.chance.state()),
            "pool_A": shapes_a,
            "pool_B": shapes_b,
        });
        Ok(Checkpoint { tensors, state })
    }

    /// Goes on from a checkpoint with the same photos, of which at most `cache_bytes` of pixels are
    /// kept in memory. Returns also whether that is exact: with another number of photos than
    /// then, the epoch is begun anew.
    ///
    /// # Errors
    /// `checkpoint-damaged` when a part is missing or contradicts another; `dataset-empty`.
    pub fn resume(
        checkpoint: Checkpoint,
        (a, b): (S, S),
        cache_bytes: usize,
        device: &Device,
    ) -> Result<(Self, bool)> {
        let Checkpoint { mut tensors, state } = checkpoint;
        let object = state.as_object();
        let part = |name: &str| {
            let found = object.and_then(|object| object.get(name));
            found.ok_or_else(|| damaged(&format!("{name} is missing")))
        };
        let config =
            Config::from_json(part("config")?).map_err(|error| damaged(&error.to_string()))?;
        let sampler = SamplerState::from_json(part("sampler")?)?;
        let numbers = without(&state, &["config", "sampler", "pool_A", "pool_B"]);
        let mut numbers: Fields<'_> = fields(&numbers)?;
        let mut count = |name: &'static str| -> Result<u64> {
            let found = numbers.count(name)?;
            numbers.required(name, found)
        };
        let (step, images, warm_up) = (count("step")?, count("images")?, count("warm_up_steps")?);
        let times = ["updates_G_A", "updates_G_B", "updates_D_A", "updates_D_B"].map(&mut count);
        // A run of version 1 had none, and goes on without.
        let ramp = numbers.count("lr_ramp_steps")?.unwrap_or(0);
        let chance = numbers.bits("chance")?;
        let chance = Random::from_state(numbers.required("chance", chance)?);
        numbers.finish()?;

        let [g_a, g_b, d_a, d_b] = NETWORKS.map(|name| take_network(&mut tensors, name));
        let generator =
            |state: StateDict| generator_from(state).map_err(|error| damaged(&error.to_string()));
        let start = Start {
            g_a: Some(generator(g_a)?),
            g_b: Some(generator(g_b)?),
            d_a: Some(d_a),
            d_b: Some(d_b),
        };
        let random = Random::new(config.seed);
        let mut dataset = Dataset::new(a, b, config.preprocess, random, cache_bytes)?;
        let exact = dataset.restore(&sampler)?;
        let mut trainer = Self::new(config, start, dataset, device)
            .map_err(|error| damaged(&error.to_string()))?;
        let gan = &mut trainer.gan;
        let [time_g_a, time_g_b, time_d_a, time_d_b] = times;
        gan.g_a.restore("G_A", time_g_a?, &mut tensors)?;
        gan.g_b.restore("G_B", time_g_b?, &mut tensors)?;
        gan.d_a.restore("D_A", time_d_a?, &mut tensors)?;
        gan.d_b.restore("D_B", time_d_b?, &mut tensors)?;
        let mut pool = |name: &str| -> Result<ImagePool<Tensor<4>>> {
            let packed =
                tensors.remove(name).ok_or_else(|| damaged(&format!("{name} is missing")))?;
            let pictures = unpack(&packed, part(name)?)?;
            let upload = |picture: HostTensor| match picture.shape.as_slice() {
                [1, 3, height, width] if config.preprocess.gives(*width, *height) => {
                    let data = TensorData::new(picture.data, picture.shape);
                    Ok(Tensor::from_data(data, device))
                }
                shape => Err(damaged(&format!("{name} holds a picture of shape {shape:?}"))),
            };
            let pictures = pictures.into_iter().map(upload).collect::<Result<_>>()?;
            ImagePool::restore(config.pool_size, pictures)
        };
        (gan.pool_a, gan.pool_b) = (pool("pool_A")?, pool("pool_B")?);
        if let Some(name) = tensors.keys().next() {
            return Err(damaged(&format!("{name} is unknown")));
        }
        (trainer.step, trainer.images) = (step, images);
        (trainer.warm_up, trainer.ramp) = (warm_up, ramp);
        trainer.chance = chance;
        Ok((trainer, exact))
    }
}

fn damaged(detail: &str) -> Error {
    Error::CheckpointDamaged(detail.into())
}

/// The object without some of its fields.
fn without(object: &serde_json::Value, names: &[&str]) -> serde_json::Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|name, _| !names.contains(&name.as_str()));
    }
    object
}

/// Moves the pictures of a pool out of `tensors`, by slot.
fn take_pool(tensors: &mut StateDict, prefix: &str) -> Vec<HostTensor> {
    let (pool, rest) =
        std::mem::take(tensors).into_iter().partition(|(name, _)| name.starts_with(prefix));
    *tensors = rest;
    StateDict::into_values(pool).collect()
}

/// Moves the weights of a network out of `tensors`, and gives them their own names.
fn take_network(tensors: &mut StateDict, network: &str) -> StateDict {
    let prefix = format!("{network}.model.");
    let (own, rest): (StateDict, StateDict) =
        std::mem::take(tensors).into_iter().partition(|(name, _)| name.starts_with(&prefix));
    *tensors = rest;
    let short = |name: String| name.trim_start_matches(&format!("{network}.")).to_string();
    own.into_iter().map(|(name, tensor)| (short(name), tensor)).collect()
}
