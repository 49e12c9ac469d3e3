//! Previews and scores of a run, on photos that it does not learn from.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::{
    Training,
    photos::{domain_of, of},
    training::MARGIN,
    types::{Judged, RoundTrip, told},
};
use crate::{
    error::{Error, Result},
    train::{
        Domain, Preview, preview,
        scores::{self, Classifier},
    },
    translate::Smooth,
};

#[wasm_bindgen]
impl Training {
    /// A held-out photo's round trip.
    pub async fn preview(&self, domain: &str, index: usize) -> Result<Ts<RoundTrip>> {
        let domain = domain_of(domain)?;
        let other = of(domain, [Domain::B, Domain::A]);
        let photo = of(domain, self.shown.each_ref()).get(index);
        let photo = photo.ok_or_else(|| Error::Usage(format!("there is no preview {index}")))?;
        let (there, back) = (self.trainer.generator(domain), self.trainer.generator(other));
        let Preview { input, translated, back, error } =
            preview(there, back, photo, MARGIN, Smooth::One, &self.device).await?;
        let (width, height) = (photo.width, photo.height);
        told(&RoundTrip { width, height, input, translated, back, error })
    }

    /// Trains the classifier on the small copies; returns how well it does on the held-out photos,
    /// 0 to 1, which is the ceiling of the scores.
    #[wasm_bindgen(js_name = trainClassifier)]
    pub async fn train_classifier(&mut self) -> Result<f64> {
        let [a, b] = std::mem::take(&mut self.seen);
        let seed = self.trainer.config().seed;
        let classifier = Classifier::train(&a, &b, seed, &self.device).await?;
        let [a, b] = &self.held_out;
        let ceiling = classifier.on_real(a, b).await?.share;
        self.classifier = Some(classifier);
        Ok(ceiling.into())
    }

    /// Scores of the generators on the held-out photos, and whether they replace the best so far,
    /// with the merit `best`; if those were `given` to the run, only clearly better ones do.
    pub async fn scores(&self, best: Option<f64>, given: bool) -> Result<Ts<Judged>> {
        let classifier = self
            .classifier
            .as_ref()
            .ok_or_else(|| Error::Usage("the classifier has not been trained".into()))?;
        let [g_a, g_b] = [Domain::A, Domain::B].map(|domain| self.trainer.generator(domain));
        let [a, b] = &self.held_out;
        let scores =
            scores::score(classifier, [g_a, g_b], [a, b], Smooth::One, &self.device).await?;
        let merit = scores.merit();
        let better = best.is_none_or(|best| scores::is_better(merit, best as f32, given));
        told(&Judged { scores, merit, better })
    }
}
