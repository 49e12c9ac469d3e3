//! Weights files in and out, by PyTorch's names. Files are only read as data; nothing in them runs.
//!
//! - [`safetensors`]: the container that this project writes, and prefers to read.
//! - [`pth`]: what `torch.save` writes: a zip container (since PyTorch 1.6) or the legacy one.
//! - `unknown`: what a file is that is neither.
//! - [`architecture`]: the ResNet generator's layers, with the names and shapes of their tensors.
//! - [`WeightsFile`]: lists the networks of a file, recognised by their structure (`recognise`),
//!   and decodes the one that is wanted.
//! - [`names`]: from a state dict with PyTorch's names to a checked generator, or to what is wrong
//!   with it.
//! - [`discriminator`]: the same for a discriminator.
//! - [`about`]: what a model says of itself beside its weights.
//! - [`write`]: networks as files for other programs.
//!
//! Files come from strangers: no reader panics, none allocates more than three times the file's
//! length and 20 MiB for bookkeeping, and all run in time proportional to it.

pub mod about;
pub mod architecture;
pub mod discriminator;
mod file;
mod floats;
pub mod names;
pub mod pth;
mod recognise;
pub mod safetensors;
mod state;
mod unknown;
pub mod write;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

pub use about::About;
pub use architecture::{Architecture, Down, Layer, Norm, PICTURE_CHANNELS, Up};
pub use discriminator::{Judge, discriminator_from};
pub use file::{Kind, Network, WeightsFile, Which};
pub use names::generator_from;
pub(crate) use state::elements;
pub use state::{HostTensor, StateDict};

/// Reads all tensors of floats in a weights file, whatever they belong to, by their paths from the
/// file's root. Fails as [`WeightsFile::open`] does, with `weights-no-tensors` when there are none,
/// and with the code of the first tensor that cannot be read.
pub fn read(bytes: &[u8]) -> Result<StateDict> {
    let state = WeightsFile::open(bytes)?.tensors()?;
    if state.is_empty() {
        return Err(Error::WeightsNoTensors("it lists no floating-point numbers".into()));
    }
    Ok(state)
}

/// SHA-256 of a file, as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
