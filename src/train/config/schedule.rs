//! The learning rate: constant, then falling linearly to zero (paper, section 4: 100 epochs each).
//!
//! The two implementations by the paper's authors differ by two epochs; both are here.

use serde::{Deserialize, Serialize};

use crate::{choice::Choice, json::choice};

/// Whose formula the fall follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum Rule {
    /// The paper's own code (Torch, junyanz/CycleGAN): the rate falls by 1/decay *after* each epoch
    /// past the flat ones, so the first of those still has the full rate and the last one 1/decay
    /// of it.
    #[default]
    Paper,
    /// `LambdaLR` of pytorch-CycleGAN-and-pix2pix since July 2020, when the update moved to the
    /// start of an epoch: the fall begins in the last flat epoch, and the last epoch has rate 0.
    PyTorch,
}

impl Choice for Rule {}

/// What the lengths count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum Unit {
    /// Passes through the larger set, as in the paper. The rate is constant within one.
    #[default]
    Epochs,
    /// Optimiser steps, for short runs on a few photos. The rate changes with each.
    Steps,
}

impl Choice for Unit {}

/// The length of a run, and how its learning rate falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Schedule {
    /// The formula.
    #[serde(rename = "lr_rule", deserialize_with = "choice")]
    pub rule: Rule,
    /// Whether `flat` and `decay` are epochs or steps.
    #[serde(rename = "lr_unit", deserialize_with = "choice")]
    pub unit: Unit,
    /// Epochs or steps at the full rate (PyTorch's `--n_epochs`).
    #[serde(rename = "lr_flat")]
    pub flat: u64,
    /// Epochs or steps in which it falls to zero (PyTorch's `--n_epochs_decay`).
    #[serde(rename = "lr_decay")]
    pub decay: u64,
}

impl Default for Schedule {
    /// 100 + 100 epochs by the paper's rule.
    fn default() -> Self {
        Self { rule: Rule::Paper, unit: Unit::Epochs, flat: 100, decay: 100 }
    }
}

impl Schedule {
    /// Factor on the learning rate, 0 to 1, in epoch `epoch` and step `step`, both counted from 1.
    /// 0 after the end.
    pub fn multiplier(&self, epoch: u64, step: u64) -> f64 {
        let at = self.position(epoch, step);
        if at > self.total() {
            return 0.0;
        }
        let (behind, length) = match self.rule {
            Rule::Paper => (at.saturating_sub(self.flat.saturating_add(1)), self.decay.max(1)),
            Rule::PyTorch => {
                (at.saturating_add(1).saturating_sub(self.flat), self.decay.saturating_add(1))
            }
        };
        1.0 - behind as f64 / length as f64
    }

    /// Whether the run is over when epoch `epoch` and step `step` would be next.
    pub fn is_over(&self, epoch: u64, step: u64) -> bool {
        self.position(epoch, step) > self.total()
    }

    /// Length of the run in steps, with `batches` per epoch.
    pub fn steps(&self, batches: usize) -> u64 {
        match self.unit {
            Unit::Steps => self.total(),
            Unit::Epochs => self.total().saturating_mul(batches as u64),
        }
    }

    /// Length of the run, in its unit.
    pub fn total(&self) -> u64 {
        self.flat.saturating_add(self.decay)
    }

    /// Whichever of the two the unit counts.
    fn position(&self, epoch: u64, step: u64) -> u64 {
        match self.unit {
            Unit::Epochs => epoch,
            Unit::Steps => step,
        }
    }
}
