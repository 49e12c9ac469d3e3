//! Everything that decides a training run, with the paper's values as defaults.
//!
//! Two runs of the same configuration on the same photos and device are the same run. Names and
//! defaults are PyTorch's (`options/` and `models/cycle_gan_model.py` of
//! pytorch-CycleGAN-and-pix2pix, where `G_A` translates A to B and `D_A` judges B), except for the
//! learning rate's rule, where the paper's code is followed.

mod check;
mod schedule;
mod terms;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{augment::Policy, data::Preprocess};
use crate::{
    choice::Choice,
    error::{Error, Result},
    json::{self, fraction},
    model::Init,
    weights::{Architecture, Norm, Up},
};

pub use schedule::{Rule, Schedule, Unit};
pub use terms::{Ablation, CycleLoss, GanLoss, Terms};

/// Most residual blocks: a checkpoint of four networks and their optimisers then still has a
/// header that is read ([`crate::weights::safetensors::LONGEST_HEADER`]).
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

/// What becomes of the generator that is not given, when a run starts from one alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum MissingGenerator {
    /// It starts as a copy of the other. Both make photos of photos, so most of what the one has
    /// learnt serves the other too.
    #[default]
    Copy,
    /// It starts from random weights.
    Scratch,
}

impl Choice for MissingGenerator {}

/// A training run, except for its photos and the weights that it starts from.
///
/// Plain data: [`Config::validate`] says whether it can be run. As JSON it is one flat object, its
/// fields named as in PyTorch's options.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Config {
    /// Channels behind a generator's first convolution: 64 (appendix 7.2; `--ngf`).
    pub ngf: usize,
    /// Channels behind a discriminator's first convolution: 64 (appendix 7.2; `--ndf`).
    pub ndf: usize,
    /// Residual blocks of a generator: 9, for crops of 256 pixels and more; the paper takes 6 for
    /// 128 (appendix 7.2; `--netG resnet_9blocks`).
    pub blocks: usize,
    /// How a generator doubles an image's sides: by transposed convolutions. Bilinear upsampling is
    /// PyTorch's authors' advice against checkerboards.
    pub up: Up,
    /// Whether a generator's normalisations have weights and biases, as in the paper's own code: no,
    /// as in PyTorch's.
    pub norm: Norm,
    /// Zeros around each of a discriminator's layers: 1 as in PyTorch, or 2 as in the paper's own
    /// code. The weights have the same shapes.
    pub discriminator_padding: usize,
    /// Weight of the cycle A → B → A: 10 (section 4; `--lambda_A`).
    #[serde(rename = "lambda_A", deserialize_with = "fraction")]
    pub lambda_a: f64,
    /// Weight of the cycle B → A → B: 10 (section 4; `--lambda_B`).
    #[serde(rename = "lambda_B", deserialize_with = "fraction")]
    pub lambda_b: f64,
    /// Weight of the identity loss, relative to the cycle's: 0.5 (section 5.2; `--lambda_identity`).
    /// `G_A` on B weighs `lambda_b · lambda_identity`, `G_B` on A `lambda_a · lambda_identity`; at
    /// 0 they are not computed.
    #[serde(deserialize_with = "fraction")]
    pub lambda_identity: f64,
    /// How a discriminator's answers become a loss: least squares (section 4; `--gan_mode`).
    #[serde(rename = "gan_mode")]
    pub gan_loss: GanLoss,
    /// Which losses teach the generators: all (section 3.3).
    #[serde(flatten)]
    pub terms: Terms,
    /// Translations that each discriminator's image pool keeps: 50 (section 4; `--pool_size`).
    pub pool_size: usize,
    /// How what the discriminators are shown is augmented, so that few photos are not learnt by heart
    /// (arXiv 2006.10738): not at all.
    #[serde(rename = "diff_augment")]
    pub augment: Policy,
    /// The optimiser.
    #[serde(flatten)]
    pub adam: Adam,
    /// Length of the run, and the learning rate over it.
    #[serde(flatten)]
    pub schedule: Schedule,
    /// Pairs in a step: 1 (appendix 7.1; `--batch_size`).
    pub batch_size: usize,
    /// How networks that do not start from given weights are drawn: N(0, 0.02) (appendix 7.1;
    /// `--init_type`, `--init_gain`).
    #[serde(flatten)]
    pub init: Init,
    /// Where every stream of random numbers of the run starts: 0. At most 2^53 - 1, so that
    /// JavaScript can hold it.
    pub seed: u64,
    /// How photos become training pictures.
    #[serde(flatten)]
    pub preprocess: Preprocess,
    /// Steps in which fresh discriminators learn alone, before the generators move, when a run
    /// starts from generators whose discriminators are not given: 100. Published generators come
    /// without them.
    pub warm_up: u64,
    /// Steps behind the warm-up in which the learning rate of given generators rises, in a straight
    /// line, to what the schedule says: 1000, also where their discriminators are given. Adam makes
    /// its first updates as long as its rate whatever the gradient, and from weights that have
    /// settled a few of those spoil more than hundreds of steps mend.
    pub lr_ramp: u64,
    /// Steps of a last phase behind the schedule's, in which each generator learns its own mean over
    /// four shifts of its lattice ([`super::polish`]): 0, as in the paper.
    pub polish: u64,
    /// What becomes of a generator that is not given while the other is.
    pub missing_generator: MissingGenerator,
    /// Decay of the moving averages of the generators' weights, from 0, which is none, as in the
    /// paper, to below 1. They begin as the weights do, and behind each step of the generators
    /// `average = ema * average + (1 - ema) * weight`. Where there are any, it is they that are
    /// shown, judged and handed out ([`super::Trainer::generator`]); the losses are those of the
    /// weights that learn. [`ema_for`] proposes one.
    #[serde(deserialize_with = "fraction")]
    pub ema: f64,
}

