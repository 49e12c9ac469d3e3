//! The photos of a run: their sources, their pairing, and the pictures made from them.

mod cache;
mod dataset;
mod preprocess;
pub mod sampler;
mod side;
mod source;
mod stack;

pub use dataset::{Batch, Dataset, Skipped};
pub use preprocess::{LONGEST_SIDE, Preprocess, PreprocessMode, SMALLEST_SIDE, View, whole};
pub use source::{Domain, Listed, Source};
