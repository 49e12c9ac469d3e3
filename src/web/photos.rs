//! Passes photos from the page, which decodes them, to a run.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::{
    Training,
    types::{Pixels, Upcoming, told},
};
use crate::{
    choice::Choice as _,
    error::{Error, Result},
    image::{self, Rgb},
    samples::{self, Season},
    train::{Domain, Source, whole},
};

/// Side of the pictures from which the scores' classifier learns, in pixels.
const SEEN_SIDE: usize = 72;

/// Longest side of a photo that is scored whole, in pixels, and how many of each set are.
const SCORED: [(usize, usize); 2] = [(512, usize::MAX), (256, 4)];

/// A photo given as straight-alpha RGBA bytes, which are freed here.
pub(super) fn photo_of(rgba: Vec<u8>, width: usize, height: usize) -> Result<Rgb> {
    Rgb::from_rgba(&rgba, width, height)
}

/// The set with this name.
pub(super) fn domain_of(name: &str) -> Result<Domain> {
    Domain::from_name(name).ok_or_else(|| Error::Usage(format!("no set is called {name}")))
}

/// The element for one of the two sets.
pub(super) fn of<T>(domain: Domain, [a, b]: [T; 2]) -> T {
    if domain == Domain::A { a } else { b }
}

/// A set of the page's photos; supplied photos wait here until they are read.
#[derive(Clone)]
pub(super) struct Supplied {
    count: usize,
    waiting: Rc<RefCell<BTreeMap<usize, Rgb>>>,
}

impl Supplied {
    pub fn new(count: usize) -> Self {
        Self { count, waiting: Rc::default() }
    }

    /// Those of `places` that are not waiting here.
    fn missing(&self, places: Vec<usize>) -> Vec<usize> {
        let waiting = self.waiting.borrow();
        places.into_iter().filter(|place| !waiting.contains_key(place)).collect()
    }
}

impl Source for Supplied {
    fn len(&self) -> usize {
        self.count
    }

    fn read(&self, index: usize) -> Result<Rgb> {
        let found = self.waiting.borrow_mut().remove(&index);
        found.ok_or_else(|| Error::Usage(format!("photo {index} was not supplied")))
    }
}

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
        of(domain, [a, b]).waiting.borrow_mut().insert(index, photo);
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
        of(domain_of(domain)?, self.seen.each_mut()).push(small);
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
        let held_out = of(domain_of(domain)?, self.held_out.each_mut());
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
        let shown = of(domain_of(domain)?, self.shown.each_mut());
        shown.push(photo);
        Ok(shown.len() - 1)
    }
}

/// A photo that arrives a few rows at a time and is kept at another size, exactly as Pillow resizes
/// it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Shrink(image::Shrink);

#[wasm_bindgen]
impl Shrink {
    /// Resizes a photo of `width` x `height` pixels to `to_width` x `to_height`.
    #[wasm_bindgen(constructor)]
    pub fn new(width: usize, height: usize, to_width: usize, to_height: usize) -> Result<Self> {
        Ok(Self(image::Shrink::new(width, height, (to_width, to_height))?))
    }

    /// Takes the next rows as straight-alpha RGBA bytes.
    pub fn push(&mut self, rgba: &[u8]) -> Result<()> {
        self.0.push(rgba)
    }

    /// The photo at its new size, as RGBA bytes.
    pub fn finish(self) -> Result<Vec<u8>> {
        Ok(self.0.finish()?.to_rgba())
    }
}

/// A painted landscape as RGBA bytes.
#[wasm_bindgen]
pub fn paint(season: &str, seed: u32, width: usize, height: usize) -> Result<Vec<u8>> {
    let none = || Error::Usage(format!("no season is called {season}"));
    let season = Season::from_name(season).ok_or_else(none)?;
    if !(16..=2048).contains(&width) || !(16..=2048).contains(&height) {
        return Err(Error::Usage(format!("a scene of {width} x {height} pixels")));
    }
    Ok(samples::paint(season, seed.into(), width, height).to_rgba())
}
