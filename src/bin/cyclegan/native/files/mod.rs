//! Reads and writes files: whole or not at all, and with the file's name in every error.

pub mod decode;
pub mod encode;
pub mod folder;
pub mod kind;
pub mod unfinished;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cyclegan_web::{
    error::{Error, Result},
    weights::{Architecture, Judge, StateDict, WeightsFile, Which, safetensors},
};
use serde_json::Value;

use super::stop::{self, Stop};

pub use encode::write_png;

/// The checkpoint's name in the folder of a run.
pub const CHECKPOINT: &str = "checkpoint.safetensors";

/// The bytes of a file. Fails with `file-not-read`.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    decode::bytes(path).map_err(|error| Error::FileNotRead(format!("{}: {error}", path.display())))
}

/// Writes a file, and the folders that lead to it; the old file stays until the new one is
/// complete. Fails with `file-not-written`.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let path = &target(path)?;
    let temporary = path.with_added_extension("tmp");
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = folder
        .and_then(|()| fs::write(&temporary, bytes))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // It may not exist.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(|error| not_written(path, &error))
}

/// The file to write, wherever links at `path` lead. Fails with `file-not-written` for a device or a
/// pipe, whose place no file should take.
pub fn target(path: &Path) -> Result<PathBuf> {
    match path.canonicalize() {
        Ok(target) if target.is_file() || target.is_dir() => Ok(target),
        Ok(_) => {
            let detail = format!("{}: it is no ordinary file", path.display());
            Err(Error::FileNotWritten(detail))
        }
        // It does not exist yet.
        Err(_) => Ok(path.into()),
    }
}

/// Writes JSON, readable for people too. Fails with `file-not-written`.
pub fn write_json(path: &Path, value: &Value) -> Result<()> {
    write(path, format!("{value:#}\n").as_bytes())
}

/// The error when `path` could not be written.
pub fn not_written(path: &Path, error: &io::Error) -> Error {
    Error::FileNotWritten(format!("{}: {error}", path.display()))
}

/// Reads a generator from a weights file. Fails with `file-not-read`, or any of the `weights-…`
/// codes, with the file's name as a hint.
pub fn read_generator(path: &Path, which: Which<'_>) -> stop::Result<(Architecture, StateDict)> {
    read_network(path, |file| file.generator(which))
}

/// Reads a discriminator, with its `ndf`, from a file that holds it alone or with other networks.
/// Fails like [`read_generator`].
pub fn read_discriminator(path: &Path, judge: Judge) -> stop::Result<(usize, StateDict)> {
    read_network(path, |file| file.discriminator(judge))
}

/// Takes something out of a weights file. Fails like [`read_generator`].
pub fn read_network<T>(
    path: &Path,
    of: impl FnOnce(&mut WeightsFile<'_>) -> Result<T>,
) -> stop::Result<T> {
    let bytes = read(path)?;
    let network = WeightsFile::open(&bytes).and_then(|mut file| of(&mut file));
    network.map_err(|error| {
        let several = matches!(error, Error::WeightsSeveral(_) | Error::WeightsNoSuchNetwork(_));
        let way_on = if several { " `cyclegan inspect` lists its networks." } else { "" };
        Stop::from(error).with_hint(format!("The file is {}.{way_on}", path.display()))
    })
}

/// Writes weights as `.safetensors`, marked as holding PyTorch's names and layout. Fails with
/// `file-not-written`.
pub fn write_weights(path: &Path, state: &StateDict) -> Result<()> {
    let metadata = BTreeMap::from([("format".into(), "pt".into())]);
    write(path, &safetensors::write(state, &metadata)?)
}

/// Prints to standard output. It is no failure if the reader has already left (`| head`).
pub fn print(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}
