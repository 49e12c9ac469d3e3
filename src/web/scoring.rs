//! Previews and scores of a run, on photos that it does not learn from.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::{
    photos::{domain_of, photo_of},
    training::{MARGIN, Training},
    types::{Judged, RoundTrip, told},
};
use crate::{
    error::{Error, Result},
    image,
    train::{
        Domain,
        scores::{self, Classifier, Preview, preview},
        whole,
    },
    translate::Smooth,
};

/// Side of the pictures from which the scores' classifier learns, in pixels.
const SEEN_SIDE: usize = 72;

/// Longest side of a photo that is scored whole, in pixels, and how many of each set are.
const SCORED: [(usize, usize); 2] = [(512, usize::MAX), (256, 4)];

#[wasm_bindgen]
impl Training {
    /// Keeps a small copy of a photo of the run, for the classifier to learn from.
    #[wasm_bindgen(js_name = addSeen)]
    pub fn add_seen(
        &mut self,
        domain: &str,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
    ) -> Result<()> {
        let photo = photo_of(rgba, width, height)?;
        let small = image::resize_bicubic(&photo, SEEN_SIDE, SEEN_SIDE);
        domain_of(domain)?.pick(self.seen.each_mut()).push(small);
        Ok(())
    }

    /// Keeps a held-out photo for scores, unless there are enough for this device's speed.
    #[wasm_bindgen(js_name = addHeldOut)]
    pub fn add_held_out(
        &mut self,
        domain: &str,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
    ) -> Result<()> {
        let [graphics, slow] = SCORED;
        let (longest, most) = if self.slow { slow } else { graphics };
        let held_out = domain_of(domain)?.pick(self.held_out.each_mut());
        if held_out.len() < most {
            let photo = photo_of(rgba, width, height)?;
            held_out.push(self.trainer.config().preprocess.held_out(photo, longest)?);
        }
        Ok(())
    }

    /// Keeps a whole photo for previews, at most `longest` pixels on its longer side; returns its
    /// index.
    #[wasm_bindgen(js_name = addPreview)]
    pub fn add_preview(
        &mut self,
        domain: &str,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
        longest: usize,
    ) -> Result<usize> {
        let photo = whole(&photo_of(rgba, width, height)?, longest);
        let shown = domain_of(domain)?.pick(self.shown.each_mut());
        shown.push(photo);
        Ok(shown.len() - 1)
    }

    /// A held-out photo's round trip.
    pub async fn preview(&self, domain: &str, index: usize) -> Result<Ts<RoundTrip>> {
        let domain = domain_of(domain)?;
        let other = domain.pick([Domain::B, Domain::A]);
        let photo = domain.pick(self.shown.each_ref()).get(index);
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
