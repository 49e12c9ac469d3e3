//! Which photos are paired, and how each is cropped: a data set's randomness, without its photos.
//!
//! As in PyTorch, an epoch has as many pairs as the larger set has photos. Its order is shuffled at
//! the start; the position in it, modulo the size of A, gives the photo of A, and the photo of B is
//! drawn at random. So if B is the smaller set, some of its photos do not occur in an epoch and
//! others occur more than once.
//!
//! The generator is [`Random`] (SplitMix64). For each pair it draws, in this order: the index in B;
//! replacements for an unusable photo of A, then of B; position, flip and scale (if it varies) for
//! A, then for B.

use serde::{Deserialize, Serialize};

use super::{
    preprocess::{Preprocess, View},
    source::Domain,
};
use crate::{
    error::{Error, Result},
    json::hex,
    random::Random,
};

/// The randomness of a data set.
#[derive(Debug, Clone)]
pub struct Sampler {
    /// Photos in A and in B, at least 1 each.
    lengths: (usize, usize),
    random: Random,
    /// State of `random` before the current order was shuffled, to shuffle it again.
    shuffled_at: u64,
    /// 0 before the first pair.
    epoch: u64,
    order: Vec<usize>,
    /// Pairs of the epoch already drawn.
    position: usize,
}

/// The state of a [`Sampler`]; of constant size, whatever the number of photos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplerState {
    #[serde(rename = "photos_A")]
    photos_a: usize,
    #[serde(rename = "photos_B")]
    photos_b: usize,
    epoch: u64,
    position: usize,
    #[serde(with = "hex")]
    shuffled_at: u64,
    #[serde(with = "hex")]
    random: u64,
}

impl Sampler {
    /// Pairs for two sets of these sizes, drawn from `random`. Fails with `dataset-empty` when one
    /// of them is 0.
    pub fn new(lengths: (usize, usize), random: Random) -> Result<Self> {
        let refuse = |set: &str| Err(Error::DatasetEmpty(format!("set {set} has none")));
        match lengths {
            (0, _) => refuse("A"),
            (_, 0) => refuse("B"),
            _ => {
                let shuffled_at = random.state();
                Ok(Self { lengths, random, shuffled_at, epoch: 0, order: vec![], position: 0 })
            }
        }
    }

    /// Pairs per epoch.
    pub fn pairs(&self) -> usize {
        self.lengths.0.max(self.lengths.1)
    }

    /// Pairs left in this epoch, or in the next one if it has just ended.
    pub fn left(&self) -> usize {
        match self.order.len() - self.position {
            0 => self.pairs(),
            left => left,
        }
    }

    /// The epoch of the last pair, counted from 1; 0 before the first.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The epoch of the next pair.
    pub fn next_epoch(&self) -> u64 {
        if self.position >= self.order.len() { self.epoch + 1 } else { self.epoch.max(1) }
    }

    /// The next pair: indices in A and B.
    pub fn pair(&mut self) -> (usize, usize) {
        if self.position >= self.order.len() {
            self.epoch += 1;
            self.shuffle();
        }
        let place = self.order.get(self.position).copied().unwrap_or_default();
        self.position += 1;
        (place % self.lengths.0, self.random.below(self.lengths.1))
    }

    /// A random index in a set, to replace an unusable photo.
    pub fn another(&mut self, domain: Domain) -> usize {
        self.random.below(domain.pick(self.lengths.into()))
    }

    /// The crop and flip of one picture.
    pub fn view(&mut self, preprocess: &Preprocess) -> View {
        preprocess.draw(&mut self.random)
    }

    /// State for [`Sampler::restore`].
    pub fn state(&self) -> SamplerState {
        let Self { lengths: (photos_a, photos_b), epoch, position, shuffled_at, .. } = *self;
        let random = self.random.state();
        SamplerState { photos_a, photos_b, epoch, position, shuffled_at, random }
    }

    /// Restores the sampler of this state and returns whether that is exact. If the sizes of the
    /// sets have changed, the epoch starts again, with the following random numbers. Fails with
    /// `checkpoint-damaged` when the position is beyond the end of its epoch.
    pub fn restore(&mut self, state: &SamplerState) -> Result<bool> {
        let SamplerState { photos_a, photos_b, epoch, position, shuffled_at, random } = *state;
        let pairs = if epoch == 0 { 0 } else { photos_a.max(photos_b) };
        if position > pairs {
            return Err(Error::CheckpointDamaged(format!(
                "pair {position} of an epoch of {pairs}"
            )));
        }
        (self.epoch, self.position) = (epoch, 0);
        self.order.clear();
        if (photos_a, photos_b) == self.lengths {
            if epoch > 0 {
                self.random = Random::from_state(shuffled_at);
                self.shuffle();
            }
            (self.position, self.shuffled_at) = (position, shuffled_at);
            self.random = Random::from_state(random);
            return Ok(true);
        }
        self.random = Random::from_state(random);
        if epoch > 0 && position < pairs {
            self.shuffle();
        }
        Ok(false)
    }

    /// Shuffles a new order and starts at its beginning.
    fn shuffle(&mut self) {
        self.shuffled_at = self.random.state();
        self.order = (0..self.pairs()).collect();
        self.random.shuffle(&mut self.order);
        self.position = 0;
    }
}
