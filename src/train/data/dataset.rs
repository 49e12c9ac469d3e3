//! Two unpaired sets of photos, delivered pair by pair (PyTorch's `UnalignedDataset` with its
//! `DataLoader`).
//!
//! In an epoch every photo of the larger set comes once, in a new random order, with a photo of the
//! other set; see [`super::sampler`] for the rules. Photos are read when needed and kept, resized,
//! within the number of bytes given to [`Dataset::new`], so thousands of photos need no more memory
//! than that.
//!
//! An unreadable photo is skipped, another one of its set takes its place, and the [`Batch`]
//! reports it. If no photo of a set can be read, for example because its drive was unplugged, the
//! batch fails and nothing changes: once the photos are back, the same pairs follow.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{
    cache::Cache,
    preprocess::{Preprocess, View},
    sampler::{Sampler, SamplerState},
    side::Side,
    source::{Domain, Source},
    stack::Stack,
};
use crate::{
    choice::Choice as _,
    error::{Error, Result},
    image::Rgb,
    random::Random,
    weights::HostTensor,
};

/// An unusable photo.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Skipped {
    /// The set it is in.
    pub domain: Domain,
    /// Its index there.
    pub index: usize,
    /// The reason.
    #[serde(rename = "code", serialize_with = "code")]
    #[cfg_attr(target_family = "wasm", tsify(type = "string"))]
    pub error: Error,
}

fn code<S: Serializer>(error: &Error, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(error.code())
}

/// The pictures of one training step.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// `[B, 3, H, W]` in [-1, 1].
    pub a: HostTensor,
    /// `[B, 3, H, W]` in [-1, 1]; without cropping its size may differ from that of `a`.
    pub b: HostTensor,
    /// Which photos they are: indices in A and in B.
    pub pairs: Vec<(usize, usize)>,
    /// Their epoch, counted from 1.
    pub epoch: u64,
    /// Photos newly found to be unusable, each reported once.
    pub skipped: Vec<Skipped>,
}

/// Turns a photo, at the size from which it is cropped, into the network's input.
type Picture = fn(&Preprocess, &Rgb, View) -> Result<HostTensor>;

/// Two sets of photos and the randomness that pairs them.
pub struct Dataset<S> {
    a: Side<S>,
    b: Side<S>,
    preprocess: Preprocess,
    cache: Cache,
    sampler: Sampler,
    /// Pixels of the largest training picture.
    pub(in crate::train) most_pixels: u64,
    /// Photos skipped by a batch that failed, to be reported by the next one.
    untold: Vec<Skipped>,
}

impl<S: Source> Dataset<S> {
    /// The photos of both sets, keeping at most `cache_bytes` of pixels in memory.
    ///
    /// `random` determines the pairs, crops and flips and is used for nothing else, so that they do
    /// not depend on the rest of the run. Fails with `dataset-empty` when a set has no photo.
    pub fn new(
        a: S,
        b: S,
        preprocess: Preprocess,
        random: Random,
        cache_bytes: usize,
    ) -> Result<Self> {
        let sampler = Sampler::new((a.len(), b.len()), random)?;
        let (a, b) = (Side::new(Domain::A, a), Side::new(Domain::B, b));
        let (cache, most_pixels) = (Cache::new(cache_bytes), u64::MAX);
        let untold = Vec::new();
        Ok(Self { a, b, preprocess, cache, sampler, most_pixels, untold })
    }

    /// The next `size` pairs; fewer at the end of an epoch, because no batch spans two. Fails with
    /// `dataset-empty` when no photo of a set can be read; `engine-usage` for a `size` of 0, or for
    /// pictures of different sizes in one batch. The position is then unchanged: the next call
    /// tries the same pairs again.
    pub fn next_batch(&mut self, size: usize) -> Result<Batch> {
        self.next(size, Preprocess::view)
    }

    /// The next pair. `picture` turns each photo, at the size from which it is cropped, into a
    /// picture, given the settings and a random view. Fails as [`Dataset::next_batch`] does, and
    /// with those of `picture`.
    pub(in crate::train) fn next_pair(&mut self, picture: Picture) -> Result<Batch> {
        self.next(1, picture)
    }

    fn next(&mut self, size: usize, picture: Picture) -> Result<Batch> {
        let before = self.sampler.state();
        let mut skipped = std::mem::take(&mut self.untold);
        match self.batch(size, picture, &mut skipped) {
            Ok(batch) => Ok(Batch { skipped, ..batch }),
            Err(error) => {
                self.sampler.restore(&before)?;
                for Skipped { domain, index, error } in skipped {
                    if matches!(error, Error::FileNotRead(_)) {
                        self.side(domain).unreadable.remove(&index);
                    } else {
                        self.untold.push(Skipped { domain, index, error });
                    }
                }
                Err(error)
            }
        }
    }

