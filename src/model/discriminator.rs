//! The 70x70 PatchGAN (paper, appendix 7.2; `NLayerDiscriminator` with three layers in PyTorch's
//! `models/networks.py`): C64-C128-C256-C512, then one channel of answers.
//!
//! Each answer sees 70x70 pixels, so it judges texture and leaves the composition to the cycle.
//! There is no sigmoid at the end: the loss decides what an answer means.

use burn::tensor::{Device, Tensor};

use super::{
    blocks::{Conv, ConvNorm},
    init::Init,
    parameters::{Mapper, Network},
};
use crate::{
    error::{Error, Result},
    ops::{Activation, Border, Conv2d},
    weights::{
        StateDict,
        discriminator::{KERNEL, LAST, LAYERS, tensors},
    },
};

/// Distinguishes pictures of a domain from translations.
#[derive(Debug)]
pub struct Discriminator {
    // Boxed as in the generator.
    first: Box<Conv>,
    middle: Vec<ConvNorm>,
    last: Box<Conv>,
}

impl Discriminator {
    /// Puts weights on `device`. `padding` is the width of the zeros around each layer's input: 1
    /// as in PyTorch, or 2 as in the paper's own code. Fails with `weights-missing-tensor`,
    /// `weights-wrong-shape`.
    pub fn from_state(
        ndf: usize,
        padding: usize,
        mut state: StateDict,
        device: &Device,
    ) -> Result<Self> {
        for (name, shape) in tensors(ndf) {
            if state.get(&name).is_some_and(|tensor| tensor.shape != shape) {
                return Err(Error::WeightsWrongShape(format!("{name}, expected {shape:?}")));
            }
        }
        let mut conv = |index: usize, stride, activation| {
            let border = Border::Zero(padding);
            let spec = Conv2d { kernel: KERNEL, stride, border, transposed: false, activation };
            Conv::take(&mut state, &format!("model.{index}"), spec, device)
        };
        let [first, middle @ ..] = LAYERS;
        let first = Box::new(conv(first.0, first.2, Activation::LeakyRelu)?);
        let norm = |(index, _, stride)| {
            let activation = Activation::LeakyRelu;
            Ok(ConvNorm { conv: conv(index, stride, Activation::None)?, activation })
        };
        let middle = middle.into_iter().map(norm).collect::<Result<_>>()?;
        let last = Box::new(conv(LAST, 1, Activation::None)?);
        Ok(Self { first, middle, last })
    }

    /// A discriminator with random weights drawn from `seed`. It cannot fail: they fit.
    pub fn random(
        ndf: usize,
        padding: usize,
        init: Init,
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        Self::from_state(ndf, padding, init.state(&tensors(ndf), seed), device)
    }

    /// Answers along a side of `side` pixels: 30 for 256 with padding 1, 35 with padding 2. Fails
    /// with `image-unusable` for a side too short for any answer.
    pub fn answers(side: usize, padding: usize) -> Result<usize> {
        let strides = LAYERS.map(|(_, _, stride)| stride).into_iter().chain([1]);
        let layer = |side: usize, stride: usize| {
            Some((side + 2 * padding).checked_sub(KERNEL)? / stride + 1).filter(|&left| left > 0)
        };
        strides.into_iter().try_fold(side, layer).ok_or_else(|| {
            let detail = format!("a side of {side} pixels is too short for the discriminator");
            Error::ImageUnusable(detail)
        })
    }

    /// Judges `x` `[B, 3, H, W]`: `[B, 1, H', W']` with [`Discriminator::answers`] along each side,
    /// near 1 for what looks real.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.first.forward(x); // [B, ndf, H/2, W/2]
        let x = self.middle.iter().fold(x, |x, layer| layer.forward(x)); // [B, 8 ndf, ..]
        self.last.forward(x)
    }
}

impl Network for Discriminator {
    fn map(&self, mapper: &mut impl Mapper) -> Self {
        let first = Box::new(self.first.map(mapper));
        let middle = self.middle.iter().map(|layer| layer.map(mapper)).collect();
        Self { first, middle, last: Box::new(self.last.map(mapper)) }
    }
}
