//! Scores that say more than losses, in the spirit of the paper's FCN score (section 5.1.1): do
//! translations come back, and does a neutral judge take them for the target?

mod classifier;
mod grid;
mod preview;

use burn::tensor::Device;
use serde::{Serialize, Serializer};

use crate::{error::Result, image::Rgb, model::Generator, translate::Smooth};
pub use classifier::{Classifier, Verdict};
pub use grid::grid;
pub use preview::{Preview, preview};

/// The quality of two generators on held-out photos.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Scores {
    /// Mean absolute difference of A → B → A from the photo, 0 to 2 in the network's units.
    pub round_trip_a: f32,
    /// The same for B → A → B.
    pub round_trip_b: f32,
    /// [`Classifier::on_real`] of the real photos.
    #[serde(serialize_with = "share")]
    #[cfg_attr(target_family = "wasm", tsify(type = "number"))]
    pub ceiling: Verdict,
    /// To what extent translations of A are taken for B.
    #[serde(serialize_with = "share")]
    #[cfg_attr(target_family = "wasm", tsify(type = "number"))]
    pub taken_for_b: Verdict,
    /// To what extent translations of B are taken for A.
    #[serde(serialize_with = "share")]
    #[cfg_attr(target_family = "wasm", tsify(type = "number"))]
    pub taken_for_a: Verdict,
    /// The [`grid`] of translations of A relative to that of the photos: 1 means as in photos.
    pub grid_a: f32,
    /// The same for translations of B.
    pub grid_b: f32,
}

/// A verdict is reported as its share.
fn share<S: Serializer>(verdict: &Verdict, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_f32(verdict.share)
}

/// Trust below this share of that in photos counts as none: a few photos cannot decide between 0
/// and nearly 0.
const DOUBT: f32 = 0.05;
/// A round-trip error below this counts as perfect: six levels of 255, which nobody sees.
const CLOSE: f32 = 0.05;
/// The margin by which generators must beat those given; less is noise of a few held-out photos.
const CLEARLY: f32 = 0.02;

impl Scores {
    /// A single number from 0 to 1 to compare generators by; larger is better.
    ///
    /// For each direction it multiplies what a translation must have: the target's look (trust
    /// relative to real photos), the same content (round trip), and no grid. No factor counts for
    /// more than photos reach. So a generator that does nothing, with a perfect round trip, is held
    /// back by its look, and one that paints the look over everything by its round trip. The grid
    /// is an energy, so its root counts.
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

/// Whether generators with this [`Scores::merit`] replace the `best` so far, on the same photos and
/// by the same classifier. Those `given` to a run are only replaced by clearly better ones.
pub fn is_better(merit: f32, best: f32, given: bool) -> bool {
    merit > if given { best * (1.0 + CLEARLY) } else { best }
}

/// Scores two generators on photos of both sets, whose sides are multiples of 4. Each translation
/// is the mean of several passes if it is to be smooth. Fails with `dataset-empty` when a set has
/// none, `output-not-finite`, and those of [`crate::device::read`].
pub async fn score(
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

/// The mean round-trip error, and the translations of the photos.
async fn translated(
    there: &Generator,
    back: &Generator,
    photos: &[Rgb],
    smooth: Smooth,
    device: &Device,
) -> Result<(f32, Vec<Rgb>)> {
    let (mut error, mut pictures) = (0.0, Vec::with_capacity(photos.len()));
    for photo in photos {
        let seen = preview(there, back, photo, 0, smooth, device).await?;
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

    /// Equal scores in both directions, for photos of which the classifier is nearly sure.
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
