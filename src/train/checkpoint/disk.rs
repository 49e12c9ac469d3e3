//! Checkpoints on a disk: never half a file, and always the previous one as well.
//!
//! A new file is written next to the old one and flushed to the disk before it takes the name; the
//! old one is kept as `<name>.previous`. Whenever the power fails, one of the two is whole.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::pieces::{Reader, Sink, Store, at_once};
use crate::error::{Error, Result};

/// Writes a file to `path`, with the contents from `write`, and moves the old one to [`previous`].
/// Fails with `file-not-written` and those of `write`; the old file, or else its previous one, is
/// then still whole.
pub fn write_in_pieces(path: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let temporary = path.with_added_extension("tmp");
    let written = write_and_rename(path, &temporary, write);
    if written.is_err() {
        // It may not exist.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(|error| match error {
        Error::FileNotWritten(detail) => {
            Error::FileNotWritten(format!("{}: {detail}", path.display()))
        }
        other => other,
    })
}

impl Sink for File {
    async fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.seek(SeekFrom::Start(at)).and_then(|_| self.write_all(bytes)).map_err(not_written)
    }
}

/// A file with random access.
pub struct OnDisk {
    file: File,
    length: u64,
    path: PathBuf,
}

impl OnDisk {
    fn new(path: &Path) -> Result<Self> {
        let opened = File::open(path).and_then(|file| {
            let length = file.metadata()?.len();
            Ok(Self { file, length, path: path.into() })
        });
        opened.map_err(|error| Error::FileNotRead(format!("{}: {error}", path.display())))
    }
}

impl Store for OnDisk {
    fn length(&self) -> u64 {
        self.length
    }

    async fn read(&self, at: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut file = &self.file;
        let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut bytes));
        let path = self.path.display();
        read.map_err(|error| Error::FileNotRead(format!("{path}: {error}")))?;
        Ok(bytes)
    }
}

fn not_written(error: io::Error) -> Error {
    Error::FileNotWritten(error.to_string())
}

/// Opens the checkpoint at `path`, or the previous one if it is missing or damaged, and says why.
/// When neither can be used, fails as the one at `path` (`file-not-read` or `checkpoint-…`).
pub fn open_latest(path: &Path) -> Result<(Reader<OnDisk>, Option<Error>)> {
    let open = |path: &Path| at_once(Reader::open(OnDisk::new(path)?));
    let reason = match open(path) {
        Ok(checkpoint) => return Ok((checkpoint, None)),
        Err(error @ (Error::FileNotRead(_) | Error::CheckpointDamaged(_))) => error,
        // A file of another kind or version is not the result of a crash.
        Err(other) => return Err(other),
    };
    match open(&previous(path)) {
        Ok(checkpoint) => Ok((checkpoint, Some(reason))),
        Err(_) => Err(reason),
    }
}

/// The path of the checkpoint before the one at `path`.
pub fn previous(path: &Path) -> PathBuf {
    path.with_added_extension("previous")
}

fn write_and_rename(
    path: &Path,
    temporary: &Path,
    write: impl FnOnce(&mut File) -> Result<()>,
) -> Result<()> {
    if path.is_dir() {
        // A folder would be moved out of the way with everything in it.
        return Err(not_written(ErrorKind::IsADirectory.into()));
    }
    let mut file = File::create(temporary).map_err(not_written)?;
    write(&mut file)?;
    file.sync_all().map_err(not_written)?;
    drop(file);
    rename(path, temporary).map_err(not_written)
}

/// Gives the new file its name, and the old file the name of the previous one.
fn rename(path: &Path, temporary: &Path) -> io::Result<()> {
    match fs::rename(path, previous(path)) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => fs::rename(temporary, path)?,
    }
    sync_folder(path)
}

/// Makes the renaming itself reach the disk; only Unix has a way to ask for it.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
