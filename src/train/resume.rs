//! A run as a checkpoint, and back: on the CPU the same numbers follow, to the bit.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Checkpoint, Config, CycleGan, Dataset, Domain, ImagePool, Learner, Source, Trainer,
    checkpoint::{
        pieces::{Reader, Sink, Store, Tensors, Writer, at_once},
        unpack,
    },
    dataset::sampler::SamplerState,
    learner::{Part, averages},
    polishing::Polishing,
    start::reaches_the_generators,
};
use crate::{
    error::{Error, Result},
    json,
    model::{Discriminator, Generator, Readback},
    random::Random,
    weights::{HostTensor, StateDict, generator_from},
};

/// All of a run that is no tensor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    config: Value,
    step: u64,
    images: u64,
    #[serde(rename = "warm_up_steps")]
    warm_up: u64,
    /// A run of version 1 had none, and goes on without.
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
    /// Shapes of the pictures in either pool.
    #[serde(rename = "pool_A")]
    pool_a: Value,
    #[serde(rename = "pool_B")]
    pool_b: Value,
}

impl<S: Source> Trainer<S> {
    /// Everything that the run needs to go on elsewhere.
    ///
    /// # Errors
    /// Those of [`Readback::read`]; what ended the run, if that is so; `training-not-finite` when a
    /// number in it is not finite, so that a broken run never takes the place of its last good
    /// checkpoint.
    pub async fn checkpoint(&self) -> Result<Checkpoint> {
        let parts = self.parts()?;
        let empty = |shape: &[usize]| HostTensor { shape: shape.to_vec(), data: Vec::new() };
        let empty = parts.iter().map(|part| (part.name.clone(), empty(&part.shape)));
        let mut tensors: StateDict = empty.collect();
        let read = async |part: &Part, numbers: &[f32]| {
            if let Some(tensor) = tensors.get_mut(&part.name) {
                tensor.data.extend(numbers);
            }
            Ok(())
        };
        self.read(&parts, read).await?;
        Ok(Checkpoint { tensors, state: self.state_of_run() })
    }

    /// Writes [`Trainer::checkpoint`] into a file, whose length it returns. No more of it is in
    /// memory at once than its largest tensor.
    ///
    /// # Errors
    /// As there, and those of `sink`; what was written then is of no use.
    pub async fn save(&self, sink: &mut impl Sink) -> Result<u64> {
        let parts = self.parts()?;
        let shapes = parts.iter().map(|part| (part.name.as_str(), part.shape.as_slice()));
        let mut writer = Writer::new(shapes, &self.state_of_run(), sink).await?;
        self.read(&parts, async |_, numbers| writer.numbers(numbers).await).await?;
        writer.finish().await
    }

    /// All tensors, by their names in the file.
    fn parts(&self) -> Result<Vec<Part>> {
        if let Some(ended) = &self.ended {
            return Err(ended.clone());
        }
        let CycleGan { g_a, g_b, d_a, d_b, pool_a, pool_b } = &self.gan;
        let mut parts =
            [g_a.parts("G_A"), g_b.parts("G_B"), d_a.parts("D_A"), d_b.parts("D_B")].concat();
        parts.extend(self.polishing.iter().flat_map(Polishing::parts));
        // A pool is one tensor, or its pictures would fill the header.
        parts.extend([("pool_A", pool_a), ("pool_B", pool_b)].map(|(name, pool)| {
            let tensors = pool.images().to_vec();
            let length = tensors.iter().map(|picture| picture.shape().num_elements()).sum();
            Part { name: name.into(), shape: vec![length], tensors }
        }));
        parts.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(parts)
    }

    /// Reads parts one after another, cut into pieces of at most half of the largest tensor, and
    /// hands each piece to `take`. As many are read together as are no larger than that: on its way
    /// a piece may be copied once.
    async fn read(
        &self,
        parts: &[Part],
        mut take: impl AsyncFnMut(&Part, &[f32]) -> Result<()>,
    ) -> Result<()> {
        let all = parts.iter().flat_map(|part| part.tensors.iter().map(move |one| (part, one)));
        let largest = all.clone().map(|(_, tensor)| tensor.shape().num_elements()).max();
        let most = largest.unwrap_or(0).div_ceil(2);
        let pieces = all.flat_map(|(part, tensor)| {
            cuts(tensor.dims(), most).map(move |cut| (part, tensor, cut))
        });
        let mut pieces = pieces.peekable();
        while pieces.peek().is_some() {
            let (mut readback, mut names, mut left) = (Readback::default(), Vec::new(), most);
            while let Some((part, tensor, cut)) =
                pieces.next_if(|(_, _, cut)| names.is_empty() || cut.elements <= left)
            {
                left = left.saturating_sub(cut.elements);
                readback.tensor(String::new(), cut.of(tensor));
                names.push(part);
            }
            for (part, data) in names.into_iter().zip(readback.values().await?) {
                let numbers = data.as_slice().map_err(|other| Error::Usage(other.to_string()))?;
                if numbers.iter().any(|number: &f32| !number.is_finite()) {
                    let detail = format!("step {}: {}", self.step, part.name);
                    return Err(Error::TrainingNotFinite(detail));
                }
                take(part, numbers).await?;
            }
        }
        Ok(())
    }

