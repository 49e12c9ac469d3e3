//! Weights files in and out, by PyTorch's names. Files are only read as data; nothing in them runs.
//!
//! - [`safetensors`]: the container that this project writes, and prefers to read.
//! - [`pth`]: what `torch.save` writes: a zip container (since PyTorch 1.6) or the legacy one.
//! - [`architecture`]: the ResNet generator's layers, with the names and shapes of their tensors.
//! - [`names`]: from any state dict to a checked generator.
//! - [`discriminator`]: the same for a discriminator.
//! - [`about`]: what a model says of itself beside its weights.
//! - [`write`]: networks as files for other programs.
//!
//! Files come from strangers: no reader panics, none allocates more than a small multiple of the
//! file's length (about four times for the tensors and 20 MiB for bookkeeping), and all run in time
//! proportional to it.

pub mod about;
pub mod architecture;
pub mod discriminator;
mod floats;
pub mod names;
pub mod pth;
pub mod safetensors;
mod state;
pub mod write;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

pub use about::About;
pub use architecture::{Architecture, Down, Layer, Norm, PICTURE_CHANNELS, Up};
pub use discriminator::{Judge, discriminator_from};
pub use names::generator_from;
pub(crate) use state::elements;
pub use state::{HostTensor, StateDict};

/// Reads a weights file in any container, recognised by its contents and not by its name.
///
/// float16 and bfloat16 become float32 exactly; integer tensors (`num_batches_tracked`) are left
/// out. The tensors may belong to any network: [`generator_from`] and [`discriminator_from`] check
/// that. Fails with any of the `weights-…` codes, depending on what is wrong with the file.
pub fn read(bytes: &[u8]) -> Result<StateDict> {
    if bytes.is_empty() {
        return Err(Error::WeightsEmpty);
    }
    if pth::recognises(bytes) {
        pth::read(bytes)
    } else if safetensors::recognises(bytes) {
        safetensors::read(bytes)
    } else {
        let start = bytes.get(..16).unwrap_or(bytes);
        Err(Error::WeightsNotRecognised(format!("it starts with \"{}\"", start.escape_ascii())))
    }
}

/// SHA-256 of a file, as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
