//! Checkpoints on a disk: never half a file, and always the one before as well.
//!
//! A new file is written beside the old one, made to reach the disk, and only then takes its name;
//! the old one is kept as `<name>.previous`. Whenever the power fails, one of the two is whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::Checkpoint;
use crate::error::{Error, Result};

/// Writes `bytes` to `path`; what was there before is then at [`previous`].
///
/// # Errors
/// `file-not-written`; the old file, or else its previous one, is then still whole.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = beside(path, ".tmp");
    let written = write_and_rename(path, &temporary, bytes);
    if written.is_err() {
        // It may never have come to be.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(|error| Error::FileNotWritten(format!("{}: {error}", path.display())))
}

/// Reads the checkpoint at `path`, or the one before when that is missing or damaged; the error
/// says why.
///
/// # Errors
/// That of the file at `path` (`file-not-read` or `checkpoint-…`) when neither can be used.
pub fn read_latest(path: &Path) -> Result<(Checkpoint, Option<Error>)> {
    let reason = match read(path) {
        Ok(checkpoint) => return Ok((checkpoint, None)),
        Err(error @ (Error::FileNotRead(_) | Error::CheckpointDamaged(_))) => error,
        // A file of another kind or version was not broken by a crash: nothing to make up for.
        Err(other) => return Err(other),
    };
    match read(&previous(path)) {
        Ok(checkpoint) => Ok((checkpoint, Some(reason))),
        Err(_) => Err(reason),
    }
}

/// Where the checkpoint before the one at `path` is kept.
pub fn previous(path: &Path) -> PathBuf {
    beside(path, ".previous")
}

fn read(path: &Path) -> Result<Checkpoint> {
    let bytes = fs::read(path)
        .map_err(|error| Error::FileNotRead(format!("{}: {error}", path.display())))?;
    Checkpoint::from_bytes(&bytes)
}

fn write_and_rename(path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.is_dir() {
        // It would be moved out of the way, with everything in it.
        return Err(ErrorKind::IsADirectory.into());
    }
    let mut file = File::create(temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    match fs::rename(path, previous(path)) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => fs::rename(temporary, path)?,
    }
    sync_folder(path)
}

/// Makes the renaming itself reach the disk; elsewhere than on Unix there is no way to ask for it.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// The path with something added to its name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}
