//! Photos as the page gives them: decoded, shrunk, painted, or waiting for a run.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use wasm_bindgen::prelude::*;

use crate::{
    choice::Choice as _,
    error::{Error, Result},
    image::{self, Rgb},
    samples::{self, Season},
    train::{Domain, Source},
};

/// A photo given as straight-alpha RGBA bytes, which are freed here.
pub(super) fn photo_of(rgba: Vec<u8>, width: usize, height: usize) -> Result<Rgb> {
    Rgb::from_rgba(&rgba, width, height)
}

/// The set with this name.
pub(super) fn domain_of(name: &str) -> Result<Domain> {
    Domain::from_name(name).ok_or_else(|| Error::Usage(format!("no set is called {name}")))
}

/// A set of the page's photos; supplied photos wait here until they are read.
#[derive(Clone)]
pub(super) struct Supplied {
    count: usize,
    pub(super) waiting: Rc<RefCell<BTreeMap<usize, Rgb>>>,
}

impl Supplied {
    pub fn new(count: usize) -> Self {
        Self { count, waiting: Rc::default() }
    }

    /// Those of `places` that are not waiting here.
    pub fn missing(&self, places: Vec<usize>) -> Vec<usize> {
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
