//! The checkpoint: one safetensors file in which a whole training run survives, to the bit.
//!
//! Weights, moments and pools are tensors; everything else is JSON in the file's metadata. PyTorch
//! and any other reader of safetensors can open it. The metadata's fields:
//!
//! | field | holds |
//! |---|---|
//! | `format` | [`FORMAT`] |
//! | `version` | [`VERSION`], in decimal |
//! | `state` | [`Checkpoint::state`], as JSON |
//! | `sha256` | of the whole file, these 64 digits taken as zeros |
//!
//! A file of another version, or one of which a single bit was altered, is refused.

#[cfg(not(target_family = "wasm"))]
pub mod disk;
pub mod pieces;

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::fields::Fields;
use crate::{
    error::{Error, Result},
    weights::{HostTensor, StateDict, safetensors},
};
use pieces::{Reader, Writer, at_once};

/// What tells a checkpoint from other safetensors files.
pub const FORMAT: &str = "cyclegan-web checkpoint";

/// The version of the format that is written. Since 2 there is the rise of the generators' learning
/// rate behind a warm-up, since 3 the average of their weights, `ema.G_A.*` and `ema.G_B.*`.
pub const VERSION: u64 = 3;

/// The oldest version that is read.
pub const OLDEST_VERSION: u64 = 1;

/// The digest while it is not known yet.
const NO_DIGEST: [u8; 64] = [b'0'; 64];

/// Key and opening quote before the digest, as the header's JSON has them.
const DIGEST_KEY: &[u8] = br#""sha256":""#;

/// Everything that a run needs to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Weights, averages, moments, pools: at least one.
    pub tensors: StateDict,
    /// What is no tensor: configuration, step, states of the random streams. Fractions go through
    /// [`super::fields::number`] and numbers of 64 bits through [`super::fields::hex`], or they
    /// may not come back exactly.
    pub state: Value,
}

impl Checkpoint {
    /// The file. The same checkpoint always gives the same bytes.
    ///
    /// # Errors
    /// `engine-usage` when there is no tensor, when one has not as many elements as its shape
    /// says, or when names and state are longer than is read back.
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

    /// Reads a file back.
    ///
    /// # Errors
    /// `checkpoint-not-recognised` for another kind of file, `checkpoint-too-old` and
    /// `checkpoint-too-new` for another version of the format, `checkpoint-damaged` when a byte is
    /// missing, added or altered.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let state = at_once(Reader::open(bytes))?.state;
        Ok(Self { tensors: safetensors::read(bytes).map_err(damaged)?, state })
    }
}

/// The text beside the tensors, its digest not known yet.
fn metadata(state: &Value) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("format".into(), FORMAT.into()),
        ("sha256".into(), String::from_utf8_lossy(&NO_DIGEST).into_owned()),
        ("state".into(), state.to_string()),
        ("version".into(), VERSION.to_string()),
    ])
}

/// The state in that text.
fn state_of(metadata: &BTreeMap<String, String>) -> Result<Value> {
    let state = metadata.get("state").map_or("", String::as_str);
    serde_json::from_str(state).map_err(|error| Error::CheckpointDamaged(format!("state: {error}")))
}

/// Refuses what is no checkpoint, or one of another version.
fn check_version(metadata: &BTreeMap<String, String>) -> Result<()> {
    if metadata.get("format").map(String::as_str) != Some(FORMAT) {
        let detail = "it holds tensors without a run that could go on";
        return Err(Error::CheckpointNotRecognised(detail.into()));
    }
    let version = metadata.get("version").and_then(|text| text.parse::<u64>().ok());
    match version {
        None => Err(Error::CheckpointDamaged("its version is no number".into())),
        Some(version) if version < OLDEST_VERSION => Err(Error::CheckpointTooOld(format!(
            "version {version}, versions from {OLDEST_VERSION} on are read"
        ))),
        Some(version) if version > VERSION => Err(Error::CheckpointTooNew(format!(
            "version {version}, versions up to {VERSION} are read"
        ))),
        Some(_) => Ok(()),
    }
}

