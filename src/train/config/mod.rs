//! Everything that determines a training run, with the paper's values as defaults.
//!
//! Two runs with the same configuration, photos and device are identical. Names and defaults are
//! PyTorch's (`options/` and `models/cycle_gan_model.py` of pytorch-CycleGAN-and-pix2pix, where
//! `G_A` translates A to B and `D_A` judges B), but the learning rate follows the paper's code.

mod check;
mod schedule;
mod terms;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{augment::Policy, data::Preprocess};
use crate::{
    choice::Choice,
    error::{Error, Result},
    json::{self, choice, fraction},
    model::Init,
    weights::{Architecture, Norm, Up},
};

pub use check::trains;
pub use schedule::{Rule, Schedule, Unit};
pub use terms::{Ablation, CycleLoss, GanLoss, Terms};

/// Most residual blocks: the header of a checkpoint with four networks and their optimisers is then
/// still short enough to read ([`crate::weights::safetensors::LONGEST_HEADER`]).
pub const MOST_BLOCKS: usize = 32;

/// Most translations in a pool: 750 MiB at 256 pixels.
pub const MOST_POOLED: usize = 1000;

/// The optimiser's constants, the same for all four networks (paper, section 4 and appendix 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Adam {
    /// Learning rate before the [`Schedule`]: 2e-4 (`--lr`).
    #[serde(rename = "lr", deserialize_with = "fraction")]
    pub learning_rate: f64,
    /// Decay of the mean: 0.5 (`--beta1`).
    #[serde(deserialize_with = "fraction")]
    pub beta1: f64,
    /// Decay of the mean square: 0.999.
    #[serde(deserialize_with = "fraction")]
    pub beta2: f64,
    /// Added to the root of the mean square: 1e-8, `torch.optim.Adam`'s.
    #[serde(rename = "eps", deserialize_with = "fraction")]
    pub epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { learning_rate: 2e-4, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 }
    }
}

/// How to get the missing generator when a run starts from only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum MissingGenerator {
    /// As a copy of the other. Both turn photos into photos, so most of what one has learnt is
    /// useful to the other.
    #[default]
    Copy,
    /// With random weights.
    Scratch,
}

impl Choice for MissingGenerator {}

/// A training run, except for its photos and initial weights.
///
/// Plain data: [`Config::validate`] says whether it can be run. As JSON it is one flat object with
/// the field names of PyTorch's options.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Config {
    /// Channels after a generator's first convolution: 64 (appendix 7.2; `--ngf`).
    pub ngf: usize,
    /// Channels after a discriminator's first convolution: 64 (appendix 7.2; `--ndf`).
    pub ndf: usize,
    /// Residual blocks of a generator: 9, for crops of 256 pixels and more; the paper takes 6 for
    /// 128 (appendix 7.2; `--netG resnet_9blocks`).
    pub blocks: usize,
    /// How a generator doubles an image's sides: with transposed convolutions. PyTorch's authors
    /// recommend bilinear upsampling against checkerboards.
    #[serde(deserialize_with = "choice")]
    pub up: Up,
    /// Whether a generator's normalisations have weights and biases, as in the paper's own code:
    /// no, as in PyTorch's.
    #[serde(deserialize_with = "choice")]
    pub norm: Norm,
    /// Width of the zeros around each of a discriminator's layers: 1 as in PyTorch, or 2 as in the
    /// paper's own code. The weights have the same shapes.
    pub discriminator_padding: usize,
    /// Weight of the cycle A → B → A: 10 (section 4; `--lambda_A`).
    #[serde(rename = "lambda_A", deserialize_with = "fraction")]
    pub lambda_a: f64,
    /// Weight of the cycle B → A → B: 10 (section 4; `--lambda_B`).
    #[serde(rename = "lambda_B", deserialize_with = "fraction")]
    pub lambda_b: f64,
    /// Weight of the identity loss, relative to the cycle's: 0.5 (section 5.2;
    /// `--lambda_identity`). `G_A` on B has the weight `lambda_b · lambda_identity`, `G_B` on A
    /// `lambda_a · lambda_identity`; at 0 they are not computed.
    #[serde(deserialize_with = "fraction")]
    pub lambda_identity: f64,
    /// How a discriminator's answers become a loss: least squares (section 4; `--gan_mode`).
    #[serde(rename = "gan_mode", deserialize_with = "choice")]
    pub gan_loss: GanLoss,
    /// Which losses train the generators: all (section 3.3).
    #[serde(flatten)]
    pub terms: Terms,
    /// Translations that each discriminator's image pool keeps: 50 (section 4; `--pool_size`).
    pub pool_size: usize,
    /// How to augment what the discriminators see, so that they do not learn few photos by heart
    /// (arXiv 2006.10738): not at all.
    #[serde(rename = "diff_augment")]
    pub augment: Policy,
    /// The optimiser.
    #[serde(flatten)]
    pub adam: Adam,
    /// Length of the run, and its learning rate over time.
    #[serde(flatten)]
    pub schedule: Schedule,
    /// Pairs per step: 1 (appendix 7.1; `--batch_size`).
    pub batch_size: usize,
    /// How to initialise networks without given weights: N(0, 0.02) (appendix 7.1; `--init_type`,
    /// `--init_gain`).
    #[serde(flatten)]
    pub init: Init,
    /// Seed of all random streams of the run: 0. At most 2^53 - 1, so that JavaScript can hold it.
    pub seed: u64,
    /// How photos become training pictures.
    #[serde(flatten)]
    pub preprocess: Preprocess,
    /// Steps in which fresh discriminators learn alone, before the generators move, when a run
    /// starts from generators without their discriminators: 100. Published ones lack them.
    pub warm_up: u64,
    /// Steps after the warm-up in which the learning rate of given generators rises linearly to
    /// what the schedule says: 1000, even if their discriminators are given. Adam's first updates
    /// are as long as its rate whatever the gradient, and from settled weights a few of those do
    /// more damage than hundreds of steps repair.
    pub lr_ramp: u64,
    /// Steps of a last phase after the schedule, in which each generator learns its own mean over
    /// four shifts of its lattice ([`super::polish`]): 0, as in the paper.
    pub polish: u64,
    /// How to get a missing generator when the other one is given.
    #[serde(deserialize_with = "choice")]
    pub missing_generator: MissingGenerator,
    /// Decay of the moving averages of the generators' weights: 0, which means no averages, as in
    /// the paper; below 1. Averages start as the weights, and after each step of the generators
    /// `average = ema * average + (1 - ema) * weight`. If there are averages, they are what is
    /// shown, judged and exported ([`super::Trainer::generator`]); the losses are those of the
    /// weights in training. [`ema_for`] proposes a value.
    #[serde(deserialize_with = "fraction")]
    pub ema: f64,
}

