//! How the parts of a step are run: each computed anew or, on a graphics card, by repeating a
//! recording, which takes about a fifth of the CPU's time to queue.
//!
//! A part depends only on its inputs and the weights, so it is recorded once and repeated as long
//! as its pictures keep their sizes. What happens between the parts, the optimisers and the pools,
//! is never recorded. So a recording cannot leave anything half done: if it fails, steps continue
//! as before.

use burn::tensor::{Device, Tensor};

use super::{
    config::Config,
    networks::CycleGan,
    passes::{DiscriminatorPass, GeneratorPass},
};
use crate::{
    device::is_cpu,
    error::Result,
    model::{Discriminator, Generator, Network as _},
    ops::{self, Recording},
};

/// Steps of the same kind before recording: the first ones compile kernels and allocate memory.
const BEFORE: usize = 2;
/// Attempts at recording. Now and then autodiff frees a tensor of an earlier pass later than usual;
/// if a recording then finds no memory, it can be made in the next step.
const TRIES: usize = 4;

/// Runs both parts of a step.
#[derive(Debug)]
pub struct Repeater {
    /// Of A and B.
    pub(super) generators: Part<GeneratorPass, 2>,
    /// Of A and B, and of the translations shown to A and to B.
    pub(super) discriminators: Part<DiscriminatorPass, 4>,
}

impl Repeater {
    /// A repeater that records on `device`, if possible.
    pub fn new(device: &Device) -> Self {
        Self { generators: Part::new(device), discriminators: Part::new(device) }
    }

    /// A repeater that records nothing.
    pub fn plain() -> Self {
        Self { generators: Part::plain(), discriminators: Part::plain() }
    }

    /// Whether it repeats both parts now.
    pub fn repeats(&self) -> bool {
        self.generators.repeats() && self.discriminators.repeats()
    }

    /// Discards its recordings, as it must when weights have been replaced.
    pub fn forget(&mut self) {
        self.generators.forget();
        self.discriminators.forget();
    }
}

/// The owner of the weights that a part reads.
pub(super) trait Plays {
    /// The weights, without a copy: on a graphics card they follow the training.
    fn shared(&self) -> Shared;
}

/// Networks that a recording reads.
pub(super) type Shared = (Vec<Generator>, Vec<Discriminator>);

impl Plays for CycleGan {
    fn shared(&self) -> Shared {
        let Self { g_a, g_b, d_a, d_b, .. } = self;
        let generators = [&g_a.network, &g_b.network].map(Generator::shared);
        let discriminators = [&d_a.network, &d_b.network].map(Discriminator::shared);
        (generators.into(), discriminators.into())
    }
}

/// The inputs of a part of a step, besides the weights.
#[derive(Debug)]
pub(super) struct Inputs<const N: usize> {
    pub pictures: [Tensor<4>; N],
    /// The numbers drawn for pictures of A and of B, if they are augmented.
    pub augmentations: Option<[Tensor<4>; 2]>,
}

impl<const N: usize> Inputs<N> {
    fn snapshot(self) -> Self {
        let Self { pictures, augmentations } = self;
        let augmentations = augmentations.map(|both| both.map(ops::snapshot));
        Self { pictures: pictures.map(ops::snapshot), augmentations }
    }

    /// Copies each input to its counterpart in `places`.
    fn copy_to(&self, places: &Self) {
        for (input, place) in self.all().zip(places.all()) {
            ops::copy(input.clone(), place);
        }
    }

    fn all(&self) -> impl Iterator<Item = &Tensor<4>> {
        self.pictures.iter().chain(self.augmentations.iter().flatten())
    }
}

/// A part of a step: from `N` batches of pictures to a `T`.
#[derive(Debug)]
pub(super) struct Part<T, const N: usize> {
    /// Remaining attempts at recording; none on the CPU.
    tries: usize,
    /// Steps of one kind needed before recording.
    before: usize,
    /// The kind of the last steps, and their number.
    last: Option<(SameStep<N>, usize)>,
    recorded: Option<Recorded<T, N>>,
}

/// What must be the same in all steps that repeat one recording.
#[derive(Debug, Clone, PartialEq)]
struct SameStep<const N: usize> {
    shapes: [[usize; 4]; N],
    config: Config,
}

impl<const N: usize> SameStep<N> {
    fn of(inputs: &Inputs<N>, config: &Config) -> Self {
        let mut config = *config;
        // Not part of a recording.
        config.adam.learning_rate = 0.0;
        Self { shapes: inputs.pictures.each_ref().map(Tensor::dims), config }
    }
}