/// Where the digest starts, within the header that is read.
fn digest_position(bytes: &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    if length > safetensors::LONGEST_HEADER {
        return None;
    }
    let header = rest.get(..length)?;
    let found = header.windows(DIGEST_KEY.len()).position(|window| window == DIGEST_KEY)?;
    Some(8 + found + DIGEST_KEY.len())
}

/// SHA-256 of a file that is read piece by piece, its own digits taken as zeros.
struct Digest {
    hash: Sha256,
    /// The digits that the file has in their place.
    stored: Option<String>,
}

impl Digest {
    /// Begins with `start`, the whole header of the file.
    fn new(start: &[u8]) -> Self {
        let mut hash = Sha256::new();
        let Some((before, digits, behind)) = digest_position(start).and_then(|at| {
            Some((start.get(..at)?, start.get(at..at + NO_DIGEST.len())?, start.get(at..)?))
        }) else {
            return Self { hash, stored: None };
        };
        hash.update(before);
        hash.update(NO_DIGEST);
        hash.update(behind.get(NO_DIGEST.len()..).unwrap_or_default());
        Self { hash, stored: Some(String::from_utf8_lossy(digits).into_owned()) }
    }

    /// Goes on with the bytes that follow.
    fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    /// Refuses a file that was altered.
    fn check(self, metadata: &BTreeMap<String, String>) -> Result<()> {
        let found = Some(hexadecimal(self.hash));
        // The place is that of the metadata's field, and not of a look-alike in a name.
        if self.stored == found && metadata.get("sha256") == found.as_ref() {
            return Ok(());
        }
        let detail = "its contents were altered after it was written";
        Err(Error::CheckpointDamaged(detail.into()))
    }
}

/// A digest in lower-case hexadecimal digits.
fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the reader of weights found, said of a checkpoint.
fn damaged(error: Error) -> Error {
    Error::CheckpointDamaged(error.to_string())
}

/// Pictures of any sizes as one tensor, so that a pool does not fill the file's header, and the
/// list of their shapes, for [`Checkpoint::state`].
pub fn pack(pictures: &[HostTensor]) -> (HostTensor, Value) {
    let data: Vec<f32> = pictures.iter().flat_map(|picture| &picture.data).copied().collect();
    let shapes = pictures.iter().map(|picture| Value::from(picture.shape.clone())).collect();
    (HostTensor { shape: vec![data.len()], data }, shapes)
}

/// The pictures that [`pack`] made one.
///
/// # Errors
/// `checkpoint-damaged` when tensor and shapes do not belong together.
pub fn unpack(packed: &HostTensor, shapes: &Value) -> Result<Vec<HostTensor>> {
    let refuse = || Error::CheckpointDamaged("pictures and their shapes contradict".into());
    let mut rest = packed.data.as_slice();
    let mut pictures = Vec::new();
    for shape in shapes.as_array().ok_or_else(refuse)? {
        let sides = shape.as_array().ok_or_else(refuse)?.iter();
        let side = |side: &Value| side.as_u64().and_then(|side| usize::try_from(side).ok());
        let shape: Vec<usize> = sides.map(side).collect::<Option<_>>().ok_or_else(refuse)?;
        let elements = shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
        let cut = elements.and_then(|elements| rest.split_at_checked(elements));
        let (data, behind) = cut.ok_or_else(refuse)?;
        rest = behind;
        pictures.push(HostTensor { shape, data: data.to_vec() });
    }
    if rest.is_empty() { Ok(pictures) } else { Err(refuse()) }
}

/// Starts to read the state's object `value`, whose refusals are `checkpoint-damaged`.
///
/// # Errors
/// When it is no object.
pub fn fields(value: &Value) -> Result<Fields<'_>> {
    Fields::new(value, Error::CheckpointDamaged)
}
