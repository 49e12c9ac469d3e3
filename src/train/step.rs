//! One step of CycleGAN (paper, section 3; `optimize_parameters` in PyTorch's
//! `models/cycle_gan_model.py`), in PyTorch's order: first both generators learn, then both
//! discriminators, from the translations made before.
//!
//! `passes.rs` has the computations of both parts. They depend on pictures and weights alone, so a
//! [`Repeater`] can run them anew or repeat a recording.

use burn::tensor::Tensor;

use super::{
    config::Config,
    image_pool::pictures,
    networks::{CycleGan, Draws, LossTensors, Rates},
    repeater::{Inputs, Repeater},
};
use crate::{error::Result, ops};

impl CycleGan {
    /// Learns from `real_a` and `real_b`, `[B, 3, H, W]` in [-1, 1], at one learning rate or two. A
    /// and B may differ in size, and both may differ from the pictures in the pools. Fails with
    /// `gpu-lost`, `gpu-refused`, `out-of-memory`: the step is then incomplete or wrong.
    pub fn step(
        &mut self,
        real_a: &Tensor<4>,
        real_b: &Tensor<4>,
        draws: &Draws,
        rates: impl Into<Rates>,
        config: &Config,
        repeater: &mut Repeater,
    ) -> Result<LossTensors> {
        let rates = rates.into();
        let real = [real_a, real_b].map(|real| ops::image(real.clone()));
        let augmentations = draws.augmentations(&real_a.device());
        let (fakes, losses) = repeater.generators.play(
            self,
            Inputs { pictures: real.clone(), augmentations },
            config,
            |gan, Inputs { pictures: [a, b], augmentations }| {
                gan.generator_pass(a, b, augmentations.as_ref(), config)
            },
            |gan, pass| {
                gan.learn_generators(&pass.sums, rates.generators, config);
                (pass.fakes.clone().map(pictures), pass.losses.clone().map(ops::snapshot))
            },
        )?;
        let [d_a, d_b] = self.judge(real, fakes, draws, rates.discriminators, config, repeater)?;
        Ok(LossTensors { d_a: Some(d_a), d_b: Some(d_b), ..losses })
    }

    /// A step in which only the discriminators learn. It fails like [`CycleGan::step`].
    pub fn warm_up(
        &mut self,
        real_a: &Tensor<4>,
        real_b: &Tensor<4>,
        draws: &Draws,
        rate: f64,
        config: &Config,
        repeater: &mut Repeater,
    ) -> Result<LossTensors> {
        let real = [real_a, real_b].map(|real| ops::image(real.clone()));
        let fake_b = self.g_a.network.forward(real_a.clone());
        let fake_a = self.g_b.network.forward(real_b.clone());
        let fakes = [fake_a, fake_b].map(pictures);
        let [d_a, d_b] = self.judge(real, fakes, draws, rate, config, repeater)?;
        Ok(LossTensors { d_a: Some(d_a), d_b: Some(d_b), ..LossTensors::default() })
    }

    /// The discriminators' part of a step: they learn from `real` A and B and from translations to
    /// A and to B, either these `fakes` or older ones, as the pools decide. Returns their losses.
    fn judge(
        &mut self,
        [real_a, real_b]: [Tensor<4>; 2],
        [fakes_a, fakes_b]: [Vec<Tensor<4>>; 2],
        draws: &Draws,
        rate: f64,
        config: &Config,
        repeater: &mut Repeater,
    ) -> Result<[Tensor<1>; 2]> {
        let augmentations = draws.augmentations(&real_a.device());
        let shown_a = self.pool_a.shown(fakes_a, &draws.a);
        let shown_b = self.pool_b.shown(fakes_b, &draws.b);
        repeater.discriminators.play(
            self,
            Inputs { pictures: [real_a, real_b, shown_a, shown_b], augmentations },
            config,
            |gan, Inputs { pictures: [a, b, shown_a, shown_b], augmentations }| {
                gan.discriminator_pass([a, b], [shown_a, shown_b], augmentations.as_ref(), config)
            },
            |gan, pass| {
                gan.learn_discriminators(&pass.sums, rate, config);
                pass.losses.clone().map(ops::snapshot)
            },
        )
    }
}
