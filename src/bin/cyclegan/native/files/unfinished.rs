//! A file that is written piece by piece and takes its name when it is complete.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use cyclegan_web::error::Result;

use super::{not_written, target};

/// A file on its way. Unless it is completed, nothing is left of it, and an old file stays.
pub struct Unfinished {
    path: PathBuf,
    temporary: PathBuf,
    to: Option<BufWriter<File>>,
}

impl Unfinished {
    /// Begins a file at `path`, and makes the folders that lead to it. Fails with
    /// `file-not-written`.
    pub fn create(path: &Path) -> Result<Self> {
        let path = &target(path)?;
        let temporary = path.with_added_extension("tmp");
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        let file = folder.and_then(|()| File::create(&temporary));
        let file = file.map_err(|error| not_written(path, &error))?;
        Ok(Self { path: path.clone(), temporary, to: Some(BufWriter::new(file)) })
    }

    /// Writes the next piece. Fails with `file-not-written`.
    pub fn write(&mut self, piece: &[u8]) -> Result<()> {
        let written = self.to.as_mut().map_or(Ok(()), |to| to.write_all(piece));
        written.map_err(|error| not_written(&self.path, &error))
    }

    /// Writes what is still in memory, so that only the name is missing. Fails with
    /// `file-not-written`.
    pub fn close(&mut self) -> Result<()> {
        let flushed = self.to.as_mut().map_or(Ok(()), BufWriter::flush);
        flushed.map_err(|error| not_written(&self.path, &error))
    }

    /// Gives the file its name. Fails with `file-not-written`.
    pub fn complete(mut self) -> Result<PathBuf> {
        self.close()?;
        // Some systems rename no open file.
        self.to = None;
        let renamed = fs::rename(&self.temporary, &self.path);
        renamed.map_err(|error| not_written(&self.path, &error))?;
        Ok(std::mem::take(&mut self.path))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.to = None;
        // It no longer exists if it has its name.
        let _ = fs::remove_file(&self.temporary);
    }
}
