//! The losses, and which of them are on (paper, sections 3, 4 and 5.1.4).

use serde::{Deserialize, Serialize};

use crate::{choice::Choice, json::choice};

/// How a discriminator's answers become a loss, by the names of PyTorch's `--gan_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum GanLoss {
    /// Mean squared distance to 1 for real and 0 for translated (section 4).
    #[default]
    #[serde(rename = "lsgan")]
    LeastSquares,
    /// The original GAN loss: -log of the probability of being right (equation 1). Answers are
    /// logits.
    #[serde(rename = "vanilla")]
    NegativeLogLikelihood,
}

impl Choice for GanLoss {}

/// How a reconstruction is compared with its original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum CycleLoss {
    /// Mean absolute difference (equation 2).
    #[default]
    L1,
    /// The paper's alternative, which gave no better results: the discriminators judge
    /// reconstructions like translations (section 3.2).
    Adversarial,
}

impl Choice for CycleLoss {}

/// The losses that train the generators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Terms {
    /// The discriminators' verdict on the translations.
    pub adversarial: bool,
    /// The cycle A → B → A.
    pub cycle_forward: bool,
    /// The cycle B → A → B.
    pub cycle_backward: bool,
    /// How to measure both cycles.
    #[serde(deserialize_with = "choice")]
    pub cycle_loss: CycleLoss,
}

impl Terms {
    /// Whether a discriminator's verdict trains the generators. Without it the discriminators are
    /// not trained either; their losses are still reported.
    pub fn are_judged(&self) -> bool {
        let cycles = self.cycle_forward || self.cycle_backward;
        self.adversarial || cycles && self.cycle_loss == CycleLoss::Adversarial
    }
}

impl Default for Terms {
    fn default() -> Self {
        Ablation::Full.terms()
    }
}

/// The five rows of the paper's ablation, in the order of its tables 4 and 5 (section 5.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ablation {
    /// Both cycles, no adversarial loss.
    CycleAlone,
    /// The adversarial loss, no cycle.
    GanAlone,
    /// The adversarial loss and A → B → A.
    GanForward,
    /// The adversarial loss and B → A → B.
    GanBackward,
    /// All losses: CycleGAN.
    Full,
}

impl Choice for Ablation {}

impl Ablation {
    /// The losses of this row.
    pub fn terms(self) -> Terms {
        let (adversarial, cycle_forward, cycle_backward) = match self {
            Self::CycleAlone => (false, true, true),
            Self::GanAlone => (true, false, false),
            Self::GanForward => (true, true, false),
            Self::GanBackward => (true, false, true),
            Self::Full => (true, true, true),
        };
        Terms { adversarial, cycle_forward, cycle_backward, cycle_loss: CycleLoss::L1 }
    }
}
