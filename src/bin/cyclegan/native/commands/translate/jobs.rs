//! What is to be translated, and where each translation goes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cyclegan_web::error::{Error, Result};

use crate::native::{files::folder, stop::told};

/// A photo and the file for its translation.
#[derive(Debug)]
pub struct Job {
    pub photo: PathBuf,
    pub result: PathBuf,
}

impl Job {
    /// Whether there is a translation already. Files are written under another name and get theirs
    /// when they are complete; only a power failure may leave one of this name without contents.
    pub fn is_done(&self) -> bool {
        fs::metadata(&self.result).is_ok_and(|file| file.is_file() && file.len() > 0)
    }
}

/// What translations are called.
#[derive(Debug)]
pub struct Names<'a> {
    /// Their folder.
    pub out: &'a Path,
    /// What they end in.
    pub ending: &'a str,
    /// Whether files that exist are kept, so that there is no need to avoid their names.
    pub keep: bool,
}

impl Names<'_> {
    /// All photos in `given`, files and folders, once each, with names that do not collide; and the
    /// pictures in folders that cannot be opened, with the reason. `weights` are never replaced. Fails
    /// with `file-not-read` and `dataset-empty` for a folder, `file-not-written` when a translation
    /// would replace a photo.
    pub fn jobs(&self, given: &[PathBuf], weights: &Path) -> Result<(Vec<Job>, Vec<String>)> {
        let Self { out, ending, keep } = *self;
        let (mut photos, mut failed) = (Vec::new(), Vec::new());
        for given in given {
            if given.is_dir() {
                let found = folder::photos(given, Some(out))?;
                found.passed_over().iter().for_each(|line| eprintln!("{line}"));
                failed.extend(found.left_out.iter().map(|(path, error)| told(path, error)));
                for photo in found.photos {
                    let name = photo.strip_prefix(given).unwrap_or(&photo).to_path_buf();
                    photos.push((photo, name));
                }
            } else {
                let name = given.file_name().map(PathBuf::from).unwrap_or_default();
                photos.push((given.clone(), name));
            }
        }
        let own: BTreeSet<PathBuf> =
            photos.iter().filter_map(|(photo, _)| photo.canonicalize().ok()).collect();
        let folders: BTreeSet<&Path> = own.iter().filter_map(|photo| photo.parent()).collect();
        let weights = weights.canonicalize().ok();
        // Files beside the photos are not ours to replace, nor are the weights.
        let is_foreign = |path: &Path| {
            path.canonicalize().is_ok_and(|path| {
                let beside = path.parent().is_some_and(|folder| folders.contains(folder));
                (beside && !keep && !own.contains(&path)) || weights.as_ref() == Some(&path)
            })
        };
        // Some file systems do not tell capitals from small letters.
        let key = |path: &Path| path.to_string_lossy().to_lowercase();
        let mut taken = BTreeSet::new();
        let job = |(photo, name): (PathBuf, PathBuf)| {
            let path = out.join(renamed(&name, ending));
            let result = free(&path, ending, |path| taken.contains(&key(path)) || is_foreign(path));
            taken.insert(key(&result));
            Job { photo, result }
        };
        let jobs: Vec<Job> = photos.into_iter().map(job).collect();
        let is_photo = |job: &&Job| job.result.canonicalize().is_ok_and(|path| own.contains(&path));
        match jobs.iter().find(is_photo) {
            Some(job) => Err(Error::FileNotWritten(format!(
                "{} is one of the photos, choose another --out",
                job.result.display()
            ))),
            None => Ok((jobs, failed)),
        }
    }
}

/// The name of a photo's translation. Only a photo's extension is removed.
fn renamed(name: &Path, ending: &str) -> PathBuf {
    let stem = if folder::ending(name).is_some() { name.file_stem() } else { name.file_name() };
    let mut renamed = stem.unwrap_or_default().to_os_string();
    renamed.push(".");
    renamed.push(ending);
    name.with_file_name(renamed)
}

/// `path`, or the same with a number if that name is taken.
fn free(path: &Path, ending: &str, is_taken: impl Fn(&Path) -> bool) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let numbered = (2..).map(|number| path.with_file_name(format!("{stem}-{number}.{ending}")));
    let mut names = std::iter::once(path.to_path_buf()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or_else(|| path.to_path_buf())
}
