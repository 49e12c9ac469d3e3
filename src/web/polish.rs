//! Polishing a model on its own, with photos of the look that it translates from.

use std::collections::BTreeMap;

use burn::tensor::Device;
use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::{
    Engine,
    photos::photo_of,
    types::{Polished, told},
};
use crate::{
    error::Result,
    image::Rgb,
    model::{Generator, Readback},
    train::{Polish, memory, trains, whole},
    weights::{WeightsFile, Which, safetensors},
};

/// Most photos for judging it.
const JUDGED: usize = 4;

/// A generator that is being polished.
#[wasm_bindgen]
pub struct Polishing {
    polish: Polish,
    device: Device,
    step: u64,
    total: u64,
    /// Longer side of the photos, in pixels.
    longest: usize,
    /// Photos for checking whether the grid has become weaker.
    judged: Vec<Rgb>,
    /// The metadata of its file.
    about: BTreeMap<String, String>,
}

#[wasm_bindgen]
impl Engine {
    /// Starts polishing the generator `network` in the weights file `bytes`, or its only one, for
    /// `steps` steps on photos of at most `longest` pixels a side, or as large as the device can
    /// hold.
    #[wasm_bindgen(js_name = startPolishing)]
    pub async fn start_polishing(
        &self,
        bytes: Vec<u8>,
        steps: u32,
        longest: u32,
        network: Option<String>,
    ) -> Result<Polishing> {
        let mut file = WeightsFile::open(&bytes)?;
        let which = network.as_deref().map_or(Which::Only, Which::Named);
        let (architecture, state) = file.generator(which)?;
        trains(&architecture)?;
        let about = file.metadata();
        self.opened.prepare_training().await?;
        let device = self.opened.device.clone();
        let most = memory::largest_polished(&architecture, self.opened.kind, &self.opened.limits);
        let polish = Polish::new(Generator::from_state(architecture, state, &device)?, &device);
        let longest = most.min(longest as usize);
        Ok(Polishing {
            polish,
            device,
            step: 0,
            total: steps.into(),
            longest,
            judged: Vec::new(),
            about,
        })
    }
}

#[wasm_bindgen]
impl Polishing {
    /// Learns from a photo, given as straight-alpha RGBA bytes, and reports the progress.
    pub async fn learn(
        &mut self,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
    ) -> Result<Ts<Polished>> {
        let photo = whole(&photo_of(rgba, width, height)?, self.longest);
        let (step, total) = (self.step + 1, self.total);
        let [polished, unpolished] = self.polish.learn(&photo, step, total, &self.device).await?;
        self.step = step;
        if self.judged.len() < JUDGED {
            self.judged.push(photo);
        }
        told(&Polished { step, total, polished, unpolished })
    }

    /// The polished generator as a weights file; `None` while its grid is no weaker than before.
    pub async fn weights(&self) -> Result<Option<Vec<u8>>> {
        let [before, after] = self.polish.grids(&self.judged, &self.device).await?;
        Ok(if after < before { Some(self.file().await?) } else { None })
    }

    async fn file(&self) -> Result<Vec<u8>> {
        safetensors::write(&Readback::weights(self.polish.generator()).await?, &self.about)
    }
}
