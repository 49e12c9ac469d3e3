//! A training run: a pump. [`Trainer::train_steps`] does some steps and says what happened; to
//! pause is not to call it, and dropping the trainer frees everything.

use burn::tensor::{Device, Tensor};
use web_time::Instant;

use super::{
    Batch, Choice as _, Config, CycleGan, Dataset, Domain, Draw, Draws, ImagePool, Learner,
    MissingGenerator, PreprocessMode, Rule, Schedule, Source,
    finite::{Weights, check},
    memory,
    networks::{Rates, upload},
    polish::Polish,
    polishing::Polishing,
    repeater::Repeater,
    report::{Distances, Losses, StepReport},
};
use crate::{
    device::{Kind, Limits, is_cpu},
    error::{Error, Result},
    model::{Discriminator, Generator, Mapper, Network as _, Readback},
    ops,
    random::Random,
    weights::{Architecture, StateDict},
};

/// The weights that a run starts from; what is missing is drawn at random, or copied (see
/// [`MissingGenerator`]).
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The generator from A to B, as [`crate::weights::generator_from`] gives it.
    pub g_a: Option<(Architecture, StateDict)>,
    /// The generator from B to A.
    pub g_b: Option<(Architecture, StateDict)>,
    /// The discriminator of B, with its `ndf`, as [`crate::weights::discriminator_from`] gives it.
    pub d_a: Option<(usize, StateDict)>,
    /// The discriminator of A.
    pub d_b: Option<(usize, StateDict)>,
}

impl Start {
    /// `config` with these networks' width, depth and kind.
    ///
    /// # Errors
    /// `weights-differ` when the two discriminators differ in width.
    pub fn applied_to(&self, mut config: Config) -> Result<Config> {
        if let Some((architecture, _)) = self.g_a.as_ref().or(self.g_b.as_ref()) {
            config = config.with_architecture(*architecture);
        }
        let [a, b] = [&self.d_a, &self.d_b].map(|given| given.as_ref().map(|(ndf, _)| *ndf));
        if let (Some(a), Some(b)) = (a, b)
            && a != b
        {
            let detail = format!("the discriminator D_A has ndf {a}, but D_B has ndf {b}");
            return Err(Error::WeightsDiffer(detail));
        }
        config.ndf = a.or(b).unwrap_or(config.ndf);
        Ok(config)
    }
}

/// One of the four networks, named as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Translates A to B.
    GeneratorA,
    /// Translates B to A.
    GeneratorB,
    /// Judges B.
    DiscriminatorA,
    /// Judges A.
    DiscriminatorB,
}

