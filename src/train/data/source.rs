//! Sources of photos.

use serde::{Deserialize, Serialize};

use crate::{
    choice::Choice,
    error::{Error, Result},
    image::Rgb,
};

/// One of the two looks, and its set of photos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum Domain {
    /// The first, `X` in the paper.
    A,
    /// The second, `Y` in the paper.
    B,
}

impl Choice for Domain {}

impl Domain {
    /// What belongs to it, of A's and B's.
    pub fn pick<T>(self, [a, b]: [T; 2]) -> T {
        match self {
            Self::A => a,
            Self::B => b,
        }
    }
}

/// A list of photos that are read one at a time, when needed.
pub trait Source {
    /// Their number, which does not change.
    fn len(&self) -> usize;

    /// The photo at `index`, counted from 0, always the same. After any failure it is skipped and
    /// not requested again. `file-not-read` means that the system could not read it: if that is so
    /// for all photos, the run pauses until they are back.
    fn read(&self, index: usize) -> Result<Rgb>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn read(&self, index: usize) -> Result<Rgb> {
        (**self).read(index)
    }
}

/// Photos that are already decoded.
impl Source for Vec<Rgb> {
    fn len(&self) -> usize {
        self.len()
    }

    fn read(&self, index: usize) -> Result<Rgb> {
        self.get(index).cloned().ok_or_else(|| no_photo(index))
    }
}

/// Anything that can be turned into photos, such as paths or encoded files, with a function for it.
pub struct Listed<T, F> {
    /// The photos, in the form that `decode` takes.
    pub items: Vec<T>,
    /// Turns one into a photo.
    pub decode: F,
}

impl<T, F: Fn(&T) -> Result<Rgb>> Source for Listed<T, F> {
    fn len(&self) -> usize {
        self.items.len()
    }

    fn read(&self, index: usize) -> Result<Rgb> {
        let item = self.items.get(index).ok_or_else(|| no_photo(index))?;
        (self.decode)(item)
    }
}

fn no_photo(index: usize) -> Error {
    Error::Usage(format!("there is no photo {index}"))
}
