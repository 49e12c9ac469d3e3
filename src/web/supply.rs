//! Passes photos from the page, which decodes them, to a run.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::{
    photos::{domain_of, photo_of},
    training::Training,
    types::{Pixels, Upcoming, told},
};
use crate::{error::Result, train::whole};

#[wasm_bindgen]
impl Training {
    /// Photos that must be supplied before the next `steps` steps.
    pub fn upcoming(&mut self, steps: usize) -> Result<Ts<Upcoming>> {
        let pairs = steps.saturating_mul(self.trainer.config().batch_size);
        let (a, b) = self.trainer.dataset_mut().upcoming(pairs);
        let (source_a, source_b) = self.trainer.dataset_mut().sources_mut();
        told(&Upcoming { a: source_a.missing(a), b: source_b.missing(b) })
    }

    /// Supplies the photo at `index` as straight-alpha RGBA bytes.
    pub fn supply(
        &mut self,
        domain: &str,
        index: usize,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
    ) -> Result<()> {
        let domain = domain_of(domain)?;
        let photo = photo_of(rgba, width, height)?;
        // Resized immediately, because the decoded photo may be fifty times as large.
        let photo = self.trainer.config().preprocess.resize(photo)?;
        let (a, b) = self.trainer.dataset_mut().sources_mut();
        domain.pick([a, b]).waiting.borrow_mut().insert(index, photo);
        Ok(())
    }

    /// Excludes a photo that cannot be decoded.
    pub fn exclude(&mut self, domain: &str, index: usize) -> Result<()> {
        let domain = domain_of(domain)?;
        self.trainer.dataset_mut().exclude(domain, index);
        Ok(())
    }

    /// A photo at the size from which this run crops it. Training needs no more of it, and resizing
    /// it again changes nothing.
    pub fn resized(&self, rgba: Vec<u8>, width: usize, height: usize) -> Result<Ts<Pixels>> {
        let photo = photo_of(rgba, width, height)?;
        told(&Pixels::from(self.trainer.config().preprocess.resize(photo)?))
    }

    /// A whole photo, as in a preview, its longer side at most `longest` pixels.
    pub fn whole(
        &self,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
        longest: usize,
    ) -> Result<Ts<Pixels>> {
        told(&Pixels::from(whole(&photo_of(rgba, width, height)?, longest)))
    }
}