/// The learning rate for weights that are already trained, a tenth of the paper's. In 150 steps
/// from the default models towards painted scenes, 2e-4 brought the round trip no nearer to the
/// photo than this rate, but with a grid of 30 to 70 instead of 13 to 16.
pub const FINE_TUNING_RATE: f64 = 2e-5;

/// Most steps that [`ema_for`] averages over: a decay of 0.999, as in Progressive GAN (Karras et
/// al., arXiv 1710.10196, appendix A).
const LONGEST_AVERAGE: f64 = 1000.0;

/// A good decay [`Config::ema`] for a run of `steps` steps: it averages over about the last tenth
/// of them, at most over 1000. With a decay of 0.999, the result of a run of 200 steps would be
/// four fifths of its initial weights; with this one their share is e^-10 in a run of any length. A
/// tenth is long enough to smooth the oscillation between the two kinds of networks, and short
/// compared with the fall of the learning rate. 0 for runs of at most 10 steps.
pub fn ema_for(steps: u64) -> f64 {
    1.0 - 1.0 / (steps as f64 / 10.0).clamp(1.0, LONGEST_AVERAGE)
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ngf: 64,
            ndf: 64,
            blocks: 9,
            up: Up::default(),
            norm: Norm::default(),
            discriminator_padding: 1,
            lambda_a: 10.0,
            lambda_b: 10.0,
            lambda_identity: 0.5,
            gan_loss: GanLoss::default(),
            terms: Terms::default(),
            pool_size: 50,
            augment: Policy::default(),
            adam: Adam::default(),
            schedule: Schedule::default(),
            batch_size: 1,
            init: Init::default(),
            seed: 0,
            preprocess: Preprocess::default(),
            warm_up: 100,
            lr_ramp: 1000,
            polish: 0,
            missing_generator: MissingGenerator::default(),
            ema: 0.0,
        }
    }
}

impl Config {
    /// Every value under its name. [`Config::from_json`] restores it to the bit.
    pub fn to_json(&self) -> Value {
        json::write(self)
    }

    /// Reads an object such as [`Config::to_json`] writes. Missing fields get their defaults. Fails
    /// with `config-invalid` with the field's name for a wrong type or an unknown name, and
    /// whatever [`Config::validate`] refuses.
    pub fn from_json(value: &Value) -> Result<Self> {
        let config: Self = json::read(value, Error::ConfigInvalid)?;
        // Serde ignores unknown fields of a struct with flattened ones.
        let known = config.to_json();
        let mut names = value.as_object().into_iter().flat_map(|object| object.keys());
        if let Some(name) = names.find(|name| known.get(name).is_none()) {
            return Err(Error::ConfigInvalid(json::unknown(name)));
        }
        config.validate()?;
        Ok(config)
    }

    /// The generators' architecture, if they are not given.
    pub fn architecture(&self) -> Architecture {
        let Self { ngf, blocks, up, norm, .. } = *self;
        Architecture { up, norm, ..Architecture::new(ngf, blocks) }
    }

    /// This run with generators of this architecture.
    pub fn with_architecture(
        self,
        Architecture { ngf, blocks, up, norm, .. }: Architecture,
    ) -> Self {
        Self { ngf, blocks, up, norm, ..self }
    }

    /// This run with the losses of one row of the paper's ablation (tables 4 and 5), which had no
    /// identity loss.
    pub fn ablated(self, ablation: Ablation) -> Self {
        let terms = Terms { cycle_loss: self.terms.cycle_loss, ..ablation.terms() };
        Self { terms, lambda_identity: 0.0, ..self }
    }
}
