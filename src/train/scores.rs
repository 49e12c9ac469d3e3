//! Figures that say more than losses do, in the spirit of the paper's FCN score (section 5.1.1): do
//! translations come back, and does somebody who has never seen one take them for the target?
//!
//! That somebody is a small network that has learned to tell the two training sets apart. How well
//! it does on real photos that it has not seen is the ceiling for every translation.

use burn::tensor::{Device, Tensor, TensorData, activation};

use super::{Adam, Learner, grid::grid, learner::Sum, preview::preview_smooth};
use crate::{
    device,
    error::{Error, Result},
    image::{self, Rgb},
    model::{DomainClassifier, Generator, Network},
    random::Random,
    translate::Smooth,
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

    /// How well it tells real photos of both sets apart, each set counting half. On photos that it
    /// has not learned from this is the ceiling for translations.
    ///
    /// # Errors
    /// `dataset-empty`, `output-not-finite`, those of [`device::read`].
    pub async fn on_real(&self, a: &[Rgb], b: &[Rgb]) -> Result<Verdict> {
        let (of_a, of_b) = (self.judge(a).await?.of_a(), self.judge(b).await?);
        let half = |a: f32, b: f32| 0.5 * (a + b);
        Ok(Verdict { share: half(of_a.share, of_b.share), trust: half(of_a.trust, of_b.trust) })
    }

    /// How far it takes pictures for B.
    ///
    /// # Errors
    /// `dataset-empty`, `output-not-finite`, those of [`device::read`].
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
            all.extend(read(answers).await?);
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

/// What the classifier says of some pictures, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The share that it takes for B.
    pub share: f32,
    /// How sure it is of that, as the mean probability. Of a few pictures the share moves in
    /// leaps; this moves with each of them.
    pub trust: f32,
}

