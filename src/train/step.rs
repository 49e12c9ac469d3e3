//! One step of CycleGAN (paper, section 3; `optimize_parameters` in PyTorch's
//! `models/cycle_gan_model.py`), in PyTorch's order: both generators learn together, then both
//! discriminators from the translations that were made before. It has two parts, each of which is
//! computed from pictures and weights alone, so that a [`Repeater`] can play it.
//!
//! The generators' loss is a sum, and so is its gradient: each direction, and each identity, is
//! taken backward as soon as it is known. That changes no number, and the activations of two
//! passes live at once instead of six. A discriminator judges real and translated pictures as one
//! batch where they are of one size: a normalisation knows only its own picture, so that changes no
//! number either.

use burn::tensor::{Device, Tensor};

use super::{
    Config, CycleLoss, Draw, ImagePool, Learner, Repeater, augment, learner::Sum, losses,
    repeater::Inputs,
};
use crate::{
    error::Result,
    model::{Discriminator, Generator, Network},
    ops::{self, Augmentation},
};

/// The four networks and the two image pools. Like a [`Network`] it cannot be cloned.
#[derive(Debug)]
pub struct CycleGan {
    /// Translates A to B; the paper's G.
    pub g_a: Learner<Generator>,
    /// Translates B to A; the paper's F.
    pub g_b: Learner<Generator>,
    /// Judges B, so what `g_a` makes; the paper's D_Y.
    pub d_a: Learner<Discriminator>,
    /// Judges A, so what `g_b` makes; the paper's D_X.
    pub d_b: Learner<Discriminator>,
    /// Older translations to A, one picture `[1, 3, H, W]` each.
    pub pool_a: ImagePool<Tensor<4>>,
    /// Older translations to B.
    pub pool_b: ImagePool<Tensor<4>>,
}

/// What chance decides in a step: a draw for each picture of the batch.
#[derive(Debug, Clone, Default)]
pub struct Draws {
    /// For the translations to B, which PyTorch draws first.
    pub b: Vec<Draw>,
    /// For the translations to A.
    pub a: Vec<Draw>,
    /// How pictures of A and of B are augmented in front of a discriminator, real ones and
    /// translations alike; none where they are not.
    pub augmentations: Option<[Vec<Augmentation>; 2]>,
}

impl Draws {
    fn augmentations(&self, device: &Device) -> Option<[Tensor<4>; 2]> {
        let upload = |drawn: &Vec<Augmentation>| augment::upload(drawn, device);
        self.augmentations.as_ref().map(|both| both.each_ref().map(upload))
    }
}

/// The learning rates of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Of both generators.
    pub generators: f64,
    /// Of both discriminators.
    pub discriminators: f64,
}

impl From<f64> for Rates {
    /// One rate for all four, as in the paper.
    fn from(rate: f64) -> Self {
        Self { generators: rate, discriminators: rate }
    }
}

/// The losses of a step, still on the device, by PyTorch's names; none for a term that is off.
#[derive(Debug, Clone, Default)]
pub struct LossTensors {
    /// Of the discriminator that judges B.
    pub d_a: Option<Tensor<1>>,
    /// Of the translations to B in that discriminator's eyes.
    pub g_a: Option<Tensor<1>>,
    /// Of A → B → A, times its weight.
    pub cycle_a: Option<Tensor<1>>,
    /// Of `g_a` on B, times its weight.
    pub idt_a: Option<Tensor<1>>,
    /// Of the discriminator that judges A.
    pub d_b: Option<Tensor<1>>,
    /// Of the translations to A in that discriminator's eyes.
    pub g_b: Option<Tensor<1>>,
    /// Of B → A → B, times its weight.
    pub cycle_b: Option<Tensor<1>>,
    /// Of `g_b` on A, times its weight.
    pub idt_b: Option<Tensor<1>>,
}

/// What [`CycleGan::generator_pass`] finds.
#[derive(Debug)]
pub struct GeneratorPass {
    /// Gradients of `g_a` and `g_b`.
    pub sums: [Sum; 2],
    /// The translations to A and to B, outside any graph.
    pub fakes: [Tensor<4>; 2],
    /// All but the discriminators'.
    pub losses: LossTensors,
}

