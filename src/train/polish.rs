//! Polishing: a generator learns its own mean over four shifts of its lattice, in which much of its
//! grid cancels, so that one pass becomes nearly as good as four
//! ([`crate::translate::shifted_mean`]).
//!
//! The original generator is the teacher and does not change. A copy of it is trained, with fresh
//! moments and a rate that falls linearly to zero; the result is the average of the copy's weights.

use burn::tensor::{Device, Tensor};

use super::{
    config::{Adam, Config},
    data::{Preprocess, View},
    learner::{Learner, Sum},
    losses,
    networks::upload,
    repeater::{Inputs, Part, Plays, Shared},
    scores::grid,
};
use crate::{
    device::floats,
    error::{Error, Result},
    image::{self, Rgb},
    model::{Generator, MULTIPLE, Network, Readback},
    ops,
    translate::{Smooth, shifted_mean, translate},
    weights::HostTensor,
};

/// The optimiser, with `torch.optim.Adam`'s own constants, because this minimises a distance
/// instead of playing a game.
pub const ADAM: Adam = Adam { learning_rate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/// The longest proposed phase.
const LONGEST: u64 = 400;
/// Steps below which a strong grid hardly weakens: 20 steps left 17 of a grid of 25, 60 left 10.
const ENOUGH: u64 = 60;
/// The side of a picture, in pixels, beyond which a larger part of the photo changes little.
const LARGE: usize = 256;
/// Share of the phase over which weights are averaged.
const MEMORY: f64 = 0.1;
/// Share of the running distances that each step replaces.
const SHARE: f64 = 0.1;

/// Proposed steps after a training of `steps`: a tenth, or up to a third if that is too short.
pub fn proposed(steps: u64) -> u64 {
    (steps / 10).clamp(ENOUGH.min(steps / 3), LONGEST)
}

/// The learning rate of step `step`, counted from 1, of `total`.
pub fn rate(step: u64, total: u64) -> f64 {
    let left = (total + 1).saturating_sub(step) as f64 / total.max(1) as f64;
    ADAM.learning_rate * left
}

/// How to prepare pictures for polishing from a photo whose shorter side, at the size from which it
/// is cropped, is `shorter`: crops of up to twice the side, but not beyond 256 pixels unless they
/// were larger before. A mean over the lattice is best learnt where most of the picture is visible,
/// because the normalisations see all of it.
pub fn enlarged(preprocess: &Preprocess, shorter: usize) -> Preprocess {
    let crop = preprocess.crop_size;
    let wanted = crop.max(LARGE.min(2 * crop));
    Preprocess { crop_size: wanted.min(shorter / MULTIPLE * MULTIPLE), ..*preprocess }
}

/// A picture to learn from, `[3, H, W]` in [-1, 1], from a photo at the size from which it is
/// cropped. Fails as [`Preprocess::view`] does.
pub(super) fn picture(preprocess: &Preprocess, resized: &Rgb, view: View) -> Result<HostTensor> {
    let shorter = resized.width.min(resized.height);
    enlarged(preprocess, shorter).view(resized, view)
}

/// The result of the copy's pass over a picture.
#[derive(Debug)]
struct PolishPass {
    sum: Sum,
    /// Distances of the copy and of the teacher to the mean: mean absolute differences, 0 to 2.
    distances: [Tensor<1>; 2],
}

/// Running means of the distances to the mean on recent pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Latest {
    /// Of the copy.
    pub polished: f64,
    /// Of the teacher on the same pictures.
    pub unpolished: f64,
}

/// A generator being polished. Like a [`Learner`] it cannot be cloned.
#[derive(Debug)]
pub struct Polish {
    networks: Networks,
    part: Part<PolishPass, 1>,
    /// The distances in recent steps.
    pub(super) distances: Latest,
}

/// The networks of a [`Polish`].
#[derive(Debug)]
struct Networks {
    /// The original generator.
    teacher: Generator,
    /// Its copy in training, with the copy's average.
    student: Learner<Generator>,
}

impl Plays for Networks {
    fn shared(&self) -> Shared {
        (vec![self.teacher.shared(), self.student.network.shared()], Vec::new())
    }
}

impl Polish {
    /// Starts with `teacher`, whose weights must not change any more.
    pub fn new(teacher: Generator, device: &Device) -> Self {
        let student = Learner::new(teacher.snapshot());
        Self::of(teacher, student, Latest::default(), device)
    }

    /// Continues where another one was.
    pub(super) fn of(
        teacher: Generator,
        student: Learner<Generator>,
        distances: Latest,
        device: &Device,
    ) -> Self {
        let networks = Networks { teacher, student };
        Self { networks, part: Part::new(device), distances }
    }