/// A step, and its losses by their names, still on the device.
pub(super) type Step = (StepReport, Vec<(&'static str, Tensor<1>)>);

/// A run of CycleGAN on two sets of photos.
pub struct Trainer<S> {
    pub(super) config: Config,
    pub(super) gan: CycleGan,
    pub(super) dataset: Dataset<S>,
    /// Decides what comes out of the image pools.
    pub(super) chance: Random,
    pub(super) step: u64,
    pub(super) images: u64,
    /// Steps at the beginning in which only the discriminators learn.
    pub(super) warm_up: u64,
    /// Steps behind those in which the generators' learning rate rises.
    pub(super) ramp: u64,
    /// The last phase, once it has begun.
    pub(super) polishing: Option<Polishing>,
    pub(super) device: Device,
    /// Does the steps.
    pub(super) repeater: Repeater,
    /// Queues each step anew.
    pub(super) plainly: bool,
    /// Why it cannot go on.
    pub(super) ended: Option<Error>,
    /// Dropped behind all tensors.
    _kept: Kept,
}

impl<S: Source> Trainer<S> {
    /// A new run. Width and depth of the generators are those of the weights that are given.
    ///
    /// # Errors
    /// `config-invalid`, also for a run that ends before its generators learn anything;
    /// `weights-wrong-shape` and `weights-missing-tensor` for weights that were not checked.
    pub fn new(config: Config, start: Start, dataset: Dataset<S>, device: &Device) -> Result<Self> {
        let config = start.applied_to(config)?;
        config.validate()?;
        // Generators that know something, whose first updates are to be short, and a discriminator
        // that knows nothing.
        let knows = start.g_a.is_some() || start.g_b.is_some();
        let warms = knows && (start.d_a.is_none() || start.d_b.is_none());
        let warm_up = if warms { config.warm_up } else { 0 };
        let ramp = if knows { config.lr_ramp } else { 0 };
        reaches_the_generators(warm_up, 0, &config, &dataset)?;

        let mut seeds = Random::new(config.seed);
        let [seed_a, seed_b, seed_d_a, seed_d_b, seed_pools] =
            std::array::from_fn(|_| seeds.bits());
        let (g_a, g_b) = (start.g_a.as_ref(), start.g_b.as_ref());
        let copies = config.missing_generator == MissingGenerator::Copy;
        let other = |own, other| if copies { Option::or(own, other) } else { own };
        let generator = |start: Option<&(Architecture, StateDict)>, seed| match start {
            Some((architecture, state)) => {
                Generator::from_state(*architecture, state.clone(), device)
            }
            None => Generator::random(config.architecture(), config.init, seed, device),
        };
        let discriminator = |start: Option<(usize, StateDict)>, seed| {
            let Config { ndf, discriminator_padding, .. } = config;
            let state = start.map_or_else(
                || config.init.state(&Discriminator::tensors(ndf), seed),
                |(_, state)| state,
            );
            Discriminator::from_state(ndf, discriminator_padding, state, device)
        };
        let gan = CycleGan {
            g_a: Learner::new(generator(other(g_a, g_b), seed_a)?),
            g_b: Learner::new(generator(other(g_b, g_a), seed_b)?),
            d_a: Learner::new(discriminator(start.d_a, seed_d_a)?),
            d_b: Learner::new(discriminator(start.d_b, seed_d_b)?),
            pool_a: ImagePool::new(config.pool_size),
            pool_b: ImagePool::new(config.pool_size),
        };
        let mut trainer = Self::of(config, gan, dataset, device);
        (trainer.chance, trainer.warm_up, trainer.ramp) = (Random::new(seed_pools), warm_up, ramp);
        Ok(trainer)
    }

    /// A run at its beginning, without a warm-up.
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
            _kept: Kept(device.clone()),
        }
    }

    /// What decides the run. Width and depth are those of the generators.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Steps done, those of the warm-up among them.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Steps in which the discriminators learn alone.
    pub fn warm_up(&self) -> u64 {
        self.warm_up
    }

    /// Steps behind the warm-up in which the generators' learning rate rises.
    pub fn ramp(&self) -> u64 {
        self.ramp
    }

    /// Steps of the whole run, those of polishing among them.
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

    /// The photos.
    pub fn dataset_mut(&mut self) -> &mut Dataset<S> {
        &mut self.dataset
    }

    /// Leaves out photos that are so large that these limits do not hold a step on them, where they
    /// are learnt from as a whole.
    pub fn keep_within(&mut self, kind: Kind, limits: &Limits) {
        if self.config.preprocess.mode == PreprocessMode::None {
            self.dataset.most_pixels = memory::most_pixels(&self.config, kind, limits);
        }
    }

    /// The generator from `domain` to the other one, as it is to be used: once it has been polished,
    /// that one.
    pub fn generator(&self, domain: Domain) -> &Generator {
        match &self.polishing {
            Some(polishing) => polishing.generator(domain),
            None => self.unpolished(domain),
        }
    }

    /// The same without polish: the average of its weights where one is kept ([`Config::ema`]).
    pub fn unpolished(&self, domain: Domain) -> &Generator {
        match domain {
            Domain::A => self.gan.g_a.result(),
            Domain::B => self.gan.g_b.result(),
        }
    }

    /// The networks as they learn, and the pools.
    pub fn gan(&self) -> &CycleGan {
        &self.gan
    }

    /// Changes what may be changed on the way: the learning rate, the weights of the losses, and how
    /// long is polished.
    ///
    /// # Errors
    /// `config-invalid`; nothing has changed then.
    pub fn change(&mut self, change: impl FnOnce(&mut Config)) -> Result<()> {
        let mut wanted = self.config;
        change(&mut wanted);
        let changed = Config {
            adam: super::Adam { learning_rate: wanted.adam.learning_rate, ..self.config.adam },
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

    /// Does `n` steps, or as many as are left. All losses are read back in one transaction; on the
    /// CPU, where reading costs nothing, after each step. Fewer come back when the next step fails:
    /// the next call says why.
    ///
    /// # Errors
    /// `training-not-finite` at the first step with a loss or a weight that is not finite, and
    /// `gpu-lost`, `gpu-refused` and `out-of-memory`, behind which a step may be done in part: the
    /// trainer is of no more use then, and a run goes on from its last checkpoint. Behind any other
    /// error it stands where it stood, can be saved, and goes on: `dataset-empty` while no photo of
    /// a set can be read, `engine-usage` for pictures that do not fit the networks.
    pub async fn train_steps(&mut self, n: usize) -> Result<Vec<StepReport>> {
        if let Some(ended) = &self.ended {
            return Err(ended.clone());
        }
        let at_once = if is_cpu(&self.device) { 1 } else { n };
        let mut reports = Vec::new();
        while reports.len() < n && !self.is_over() {
            match self.together(at_once.min(n - reports.len())).await {
                Ok(some) => reports.extend(some),
                Err(error) if ends_a_run(&error) => {
                    self.ended = Some(error.clone());
                    return Err(error);
                }
                Err(error) if reports.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(reports)
    }

    /// Why the run can neither go on nor be saved, if that is so.
    pub fn ended(&self) -> Option<&Error> {
        self.ended.as_ref()
    }

    /// Steps that are read back together.
    async fn together(&mut self, n: usize) -> Result<Vec<StepReport>> {
        let started = Instant::now();
        let (mut reports, mut readback) = (Vec::new(), Readback::default());
        for index in 0..n {
            if self.is_over() {
                break;
            }
            let (report, losses) = match self.one() {
                Ok(done) => done,
                // What was done before is worth as much as ever.
                Err(error) if index > 0 && !ends_a_run(&error) => break,
                Err(error) => return Err(error),
            };
            reports.push(report);
            for (name, loss) in losses {
                readback.tensor(format!("{index}.{name}"), loss);
            }
        }
        let weights = Weights::check(&self.gan, self.polishing.as_ref(), &mut readback);
        let state = readback.read().await?;
        let seconds = started.elapsed().as_secs_f64() / reports.len().max(1) as f64;
        for (index, report) in reports.iter_mut().enumerate() {
            report.seconds = seconds;
            let prefix = format!("{index}.");
            report.losses = Losses::from_state(&prefix, &state);
            report.distances = Distances::from_state(&prefix, &state);
        }
        check(&reports, weights.wrong(&state))?;
        for report in reports.iter().filter(|report| report.polishing) {
            self.polishing.iter_mut().for_each(|polishing| polishing.note(&report.distances));
        }
        Ok(reports)
    }

    /// One step, its losses still on the device. One that fails has not been.
    fn one(&mut self) -> Result<Step> {
        let (step, images, chance) = (self.step, self.images, self.chance.state());
        let place = self.dataset.state();
        let done = if self.is_trained() { self.polish() } else { self.try_one() };
        if done.is_err() {
            (self.step, self.images, self.chance) = (step, images, Random::from_state(chance));
            self.dataset.restore(&place)?;
        }
        done
    }

    fn try_one(&mut self) -> Result<Step> {
        let batch = self.dataset.next_batch(self.config.batch_size)?;
        let count = batch.pairs.len();
        for side in [&batch.a, &batch.b].iter().flat_map(|tensor| tensor.shape.iter().skip(2)) {
            Discriminator::answers(*side, self.config.discriminator_padding)?;
        }
        // A run that goes on behind its polish is polished again.
        self.polishing = None;
        self.step += 1;
        self.images += count as u64;
        let Batch { a, b, epoch, skipped, .. } = batch;
        let size = self.config.pool_size;
        let mut draw = || (0..count).map(|_| Draw::new(size, &mut self.chance)).collect();
        // The order of the fields is PyTorch's.
        let mut draws = Draws { b: draw(), a: draw(), ..Draws::default() };
        let policy = self.config.augment;
        if !policy.is_none() {
            draws.augmentations = Some([0; 2].map(|_| policy.draw(count, &mut self.chance)));
        }
        let multiplier = self.config.schedule.multiplier(epoch, self.step);
        let learning_rate = self.config.adam.learning_rate * multiplier;
        let warming_up = self.step <= self.warm_up;
        let generator_rate = learning_rate * self.risen();
        let (gan, config, device) = (&mut self.gan, &self.config, &self.device);
        let [a, b] = [a, b].map(|real| upload(real, device));
        let losses = if warming_up {
            gan.warm_up(&a, &b, &draws, learning_rate, config, &mut self.repeater)?
        } else {
            let rates = Rates { generators: generator_rate, discriminators: learning_rate };
            gan.step(&a, &b, &draws, rates, config, &mut self.repeater)?
        };
        let report = StepReport {
            step: self.step,
            epoch,
            learning_rate,
            generator_rate,
            warming_up,
            polishing: false,
            distances: Distances::default(),
            losses: Losses::default(),
            seconds: 0.0,
            images: self.images,
            skipped,
        };
        Ok((report, losses.named().collect()))
    }

    /// The part of the learning rate that the generators have in this step: 0 in the warm-up, then
    /// rising to 1.
    fn risen(&self) -> f64 {
        let behind = self.step.saturating_sub(self.warm_up);
        (behind as f64 / self.ramp.max(1) as f64).min(1.0)
    }

    /// Queues each step anew, also where a graphics card could repeat a recorded one: the numbers
    /// are the same.
    pub fn never_repeat(&mut self) {
        self.plainly = true;
        self.repeater = Repeater::plain();
        let both = self.polishing.iter_mut().flat_map(|polishing| &mut polishing.both);
        both.for_each(Polish::never_repeat);
    }

    /// Whether steps are repetitions of a recorded one by now.
    pub fn repeats(&self) -> bool {
        match &self.polishing {
            Some(polishing) => polishing.both.iter().all(Polish::repeats),
            None => self.repeater.repeats(),
        }
    }

    /// The weights of one network, under PyTorch's names; of a generator those that
    /// [`Trainer::generator`] has.
    ///
    /// # Errors
    /// Those of [`Readback::read`].
    pub async fn state(&self, network: Network) -> Result<StateDict> {
        match network {
            Network::GeneratorA => Readback::weights(self.generator(Domain::A)).await,
            Network::GeneratorB => Readback::weights(self.generator(Domain::B)).await,
            Network::DiscriminatorA => Readback::weights(&self.gan.d_a.network).await,
            Network::DiscriminatorB => Readback::weights(&self.gan.d_b.network).await,
        }
    }

    /// Makes one weight of the generator from A to B not a number, as a fault would: so that what
    /// follows from it can be tried.
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

/// Refuses a run whose generators would never move: it ends before step `warm_up` does, or has the
/// rate 0 from there on. `step` steps are done.
///
/// # Errors
/// `config-invalid`.
pub(super) fn reaches_the_generators<S: Source>(
    warm_up: u64,
    step: u64,
    config: &Config,
    dataset: &Dataset<S>,
) -> Result<()> {
    let (first, Schedule { rule, unit, .. }) = (warm_up + 1, config.schedule);
    let Some(ahead) = first.checked_sub(step).filter(|ahead| *ahead > 0) else { return Ok(()) };
    let epoch = dataset.epoch_ahead(ahead, config.batch_size);
    if config.schedule.multiplier(epoch, first) > 0.0 {
        return Ok(());
    }
    let (total, unit) = (config.schedule.total(), unit.name());
    let batches = dataset.batches(config.batch_size);
    let zero = match rule {
        Rule::Paper => "",
        Rule::PyTorch => ", the last of them at rate 0",
    };
    Err(Error::ConfigInvalid(format!(
        "warm_up is {warm_up} steps, but the run has only {total} {unit}{zero} (an epoch is \
         {batches} steps): the generators would learn nothing"
    )))
}

/// Whether nothing good is left behind this error: weights that are none, a device that took them
/// along, or one that has done only a part of a step.
fn ends_a_run(error: &Error) -> bool {
    use Error::{GpuLost, GpuRefused, OutOfMemory, TrainingNotFinite};
    matches!(error, TrainingNotFinite(_) | GpuLost(_) | GpuRefused(_) | OutOfMemory(_))
}

/// A run keeps more memory for intermediate results than anything that may follow it: the last
/// field of a trainer gives it back.
pub(super) struct Kept(Device);

impl Drop for Kept {
    fn drop(&mut self) {
        ops::release(&self.0);
    }
}
