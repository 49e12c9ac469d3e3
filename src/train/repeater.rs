//! Steps on a graphics card. All that a step computes before anything learns depends on nothing but
//! the pictures and the weights, so it is recorded once and then repeated: queueing a step then takes
//! about a fifth of the CPU's time.
//!
//! What chance decides stays outside: whether a discriminator is shown the newest translation or an
//! older one is a number on the card, and the pools and the optimisers are updated between two
//! repetitions, as always. So a recording has nothing in it that could be half done: where it
//! fails, steps go on as before.

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    Config, CycleGan, Draw, Draws, ImagePool, Rates,
    step::{DiscriminatorPass, GeneratorPass, LossTensors},
};
use crate::{
    device::is_cpu,
    error::Result,
    ops::{self, Recording},
    weights::HostTensor,
};

/// Steps of the same kind before one is recorded: the first ones compile kernels and make memory.
const BEFORE: usize = 2;
/// Steps that are tried to be recorded. Autodiff now and then frees a tensor of an earlier pass
/// later than usual, and a recording that then finds no memory can be made in the next step.
const TRIES: usize = 4;

/// Does steps, plainly or by repeating a recorded one.
#[derive(Debug)]
pub(super) struct Repeater {
    /// How often it may still try to record: never on the CPU.
    tries: usize,
    /// Of which kind the last steps were, and how many.
    last: Option<(Kind, usize)>,
    recorded: Option<Recorded>,
}

/// What must be the same in all steps that one recording stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kind {
    shapes: [Vec<usize>; 2],
    config: Config,
}

impl Kind {
    fn of([a, b]: [&HostTensor; 2], config: &Config) -> Self {
        let mut config = *config;
        // Not part of what is recorded.
        config.adam.learning_rate = 0.0;
        Self { shapes: [a.shape.clone(), b.shape.clone()], config }
    }

    /// Whether the pools can be asked before the step: in a batch the second picture may be shown
    /// the first.
    fn is_single(&self) -> bool {
        self.shapes.iter().all(|shape| shape.first() == Some(&1))
    }
}

impl Repeater {
    /// One that records on `device`, if that can.
    pub fn new(device: &Device) -> Self {
        let tries = if is_cpu(device) { 0 } else { TRIES };
        Self { tries, last: None, recorded: None }
    }

    /// One that records nothing.
    pub fn plain() -> Self {
        Self { tries: 0, last: None, recorded: None }
    }

    /// Whether it repeats a recorded step.
    pub fn repeats(&self) -> bool {
        self.recorded.is_some()
    }

    /// Forgets what it has recorded, as it must when weights have been replaced.
    pub fn forget(&mut self) {
        (self.last, self.recorded) = (None, None);
    }

    /// [`CycleGan::step`] on pictures that are not on the device yet.
    ///
    /// # Errors
    /// `gpu-lost`.
    pub fn step(
        &mut self,
        gan: &mut CycleGan,
        real: [HostTensor; 2],
        draws: &Draws,
        rates: Rates,
        config: &Config,
        device: &Device,
    ) -> Result<LossTensors> {
        let kind = Kind::of([&real[0], &real[1]], config);
        if let Some(recorded) = &self.recorded {
            if recorded.kind == kind && recorded.recording.is_here() {
                return recorded.step(gan, real, draws, rates, config);
            }
            self.forget();
        }
        let before = match &self.last {
            Some((last, count)) if *last == kind => *count,
            _ => 0,
        };
        if self.tries > 0 && kind.is_single() && before >= BEFORE {
            let (losses, recorded) = record(gan, kind, real, draws, rates, config, device);
            match recorded {
                Ok(recorded) => {
                    self.recorded = Some(recorded);
                    self.tries = TRIES;
                }
                Err(reason) => {
                    self.tries -= 1;
                    log::warn!("a step was not recorded, {} tries left: {reason}", self.tries);
                }
            }
            return Ok(losses);
        }
        if self.last.as_ref().is_none_or(|(last, _)| last.shapes != kind.shapes) {
            // What steps of another size have kept.
            ops::release(device);
        }
        self.last = Some((kind, before + 1));
        let [a, b] = real.map(|real| upload(real, device));
        Ok(ops::apart(&a, || gan.step(&a, &b, draws, rates, config)))
    }
}

/// A picture on `device`.
pub(super) fn upload(picture: HostTensor, device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(picture.data, picture.shape), device)
}

/// What is different in each step, in memory that stays where it is: A before B.
#[derive(Debug)]
struct Inputs {
    real: [Tensor<4>; 2],
    /// Translations out of the pools, to A and to B.
    older: [Tensor<4>; 2],
    /// `[1]`: whether the discriminators are shown those, 1 or 0.
    is_older: [Tensor<1>; 2],
}

impl Inputs {
    fn new(real: [HostTensor; 2], device: &Device) -> Self {
        let real = real.map(|real| upload(real, device));
        let older = real.clone().map(ops::copied);
        let is_older = [0, 1].map(|_| Tensor::zeros([1], device));
        Self { real, older, is_older }
    }

