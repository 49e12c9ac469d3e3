//! CycleGAN in the browser: the engine. Its modules, in the order in which a photo meets them:
//!
//! 1. [`device`] opens WebGPU or the CPU and says what it found;
//! 2. [`weights`] reads a generator from `.safetensors` or `.pth` bytes;
//! 3. [`image`] turns RGBA bytes into the network's input, resized as Pillow would;
//! 4. [`ops`] has the operations of the networks and of their training;
//! 5. [`model`] has the networks, written once against them;
//! 6. [`translate`] takes one photo through a generator, at any size, in half precision where that
//!    does no harm;
//! 7. `web` exposes all of it to JavaScript (wasm only).
//!
//! [`train`] trains generators: `train/step.rs` is one step of CycleGAN on one screen,
//! [`train::Trainer`] a run of them. `bin/cyclegan` offers all of it as a native command line.
//!
//! [`samples`] paints landscapes so that there is always something to translate, [`random`] is the
//! only source of randomness, [`choice`] and [`json`] read and write settings as text, and
//! [`error`] lists everything that can fail.
//!
//! Shapes are written as trailing comments: `B` batch, `C` channels, `H` height, `W` width; tensors
//! are `[B, C, H, W]`, images are interleaved rows. The paper is arXiv 1703.10593; "PyTorch" means
//! its authors' `pytorch-CycleGAN-and-pix2pix`.

#![warn(missing_docs)]
// A file from a stranger must never crash the program.
#![warn(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

pub mod choice;
pub mod device;
pub mod error;
pub mod image;
pub mod json;
pub mod model;
pub mod ops;
pub mod random;
pub mod samples;
pub mod train;
pub mod translate;
pub mod weights;

#[cfg(target_family = "wasm")]
pub mod web;
