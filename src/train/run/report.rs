//! The report of a training step.

use burn::tensor::Tensor;
use serde::Serialize;

use crate::{
    train::{data::Skipped, networks::LossTensors},
    weights::StateDict,
};

/// The eight losses of a step under PyTorch's names. Cycle and identity losses include their
/// weights; a term that is off is 0.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Losses {
    /// Loss of the discriminator of B.
    #[serde(rename = "D_A")]
    pub d_a: f32,
    /// Adversarial loss of the translations to B.
    #[serde(rename = "G_A")]
    pub g_a: f32,
    /// Cycle loss of A → B → A.
    #[serde(rename = "cycle_A")]
    pub cycle_a: f32,
    /// Identity loss of the generator to B.
    #[serde(rename = "idt_A")]
    pub idt_a: f32,
    /// Loss of the discriminator of A.
    #[serde(rename = "D_B")]
    pub d_b: f32,
    /// Adversarial loss of the translations to A.
    #[serde(rename = "G_B")]
    pub g_b: f32,
    /// Cycle loss of B → A → B.
    #[serde(rename = "cycle_B")]
    pub cycle_b: f32,
    /// Identity loss of the generator to A.
    #[serde(rename = "idt_B")]
    pub idt_b: f32,
}

/// The names, in PyTorch's order.
pub const LOSS_NAMES: [&str; 8] =
    ["D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B"];

impl Losses {
    /// Each with its name, in PyTorch's order.
    pub fn named(&self) -> [(&'static str, f32); 8] {
        let Self { d_a, g_a, cycle_a, idt_a, d_b, g_b, cycle_b, idt_b } = *self;
        let mut values = [d_a, g_a, cycle_a, idt_a, d_b, g_b, cycle_b, idt_b].into_iter();
        LOSS_NAMES.map(|name| (name, values.next().unwrap_or_default()))
    }

    /// Reads the losses that [`LossTensors::named`] stored under `prefix`.
    pub(super) fn from_state(prefix: &str, state: &StateDict) -> Self {
        let [d_a, g_a, cycle_a, idt_a, d_b, g_b, cycle_b, idt_b] =
            LOSS_NAMES.map(|name| number(state, prefix, name));
        Self { d_a, g_a, cycle_a, idt_a, d_b, g_b, cycle_b, idt_b }
    }
}

impl LossTensors {
    /// Those that are on, with their names.
    pub fn named(self) -> impl Iterator<Item = (&'static str, Tensor<1>)> {
        let Self { d_a, g_a, cycle_a, idt_a, d_b, g_b, cycle_b, idt_b } = self;
        let all = [d_a, g_a, cycle_a, idt_a, d_b, g_b, cycle_b, idt_b];
        LOSS_NAMES.into_iter().zip(all).filter_map(|(name, loss)| Some((name, loss?)))
    }

    /// Applies `change` to each that is on.
    pub fn map(self, change: impl Fn(Tensor<1>) -> Tensor<1>) -> Self {
        let Self { d_a, g_a, cycle_a, idt_a, d_b, g_b, cycle_b, idt_b } = self;
        let all = [d_a, g_a, cycle_a, idt_a, d_b, g_b, cycle_b, idt_b];
        let [d_a, g_a, cycle_a, idt_a, d_b, g_b, cycle_b, idt_b] =
            all.map(|loss| loss.map(&change));
        Self { d_a, g_a, cycle_a, idt_a, d_b, g_b, cycle_b, idt_b }
    }
}

/// Distances of the generators to their own mean over four shifts, in the last phase of a run: mean
/// absolute differences on the pictures of a step, 0 to 2.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Distances {
    /// The generator from A to B in training.
    #[serde(rename = "A")]
    pub polish_a: f32,
    /// The same from B to A.
    #[serde(rename = "B")]
    pub polish_b: f32,
    /// The original generator from A to B.
    #[serde(skip)]
    pub unpolished_a: f32,
    /// The same from B to A.
    #[serde(skip)]
    pub unpolished_b: f32,
}

/// Their names.
pub const DISTANCE_NAMES: [&str; 4] = ["polish_A", "polish_B", "unpolished_A", "unpolished_B"];

impl Distances {
    /// Each with its name.
    pub fn named(&self) -> [(&'static str, f32); 4] {
        let Self { polish_a, polish_b, unpolished_a, unpolished_b } = *self;
        let [a, b, c, d] = DISTANCE_NAMES;
        [(a, polish_a), (b, polish_b), (c, unpolished_a), (d, unpolished_b)]
    }

    /// Reads the distances that a polishing step stored under `prefix`.
    pub(super) fn from_state(prefix: &str, state: &StateDict) -> Self {
        let [polish_a, polish_b, unpolished_a, unpolished_b] =
            DISTANCE_NAMES.map(|name| number(state, prefix, name));
        Self { polish_a, polish_b, unpolished_a, unpolished_b }
    }
}

/// The number read under a name; 0 if there is none.
fn number(state: &StateDict, prefix: &str, name: &str) -> f32 {
    let tensor = state.get(&format!("{prefix}{name}"));
    tensor.and_then(|tensor| tensor.data.first()).copied().unwrap_or_default()
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct StepReport {
    /// Its number, counted from 1.
    pub step: u64,
    /// Its epoch, counted from 1.
    pub epoch: u64,
    /// The learning rate of this step.
    #[serde(rename = "rate")]
    pub learning_rate: f64,
    /// The learning rate of the generators: 0 in the warm-up, less than `learning_rate` while it
    /// rises after that, and equal to it in every other step.
    #[serde(skip)]
    pub generator_rate: f64,
    /// Only the discriminators were trained.
    pub warming_up: bool,
    /// Only polishing was trained.
    pub polishing: bool,
    /// The losses; all 0 while polishing.
    pub losses: Losses,
    /// The distances of a polishing step; `None` in other steps.
    #[serde(rename = "polish")]
    pub distances: Option<Distances>,
    /// How long it took; the mean of steps that are read back together.
    pub seconds: f64,
    /// Pictures of each set that the run has seen, including this step's.
    pub images: u64,
    /// Photos found to be unusable.
    pub skipped: Vec<Skipped>,
}
