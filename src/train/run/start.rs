//! How a run starts: from random weights, or from trained ones.

use burn::tensor::Device;

use super::trainer::Trainer;
use crate::{
    choice::Choice as _,
    error::{Error, Result},
    model::{Discriminator, Generator},
    random::Random,
    train::{
        config::{Config, MissingGenerator, Rule, Schedule, trains},
        data::{Dataset, Source},
        image_pool::ImagePool,
        learner::Learner,
        networks::CycleGan,
    },
    weights::{Architecture, StateDict},
};

/// The initial weights of a run; missing ones are drawn at random, or copied (see
/// [`MissingGenerator`]).
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The generator from A to B, as returned by [`crate::weights::generator_from`].
    pub g_a: Option<(Architecture, StateDict)>,
    /// The generator from B to A.
    pub g_b: Option<(Architecture, StateDict)>,
    /// The discriminator of B and its `ndf`, as from [`crate::weights::discriminator_from`].
    pub d_a: Option<(usize, StateDict)>,
    /// The discriminator of A.
    pub d_b: Option<(usize, StateDict)>,
}

impl Start {
    /// `config` with the width, depth and variants of these networks. Fails with `weights-differ`
    /// when the two discriminators differ in width, `weights-only-translate` for generators that
    /// cannot be trained.
    pub fn applied_to(&self, mut config: Config) -> Result<Config> {
        for (architecture, _) in [&self.g_a, &self.g_b].into_iter().flatten() {
            trains(architecture)?;
        }
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

impl<S: Source> Trainer<S> {
    /// A new run. Given weights determine the generators' width and depth. Fails with
    /// `config-invalid`, also for a run that ends before its generators learn anything;
    /// `weights-wrong-shape` and `weights-missing-tensor` for weights that were not checked.
    pub fn new(config: Config, start: Start, dataset: Dataset<S>, device: &Device) -> Result<Self> {
        let config = start.applied_to(config)?;
        config.validate()?;
        // Trained generators, whose first updates should be small, and an untrained discriminator.
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
        let Config { ndf, discriminator_padding, init, .. } = config;
        let discriminator = |start: Option<(usize, StateDict)>, seed| match start {
            Some((_, state)) => {
                Discriminator::from_state(ndf, discriminator_padding, state, device)
            }
            None => Discriminator::random(ndf, discriminator_padding, init, seed, device),
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
}

/// Refuses a run whose generators would never be trained: it ends before step `warm_up`, or has the
/// rate 0 from there on. `step` steps are done. Fails with `config-invalid`.
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