    /// Learns from pictures `x` `[B, 3, H, W]` in [-1, 1] as step `step`, counted from 1, of
    /// `total`. Returns the distances of the copy and of the teacher to the mean;
    /// [note](Polish::note) them once they are read. Fails with `gpu-lost`, `gpu-refused`,
    /// `out-of-memory`: the step is then incomplete or wrong.
    pub fn step(&mut self, x: Tensor<4>, step: u64, total: u64) -> Result<[Tensor<1>; 2]> {
        self.part.play(
            &mut self.networks,
            Inputs { pictures: [ops::image(x)], augmentations: None },
            // None of it matters here.
            &Config::default(),
            |networks, inputs| networks.pass(&inputs.pictures[0]),
            |networks, pass| {
                networks.learn(&pass.sum, step, total);
                pass.distances.clone().map(ops::snapshot)
            },
        )
    }

    /// [`Polish::step`] on a photo whose sides are multiples of 4, at least 8; waits for the
    /// distances. Fails as [`Polish::step`] does, with `training-not-finite`, and with those of
    /// [`Readback::read`].
    pub async fn learn(
        &mut self,
        photo: &Rgb,
        step: u64,
        total: u64,
        device: &Device,
    ) -> Result<[f32; 2]> {
        let shape = vec![1, 3, photo.height, photo.width];
        let x = upload(HostTensor { shape, data: image::to_unit(photo) }, device);
        let both = self.step(x, step, total)?;
        let mut readback = Readback::default();
        both.into_iter().for_each(|distance| readback.tensor(String::new(), distance));
        let mut distances = [f32::NAN; 2];
        for (distance, read) in distances.iter_mut().zip(readback.values().await?) {
            *distance = floats(read)?.first().copied().unwrap_or(f32::NAN);
        }
        if distances.iter().any(|distance| !distance.is_finite()) {
            let detail = format!("step {step} of the polish: the distance is {distances:?}");
            return Err(Error::TrainingNotFinite(detail));
        }
        self.note(distances);
        Ok(distances)
    }

    /// Records the distances of a step.
    pub fn note(&mut self, [polished, unpolished]: [f32; 2]) {
        let share = |value: f32, mean: &mut f64| *mean += SHARE * (f64::from(value) - *mean);
        share(polished, &mut self.distances.polished);
        share(unpolished, &mut self.distances.unpolished);
    }

    /// The generator to use: the average, or the teacher as long as the copy has come no nearer to
    /// the mean than it on the same pictures.
    pub fn generator(&self) -> &Generator {
        let Networks { teacher, student } = &self.networks;
        let Latest { polished, unpolished } = self.distances;
        if polished < unpolished { student.result() } else { teacher }
    }

    /// The [`grid`] of translations of `photos`, whose sides are multiples of 4, by the teacher and
    /// by the generator to use. Where a grid is already weak, the mean removes more of the
    /// surrounding detail than of the grid, which then stands out more than before. Fails as
    /// [`translate`] does.
    pub async fn grids(&self, photos: &[Rgb], device: &Device) -> Result<[f32; 2]> {
        let mut grids = [0.0; 2];
        for (found, generator) in grids.iter_mut().zip([&self.networks.teacher, self.generator()]) {
            let mut translated = Vec::new();
            for photo in photos {
                translated.push(translate(generator, photo, 0, Smooth::One, device).await?);
            }
            *found = grid(&translated);
        }
        Ok(grids)
    }

    /// The copy; if it is finite, everything here is.
    pub(super) fn student(&self) -> &Learner<Generator> {
        &self.networks.student
    }

    /// Queues each step anew, even where a graphics card could repeat a recorded one.
    pub fn never_repeat(&mut self) {
        self.part = Part::plain();
    }

    /// Whether steps now repeat a recorded one.
    pub fn repeats(&self) -> bool {
        self.part.repeats()
    }
}

impl Networks {
    /// The copy's distances and gradients on pictures, before any update.
    fn pass(&self, x: &Tensor<4>) -> PolishPass {
        let (in_place, moved) = Smooth::Four.shifts().split_at(1);
        let own = shifted_mean(&self.teacher, x.clone(), in_place);
        let others = shifted_mean(&self.teacher, x.clone(), moved);
        let weight = 1.0 / (1 + moved.len()) as f64;
        let mean = own.clone() * weight + others * (1.0 - weight);
        let unpolished = losses::l1(own, mean.clone(), 1.0);
        let network = self.student.network.learning();
        let made = network.forward(x.clone().autodiff());
        let loss = losses::l1(made, mean.autodiff(), 1.0);
        let mut sum = Sum::default();
        sum.add(&network, &mut loss.backward());
        PolishPass { sum, distances: [loss.inner(), unpolished] }
    }

    fn learn(&mut self, gradients: &Sum, step: u64, total: u64) {
        let decay = 1.0 - 1.0 / (1.0 + MEMORY * total as f64);
        self.student.update_averaged(gradients, rate(step, total), &ADAM, decay);
    }
}
