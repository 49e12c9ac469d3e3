//! Two unpaired sets of photos, handed out pair by pair (PyTorch's `UnalignedDataset` behind its
//! `DataLoader`).
//!
//! In an epoch every photo of the larger set comes once, in an order shuffled anew, with a photo of
//! the other set; see [`super::sampler`] for the rules. Photos are read when their turn comes and kept,
//! resized, as far as [`Dataset::new`]'s number of bytes allows, so thousands of them need no more
//! memory than that.
//!
//! A photo that cannot be read ends nothing: it is skipped, another one of its set takes its place,
//! and the [`Batch`] says so. Where none of a set can be read, as when its drive was unplugged, the
//! batch is refused and everything stays as it was: once the photos are back, the same pairs follow.

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

/// A photo that could not be used.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Skipped {
    /// The set it is in.
    pub domain: Domain,
    /// Its place there.
    pub index: usize,
    /// Why.
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
    /// `[B, 3, H, W]` in [-1, 1]; without a crop its size may be another than that of `a`.
    pub b: HostTensor,
    /// Which photos they are: places in A and in B.
    pub pairs: Vec<(usize, usize)>,
    /// The epoch that they belong to, counted from 1.
    pub epoch: u64,
    /// Photos that were found to be unusable on the way, each told once.
    pub skipped: Vec<Skipped>,
}

/// Makes the network's input of a photo at the size at which it is cropped.
type Picture = fn(&Preprocess, &Rgb, View) -> Result<HostTensor>;

/// Two sets of photos and the chance that pairs them.
pub struct Dataset<S> {
    a: Side<S>,
    b: Side<S>,
    preprocess: Preprocess,
    cache: Cache,
    sampler: Sampler,
    /// Pixels of the largest picture that is learnt from.
    pub(in crate::train) most_pixels: u64,
    /// Photos that were left out by a batch that came to nothing.
    untold: Vec<Skipped>,
}

impl<S: Source> Dataset<S> {
    /// The photos of both sets, of which at most `cache_bytes` of pixels are kept in memory.
    ///
    /// `random` decides the pairs, the crops and the flips, and is used for nothing else, so that
    /// they are the same whatever the rest of the run does.
    ///
    /// # Errors
    /// `dataset-empty` when a set has no photo.
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

    /// The next `size` pairs; fewer at the end of an epoch, which no batch crosses.
    ///
    /// # Errors
    /// `dataset-empty` when no photo of a set can be read; `engine-usage` for a `size` of 0, or
    /// for pictures of different sizes in one batch. The place has not changed then: the next call
    /// tries the same pairs again.
    pub fn next_batch(&mut self, size: usize) -> Result<Batch> {
        self.next(size, Preprocess::view)
    }

    /// The next pair, of which `picture` makes pictures: by the settings, of a photo at the size at
    /// which it is cropped, and by chance.
    ///
    /// # Errors
    /// As [`Dataset::next_batch`], and those of `picture`.
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

    /// Batches of `size` in an epoch.
    pub fn batches(&self, size: usize) -> usize {
        self.sampler.pairs().div_ceil(size.max(1))
    }

    /// The epoch that the next batch belongs to, counted from 1.
    pub fn next_epoch(&self) -> u64 {
        self.sampler.next_epoch()
    }

    /// The epoch that the batch of `size` belongs to which comes as number `ahead`, counted from 1.
    pub fn epoch_ahead(&self, ahead: u64, size: usize) -> u64 {
        let left = self.sampler.left().div_ceil(size.max(1)) as u64;
        let behind = ahead.saturating_sub(left).div_ceil(self.batches(size).max(1) as u64);
        self.next_epoch().saturating_add(behind)
    }

    /// The two sources.
    pub fn sources_mut(&mut self) -> (&mut S, &mut S) {
        (&mut self.a.source, &mut self.b.source)
    }

    /// The photos of A and of B that the next `pairs` pairs read and that are not in memory, in
    /// the order in which they are needed: for whoever can only decode them ahead of time, or
    /// wants to do so on other threads. Those that are in memory stay there until then, as far as
    /// they fit; it changes nothing else.
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

    /// Leaves out a photo that is known to be unusable before its turn has come. As when it is
    /// found out on reading, others take its turns.
    pub fn exclude(&mut self, domain: Domain, index: usize) {
        let side = self.side(domain);
        if index < side.source.len() {
            side.unreadable.insert(index);
        }
    }

    /// What a checkpoint keeps for the same pairs, crops and flips to follow.
    pub fn state(&self) -> SamplerState {
        self.sampler.state()
    }

    /// Goes on where another data set of the same photos was. Returns whether that is exact: with
    /// another number of photos than then, its epoch is begun anew instead.
    ///
    /// # Errors
    /// `checkpoint-damaged` when the state contradicts itself.
    pub fn restore(&mut self, state: &SamplerState) -> Result<bool> {
        self.sampler.restore(state)
    }

    /// Bytes of pixels that are kept in memory now.
    pub fn cached_bytes(&self) -> usize {
        self.cache.used()
    }

    fn side(&mut self, domain: Domain) -> &mut Side<S> {
        match domain {
            Domain::A => &mut self.a,
            Domain::B => &mut self.b,
        }
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

    /// The photo at `index`, resized, from memory or from its source.
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
