//! The image pool: older translations for the discriminators (paper, section 4, after Shrivastava
//! et al.; `ImagePool` in PyTorch's `util/image_pool.py`).
//!
//! A discriminator that only sees the newest translations forgets older ones, and the two networks
//! chase each other in circles. So half of the time it sees one of the last 50 or so.

use std::mem;

use burn::tensor::Tensor;

use crate::{
    error::{Error, Result},
    ops,
    random::Random,
};

/// The random numbers of one query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// Uniform in [0, 1); above 0.5 an older image is returned.
    pub uniform: f64,
    /// The slot of that image: 0 to size - 1.
    pub slot: usize,
}

impl Draw {
    /// Draws for a pool of `size` images. It always draws both numbers, so that the stream does not
    /// depend on how full the pool is.
    pub fn new(size: usize, random: &mut Random) -> Self {
        Self { uniform: random.uniform(), slot: random.below(size) }
    }
}

/// A pool of the translations of one direction, one picture each.
#[derive(Debug, Clone, PartialEq)]
pub struct ImagePool<T> {
    size: usize,
    images: Vec<T>,
}

impl<T: Clone> ImagePool<T> {
    /// An empty pool of `size` images; with 0 every query returns its own image.
    pub fn new(size: usize) -> Self {
        Self { size, images: Vec::new() }
    }

    /// A pool with the [`ImagePool::images`] of another. Fails with `checkpoint-damaged` when there
    /// are more than `size`.
    pub fn restore(size: usize, images: Vec<T>) -> Result<Self> {
        if images.len() > size {
            let detail = format!("a pool for {size} images holds {}", images.len());
            return Err(Error::CheckpointDamaged(detail));
        }
        Ok(Self { size, images })
    }

    /// Takes a new translation and returns the image that the discriminator shall see.
    ///
    /// While the pool fills, that is the same image, which the pool keeps. Once full, half of the
    /// time it is an older image, which the new one replaces, and otherwise the new one, which is
    /// then *not* kept. For a batch, call this once per image.
    pub fn query(&mut self, image: T, draw: Draw) -> T {
        if self.images.len() < self.size {
            self.images.push(image.clone());
            return image;
        }
        match self.images.get_mut(draw.slot) {
            Some(older) if draw.uniform > 0.5 => mem::replace(older, image),
            _ => image,
        }
    }

    /// The most images it keeps.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The images, by slot.
    pub fn images(&self) -> &[T] {
        &self.images
    }
}

/// Copies of the translations of a batch for a pool, each `[1, 3, H, W]`.
pub(super) fn pictures(batch: Tensor<4>) -> Vec<Tensor<4>> {
    batch.split(1, 0).into_iter().map(ops::snapshot).collect()
}

impl ImagePool<Tensor<4>> {
    /// The discriminator's input: a [`query`](Self::query) for each of the [`pictures`] of a batch.
    pub(super) fn shown(&mut self, batch: Vec<Tensor<4>>, draws: &[Draw]) -> Tensor<4> {
        let shown = batch.into_iter().zip(draws).map(|(picture, draw)| self.query(picture, *draw));
        Tensor::cat(shown.collect(), 0)
    }
}