/// The learning rate that suits weights which can do something already, a tenth of the paper's: in 150
/// steps from the default models towards painted scenes, at 2e-4 the way back came as near to the photo
/// as at this rate, with a grid of 30 to 70 in the place of 13 to 16.
pub const FINE_TUNING_RATE: f64 = 2e-5;

/// Steps over which [`ema_for`] averages at most: a decay of 0.999, as in Progressive GAN (Karras et
/// al., arXiv 1710.10196, appendix A).
const LONGEST_AVERAGE: f64 = 1000.0;

/// The decay [`Config::ema`] that suits a run of `steps` steps: it averages over about the last
/// tenth of them, and at most over 1000. A run of 200 steps with a decay of 0.999 would hand back
/// four fifths of what it began with; with this one nothing is left of that (e^-10) in a run of
/// any length. A tenth is long enough to even out the to and fro of the two kinds of networks, and
/// short against the fall of the learning rate. 0 for runs of at most 10 steps.
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
    /// Every value under its name. [`Config::from_json`] reads it back to the bit.
    pub fn to_json(&self) -> Value {
        json::write(self)
    }

    /// Reads an object such as [`Config::to_json`] makes. What it lacks has its default.
    ///
    /// # Errors
    /// `config-invalid` with the field's name for a field of the wrong type or of an unknown name,
    /// and whatever [`Config::validate`] refuses.
    pub fn from_json(value: &Value) -> Result<Self> {
        let config: Self = json::read(value, Error::ConfigInvalid)?;
        // Serde ignores unknown fields of a struct that takes up others.
        let known = config.to_json();
        let mut names = value.as_object().into_iter().flat_map(|object| object.keys());
        if let Some(name) = names.find(|name| known.get(name).is_none()) {
            return Err(Error::ConfigInvalid(json::unknown(name)));
        }
        config.validate()?;
        Ok(config)
    }

    /// What the generators are, if they are not given.
    pub fn architecture(&self) -> Architecture {
        let Self { ngf, blocks, up, norm, .. } = *self;
        Architecture { up, norm, ..Architecture::new(ngf, blocks) }
    }

    /// This run with generators of this kind.
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