    /// All that is no tensor.
    fn state_of_run(&self) -> Value {
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

    /// Goes on from a checkpoint with the same photos, of which at most `cache_bytes` of pixels are
    /// kept in memory. Returns also whether that is exact: with another number of photos than
    /// then, the epoch is begun anew.
    ///
    /// # Errors
    /// `checkpoint-damaged` when a part is missing or contradicts another; `dataset-empty`;
    /// `config-invalid` when so few photos are left that the run would end in its warm-up.
    pub fn resume(
        checkpoint: Checkpoint,
        photos: (S, S),
        cache_bytes: usize,
        device: &Device,
    ) -> Result<(Self, bool)> {
        let Checkpoint { mut tensors, state } = checkpoint;
        at_once(Self::restore(&state, &mut tensors, photos, cache_bytes, device))
    }

    /// [`Trainer::resume`] from a file, of which no more is in memory at once than the weights of
    /// one network.
    ///
    /// # Errors
    /// As there, and those of the file.
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
        // With fewer photos than then, epochs are shorter.
        reaches_the_generators(state.warm_up, state.step, &config, &trainer.dataset)?;
        Ok((trainer, exact))
    }
}

/// Some rows of a tensor, one behind the other in a file.
struct Cut {
    axis: usize,
    start: usize,
    rows: usize,
    elements: usize,
}

impl Cut {
    fn of(&self, tensor: &Tensor<4>) -> Tensor<4> {
        if self.elements == tensor.shape().num_elements() {
            return tensor.clone();
        }
        tensor.clone().narrow(self.axis, self.start, self.rows)
    }
}

/// A tensor of these extents in cuts of at most `most` elements, or of a single row.
fn cuts(extents: [usize; 4], most: usize) -> impl Iterator<Item = Cut> {
    // The axes before are of one row, so a cut's numbers lie together.
    let axis = extents.iter().position(|extent| *extent > 1).unwrap_or(0);
    let all = extents.get(axis).copied().unwrap_or(1);
    let row = extents.iter().product::<usize>() / all.max(1);
    let step = (most / row.max(1)).max(1);
    (0..all).step_by(step).map(move |start| {
        let rows = step.min(all - start);
        Cut { axis, start, rows, elements: rows * row }
    })
}

/// Takes a generator, its average and its optimiser out of a checkpoint.
pub(super) async fn generator(
    name: &str,
    time: u64,
    config: &Config,
    tensors: &mut impl Tensors,
    device: &Device,
) -> Result<Learner<Generator>> {
    let (architecture, state) =
        generator_from(weights(name, tensors).await?).map_err(contradicts)?;
    let network = Generator::from_state(architecture, state, device).map_err(contradicts)?;
    let mut learner = Learner::restore(name, network, time, tensors, device).await?;
    // It begins with the first update. A run of an older version has none, and goes on without.
    if config.ema > 0.0 && time > 0 {
        // Checked as the weights themselves were.
        let (_, state) =
            generator_from(weights(&averages(name), tensors).await?).map_err(contradicts)?;
        let average = Generator::from_state(architecture, state, device).map_err(contradicts)?;
        learner.average = Some(average);
    }
    Ok(learner)
}

/// The same of a discriminator.
async fn discriminator(
    name: &str,
    time: u64,
    config: &Config,
    tensors: &mut impl Tensors,
    device: &Device,
) -> Result<Learner<Discriminator>> {
    let state = weights(name, tensors).await?;
    let padding = config.discriminator_padding;
    let network =
        Discriminator::from_state(config.ndf, padding, state, device).map_err(contradicts)?;
    Learner::restore(name, network, time, tensors, device).await
}

/// The weights of a network, under their own names.
async fn weights(network: &str, tensors: &mut impl Tensors) -> Result<StateDict> {
    let mut state = StateDict::new();
    for name in tensors.names(&format!("{network}.model.")) {
        if let Some(tensor) = tensors.take(&name).await? {
            let own = name.strip_prefix(&format!("{network}.")).unwrap_or(&name);
            state.insert(own.into(), tensor);
        }
    }
    Ok(state)
}

/// The pictures of a pool.
async fn pool(
    name: &str,
    shapes: &Value,
    config: &Config,
    tensors: &mut impl Tensors,
    device: &Device,
) -> Result<ImagePool<Tensor<4>>> {
    let packed = tensors.take(name).await?;
    let packed = packed.ok_or_else(|| damaged(&format!("{name} is missing")))?;
    let upload = |picture: HostTensor| match picture.shape.as_slice() {
        [1, 3, height, width] if config.preprocess.gives(*width, *height) => {
            let data = TensorData::new(picture.data, picture.shape);
            Ok(Tensor::from_data(data, device))
        }
        shape => Err(damaged(&format!("{name} holds a picture of shape {shape:?}"))),
    };
    let pictures = unpack(&packed, shapes)?.into_iter().map(upload).collect::<Result<_>>()?;
    ImagePool::restore(config.pool_size, pictures)
}

/// What is wrong with a part, said of the checkpoint.
fn contradicts(error: Error) -> Error {
    damaged(&error.to_string())
}

pub(super) fn damaged(detail: &str) -> Error {
    Error::CheckpointDamaged(detail.into())
}