    /// Brings what the pools have for these draws.
    fn ask(&self, gan: &CycleGan, draws: &Draws) {
        let pools = [(&gan.pool_a, &draws.a), (&gan.pool_b, &draws.b)];
        let places = self.older.iter().zip(&self.is_older);
        for ((pool, draws), (place, is_older)) in pools.into_iter().zip(places) {
            let older = draws.first().and_then(|draw| pool.older(*draw));
            if let Some(older) = older {
                ops::copy(older.clone(), place);
            }
            ops::fill(is_older, vec![f32::from(u8::from(older.is_some()))]);
        }
    }

    /// All that is computed before anything learns.
    fn passes(&self, gan: &CycleGan, config: &Config) -> Passes {
        let [real_a, real_b] = &self.real.clone().map(ops::image);
        let generators = gan.generator_pass(real_a, real_b, config);
        let [fake_a, fake_b] = generators.fakes.clone();
        let [older_a, older_b] = self.older.clone();
        let [is_older_a, is_older_b] = &self.is_older;
        let shown =
            [ops::choose(fake_a, older_a, is_older_a), ops::choose(fake_b, older_b, is_older_b)];
        let discriminators = gan.discriminator_pass([real_a, real_b], shown, config);
        Passes { generators, discriminators }
    }
}

/// What a step has computed.
#[derive(Debug)]
struct Passes {
    generators: GeneratorPass,
    discriminators: DiscriminatorPass,
}

impl Passes {
    /// Lets the networks learn and the pools take what they keep. The losses are copied, since the
    /// next repetition writes others in their place.
    fn finish(
        &self,
        gan: &mut CycleGan,
        draws: &Draws,
        rates: Rates,
        config: &Config,
    ) -> LossTensors {
        let Self { generators, discriminators } = self;
        gan.learn_generators(generators.sums.clone(), rates.generators, config);
        gan.learn_discriminators(discriminators.sums.clone(), rates.discriminators, config);
        let [fake_a, fake_b] = &generators.fakes;
        keep(&mut gan.pool_a, fake_a, &draws.a);
        keep(&mut gan.pool_b, fake_b, &draws.b);
        let [d_a, d_b] = discriminators.losses.clone();
        let losses = LossTensors { d_a: Some(d_a), d_b: Some(d_b), ..generators.losses.clone() };
        losses.map(ops::copied)
    }
}

/// A recorded step.
#[derive(Debug)]
pub(super) struct Recorded {
    kind: Kind,
    inputs: Inputs,
    /// What a repetition writes.
    passes: Passes,
    /// The networks whose weights it reads: the same memory as the learning ones', which learn in
    /// place.
    _networks: CycleGan,
    /// Its launches.
    recording: Recording,
}

impl Recorded {
    fn step(
        &self,
        gan: &mut CycleGan,
        real: [HostTensor; 2],
        draws: &Draws,
        rates: Rates,
        config: &Config,
    ) -> Result<LossTensors> {
        for (place, real) in self.inputs.real.iter().zip(real) {
            ops::fill(place, real.data);
        }
        self.inputs.ask(gan, draws);
        // SAFETY: what it reads are `inputs` and the weights in `_networks`.
        unsafe { self.recording.repeat() }?;
        Ok(self.passes.finish(gan, draws, rates, config))
    }
}

/// Does a step and records it: that is the same work twice for the CPU, and once for the card.
fn record(
    gan: &mut CycleGan,
    kind: Kind,
    real: [HostTensor; 2],
    draws: &Draws,
    rates: Rates,
    config: &Config,
    device: &Device,
) -> (LossTensors, std::result::Result<Recorded, String>) {
    let inputs = Inputs::new(real, device);
    inputs.ask(gan, draws);
    let recorder = match ops::recorder(&inputs.is_older[0]) {
        Ok(recorder) => recorder,
        Err(reason) => {
            let passes = inputs.passes(gan, config);
            return (passes.finish(gan, draws, rates, config), Err(reason));
        }
    };
    let passes = recorder.rehearse(|| inputs.passes(gan, config));
    let losses = passes.finish(gan, draws, rates, config);
    // The recorded step takes over its memory.
    drop(passes);
    let recorded = recorder.record(|| inputs.passes(gan, config));
    let networks = gan.clone();
    let recorded = recorded.map(|(recording, passes)| Recorded {
        kind,
        inputs,
        passes,
        _networks: networks,
        recording,
    });
    (losses, recorded)
}

/// Gives the pool what it would keep of a query, in memory of its own.
fn keep(pool: &mut ImagePool<Tensor<4>>, fake: &Tensor<4>, draws: &[Draw]) {
    for &draw in draws {
        if pool.keeps(draw) {
            pool.query(ops::copied(fake.clone()), draw);
        }
    }
}
