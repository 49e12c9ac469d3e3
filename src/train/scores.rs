//! Figures that say more than losses do, in the spirit of the paper's FCN score (section 5.1.1): do
//! translations come back, and does somebody who has never seen one take them for the target?
//!
//! That somebody is a small network that has learned to tell the two training sets apart. How well
//! it does on real photos that it has not seen is the ceiling for every translation.

use burn::tensor::{Device, Tensor, TensorData, activation};

use super::{Adam, Learner, learner::Sum, preview};
use crate::{
    device,
    error::{Error, Result},
    image::{self, Rgb},
    model::{DomainClassifier, Generator, Network},
    random::Random,
};

/// Side of the pictures that the classifier looks at, in pixels; others are resized.
const SIDE: usize = 64;
/// Side from which they are cropped while it learns.
const LOAD: usize = 72;
/// Steps that it learns.
const STEPS: usize = 300;
/// Pictures of each set in one of its steps.
const BATCH: usize = 8;
/// Pictures that it judges at once.
const AT_ONCE: usize = 16;

/// Tells pictures of B from pictures of A.
#[derive(Debug)]
pub struct Classifier {
    network: DomainClassifier,
    device: Device,
}

impl Classifier {
    /// Learns from pictures of both sets, at least one each. The same pictures and `seed` give the
    /// same classifier.
    ///
    /// # Errors
    /// `dataset-empty`.
    pub async fn train(a: &[Rgb], b: &[Rgb], seed: u64, device: &Device) -> Result<Self> {
        let shrink = |photos: &[Rgb]| -> Vec<Rgb> {
            photos.iter().map(|photo| image::resize_bicubic(photo, LOAD, LOAD)).collect()
        };
        let (a, b) = (shrink(a), shrink(b));
        let mut random = Random::new(seed);
        let mut learner = Learner::new(DomainClassifier::random(random.bits(), device)?);
        let adam = Adam { learning_rate: 1e-3, beta1: 0.9, ..Adam::default() };
        for step in 0..STEPS {
            let mut pictures = Vec::with_capacity(2 * BATCH * 3 * SIDE * SIDE);
            for set in [&a, &b] {
                for _ in 0..BATCH {
                    let photo = set.get(random.below(set.len()));
                    let photo = photo.ok_or(Error::DatasetEmpty("nothing to compare".into()))?;
                    pictures.extend(view(photo, &mut random)?);
                }
            }
            let data = TensorData::new(pictures, [2 * BATCH, 3, SIDE, SIDE]);
            let x = Tensor::<4>::from_data(data, device).autodiff();
            let network = learner.network.learning();
            let answers = network.forward(x); // [2 BATCH, 1]: A, then B
            let of_a = activation::log_sigmoid(answers.clone().narrow(0, 0, BATCH).neg());
            let of_b = activation::log_sigmoid(answers.narrow(0, BATCH, BATCH));
            let loss = (of_a + of_b).mean().neg();
            let mut sum = Sum::default();
            sum.add(&network, &mut loss.backward());
            drop(network);
            let rate = adam.learning_rate * (1.0 - step as f64 / STEPS as f64);
            learner.update(&sum, rate, &adam);
            if step % BATCH == 0 {
                // Waits, so that a graphics card is never given more work than it has done.
                read(loss.inner()).await?;
            }
        }
        Ok(Self { network: learner.network, device: device.clone() })
    }

    /// The share of real photos of both sets that it puts where they belong, each set counting
    /// half: 0 to 1. On photos that it has not learned from this is the ceiling for translations.
    ///
    /// # Errors
    /// `dataset-empty`, `output-not-finite`, those of [`device::read`].
    pub async fn accuracy(&self, a: &[Rgb], b: &[Rgb]) -> Result<f32> {
        Ok(0.5 * (1.0 - self.share_of_b(a).await? + self.share_of_b(b).await?))
    }

    /// The share of pictures that it takes for B: 0 to 1.
    ///
    /// # Errors
    /// `dataset-empty`, `output-not-finite`, those of [`device::read`].
    pub async fn share_of_b(&self, pictures: &[Rgb]) -> Result<f32> {
        if pictures.is_empty() {
            return Err(Error::DatasetEmpty("there are no pictures to judge".into()));
        }
        let mut taken = 0;
        for some in pictures.chunks(AT_ONCE) {
            let small = some.iter().map(|picture| image::resize_bicubic(picture, SIDE, SIDE));
            let values: Vec<f32> = small.flat_map(|picture| image::to_unit(&picture)).collect();
            let data = TensorData::new(values, [some.len(), 3, SIDE, SIDE]);
            let answers = self.network.forward(Tensor::from_data(data, &self.device));
            let answers = read(answers).await?;
            if !answers.iter().all(|answer| answer.is_finite()) {
                return Err(Error::OutputNotFinite);
            }
            taken += answers.into_iter().filter(|answer| *answer > 0.0).count();
        }
        Ok(taken as f32 / pictures.len() as f32)
    }
}

/// A random crop, mirrored or not, as the network's input.
fn view(photo: &Rgb, random: &mut Random) -> Result<Vec<f32>> {
    let [x, y] = [0, 1].map(|_| random.below(LOAD - SIDE + 1));
    let crop = image::crop(photo, x, y, SIDE, SIDE)?;
    let mut values = image::to_unit(&crop);
    if random.below(2) == 1 {
        values.chunks_exact_mut(SIDE).for_each(<[f32]>::reverse);
    }
    Ok(values)
}

async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = device::read(tensor).await?;
    data.try_to_vec::<f32>().map_err(|other| Error::Usage(other.to_string()))
}

/// What two generators are worth on held-out photos.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// Mean absolute difference of A → B → A to the photo, 0 to 2 in the network's units.
    pub round_trip_a: f32,
    /// The same for B → A → B.
    pub round_trip_b: f32,
    /// [`Classifier::accuracy`] on the real photos.
    pub ceiling: f32,
    /// The share of translations of A that are taken for B.
    pub taken_for_b: f32,
    /// The share of translations of B that are taken for A.
    pub taken_for_a: f32,
}

/// Scores two generators on photos of both sets, whose sides are multiples of 4.
///
/// # Errors
/// `dataset-empty` when a set has none, `output-not-finite`, those of [`device::read`].
pub async fn score(
    classifier: &Classifier,
    g_a: &Generator,
    g_b: &Generator,
    a: &[Rgb],
    b: &[Rgb],
    device: &Device,
) -> Result<Scores> {
    let (mut to_b, mut to_a) = (Vec::new(), Vec::new());
    let (mut error_a, mut error_b) = (0.0, 0.0);
    for photo in a {
        let seen = preview(g_a, g_b, photo, 0, device).await?;
        error_a += seen.error / a.len() as f32;
        to_b.push(seen.translated);
    }
    for photo in b {
        let seen = preview(g_b, g_a, photo, 0, device).await?;
        error_b += seen.error / b.len() as f32;
        to_a.push(seen.translated);
    }
    Ok(Scores {
        round_trip_a: error_a,
        round_trip_b: error_b,
        ceiling: classifier.accuracy(a, b).await?,
        taken_for_b: classifier.share_of_b(&to_b).await?,
        taken_for_a: 1.0 - classifier.share_of_b(&to_a).await?,
    })
}