    fn batch(
        &mut self,
        size: usize,
        picture: Picture,
        skipped: &mut Vec<Skipped>,
    ) -> Result<Batch> {
        let size = size.min(self.sampler.left());
        let (mut a, mut b) = (Stack::default(), Stack::default());
        let mut pairs = Vec::new();
        for _ in 0..size {
            let (index_a, index_b) = self.sampler.pair();
            let (index_a, photo_a) = self.readable(Domain::A, index_a, skipped)?;
            let (index_b, photo_b) = self.readable(Domain::B, index_b, skipped)?;
            a.push(picture(&self.preprocess, &photo_a, self.sampler.view(&self.preprocess))?)?;
            b.push(picture(&self.preprocess, &photo_b, self.sampler.view(&self.preprocess))?)?;
            pairs.push((index_a, index_b));
        }
        let (epoch, skipped) = (self.sampler.epoch(), Vec::new());
        Ok(Batch { a: a.into_tensor()?, b: b.into_tensor()?, pairs, epoch, skipped })
    }

    /// Batches of `size` per epoch.
    pub fn batches(&self, size: usize) -> usize {
        self.sampler.pairs().div_ceil(size.max(1))
    }

    /// The epoch of the next batch, counted from 1.
    pub fn next_epoch(&self) -> u64 {
        self.sampler.next_epoch()
    }

    /// The epoch of the batch of `size` that is `ahead` batches away, both counted from 1.
    pub fn epoch_ahead(&self, ahead: u64, size: usize) -> u64 {
        let left = self.sampler.left().div_ceil(size.max(1)) as u64;
        let behind = ahead.saturating_sub(left).div_ceil(self.batches(size).max(1) as u64);
        self.next_epoch().saturating_add(behind)
    }

    /// The two sources.
    pub fn sources_mut(&mut self) -> (&mut S, &mut S) {
        (&mut self.a.source, &mut self.b.source)
    }

    /// The photos of A and of B that the next `pairs` pairs read and that are not in memory, in the
    /// order in which they are needed, so that a caller can decode them ahead of time or on other
    /// threads. Those in memory stay there until then, as far as they fit; nothing else changes.
    pub fn upcoming(&mut self, pairs: usize) -> (Vec<usize>, Vec<usize>) {
        let mut sampler = self.sampler.clone();
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..pairs {
            let (index_a, index_b) = sampler.pair();
            self.a.foresee(index_a, &mut sampler, &mut self.cache, &mut a);
            self.b.foresee(index_b, &mut sampler, &mut self.cache, &mut b);
            sampler.view(&self.preprocess);
            sampler.view(&self.preprocess);
        }
        (a, b)
    }

    /// Excludes a photo that is known to be unusable before its turn. Others take its place, as
    /// when reading it fails.
    pub fn exclude(&mut self, domain: Domain, index: usize) {
        let side = self.side(domain);
        if index < side.source.len() {
            side.unreadable.insert(index);
        }
    }

    /// State for a checkpoint, from which the same pairs, crops and flips follow.
    pub fn state(&self) -> SamplerState {
        self.sampler.state()
    }

    /// Continues from the state of another data set of the same photos. Returns whether that is
    /// exact: if the number of photos has changed, the epoch starts again. Fails with
    /// `checkpoint-damaged` when the state contradicts itself.
    pub fn restore(&mut self, state: &SamplerState) -> Result<bool> {
        self.sampler.restore(state)
    }

    /// Bytes of pixels currently kept in memory.
    pub fn cached_bytes(&self) -> usize {
        self.cache.used()
    }

    fn side(&mut self, domain: Domain) -> &mut Side<S> {
        domain.pick([&mut self.a, &mut self.b])
    }

    /// The photo at `index`, resized, or another one in its place.
    fn readable(
        &mut self,
        domain: Domain,
        mut index: usize,
        skipped: &mut Vec<Skipped>,
    ) -> Result<(usize, Arc<Rgb>)> {
        loop {
            if !self.side(domain).unreadable.contains(&index) {
                match self.load(domain, index) {
                    Ok(photo) => return Ok((index, photo)),
                    Err(Error::FileNotRead(detail)) if self.side(domain).is_gone(index) => {
                        let name = domain.name();
                        let detail = format!("set {name} can no longer be read ({detail})");
                        return Err(Error::DatasetEmpty(detail));
                    }
                    Err(error) => skipped.push(Skipped { domain, index, error }),
                }
                self.exclude(domain, index);
            }
            let side = self.side(domain);
            if side.is_lost() {
                let (name, all) = (domain.name(), side.source.len());
                let last = skipped.iter().rfind(|skipped| skipped.domain == domain);
                let why = last.map_or(String::new(), |last| format!(" ({})", last.error));
                let detail = format!("none of the {all} in set {name} can be read{why}");
                return Err(Error::DatasetEmpty(detail));
            }
            index = self.sampler.another(domain);
        }
    }

    /// The photo at `index`, resized, from memory or its source.
    fn load(&mut self, domain: Domain, index: usize) -> Result<Arc<Rgb>> {
        if let Some(photo) = self.cache.get((domain, index)) {
            return Ok(photo);
        }
        let photo = self.side(domain).source.read(index)?;
        self.side(domain).was_read = true;
        let photo = self.preprocess.resize(photo)?;
        let (pixels, most) = ((photo.width * photo.height) as u64, self.most_pixels);
        if pixels > most {
            let detail = format!("{pixels} pixels, and this device learns from at most {most}");
            return Err(Error::ImageTooLarge(detail));
        }
        let photo = Arc::new(photo);
        self.cache.insert((domain, index), Arc::clone(&photo));
        Ok(photo)
    }
}