/// A recorded part.
#[derive(Debug)]
struct Recorded<T, const N: usize> {
    kind: SameStep<N>,
    /// The inputs of a repetition, in fixed memory.
    inputs: Inputs<N>,
    /// The weights it reads: the memory of those in training, which are updated in place.
    _weights: Shared,
    /// Its outputs.
    result: T,
    /// Its launches.
    recording: Recording,
}

impl<T, const N: usize> Part<T, N> {
    /// A part that records on `device`, if possible.
    pub fn new(device: &Device) -> Self {
        Self::trying(if is_cpu(device) { 0 } else { TRIES })
    }

    /// A part that records nothing.
    pub fn plain() -> Self {
        Self::trying(0)
    }

    fn trying(tries: usize) -> Self {
        Self { tries, before: BEFORE, last: None, recorded: None }
    }

    /// Whether it repeats a recording now.
    pub fn repeats(&self) -> bool {
        self.recorded.is_some()
    }

    fn forget(&mut self) {
        (self.last, self.recorded) = (None, None);
    }

    /// Computes the part from `inputs`, and `learn` updates `model` with the result. The next step
    /// may overwrite the result, so anything kept must be a copy. Fails with `gpu-lost`,
    /// `gpu-refused`, `out-of-memory`: the step is then incomplete or wrong.
    pub fn play<M: Plays, R>(
        &mut self,
        model: &mut M,
        inputs: Inputs<N>,
        config: &Config,
        compute: impl Fn(&M, &Inputs<N>) -> T,
        learn: impl FnOnce(&mut M, &T) -> R,
    ) -> Result<R> {
        let kind = SameStep::of(&inputs, config);
        if let Some(recorded) = &self.recorded {
            if recorded.kind == kind && recorded.recording.is_here() {
                recorded.repeat(inputs)?;
                return Ok(learn(model, &recorded.result));
            }
            if recorded.kind.shapes != kind.shapes {
                // Where sizes keep changing, recording would cost more than repeating saves.
                self.before *= 2;
            }
            self.forget();
        }
        let alike = match &self.last {
            Some((last, count)) if *last == kind => *count,
            _ => 0,
        };
        if self.tries > 0 && alike >= self.before {
            return Ok(self.record(model, kind, inputs, compute, learn));
        }
        if self.last.as_ref().is_none_or(|(last, _)| last.shapes != kind.shapes) {
            // Memory kept by steps of another size.
            ops::release(&inputs.pictures[0].device());
        }
        self.last = Some((kind, alike + 1));
        Ok(ops::apart(&inputs.pictures[0], || {
            let result = compute(model, &inputs);
            learn(model, &result)
        }))
    }

    /// Runs the part and records it, which doubles the work for the CPU but not for the card.
    fn record<M: Plays, R>(
        &mut self,
        model: &mut M,
        kind: SameStep<N>,
        inputs: Inputs<N>,
        compute: impl Fn(&M, &Inputs<N>) -> T,
        learn: impl FnOnce(&mut M, &T) -> R,
    ) -> R {
        let inputs = inputs.snapshot();
        let recorder = match ops::recorder(&inputs.pictures[0]) {
            Ok(recorder) => recorder,
            Err(reason) => {
                self.failed(&reason);
                let result = compute(model, &inputs);
                return learn(model, &result);
            }
        };
        let learned = {
            // After an attempt that found no memory, make room for all results twice.
            let spare = (self.tries < TRIES).then(|| recorder.rehearse(|| compute(model, &inputs)));
            let result = recorder.rehearse(|| compute(model, &inputs));
            drop(spare);
            // After this the recorded part takes over its memory.
            learn(model, &result)
        };
        match recorder.record(|| compute(model, &inputs)) {
            Ok((recording, result)) => {
                let _weights = model.shared();
                self.recorded = Some(Recorded { kind, inputs, _weights, result, recording });
                self.tries = TRIES;
            }
            Err(reason) => self.failed(&reason),
        }
        learned
    }

    fn failed(&mut self, reason: &str) {
        self.tries -= 1;
        log::warn!("a part of a step was not recorded, {} tries left: {reason}", self.tries);
    }
}

impl<T, const N: usize> Recorded<T, N> {
    /// Repeats the recording with other inputs.
    fn repeat(&self, inputs: Inputs<N>) -> Result<()> {
        inputs.copy_to(&self.inputs);
        // SAFETY: it reads `inputs` and `_weights`, which are alive.
        unsafe { self.recording.repeat() }
    }
}
