//! What a step computes before any update: both generators' losses and gradients, and both
//! discriminators' (`backward_G`, `backward_D_basic` in PyTorch's `models/cycle_gan_model.py`).
//!
//! The generators' loss is a sum, and so is its gradient: the backward pass of each direction and
//! each identity follows immediately. That changes no number, and the activations of only two
//! passes are alive at once instead of six. A discriminator judges real and translated pictures of
//! one size as one batch; normalisation works per picture, so that changes no number either.

use burn::tensor::Tensor;

use super::{
    config::{Config, CycleLoss},
    learner::Sum,
    losses,
    networks::{CycleGan, LossTensors},
};
use crate::{
    model::{Discriminator, Generator, Network as _},
    ops,
};

/// The result of [`CycleGan::generator_pass`].
#[derive(Debug)]
pub struct GeneratorPass {
    /// Gradients of `g_a` and `g_b`.
    pub sums: [Sum; 2],
    /// The translations to A and to B, outside any graph.
    pub fakes: [Tensor<4>; 2],
    /// All losses except the discriminators'.
    pub losses: LossTensors,
}

/// The result of [`CycleGan::discriminator_pass`].
#[derive(Debug)]
pub struct DiscriminatorPass {
    /// Gradients of `d_a` and `d_b`; empty if their verdict is not used.
    pub sums: [Sum; 2],
    /// The losses of `d_a` and `d_b`.
    pub losses: [Tensor<1>; 2],
}

impl CycleGan {
    /// The generators' losses and gradients, term by term, before any update. Pictures of A and of
    /// B are augmented before they are judged, if anything was drawn for that.
    pub fn generator_pass(
        &self,
        real_a: &Tensor<4>,
        real_b: &Tensor<4>,
        augmentations: Option<&[Tensor<4>; 2]>,
        config: &Config,
    ) -> GeneratorPass {
        let (mut sum_a, mut sum_b) = (Sum::default(), Sum::default());
        let (g_a, g_b) = (self.g_a.network.learning(), self.g_b.network.learning());
        let [of_a, of_b] = apart(augmentations);
        let d_a = Judge { network: self.d_a.network.fixed(), augmentation: of_b };
        let d_b = Judge { network: self.d_b.network.fixed(), augmentation: of_a };

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

    /// The discriminators' losses and gradients on `real` A and B and on `shown` translations to A
    /// and to B, augmented if anything was drawn for that, before any update.
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
}

/// The result of one direction: the translation and its losses.
struct Direction {
    translated: Tensor<4>,
    adversarial: Option<Tensor<1>>,
    cycle: Option<Tensor<1>>,
}

/// A discriminator, fixed, and the augmentation of what it judges.
struct Judge<'a> {
    network: Discriminator,
    augmentation: Option<&'a Tensor<4>>,
}

impl Judge<'_> {
    fn forward(&self, picture: Tensor<4>) -> Tensor<4> {
        let draws = self.augmentation.map(|draws| draws.clone().autodiff());
        self.network.forward(augmented(picture, draws.as_ref()))
    }
}

/// One round trip: `there` translates `real` and `back` translates it back; `judges` are those of
/// the target's domain and of the original's.
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
    /// Adds the gradients of its losses; the graph ends here, so its results are outside of it.
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

/// A generator should not change a picture that already has the target's look (paper, section 5.2).
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

/// The numbers drawn for pictures of A and of B.
fn apart(augmentations: Option<&[Tensor<4>; 2]>) -> [Option<&Tensor<4>>; 2] {
    augmentations.map_or([None; 2], |both| both.each_ref().map(Some))
}

/// The pictures as a discriminator sees them.
fn augmented(pictures: Tensor<4>, augmentation: Option<&Tensor<4>>) -> Tensor<4> {
    match augmentation {
        Some(draws) => ops::augment(pictures, draws.clone()),
        None => pictures,
    }
}

/// A discriminator's loss on `real` and `translated` pictures, augmented alike, and its gradients
/// if its verdict is used.
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
