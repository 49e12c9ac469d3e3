//! What a step works with: the four networks, the pools, and random numbers.

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    augment,
    config::Config,
    image_pool::{Draw, ImagePool},
    learner::{Learner, Sum},
};
use crate::{
    model::{Discriminator, Generator},
    ops::Augmentation,
    weights::HostTensor,
};

/// The four networks and the two image pools. Like a [`Network`](crate::model::Network) it cannot
/// be cloned.
#[derive(Debug)]
pub struct CycleGan {
    /// Translates A to B; the paper's G.
    pub g_a: Learner<Generator>,
    /// Translates B to A; the paper's F.
    pub g_b: Learner<Generator>,
    /// Judges B, the output of `g_a`; the paper's D_Y.
    pub d_a: Learner<Discriminator>,
    /// Judges A, the output of `g_b`; the paper's D_X.
    pub d_b: Learner<Discriminator>,
    /// Older translations to A, one picture `[1, 3, H, W]` each.
    pub pool_a: ImagePool<Tensor<4>>,
    /// Older translations to B.
    pub pool_b: ImagePool<Tensor<4>>,
}

/// The random numbers of a step: a draw for each picture of the batch.
#[derive(Debug, Clone, Default)]
pub struct Draws {
    /// For translations to B, which PyTorch draws first.
    pub b: Vec<Draw>,
    /// For translations to A.
    pub a: Vec<Draw>,
    /// How pictures of A and of B, real and translated alike, are augmented for the discriminators;
    /// `None` if they are not.
    pub augmentations: Option<[Vec<Augmentation>; 2]>,
}

impl Draws {
    /// The drawn augmentations on `device`.
    pub(super) fn augmentations(&self, device: &Device) -> Option<[Tensor<4>; 2]> {
        let upload = |drawn: &Vec<Augmentation>| augment::upload(drawn, device);
        self.augmentations.as_ref().map(|both| both.each_ref().map(upload))
    }
}

/// The learning rates of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Both generators' rate.
    pub generators: f64,
    /// Both discriminators' rate.
    pub discriminators: f64,
}

impl From<f64> for Rates {
    /// One rate for all four, as in the paper.
    fn from(rate: f64) -> Self {
        Self { generators: rate, discriminators: rate }
    }
}

/// The losses of a step, still on the device, by PyTorch's names; `None` for a term that is off.
#[derive(Debug, Clone, Default)]
pub struct LossTensors {
    /// Loss of the discriminator of B.
    pub d_a: Option<Tensor<1>>,
    /// Adversarial loss of the translations to B.
    pub g_a: Option<Tensor<1>>,
    /// Cycle loss of A → B → A, times its weight.
    pub cycle_a: Option<Tensor<1>>,
    /// Identity loss of `g_a` on B, times its weight.
    pub idt_a: Option<Tensor<1>>,
    /// Loss of the discriminator of A.
    pub d_b: Option<Tensor<1>>,
    /// Adversarial loss of the translations to A.
    pub g_b: Option<Tensor<1>>,
    /// Cycle loss of B → A → B, times its weight.
    pub cycle_b: Option<Tensor<1>>,
    /// Identity loss of `g_b` on A, times its weight.
    pub idt_b: Option<Tensor<1>>,
}

impl CycleGan {
    /// A copy of networks, optimisers and pools that does not change when this one learns.
    pub fn snapshot(&self) -> Self {
        Self {
            g_a: self.g_a.snapshot(),
            g_b: self.g_b.snapshot(),
            d_a: self.d_a.snapshot(),
            d_b: self.d_b.snapshot(),
            // Stored pictures are never written to.
            pool_a: self.pool_a.clone(),
            pool_b: self.pool_b.clone(),
        }
    }

    /// Updates both generators with their gradients, and then their averages.
    pub fn learn_generators(&mut self, [a, b]: &[Sum; 2], rate: f64, config: &Config) {
        self.g_a.update_averaged(a, rate, &config.adam, config.ema);
        self.g_b.update_averaged(b, rate, &config.adam, config.ema);
    }

    /// Updates both discriminators with their gradients, if their verdict is used.
    pub fn learn_discriminators(&mut self, [a, b]: &[Sum; 2], rate: f64, config: &Config) {
        if config.terms.are_judged() {
            self.d_a.update(a, rate, &config.adam);
            self.d_b.update(b, rate, &config.adam);
        }
    }
}

/// A picture on `device`.
pub(super) fn upload(picture: HostTensor, device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(picture.data, picture.shape), device)
}
