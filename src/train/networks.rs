//! What a step works with: the four networks, the pools, and what chance decides.

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

/// The four networks and the two image pools. Like a [`Network`](crate::model::Network) it cannot be cloned.
#[derive(Debug)]
pub struct CycleGan {
    /// Translates A to B; the paper's G.
    pub g_a: Learner<Generator>,
    /// Translates B to A; the paper's F.
    pub g_b: Learner<Generator>,
    /// Judges B, so what `g_a` makes; the paper's D_Y.
    pub d_a: Learner<Discriminator>,
    /// Judges A, so what `g_b` makes; the paper's D_X.
    pub d_b: Learner<Discriminator>,
    /// Older translations to A, one picture `[1, 3, H, W]` each.
    pub pool_a: ImagePool<Tensor<4>>,
    /// Older translations to B.
    pub pool_b: ImagePool<Tensor<4>>,
}

/// What chance decides in a step: a draw for each picture of the batch.
#[derive(Debug, Clone, Default)]
pub struct Draws {
    /// For the translations to B, which PyTorch draws first.
    pub b: Vec<Draw>,
    /// For the translations to A.
    pub a: Vec<Draw>,
    /// How pictures of A and of B are augmented in front of a discriminator, real ones and
    /// translations alike; none where they are not.
    pub augmentations: Option<[Vec<Augmentation>; 2]>,
}

impl Draws {
    /// Those that were drawn, on `device`.
    pub(super) fn augmentations(&self, device: &Device) -> Option<[Tensor<4>; 2]> {
        let upload = |drawn: &Vec<Augmentation>| augment::upload(drawn, device);
        self.augmentations.as_ref().map(|both| both.each_ref().map(upload))
    }
}

/// The learning rates of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Of both generators.
    pub generators: f64,
    /// Of both discriminators.
    pub discriminators: f64,
}

impl From<f64> for Rates {
    /// One rate for all four, as in the paper.
    fn from(rate: f64) -> Self {
        Self { generators: rate, discriminators: rate }
    }
}

/// The losses of a step, still on the device, by PyTorch's names; none for a term that is off.
#[derive(Debug, Clone, Default)]
pub struct LossTensors {
    /// Of the discriminator that judges B.
    pub d_a: Option<Tensor<1>>,
    /// Of the translations to B in that discriminator's eyes.
    pub g_a: Option<Tensor<1>>,
    /// Of A → B → A, times its weight.
    pub cycle_a: Option<Tensor<1>>,
    /// Of `g_a` on B, times its weight.
    pub idt_a: Option<Tensor<1>>,
    /// Of the discriminator that judges A.
    pub d_b: Option<Tensor<1>>,
    /// Of the translations to A in that discriminator's eyes.
    pub g_b: Option<Tensor<1>>,
    /// Of B → A → B, times its weight.
    pub cycle_b: Option<Tensor<1>>,
    /// Of `g_b` on A, times its weight.
    pub idt_b: Option<Tensor<1>>,
}

impl CycleGan {
    /// Networks, optimisers and pools as they are at this moment, however this one goes on to
    /// learn.
    pub fn snapshot(&self) -> Self {
        Self {
            g_a: self.g_a.snapshot(),
            g_b: self.g_b.snapshot(),
            d_a: self.d_a.snapshot(),
            d_b: self.d_b.snapshot(),
            // Nothing is written into pictures that are kept.
            pool_a: self.pool_a.clone(),
            pool_b: self.pool_b.clone(),
        }
    }

    /// Both generators learn from their gradients, and their averages follow.
    pub fn learn_generators(&mut self, [a, b]: &[Sum; 2], rate: f64, config: &Config) {
        self.g_a.update_averaged(a, rate, &config.adam, config.ema);
        self.g_b.update_averaged(b, rate, &config.adam, config.ema);
    }

    /// Both discriminators learn from their gradients, if their verdict teaches anybody.
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