/// What [`CycleGan::discriminator_pass`] finds.
#[derive(Debug)]
pub struct DiscriminatorPass {
    /// Gradients of `d_a` and `d_b`; none where their verdict teaches nobody.
    pub sums: [Sum; 2],
    /// The losses of `d_a` and `d_b`.
    pub losses: [Tensor<1>; 2],
}

impl CycleGan {
    /// Learns from `real_a` and `real_b`, `[B, 3, H, W]` in [-1, 1], at one learning rate or at
    /// two. A and B may differ in size, and both from the pictures in the pools.
    ///
    /// # Errors
    /// `gpu-lost`, `gpu-refused`, `out-of-memory`: the step is then done in part, or wrongly.
    pub fn step(
        &mut self,
        real_a: &Tensor<4>,
        real_b: &Tensor<4>,
        draws: &Draws,
        rates: impl Into<Rates>,
        config: &Config,
        repeater: &mut Repeater,
    ) -> Result<LossTensors> {
        let rates = rates.into();
        let real = [real_a, real_b].map(|real| ops::image(real.clone()));
        let (fakes, losses) = repeater.generators.play(
            self,
            Inputs { pictures: real.clone(), augmentations: draws.augmentations(&real_a.device()) },
            config,
            |gan, Inputs { pictures: [real_a, real_b], augmentations }| {
                gan.generator_pass(real_a, real_b, augmentations.as_ref(), config)
            },
            |gan, GeneratorPass { sums, fakes, losses }| {
                gan.learn_generators(sums, rates.generators, config);
                (fakes.clone().map(pictures), losses.clone().map(ops::snapshot))
            },
        )?;
        let [d_a, d_b] = self.judge(real, fakes, draws, rates.discriminators, config, repeater)?;
        Ok(LossTensors { d_a: Some(d_a), d_b: Some(d_b), ..losses })
    }

    /// A step in which the discriminators learn alone.
    ///
    /// # Errors
    /// `gpu-lost`, `gpu-refused`, `out-of-memory`: the step is then done in part, or wrongly.
    pub fn warm_up(
        &mut self,
        real_a: &Tensor<4>,
        real_b: &Tensor<4>,
        draws: &Draws,
        rate: f64,
        config: &Config,
        repeater: &mut Repeater,
    ) -> Result<LossTensors> {
        let real = [real_a, real_b].map(|real| ops::image(real.clone()));
        let fake_b = self.g_a.network.forward(real_a.clone());
        let fake_a = self.g_b.network.forward(real_b.clone());
        let fakes = [fake_a, fake_b].map(pictures);
        let [d_a, d_b] = self.judge(real, fakes, draws, rate, config, repeater)?;
        Ok(LossTensors { d_a: Some(d_a), d_b: Some(d_b), ..LossTensors::default() })
    }

    /// The part of a step in which the discriminators learn, from `real` A and B and new
    /// translations to A and to B: their losses.
    fn judge(
        &mut self,
        [real_a, real_b]: [Tensor<4>; 2],
        [fakes_a, fakes_b]: [Vec<Tensor<4>>; 2],
        draws: &Draws,
        rate: f64,
        config: &Config,
        repeater: &mut Repeater,
    ) -> Result<[Tensor<1>; 2]> {
        let shown_a = query(&mut self.pool_a, fakes_a, &draws.a);
        let shown_b = query(&mut self.pool_b, fakes_b, &draws.b);
        let augmentations = draws.augmentations(&real_a.device());
        repeater.discriminators.play(
            self,
            Inputs { pictures: [real_a, real_b, shown_a, shown_b], augmentations },
            config,
            |gan, Inputs { pictures: [real_a, real_b, shown_a, shown_b], augmentations }| {
                let augmentations = augmentations.as_ref();
                gan.discriminator_pass([real_a, real_b], [shown_a, shown_b], augmentations, config)
            },
            |gan, DiscriminatorPass { sums, losses }| {
                gan.learn_discriminators(sums, rate, config);
                losses.clone().map(ops::snapshot)
            },
        )
    }

    /// Networks, optimisers and pools as they are at this moment, however this one goes on to
    /// learn.
    pub fn snapshot(&self) -> Self {
        Self {
            g_a: self.g_a.snapshot(),
            g_b: self.g_b.snapshot(),
            d_a: self.d_a.snapshot(),
            d_b: self.d_b.snapshot(),
            // Nothing is written into pictures that are kept.
            pool_a: self.pool_a.clone(),
            pool_b: self.pool_b.clone(),
        }
    }

