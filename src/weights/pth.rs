//! PyTorch's own containers, read as data: a pickle that describes tensors, and their bytes.
//!
//! - `zip`: the archive that `torch.save` writes since PyTorch 1.6.
//! - `legacy`: the older stream of pickles; the published CycleGAN weights use it.
//! - `pickle`: a stack machine over plain values. It can build dictionaries and describe tensors;
//!   nothing in it could call, import or open anything.
//! - `globals`: the few Python names that describing tensors needs. Any other is refused.
//! - `checkpoint`: finds the state dict inside whatever training scripts wrap around it.
//! - `tensor`: cuts tensors out of storages, which they may share or stride over.

mod checkpoint;
mod cursor;
mod globals;
mod heap;
mod legacy;
mod opcode;
mod pickle;
mod stack;
mod tensor;
mod value;
mod zip;

use super::state::StateDict;
use crate::error::{Error, Result};

/// Whether this is a zip archive, a legacy stream or any other binary pickle.
pub fn recognises(bytes: &[u8]) -> bool {
    zip::recognises(bytes) || legacy::recognises(bytes) || is_pickle(bytes)
}

/// Reads the state dict of a `.pth` file: floats only, integer tensors are left out. Fails with
/// `weights-unsafe` when the pickle names anything outside the list in `globals.rs`,
/// `weights-truncated`, `weights-damaged`, `weights-too-large`, `weights-no-tensors`,
/// `weights-unsupported-type`, `weights-unsupported-container`, and `weights-not-generator` for a
/// file of several networks.
pub fn read(bytes: &[u8]) -> Result<StateDict> {
    if zip::recognises(bytes) {
        zip::read(bytes)
    } else if legacy::recognises(bytes) {
        legacy::read(bytes)
    } else if is_pickle(bytes) {
        let detail = "it is a plain Python pickle, not written by torch.save; it was not opened";
        Err(Error::WeightsNoTensors(detail.into()))
    } else {
        Err(Error::WeightsNotRecognised("neither a zip archive nor a pickle".into()))
    }
}

/// A binary pickle starts with its protocol: 2 in Python 2, up to 5 today.
fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [opcode::PROTO, 2..=5, ..])
}
