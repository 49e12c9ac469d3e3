//! Random weights for an untrained network (`init_weights` in PyTorch's `models/networks.py`).
//! Biases are zero in both; the weights of instance normalisations stay one, which that function
//! does not change either.

use crate::{
    random::Random,
    weights::{HostTensor, StateDict},
};

/// How weights are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// N(0, std). The paper (section 4) and PyTorch's default use 0.02.
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// N(0, gain² · 2 / (fan_in + fan_out)): PyTorch's `--init_type xavier`, with gain 0.02.
    Xavier {
        /// Factor on the standard deviation.
        gain: f64,
    },
}

impl Default for Init {
    fn default() -> Self {
        Self::Normal { std: 0.02 }
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
        Some(match self {
            Self::Normal { std } => std,
            // Symmetric in the two fans, so a transposed convolution's swapped axes do not matter.
            Self::Xavier { gain } => {
                let field: usize = kernel.iter().product();
                gain * (2.0 / ((first + second) * field) as f64).sqrt()
            }
        })
    }
}
