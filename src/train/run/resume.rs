//! A run from a checkpoint. On the CPU it gives the same numbers to the bit.

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    parts::{contradicts, damaged, discriminator, generator, pool},
    polishing::Polishing,
    start::reaches_the_generators,
    trainer::Trainer,
};
use crate::{
    error::{Error, Result},
    json,
    random::Random,
    train::{
        checkpoint::{
            Checkpoint,
            pieces::{Reader, Store, Tensors, at_once},
        },
        config::Config,
        data::{Dataset, Domain, Source, sampler::SamplerState},
        image_pool::ImagePool,
        networks::CycleGan,
    },
};

/// The state of a run, except its tensors.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    config: Value,
    step: u64,
    images: u64,
    #[serde(rename = "warm_up_steps")]
    warm_up: u64,
    /// Runs of version 1 had no ramp, and continue without.
    #[serde(rename = "lr_ramp_steps", default)]
    ramp: u64,
    #[serde(default)]
    polish: Value,
    #[serde(rename = "updates_G_A")]
    updates_g_a: u64,
    #[serde(rename = "updates_G_B")]
    updates_g_b: u64,
    #[serde(rename = "updates_D_A")]
    updates_d_a: u64,
    #[serde(rename = "updates_D_B")]
    updates_d_b: u64,
    sampler: Value,
    #[serde(with = "json::hex")]
    chance: u64,
    /// Shapes of the pictures in both pools.
    #[serde(rename = "pool_A")]
    pool_a: Value,
    #[serde(rename = "pool_B")]
    pool_b: Value,
}

impl<S: Source> Trainer<S> {
    /// Everything that is not a tensor.
    pub(super) fn state_of_run(&self) -> Value {
        let shapes = |pool: &ImagePool<Tensor<4>>| -> Value {
            pool.images().iter().map(|picture| Value::from(picture.dims().to_vec())).collect()
        };
        let CycleGan { g_a, g_b, d_a, d_b, pool_a, pool_b } = &self.gan;
        json::write(&State {
            config: self.config.to_json(),
            step: self.step,
            images: self.images,
            warm_up: self.warm_up,
            ramp: self.ramp,
            polish: self.polishing.as_ref().map_or(Value::Null, Polishing::state),
            updates_g_a: g_a.time(),
            updates_g_b: g_b.time(),
            updates_d_a: d_a.time(),
            updates_d_b: d_b.time(),
            sampler: json::write(&self.dataset.state()),
            chance: self.chance.state(),
            pool_a: shapes(pool_a),
            pool_b: shapes(pool_b),
        })
    }

    /// Continues from a checkpoint with the same photos, keeping at most `cache_bytes` of pixels in
    /// memory. Also returns whether that is exact: if the number of photos has changed, the epoch
    /// starts again. Fails with `checkpoint-damaged` when a part is missing or contradicts another;
    /// `dataset-empty`; `config-invalid` when so few photos are left that the run would end in its
    /// warm-up.
    pub fn resume(
        checkpoint: Checkpoint,
        photos: (S, S),
        cache_bytes: usize,
        device: &Device,
    ) -> Result<(Self, bool)> {
        let Checkpoint { mut tensors, state } = checkpoint;
        at_once(Self::restore(&state, &mut tensors, photos, cache_bytes, device))
    }

    /// [`Trainer::resume`] from a file. It never holds more than the weights of one network in
    /// memory. Fails as [`Trainer::resume`] does, and with those of the file.
    pub async fn resume_from<F: Store>(
        mut file: Reader<F>,
        photos: (S, S),
        cache_bytes: usize,
        device: &Device,
    ) -> Result<(Self, bool)> {
        let state = std::mem::take(&mut file.state);
        Self::restore(&state, &mut file, photos, cache_bytes, device).await
    }

    async fn restore(
        state: &Value,
        tensors: &mut impl Tensors,
        (a, b): (S, S),
        cache_bytes: usize,
        device: &Device,
    ) -> Result<(Self, bool)> {
        let state: State = json::read(state, Error::CheckpointDamaged)?;
        let mut config = Config::from_json(&state.config).map_err(contradicts)?;
        let sampler: SamplerState = json::read(&state.sampler, Error::CheckpointDamaged)?;

        let random = Random::new(config.seed);
        let mut dataset = Dataset::new(a, b, config.preprocess, random, cache_bytes)?;
        let exact = dataset.restore(&sampler)?;
        let g_a = generator("G_A", state.updates_g_a, &config, tensors, device).await?;
        let g_b = generator("G_B", state.updates_g_b, &config, tensors, device).await?;
        config = config.with_architecture(*g_a.network.architecture());
        let d_a = discriminator("D_A", state.updates_d_a, &config, tensors, device).await?;
        let d_b = discriminator("D_B", state.updates_d_b, &config, tensors, device).await?;
        let pool_a = pool("pool_A", &state.pool_a, &config, tensors, device).await?;
        let pool_b = pool("pool_B", &state.pool_b, &config, tensors, device).await?;
        let gan = CycleGan { g_a, g_b, d_a, d_b, pool_a, pool_b };
        let mut trainer = Self::of(config, gan, dataset, device);
        if !state.polish.is_null() {
            let teachers = [Domain::A, Domain::B].map(|domain| trainer.unpolished(domain));
            let polishing = Polishing::restore(&state.polish, teachers, tensors, device).await?;
            trainer.polishing = Some(polishing);
        }
        if let Some(name) = tensors.names("").first() {
            return Err(damaged(&format!("{name} is unknown")));
        }
        (trainer.step, trainer.images) = (state.step, state.images);
        (trainer.warm_up, trainer.ramp) = (state.warm_up, state.ramp);
        trainer.chance = Random::from_state(state.chance);
        // With fewer photos, epochs are shorter.
        reaches_the_generators(state.warm_up, state.step, &config, &trainer.dataset)?;
        Ok((trainer, exact))
    }
}
