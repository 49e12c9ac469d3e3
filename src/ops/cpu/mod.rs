//! The operations on the CPU, forward and backward, as plain functions on slices.
//!
//! All images are `[B, C, H, W]` in row-major order without gaps. Results overwrite the contents of
//! their slices. They are bit-identical in every run and with any number of threads.
//!
//! The convolutions of `conv2d.rs` and their gradients are exact adjoints of each other; the one
//! without a graph has none. The fastest algorithm depends on their extents: `winograd.rs` for 3x3
//! with stride 1, `narrow.rs` for at most four outputs, `columns.rs` for all others. Normalisation,
//! activation, Adam and averages pass over memory once or twice. `backend.rs` makes them operations
//! of Burn's Flex backend.

mod activation;
mod adam;
mod augment;
mod average;
mod backend;
mod columns;
mod conv2d;
mod enlarge;
mod geometry;
mod instance_norm;
mod lanes;
mod large_tiles;
mod lines;
mod loss;
mod matmul;
mod narrow;
mod shrink;
#[cfg(test)]
mod tests;
mod threads;
mod tiles;
mod winograd;
mod workspace;

pub use backend::{adam, add, average, moments, scaled};
pub use workspace::release;