impl Verdict {
    /// The same, of A.
    fn of_a(self) -> Self {
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
    /// [`Classifier::on_real`], of the real photos.
    pub ceiling: Verdict,
    /// How far translations of A are taken for B.
    pub taken_for_b: Verdict,
    /// How far translations of B are taken for A.
    pub taken_for_a: Verdict,
    /// The [`grid`] of translations of A relative to that of the photos: 1 is as in photos.
    pub grid_a: f32,
    /// The same of translations of B.
    pub grid_b: f32,
}

/// Trust in a look below this, as a part of that in photos, is none: between 0 and nearly 0 a few
/// photos decide nothing.
const DOUBT: f32 = 0.05;
/// A round trip this close is as good as none: six levels of 255, which nobody sees.
const CLOSE: f32 = 0.05;
/// Generators are better than those that were given by this part: less is the noise of a few held-out
/// photos.
const CLEARLY: f32 = 0.02;

impl Scores {
    /// One figure from 0 to 1, by which generators are compared: larger is better.
    ///
    /// It is a product, for each way, of what a translation must be: of its target's look (trust in
    /// it as a part of that in real photos), still the same place (round trip), and free of the
    /// grid. Each is a part of what photos reach and no better than that, so a generator that does
    /// nothing, whose round trip is perfect, is held back by its look, and one that paints the look
    /// over everything by its round trip. The grid is an energy, so its root counts.
    pub fn merit(&self) -> f32 {
        let way = |taken: Verdict, round_trip: f32, grid: f32| {
            let look = (taken.trust / self.ceiling.trust.max(f32::EPSILON)).clamp(DOUBT, 1.0);
            look * (CLOSE / round_trip.max(CLOSE)) / grid.max(1.0).sqrt()
        };
        let there = way(self.taken_for_b, self.round_trip_a, self.grid_a);
        let back = way(self.taken_for_a, self.round_trip_b, self.grid_b);
        (there * back).sqrt()
    }
}

/// Whether generators with this [`Scores::merit`] take the place of the `best` so far, on the same
/// photos and by the same classifier. The ones that were `given` to a run keep theirs until others are
/// clearly better.
pub fn is_better(merit: f32, best: f32, given: bool) -> bool {
    merit > if given { best * (1.0 + CLEARLY) } else { best }
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
    score_smooth(classifier, [g_a, g_b], [a, b], Smooth::One, device).await
}

/// [`score`] where each translation is the mean of several passes.
///
/// # Errors
/// As there.
pub async fn score_smooth(
    classifier: &Classifier,
    [g_a, g_b]: [&Generator; 2],
    [a, b]: [&[Rgb]; 2],
    smooth: Smooth,
    device: &Device,
) -> Result<Scores> {
    let (round_trip_a, to_b) = translated(g_a, g_b, a, smooth, device).await?;
    let (round_trip_b, to_a) = translated(g_b, g_a, b, smooth, device).await?;
    Ok(Scores {
        round_trip_a,
        round_trip_b,
        ceiling: classifier.on_real(a, b).await?,
        taken_for_b: classifier.judge(&to_b).await?,
        taken_for_a: classifier.judge(&to_a).await?.of_a(),
        grid_a: grid(&to_b) / grid(a),
        grid_b: grid(&to_a) / grid(b),
    })
}

/// The mean error of the way there and back, and what photos look like there.
async fn translated(
    there: &Generator,
    back: &Generator,
    photos: &[Rgb],
    smooth: Smooth,
    device: &Device,
) -> Result<(f32, Vec<Rgb>)> {
    let (mut error, mut pictures) = (0.0, Vec::with_capacity(photos.len()));
    for photo in photos {
        let seen = preview_smooth(there, back, photo, 0, smooth, device).await?;
        error += seen.error / photos.len() as f32;
        pictures.push(seen.translated);
    }
    Ok((error, pictures))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sure(trust: f32) -> Verdict {
        Verdict { share: trust.round(), trust }
    }

    /// Both ways alike, among photos of which the classifier is nearly sure.
    fn scores(trust: f32, round_trip: f32, grid: f32) -> Scores {
        Scores {
            round_trip_a: round_trip,
            round_trip_b: round_trip,
            ceiling: sure(0.95),
            taken_for_b: sure(trust),
            taken_for_a: sure(trust),
            grid_a: grid,
            grid_b: grid,
        }
    }

    #[test]
    fn merit_is_1_where_photos_are_and_falls_with_each_score() {
        assert_eq!(scores(0.95, 0.0, 1.0).merit(), 1.0);
        assert_eq!(scores(1.0, 0.01, 0.3).merit(), 1.0, "nothing is better than a photo");
        let usual = scores(0.7, 0.1, 2.0);
        for worse in [scores(0.6, 0.1, 2.0), scores(0.7, 0.12, 2.0), scores(0.7, 0.1, 2.3)] {
            assert!(is_better(usual.merit(), worse.merit(), true), "{worse:?}");
        }
        let one_way = Scores { grid_a: 4.0, ..usual };
        assert!(is_better(usual.merit(), one_way.merit(), true));
    }

    #[test]
    fn neither_doing_nothing_nor_painting_over_everything_is_good() {
        let translated = scores(0.7, 0.12, 1.5).merit();
        assert!(is_better(translated, scores(0.05, 0.0, 1.0).merit(), true), "left alone");
        assert!(is_better(translated, scores(0.95, 0.7, 1.0).merit(), true), "painted over");
        assert!(is_better(translated, scores(0.95, 0.08, 40.0).merit(), true), "a grid");
    }

    #[test]
    fn what_is_only_as_good_is_not_better() {
        let bar = scores(0.7, 0.1, 2.0).merit();
        assert!(!is_better(bar, bar, false));
        let hardly = scores(0.7, 0.1, 1.99).merit();
        assert!(!is_better(hardly, bar, true), "within the noise");
        assert!(is_better(hardly, bar, false), "of two averages of a run the larger");
        let [never, hardly] = [1e-6, 1e-3].map(|trust| scores(trust, 0.1, 2.0).merit());
        assert!(!is_better(hardly, never, false), "neither looks like its target");
    }
}
