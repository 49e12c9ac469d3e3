//! A training run. [`Trainer::train_steps`] does some steps and reports them; to pause, stop
//! calling it; dropping the trainer frees everything.

use burn::tensor::{Device, Tensor};

use super::{memory, polishing::Polishing};
use crate::{
    device::{Kind, Limits},
    error::{Error, Result},
    model::{Generator, Mapper, Network as _, Readback},
    ops,
    random::Random,
    train::{
        config::{Adam, Config},
        data::{Dataset, Domain, PreprocessMode, Source},
        networks::CycleGan,
        polish::Polish,
        repeater::Repeater,
    },
    weights::StateDict,
};

/// One of the four networks, named as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Translates A to B.
    GeneratorA,
    /// Translates B to A.
    GeneratorB,
    /// Judges B.
    DiscriminatorA,
    /// Judges A.
    DiscriminatorB,
}

/// A run of CycleGAN on two sets of photos.
pub struct Trainer<S> {
    pub(super) config: Config,
    pub(super) gan: CycleGan,
    pub(super) dataset: Dataset<S>,
    /// Decides what the image pools return.
    pub(super) chance: Random,
    pub(super) step: u64,
    pub(super) images: u64,
    /// Steps at the beginning in which only the discriminators learn.
    pub(super) warm_up: u64,
    /// Steps after those in which the generators' learning rate rises.
    pub(super) ramp: u64,
    /// The last phase, once it has begun.
    pub(super) polishing: Option<Polishing>,
    pub(super) device: Device,
    /// Runs the steps.
    pub(super) repeater: Repeater,
    /// Queues each step anew.
    pub(super) plainly: bool,
    /// Why it cannot continue.
    pub(super) ended: Option<Error>,
    /// Dropped after all tensors.
    _reserved: Reserved,
}

impl<S: Source> Trainer<S> {
    /// A run at its start, without a warm-up.
    pub(super) fn of(config: Config, gan: CycleGan, dataset: Dataset<S>, device: &Device) -> Self {
        Self {
            config,
            gan,
            dataset,
            chance: Random::new(config.seed),
            step: 0,
            images: 0,
            warm_up: 0,
            ramp: 0,
            polishing: None,
            device: device.clone(),
            repeater: Repeater::new(device),
            plainly: false,
            ended: None,
            _reserved: Reserved(device.clone()),
        }
    }

    /// The run's configuration, with the generators' actual width and depth.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Completed steps, including the warm-up.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Steps in which only the discriminators learn.
    pub fn warm_up(&self) -> u64 {
        self.warm_up
    }

    /// Steps after the warm-up in which the generators' learning rate rises.
    pub fn ramp(&self) -> u64 {
        self.ramp
    }

    /// Steps of the whole run, including polishing.
    pub fn total(&self) -> u64 {
        let batches = self.dataset.batches(self.config.batch_size);
        self.config.schedule.steps(batches).saturating_add(self.config.polish)
    }

    /// The epoch of the next step, counted from 1.
    pub fn epoch(&self) -> u64 {
        self.dataset.next_epoch()
    }

    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.is_trained() && self.polished() >= self.config.polish
    }

    /// Whether the schedule is over, and at most polishing is left.
    pub(super) fn is_trained(&self) -> bool {
        self.config.schedule.is_over(self.epoch(), self.step + 1)
    }

    /// Completed steps of polishing.
    pub fn polished(&self) -> u64 {
        self.polishing.as_ref().map_or(0, |polishing| polishing.steps)
    }

    /// The photos.
    pub fn dataset_mut(&mut self) -> &mut Dataset<S> {
        &mut self.dataset
    }

    /// Excludes photos that are too large for a step within these limits, if photos are used whole.
    pub fn keep_within(&mut self, kind: Kind, limits: &Limits) {
        if self.config.preprocess.mode == PreprocessMode::None {
            self.dataset.most_pixels = memory::most_pixels(&self.config, kind, limits);
        }
    }

    /// The generator from `domain` to the other one that is to be used: polished, if it has been.
    pub fn generator(&self, domain: Domain) -> &Generator {
        match &self.polishing {
            Some(polishing) => polishing.generator(domain),
            None => self.unpolished(domain),
        }
    }

    /// The same without polishing: the average of its weights if there is one ([`Config::ema`]).
    pub fn unpolished(&self, domain: Domain) -> &Generator {
        domain.pick([&self.gan.g_a, &self.gan.g_b]).result()
    }

    /// The networks in training, and the pools.
    pub fn gan(&self) -> &CycleGan {
        &self.gan
    }

    /// Changes the settings that may change during a run: the learning rate, the weights of the
    /// losses, and the length of polishing. Fails with `config-invalid`; nothing has changed then.
    pub fn change(&mut self, change: impl FnOnce(&mut Config)) -> Result<()> {
        let mut wanted = self.config;
        change(&mut wanted);
        let changed = Config {
            adam: Adam { learning_rate: wanted.adam.learning_rate, ..self.config.adam },
            lambda_a: wanted.lambda_a,
            lambda_b: wanted.lambda_b,
            lambda_identity: wanted.lambda_identity,
            polish: wanted.polish,
            ..self.config
        };
        if changed != wanted {
            let detail = "only lr, the lambdas and polish can be changed while a run goes on";
            return Err(Error::ConfigInvalid(detail.into()));
        }
        changed.validate()?;
        self.config = changed;
        Ok(())
    }

    /// Why the run can neither continue nor be saved, if that is so.
    pub fn ended(&self) -> Option<&Error> {
        self.ended.as_ref()
    }

    /// Queues each step anew, even where a graphics card could repeat a recorded one: the numbers
    /// are the same.
    pub fn never_repeat(&mut self) {
        self.plainly = true;
        self.repeater = Repeater::plain();
        let both = self.polishing.iter_mut().flat_map(|polishing| &mut polishing.both);
        both.for_each(Polish::never_repeat);
    }

    /// Whether steps now repeat a recorded one.
    pub fn repeats(&self) -> bool {
        match &self.polishing {
            Some(polishing) => polishing.both.iter().all(Polish::repeats),
            None => self.repeater.repeats(),
        }
    }

    /// The weights of one network, under PyTorch's names; for a generator, those of
    /// [`Trainer::generator`]. Fails as [`Readback::read`] does.
    pub async fn state(&self, role: Role) -> Result<StateDict> {
        match role {
            Role::GeneratorA => Readback::weights(self.generator(Domain::A)).await,
            Role::GeneratorB => Readback::weights(self.generator(Domain::B)).await,
            Role::DiscriminatorA => Readback::weights(&self.gan.d_a.network).await,
            Role::DiscriminatorB => Readback::weights(&self.gan.d_b.network).await,
        }
    }

    /// Sets one weight of the generator from A to B to NaN, as a fault would, to test what follows.
    pub fn poison(&mut self) {
        struct Poison(bool);
        impl Mapper for Poison {
            fn map<const D: usize>(&mut self, _: &str, tensor: Tensor<D>) -> Tensor<D> {
                if std::mem::replace(&mut self.0, true) { tensor } else { tensor * f32::NAN }
            }
        }
        self.gan.g_a.network = self.gan.g_a.network.map(&mut Poison(false));
        self.repeater.forget();
    }
}

/// A run keeps more memory for intermediate results than anything that may follow it, so the last
/// field of a trainer frees it.
pub(super) struct Reserved(Device);

impl Drop for Reserved {
    fn drop(&mut self) {
        ops::release(&self.0);
    }
}
