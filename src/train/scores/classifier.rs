//! A neutral judge that never sees a translation in training: a small network trained to
//! distinguish the two training sets. How well it does on unseen real photos is the ceiling for
//! every translation.

use burn::tensor::{Device, Tensor, TensorData, activation};

use crate::{
    device::{floats, read},
    error::{Error, Result},
    image::{self, Rgb},
    model::{DomainClassifier, Network as _},
    random::Random,
    train::{
        config::Adam,
        learner::{Learner, Sum},
    },
};

/// Side of the pictures that the classifier sees, in pixels; others are resized.
const SIDE: usize = 64;
/// Side from which training pictures are cropped.
const LOAD: usize = 72;
/// Training steps.
const STEPS: usize = 300;
/// Pictures of each set per step.
const BATCH: usize = 8;
/// Pictures judged at once.
const AT_ONCE: usize = 16;

/// Distinguishes pictures of B from pictures of A.
#[derive(Debug)]
pub struct Classifier {
    network: DomainClassifier,
    device: Device,
}

impl Classifier {
    /// Trains on pictures of both sets, at least one each. The same pictures and `seed` give the
    /// same classifier. Fails with `dataset-empty`.
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
                // Waits, so that work does not pile up on a graphics card.
                read(loss.inner()).await?;
            }
        }
        Ok(Self { network: learner.network, device: device.clone() })
    }

    /// How well it distinguishes real photos of both sets, each set counting half. On unseen photos
    /// this is the ceiling for translations. Fails with `dataset-empty`, `output-not-finite`, and
    /// those of [`read`].
    pub async fn on_real(&self, a: &[Rgb], b: &[Rgb]) -> Result<Verdict> {
        let (of_a, of_b) = (self.judge(a).await?.of_a(), self.judge(b).await?);
        let half = |a: f32, b: f32| 0.5 * (a + b);
        Ok(Verdict { share: half(of_a.share, of_b.share), trust: half(of_a.trust, of_b.trust) })
    }

    /// To what extent it takes pictures for B. Fails with `dataset-empty`, `output-not-finite`, and
    /// those of [`read`].
    pub async fn judge(&self, pictures: &[Rgb]) -> Result<Verdict> {
        if pictures.is_empty() {
            return Err(Error::DatasetEmpty("there are no pictures to judge".into()));
        }
        let mut all = Vec::with_capacity(pictures.len());
        for some in pictures.chunks(AT_ONCE) {
            let small = some.iter().map(|picture| image::resize_bicubic(picture, SIDE, SIDE));
            let values: Vec<f32> = small.flat_map(|picture| image::to_unit(&picture)).collect();
            let data = TensorData::new(values, [some.len(), 3, SIDE, SIDE]);
            let answers = self.network.forward(Tensor::from_data(data, &self.device));
            all.extend(floats(read(answers).await?)?);
        }
        if !all.iter().all(|answer| answer.is_finite()) {
            return Err(Error::OutputNotFinite);
        }
        let mean = |of: fn(f32) -> f32| all.iter().copied().map(of).sum::<f32>() / all.len() as f32;
        Ok(Verdict {
            share: mean(|answer| f32::from(answer > 0.0)),
            trust: mean(|answer| 1.0 / (1.0 + (-answer).exp())),
        })
    }
}

/// The classifier's verdict on some pictures, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The share taken for B.
    pub share: f32,
    /// The mean probability of B. With few pictures the share moves in leaps; this moves with each.
    pub trust: f32,
}

impl Verdict {
    /// The same verdict about A.
    pub(super) fn of_a(self) -> Self {
        Self { share: 1.0 - self.share, trust: 1.0 - self.trust }
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
