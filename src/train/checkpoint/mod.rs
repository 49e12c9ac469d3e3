//! The checkpoint: one safetensors file that holds a whole training run, exact to the bit.
//!
//! Weights, moments and pools are tensors; everything else is JSON in the file's metadata. PyTorch
//! and any other reader of safetensors can open it. The fields of the metadata:
//!
//! | field | holds |
//! |---|---|
//! | `format` | [`FORMAT`] |
//! | `version` | [`VERSION`], in decimal |
//! | `state` | [`Checkpoint::state`], as JSON |
//! | `sha256` | of the whole file, these 64 digits taken as zeros |
//!
//! Files of another version, or with a single altered bit, are refused.

#[cfg(not(target_family = "wasm"))]
pub mod disk;
mod format;
pub mod pieces;

use serde_json::Value;

use crate::{
    error::{Error, Result},
    weights::{HostTensor, StateDict, elements, safetensors},
};
use format::damaged;
pub use format::{FORMAT, OLDEST_VERSION, VERSION};
use pieces::{Reader, Writer, at_once};

/// Everything a run needs to continue.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Weights, averages, moments, pools: at least one.
    pub tensors: StateDict,
    /// Everything that is not a tensor: configuration, step, states of the random streams. 64-bit
    /// numbers must go through [`crate::json::hex`] to come back exactly.
    pub state: Value,
}

impl Checkpoint {
    /// The file. The same checkpoint always gives the same bytes. Fails with `engine-usage` when
    /// there is no tensor, when a tensor's length does not match its shape, or when names and state
    /// are longer than the reader accepts.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let Self { tensors, state } = self;
        if tensors.is_empty() {
            return Err(Error::Usage("a checkpoint without tensors".into()));
        }
        let mut bytes = Vec::new();
        at_once(async {
            let shapes = tensors.iter().map(|(name, tensor)| (name.as_str(), &tensor.shape[..]));
            let mut writer = Writer::new(shapes, state, &mut bytes).await?;
            for (name, tensor) in tensors {
                if tensor.shape.iter().product::<usize>() != tensor.data.len() {
                    let detail = format!("tensor {name} has not the elements that its shape says");
                    return Err(Error::Usage(detail));
                }
                writer.numbers(&tensor.data).await?;
            }
            writer.finish().await
        })?;
        Ok(bytes)
    }

    /// Reads a file back. Fails with `checkpoint-not-recognised` for another kind of file,
    /// `checkpoint-too-old` and `checkpoint-too-new` for another version of the format,
    /// `checkpoint-damaged` when a byte is missing, added or altered.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let state = at_once(Reader::open(bytes))?.state;
        Ok(Self { tensors: safetensors::read(bytes).map_err(damaged)?, state })
    }
}

/// The pictures of a pool. A checkpoint stores them as one tensor, so that they do not fill the
/// file's header, and lists their shapes in [`Checkpoint::state`]. Fails with `checkpoint-damaged`
/// when tensor and shapes do not match.
pub fn unpack(packed: &HostTensor, shapes: &Value) -> Result<Vec<HostTensor>> {
    let refuse = || Error::CheckpointDamaged("pictures and their shapes contradict".into());
    let mut rest = packed.data.as_slice();
    let mut pictures = Vec::new();
    for shape in shapes.as_array().ok_or_else(refuse)? {
        let sides = shape.as_array().ok_or_else(refuse)?.iter();
        let side = |side: &Value| side.as_u64().and_then(|side| usize::try_from(side).ok());
        let shape: Vec<usize> = sides.map(side).collect::<Option<_>>().ok_or_else(refuse)?;
        let cut = elements(&shape).and_then(|elements| rest.split_at_checked(elements));
        let (data, behind) = cut.ok_or_else(refuse)?;
        rest = behind;
        pictures.push(HostTensor { shape, data: data.to_vec() });
    }
    if rest.is_empty() { Ok(pictures) } else { Err(refuse()) }
}
