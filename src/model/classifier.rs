//! A small network that distinguishes pictures of B from pictures of A, for scores.
//!
//! Four strided convolutions as in the PatchGAN, but without normalisation, which would hide
//! brightness and colour; the answers of all patches are averaged.

use burn::tensor::{Device, Tensor};

use super::{
    blocks::Conv,
    init::{Init, InitType},
    parameters::{Mapper, Network},
};
use crate::{
    error::Result,
    ops::{Activation, Border, Conv2d},
};

/// Channels after each layer.
const CHANNELS: [usize; 6] = [3, 16, 32, 64, 64, 1];

/// Answers above 0 mean B.
#[derive(Debug)]
pub struct DomainClassifier {
    layers: Vec<Conv>,
}

impl DomainClassifier {
    /// An untrained classifier with weights drawn from `seed`. It cannot fail: they fit.
    pub fn random(seed: u64, device: &Device) -> Result<Self> {
        let last = CHANNELS.len() - 2;
        let pairs = CHANNELS.iter().zip(CHANNELS.iter().skip(1)).enumerate();
        let names = pairs.flat_map(|(index, (&input, &output))| {
            let kernel = if index == last { 1 } else { 4 };
            let weight = vec![output, input, kernel, kernel];
            [
                (format!("model.{index}.weight"), weight),
                (format!("model.{index}.bias"), vec![output]),
            ]
        });
        let names: Vec<_> = names.collect();
        // Keeps the magnitude of the values from layer to layer.
        let mut state = Init { kind: InitType::Xavier, gain: 1.4 }.state(&names, seed);
        let spec = |index| {
            let (kernel, stride, pad, activation) = if index == last {
                (1, 1, 0, Activation::None)
            } else {
                (4, 2, 1, Activation::LeakyRelu)
            };
            Conv2d { kernel, stride, border: Border::Zero(pad), transposed: false, activation }
        };
        let conv = |index| Conv::take(&mut state, &format!("model.{index}"), spec(index), device);
        Ok(Self { layers: (0..=last).map(conv).collect::<Result<_>>()? })
    }

    /// Maps `x` `[B, 3, H, W]` in [-1, 1], sides multiples of 16, to `[B, 1]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let y = self.layers.iter().fold(x, |x, layer| layer.forward(x)); // [B, 1, H/16, W/16]
        y.flatten::<2>(1, 3).mean_dim(1)
    }
}

impl Network for DomainClassifier {
    fn map(&self, mapper: &mut impl Mapper) -> Self {
        Self { layers: self.layers.iter().map(|layer| layer.map(mapper)).collect() }
    }
}
