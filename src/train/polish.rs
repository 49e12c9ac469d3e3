//! Polishing: a generator learns its own mean over four shifts of its lattice, in which much of its
//! grid cancels, so that one pass comes near what four do ([`crate::translate::shifted_mean`]).
//!
//! The generator as it was is the teacher, and stays as it is. A copy of it learns, with fresh
//! moments, at a rate that falls in a straight line to zero; what is used is the average of the
//! copy's weights.

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
    error::{Error, Result},
    image::{self, Rgb},
    model::{Generator, MULTIPLE, Network, Readback},
    ops,
    translate::{Smooth, shifted_mean, translate},
    weights::HostTensor,
};

/// The optimiser: `torch.optim.Adam`'s own constants, since a distance is learnt, and no game
/// played.
pub const ADAM: Adam = Adam { learning_rate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/// The longest phase that is proposed.
const LONGEST: u64 = 400;
/// Steps without which a strong grid would hardly weaken: of one of 25, 20 steps left 17, and 60
/// left 10.
const ENOUGH: u64 = 60;
/// The side of a picture, in pixels, from which on more of the photo changes little.
const LARGE: usize = 256;
/// The average looks back on so large a part of the phase.
const MEMORY: f64 = 0.1;
/// How much of the running distances each step replaces.
const SHARE: f64 = 0.1;

/// Steps that are proposed behind a training of `steps`: a tenth, and where that is too short to help
/// up to a third.
pub fn proposed(steps: u64) -> u64 {
    (steps / 10).clamp(ENOUGH.min(steps / 3), LONGEST)
}

/// The learning rate of step `step`, counted from 1, of `total`.
pub fn rate(step: u64, total: u64) -> f64 {
    let left = (total + 1).saturating_sub(step) as f64 / total.max(1) as f64;
    ADAM.learning_rate * left
}

/// How `preprocess` makes the pictures that are learnt from of a photo whose shorter side, at the
/// size at which it is cropped, is `shorter`: crops of up to twice the side, but not beyond 256
/// pixels unless they were larger before. A mean over the lattice is best learnt where most of it
/// can be seen, as the normalisations see all of a picture.
pub fn enlarged(preprocess: &Preprocess, shorter: usize) -> Preprocess {
    let crop = preprocess.crop_size;
    let wanted = crop.max(LARGE.min(2 * crop));
    Preprocess { crop_size: wanted.min(shorter / MULTIPLE * MULTIPLE), ..*preprocess }
}

/// A picture to learn from, `[3, H, W]` in [-1, 1], of a photo at the size at which it is cropped.
///
/// # Errors
/// As [`Preprocess::view`].
pub(super) fn picture(preprocess: &Preprocess, resized: &Rgb, view: View) -> Result<HostTensor> {
    let shorter = resized.width.min(resized.height);
    enlarged(preprocess, shorter).view(resized, view)
}

/// What the copy learns from a picture.
#[derive(Debug)]
struct PolishPass {
    sum: Sum,
    /// Of the copy and of the teacher to the mean: mean absolute differences, 0 to 2.
    distances: [Tensor<1>; 2],
}

/// Running means of the distances to the mean on the latest pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Latest {
    /// Of the copy that learns.
    pub polished: f64,
    /// Of the teacher on the same pictures.
    pub unpolished: f64,
}

/// A generator that is being polished. Like a [`Learner`] it cannot be cloned.
#[derive(Debug)]
pub struct Polish {
    networks: Networks,
    part: Part<PolishPass, 1>,
    /// What the latest steps brought.
    pub(super) distances: Latest,
}

/// The networks of a [`Polish`].
#[derive(Debug)]
struct Networks {
    /// The generator as it was.
    teacher: Generator,
    /// Its copy that learns, and the average of that.
    student: Learner<Generator>,
}

impl Plays for Networks {
    fn shared(&self) -> Shared {
        (vec![self.teacher.shared(), self.student.network.shared()], Vec::new())
    }
}

impl Polish {
    /// Begins with `teacher`, whose weights must not change any more.
    pub fn new(teacher: Generator, device: &Device) -> Self {
        let student = Learner::new(teacher.snapshot());
        Self::of(teacher, student, Latest::default(), device)
    }

    /// Goes on where another one was.
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
    /// `total`. How far the copy and the teacher were from the mean, in this order; once they are
    /// read, they are to be [noted](Polish::note).
    ///
    /// # Errors
    /// `gpu-lost`, `gpu-refused`, `out-of-memory`: the step is then done in part, or wrongly.
    pub fn step(&mut self, x: Tensor<4>, step: u64, total: u64) -> Result<[Tensor<1>; 2]> {
        self.part.play(
            &mut self.networks,
            Inputs { pictures: [ops::image(x)], augmentations: None },
            // Nothing of it has a part in this.
            &Config::default(),
            |networks, inputs| networks.pass(&inputs.pictures[0]),
            |networks, pass| {
                networks.learn(&pass.sum, step, total);
                pass.distances.clone().map(ops::snapshot)
            },
        )
    }

    /// [`Polish::step`] on a photo whose sides are multiples of 4, at least 8, waiting for what it
    /// brings.
    ///
    /// # Errors
    /// As there; `training-not-finite`, those of [`Readback::read`].
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
            let read = read.try_to_vec::<f32>().map_err(|other| Error::Usage(other.to_string()))?;
            *distance = read.first().copied().unwrap_or(f32::NAN);
        }
        if distances.iter().any(|distance| !distance.is_finite()) {
            let detail = format!("step {step} of the polish: the distance is {distances:?}");
            return Err(Error::TrainingNotFinite(detail));
        }
        self.note(distances);
        Ok(distances)
    }

    /// Takes note of the distances of a step.
    pub fn note(&mut self, [polished, unpolished]: [f32; 2]) {
        let share = |value: f32, mean: &mut f64| *mean += SHARE * (f64::from(value) - *mean);
        share(polished, &mut self.distances.polished);
        share(unpolished, &mut self.distances.unpolished);
    }

    /// The generator to be used: the average, unless that would be a step back, as it is until the
    /// copy has come nearer to the mean than its teacher was on the same pictures.
    pub fn generator(&self) -> &Generator {
        let Networks { teacher, student } = &self.networks;
        if self.helps() { student.result() } else { teacher }
    }

    /// Whether the copy has come nearer to the mean.
    fn helps(&self) -> bool {
        self.distances.polished < self.distances.unpolished
    }

    /// The [`grid`] of translations of `photos`, whose sides are multiples of 4: of the teacher's and of
    /// those of the generator to be used. Where a grid is weak already, the mean takes more of the
    /// detail around it than of the grid, and the latter stands out more than before.
    ///
    /// # Errors
    /// As [`translate`].
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

    /// The copy that learns, which must be finite for all of it to be.
    pub(super) fn student(&self) -> &Learner<Generator> {
        &self.networks.student
    }

    /// Queues each step anew, also where a graphics card could repeat a recorded one.
    pub fn never_repeat(&mut self) {
        self.part = Part::plain();
    }

    /// Whether steps are repetitions of a recorded one by now.
    pub fn repeats(&self) -> bool {
        self.part.repeats()
    }
}

impl Networks {
    /// What the copy learns from pictures. Nothing has learned yet.
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