    /// The generators' losses and gradients, term by term. Nothing has learned yet. What is judged of
    /// A and of B is first augmented, if anything was drawn for that.
    pub fn generator_pass(
        &self,
        real_a: &Tensor<4>,
        real_b: &Tensor<4>,
        augmentations: Option<&[Tensor<4>; 2]>,
        config: &Config,
    ) -> GeneratorPass {
        let (mut sum_a, mut sum_b) = (Sum::default(), Sum::default());
        let (g_a, g_b) = (self.g_a.network.learning(), self.g_b.network.learning());
        let (d_a, d_b) = (self.d_a.network.fixed(), self.d_b.network.fixed());
        let [of_a, of_b] = apart(augmentations);
        let (d_a, d_b) = (
            Judge { network: &d_a, augmentation: of_b },
            Judge { network: &d_b, augmentation: of_a },
        );

        let cycle = config.terms.cycle_forward.then_some(config.lambda_a);
        let forward = direction([&g_a, &g_b], [&d_a, &d_b], real_a, cycle, config);
        let forward = forward.backward([(&g_a, &mut sum_a), (&g_b, &mut sum_b)]);
        let cycle = config.terms.cycle_backward.then_some(config.lambda_b);
        let backward = direction([&g_b, &g_a], [&d_b, &d_a], real_b, cycle, config);
        let backward = backward.backward([(&g_b, &mut sum_b), (&g_a, &mut sum_a)]);
        let idt_a = identity(&g_a, real_b, config.lambda_b * config.lambda_identity, &mut sum_a);
        let idt_b = identity(&g_b, real_a, config.lambda_a * config.lambda_identity, &mut sum_b);
        GeneratorPass {
            sums: [sum_a, sum_b],
            fakes: [backward.translated, forward.translated],
            losses: LossTensors {
                g_a: forward.adversarial,
                cycle_a: forward.cycle,
                idt_a,
                g_b: backward.adversarial,
                cycle_b: backward.cycle,
                idt_b,
                ..LossTensors::default()
            },
        }
    }

    /// What the discriminators learn from `real` A and B and from `shown` translations to A and to
    /// B, augmented if anything was drawn for that. Nothing has learned yet.
    pub fn discriminator_pass(
        &self,
        [real_a, real_b]: [&Tensor<4>; 2],
        [shown_a, shown_b]: [&Tensor<4>; 2],
        augmentations: Option<&[Tensor<4>; 2]>,
        config: &Config,
    ) -> DiscriminatorPass {
        let [of_a, of_b] = apart(augmentations);
        let (sum_a, loss_a) = judge(&self.d_a.network, [real_b, shown_b], of_b, config);
        let (sum_b, loss_b) = judge(&self.d_b.network, [real_a, shown_a], of_a, config);
        DiscriminatorPass { sums: [sum_a, sum_b], losses: [loss_a, loss_b] }
    }

    /// Both generators learn from their gradients, and their averages follow.
    pub fn learn_generators(&mut self, [a, b]: &[Sum; 2], rate: f64, config: &Config) {
        self.g_a.update_averaged(a, rate, &config.adam, config.ema);
        self.g_b.update_averaged(b, rate, &config.adam, config.ema);
    }

    /// Both discriminators learn from their gradients, if their verdict teaches anybody.
    pub fn learn_discriminators(&mut self, [a, b]: &[Sum; 2], rate: f64, config: &Config) {
        if config.terms.are_judged() {
            self.d_a.update(a, rate, &config.adam);
            self.d_b.update(b, rate, &config.adam);
        }
    }
}

/// What a direction brings: the translation and the losses that hang on it.
struct Direction {
    translated: Tensor<4>,
    adversarial: Option<Tensor<1>>,
    cycle: Option<Tensor<1>>,
}

/// A discriminator, fixed, and how what it judges is augmented.
struct Judge<'a> {
    network: &'a Discriminator,
    augmentation: Option<&'a Tensor<4>>,
}

impl Judge<'_> {
    fn forward(&self, picture: Tensor<4>) -> Tensor<4> {
        let draws = self.augmentation.map(|draws| draws.clone().autodiff());
        self.network.forward(augmented(picture, draws.as_ref()))
    }
}

