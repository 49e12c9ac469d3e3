//! What makes a file of tensors a checkpoint: text beside them, and a digest of everything.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    error::{Error, Result},
    weights::safetensors,
};

/// Distinguishes a checkpoint from other safetensors files.
pub const FORMAT: &str = "cyclegan-web checkpoint";

/// The version that is written. Version 2 added the rise of the generators' learning rate after a
/// warm-up, version 3 the average of their weights, `ema.G_A.*` and `ema.G_B.*`.
pub const VERSION: u64 = 3;

/// The oldest version that is read.
pub const OLDEST_VERSION: u64 = 1;

/// Placeholder until the digest is known.
const NO_DIGEST: [u8; 64] = [b'0'; 64];

/// Key and opening quote before the digest, as in the header's JSON.
const DIGEST_KEY: &[u8] = br#""sha256":""#;

/// The text beside the tensors, before its digest is known.
pub(super) fn metadata(state: &Value) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("format".into(), FORMAT.into()),
        ("sha256".into(), String::from_utf8_lossy(&NO_DIGEST).into_owned()),
        ("state".into(), state.to_string()),
        ("version".into(), VERSION.to_string()),
    ])
}

/// The state in that text.
pub(super) fn state_of(metadata: &BTreeMap<String, String>) -> Result<Value> {
    let state = metadata.get("state").map_or("", String::as_str);
    serde_json::from_str(state).map_err(|error| Error::CheckpointDamaged(format!("state: {error}")))
}

/// Refuses files that are not checkpoints, or of another version.
pub(super) fn check_version(metadata: &BTreeMap<String, String>) -> Result<()> {
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

/// Where the digest starts within the header.
pub(super) fn digest_position(bytes: &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    if length > safetensors::LONGEST_HEADER {
        return None;
    }
    let header = rest.get(..length)?;
    let found = header.windows(DIGEST_KEY.len()).position(|window| window == DIGEST_KEY)?;
    Some(8 + found + DIGEST_KEY.len())
}

/// SHA-256 of a file that is read piece by piece, with its own digits taken as zeros.
pub(super) struct Digest {
    hash: Sha256,
    /// The digits stored in the file.
    stored: Option<String>,
}

impl Digest {
    /// Starts with `start`, the whole header of the file.
    pub fn new(start: &[u8]) -> Self {
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

    /// Continues with the following bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    /// Refuses an altered file.
    pub fn check(self, metadata: &BTreeMap<String, String>) -> Result<()> {
        let found = Some(format!("{:x}", self.hash.finalize()));
        // Makes sure that this was the metadata's field, not a look-alike in a name.
        if self.stored == found && metadata.get("sha256") == found.as_ref() {
            return Ok(());
        }
        Err(Error::CheckpointDamaged("its contents were altered after it was written".into()))
    }
}

/// Turns an error of the weights reader into one about a checkpoint.
pub(super) fn damaged(error: Error) -> Error {
    Error::CheckpointDamaged(error.to_string())
}
