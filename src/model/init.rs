//! Random weights for an untrained network (`init_weights` in PyTorch's `models/networks.py`).
//! Biases are zero in both; the weights of instance normalisations stay one, which that function
//! does not change either.

use serde::{Deserialize, Serialize};

use crate::{
    choice::Choice,
    json::{choice, fraction},
    random::Random,
    weights::{HostTensor, StateDict},
};

/// PyTorch's `--init_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum InitType {
    /// N(0, gain²), as in the paper (section 4).
    #[default]
    Normal,
    /// N(0, gain² · 2 / (fan_in + fan_out)).
    Xavier,
}

impl Choice for InitType {}

/// How weights are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Init {
    /// The distribution.
    #[serde(rename = "init_type", deserialize_with = "choice")]
    pub kind: InitType,
    /// Its standard deviation, or the factor on it: 0.02 for both types (`--init_gain`).
    #[serde(rename = "init_gain", deserialize_with = "fraction")]
    pub gain: f64,
}

impl Default for Init {
    fn default() -> Self {
        Self { kind: InitType::Normal, gain: 0.02 }
    }
}

impl Init {
    /// Draws all tensors in order. A tensor with one axis is a bias, or a normalisation's weight.
    pub fn state(self, tensors: &[(String, Vec<usize>)], seed: u64) -> StateDict {
        let mut random = Random::new(seed);
        let draw = |(name, shape): &(String, Vec<usize>)| {
            let count = shape.iter().product();
            let data = match self.deviation(shape) {
                None => vec![if name.ends_with(".weight") { 1.0 } else { 0.0 }; count],
                Some(std) => (0..count).map(|_| (random.normal() * std) as f32).collect(),
            };
            (name.clone(), HostTensor { shape: shape.clone(), data })
        };
        tensors.iter().map(draw).collect()
    }

    /// Standard deviation of a convolution's weight of this shape; `None` for other parameters.
    fn deviation(self, shape: &[usize]) -> Option<f64> {
        let [first, second, kernel @ ..] = shape else {
            return None;
        };
        let gain = self.gain;
        Some(match self.kind {
            InitType::Normal => gain,
            // Symmetric in the two fans, so a transposed convolution's swapped axes do not matter.
            InitType::Xavier => {
                let field: usize = kernel.iter().product();
                gain * (2.0 / ((first + second) * field) as f64).sqrt()
            }
        })
    }
}
