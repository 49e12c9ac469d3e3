//! Photos that no run trains on, and their translations by the generators.

use burn::tensor::{Device, Tensor, TensorData};
use cyclegan_web::{
    error::Result,
    image::{self, Rgb},
    model::Discriminator,
    train::{Config, Domain, Trainer, View, scores::preview},
    translate::Smooth,
};
use pollster::block_on;

use super::{Given, Photos, decode, files};

/// Means over the summer photos and over the winter photos.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measured {
    /// Mean absolute difference after a round trip, 0 to 2, as `cyclegan score` prints it.
    pub round_trip: [f64; 2],
    /// What the discriminators the generators were trained against say of the translations.
    pub verdict: [f64; 2],
}

impl Measured {
    /// Adds one of `count` runs to a mean.
    pub fn add(&mut self, other: &Self, count: usize) {
        for side in [0, 1] {
            self.round_trip[side] += other.round_trip[side] / count as f64;
            self.verdict[side] += other.verdict[side] / count as f64;
        }
    }
}

pub struct HeldOut {
    /// Photos of A and of B, at the size of training pictures.
    photos: [Vec<Rgb>; 2],
    /// The discriminators of B and A.
    judges: [Discriminator; 2],
    device: Device,
}

impl HeldOut {
    /// Reads photos and judges.
    pub fn read(given: &Given, config: &Config) -> Result<Self> {
        let Given { photos, d_a, d_b, device, .. } = given;
        let pictures = |season: &str| -> Result<Vec<Rgb>> {
            let paths = files(&photos.join(season).join("test"));
            let sizes = &config.preprocess;
            let picture = |path| sizes.picture(&sizes.resize(decode(path)?)?, View::MIDDLE);
            paths.iter().map(picture).collect()
        };
        let judge = |state| Discriminator::from_state(config.ndf, 1, state, device);
        Ok(Self {
            photos: [pictures("summer")?, pictures("winter")?],
            judges: [judge(d_a.1.clone())?, judge(d_b.1.clone())?],
            device: device.clone(),
        })
    }

    /// Measures the generators of a run.
    pub fn measure(&self, trainer: &Trainer<Photos>) -> Result<Measured> {
        let mut measured = Measured::default();
        let [g_a, g_b] = [Domain::A, Domain::B].map(|from| trainer.generator(from));
        for (side, [there, back]) in [[g_a, g_b], [g_b, g_a]].into_iter().enumerate() {
            let (photos, judge) = (&self.photos[side], &self.judges[side]);
            for photo in photos {
                let seen = block_on(preview(there, back, photo, 0, Smooth::One, &self.device))?;
                let part = 1.0 / photos.len() as f64;
                measured.round_trip[side] += part * f64::from(seen.error);
                measured.verdict[side] += part * self.verdict(judge, &seen.translated);
            }
        }
        Ok(measured)
    }

    fn verdict(&self, judge: &Discriminator, picture: &Rgb) -> f64 {
        let shape = [1, 3, picture.height, picture.width];
        let data = TensorData::new(image::to_unit(picture), shape);
        let answers = judge.forward(Tensor::from_data(data, &self.device)).mean();
        f64::from(answers.into_scalar::<f32>())
    }
}
