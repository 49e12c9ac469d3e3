//! One set of photos, and which of them cannot be used.

use std::collections::BTreeSet;

use super::{
    cache::Cache,
    sampler::Sampler,
    source::{Domain, Source},
};
use crate::error::Error;

/// Photos to try before a set is considered gone.
const PROBES: usize = 16;

/// One of the two sets.
pub struct Side<S> {
    pub domain: Domain,
    pub source: S,
    pub unreadable: BTreeSet<usize>,
    /// Whether its source has ever returned a photo.
    pub was_read: bool,
}

impl<S: Source> Side<S> {
    pub fn new(domain: Domain, source: S) -> Self {
        Self { domain, source, unreadable: BTreeSet::new(), was_read: false }
    }

    /// Whether the system, which could not read the photo at `index`, can read none of the others
    /// either, although it has read some before. Cached photos must not hide that, or the run would
    /// continue with those few.
    pub fn is_gone(&self, index: usize) -> bool {
        let all = self.source.len();
        let mut others = (1..all.min(PROBES + 1)).map(|step| (index + step) % all);
        self.was_read
            && others.all(|other| matches!(self.source.read(other), Err(Error::FileNotRead(_))))
    }

    /// Whether no usable photo is left.
    pub fn is_lost(&self) -> bool {
        self.unreadable.len() >= self.source.len()
    }

    /// Adds the photo that will be read for `index` to `list`, unless it is in memory.
    pub fn foresee(
        &self,
        index: usize,
        sampler: &mut Sampler,
        cache: &mut Cache,
        list: &mut Vec<usize>,
    ) {
        if self.is_lost() {
            return;
        }
        let mut index = index;
        while self.unreadable.contains(&index) {
            index = sampler.another(self.domain);
        }
        if cache.get((self.domain, index)).is_none() && !list.contains(&index) {
            list.push(index);
        }
    }
}
