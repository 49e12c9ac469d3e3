//! The photos of a run: where they come from, how they meet, and what pictures are made of them.

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