/// One way there and back: `there` translates `real` and `back` returns it; `judges` know the
/// target's domain and the original's.
fn direction(
    [there, back]: [&Generator; 2],
    judges: [&Judge<'_>; 2],
    real: &Tensor<4>,
    cycle: Option<f64>,
    config: &Config,
) -> Direction {
    let real = real.clone().autodiff();
    let translated = there.forward(real.clone());
    let verdict = |judge: &Judge, picture: &Tensor<4>, weight| {
        losses::gan(judge.forward(picture.clone()), true, config.gan_loss, weight)
    };
    let adversarial = config.terms.adversarial.then(|| verdict(judges[0], &translated, 1.0));
    let cycle = cycle.map(|weight| {
        let returned = back.forward(translated.clone());
        match config.terms.cycle_loss {
            CycleLoss::L1 => losses::l1(returned, real, weight),
            CycleLoss::Adversarial => verdict(judges[1], &returned, weight),
        }
    });
    Direction { translated, adversarial, cycle }
}

impl Direction {
    /// Adds the gradients of its losses; what it returns is outside the graph, which ends here.
    fn backward(self, networks: [(&Generator, &mut Sum); 2]) -> Self {
        let Self { translated, adversarial, cycle } = self;
        let total = match (adversarial.clone(), cycle.clone()) {
            (Some(adversarial), Some(cycle)) => Some(adversarial + cycle),
            (one, other) => one.or(other),
        };
        if let Some(total) = total {
            let mut gradients = total.backward();
            for (network, sum) in networks {
                sum.add(network, &mut gradients);
            }
        }
        let [adversarial, cycle] = [adversarial, cycle].map(|loss| loss.map(Tensor::inner));
        Self { translated: translated.inner(), adversarial, cycle }
    }
}

/// A generator shall leave alone what already has the target's look (paper, section 5.2).
fn identity(
    generator: &Generator,
    real: &Tensor<4>,
    weight: f64,
    sum: &mut Sum,
) -> Option<Tensor<1>> {
    if weight == 0.0 {
        return None;
    }
    let real = real.clone().autodiff();
    let loss = losses::l1(generator.forward(real.clone()), real, weight);
    sum.add(generator, &mut loss.backward());
    Some(loss.inner())
}

/// What was drawn for pictures of A and of B.
fn apart(augmentations: Option<&[Tensor<4>; 2]>) -> [Option<&Tensor<4>>; 2] {
    augmentations.map_or([None; 2], |both| both.each_ref().map(Some))
}

/// The pictures as a discriminator is shown them.
fn augmented(pictures: Tensor<4>, augmentation: Option<&Tensor<4>>) -> Tensor<4> {
    match augmentation {
        Some(draws) => ops::augment(pictures, draws.clone()),
        None => pictures,
    }
}

/// What one discriminator answers to `real` and `translated` pictures, and the gradients of its
/// loss if its verdict teaches anybody. Both are augmented alike.
fn judge(
    network: &Discriminator,
    [real, translated]: [&Tensor<4>; 2],
    augmentation: Option<&Tensor<4>>,
    config: &Config,
) -> (Sum, Tensor<1>) {
    let learning = config.terms.are_judged().then(|| network.learning());
    let answers = |pictures: Tensor<4>| {
        let pictures = augmented(pictures, augmentation);
        match &learning {
            Some(network) => network.forward(pictures.autodiff()),
            None => network.forward(pictures),
        }
    };
    let (real, translated, kind) = (real.clone(), translated.clone(), config.gan_loss);
    let loss = if real.dims() == translated.dims() {
        losses::discriminator(answers(ops::join(real, translated)), kind)
    } else {
        losses::gan(answers(real), true, kind, 0.5)
            + losses::gan(answers(translated), false, kind, 0.5)
    };
    let mut sum = Sum::default();
    let Some(network) = &learning else { return (sum, loss) };
    sum.add(network, &mut loss.backward());
    (sum, loss.inner())
}

/// The pictures of a batch as they are at this moment, each `[1, 3, H, W]`.
fn pictures(batch: Tensor<4>) -> Vec<Tensor<4>> {
    batch.split(1, 0).into_iter().map(ops::snapshot).collect()
}

/// Passes each picture of a batch through the pool.
fn query(pool: &mut ImagePool<Tensor<4>>, batch: Vec<Tensor<4>>, draws: &[Draw]) -> Tensor<4> {
    let shown = batch.into_iter().zip(draws).map(|(picture, draw)| pool.query(picture, *draw));
    Tensor::cat(shown.collect(), 0)
}
