//! The photos in a folder and its subfolders, and what else is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use cyclegan_web::error::{Error, Result};

use image::ImageFormat;

use super::{
    decode::directory::Directory,
    kind::{self, Kind},
};

/// Extensions of photos, in lower case. They do not decide what is opened, only whether another
/// file was meant to be a picture, and what a result is called.
const ENDINGS: [&str; 15] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "heic",
    "heif", "avif", "jxl",
];

/// Most names listed in a line; further ones are only counted.
const NAMED: usize = 20;

/// The contents of a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// Files that can be opened, judged by their contents, sorted by name.
    pub photos: Vec<PathBuf>,
    /// Pictures that cannot be opened and files that could not be examined, with the reason.
    pub left_out: Vec<(PathBuf, Error)>,
    /// Files that neither are pictures nor claim to be.
    others: Vec<PathBuf>,
}

/// All photos in `folder`, except in `except`: results written into the same folder are not photos
/// to start from.
///
/// Links to photos and folders are followed, each folder once however many lead to it. Hidden files
/// are skipped (macOS puts one beside each photo on a foreign disk). Fails with `file-not-read`
/// when the folder cannot be listed, `dataset-empty` when there is no photo.
pub fn photos(folder: &Path, except: Option<&Path>) -> Result<Found> {
    let mut walk = Walk::default();
    // In canonical form; otherwise `./results` would not be recognised as part of `photos/..`.
    let own = |path: &Path| path.canonicalize().ok();
    let except = except.and_then(own).filter(|except| own(folder).as_ref() != Some(except));
    walk.seen.extend(except);
    walk.visit(folder)?;
    // Links after the folders themselves, so that a photo keeps its own path if it has several.
    while let Some(link) = walk.links.pop_first() {
        walk.try_to_visit(&link);
    }
    let mut found = walk.found;
    found.photos.sort();
    if found.photos.is_empty() {
        let reasons = found.lines().into_iter().map(|line| format!("; {line}")).collect::<String>();
        let detail = format!("{} holds no photo that can be opened{reasons}", folder.display());
        return Err(Error::DatasetEmpty(detail));
    }
    Ok(found)
}

#[derive(Default)]
struct Walk {
    found: Found,
    /// Folders already visited, as canonical paths.
    seen: BTreeSet<PathBuf>,
    /// Links to folders not yet followed.
    links: BTreeSet<PathBuf>,
}

impl Walk {
    fn visit(&mut self, folder: &Path) -> Result<()> {
        let unreadable = |error| Error::FileNotRead(format!("{}: {error}", folder.display()));
        if !self.seen.insert(folder.canonicalize().map_err(unreadable)?) {
            return Ok(());
        }
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => {
                    if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                        self.links.insert(path);
                    } else {
                        self.try_to_visit(&path);
                    }
                }
                Ok(metadata) if metadata.is_file() => self.look_at(path),
                Ok(_) => self.found.others.push(path),
                Err(error) => {
                    self.found.left_out.push((path, Error::FileNotRead(error.to_string())));
                }
            }
        }
        Ok(())
    }

    /// An unreadable subfolder does not prevent the use of the others.
    fn try_to_visit(&mut self, folder: &Path) {
        if let Err(error) = self.visit(folder) {
            self.found.left_out.push((folder.into(), error));
        }
    }

    fn look_at(&mut self, path: PathBuf) {
        let kind = match kind_of(&path) {
            Ok(kind) => kind,
            Err(error) => {
                self.found.left_out.push((path, Error::FileNotRead(error.to_string())));
                return;
            }
        };
        match kind {
            Kind::Photo(_) => self.found.photos.push(path),
            kind @ Kind::Other(_) => self.found.left_out.push((path, kind.refusal())),
            kind if ending(&path).is_some() => self.found.left_out.push((path, kind.refusal())),
            _ => self.found.others.push(path),
        }
    }
}

fn kind_of(path: &Path) -> io::Result<Kind> {
    let (mut file, mut start) = (File::open(path)?, Vec::new());
    (&mut file).take(kind::START as u64).read_to_end(&mut start)?;
    let kind = kind::of(&start);
    // What raw photos and TIFFs differ by may be anywhere in the file.
    let is_raw = || Directory::read(&mut BufReader::new(file)).is_ok_and(|first| first.is_raw());
    Ok(if kind == Kind::Photo(ImageFormat::Tiff) && is_raw() { Kind::RAW } else { kind })
}

impl Found {
    /// What was left out and why, one line per reason.
    pub fn lines(&self) -> Vec<String> {
        let mut reasons: BTreeMap<String, Vec<&PathBuf>> = BTreeMap::new();
        for (path, error) in &self.left_out {
            reasons.entry(format!("{error} [{}]", error.code())).or_default().push(path);
        }
        let mut lines: Vec<String> = reasons
            .into_iter()
            .map(|(reason, paths)| format!("left out {}: {reason}", list(&paths)))
            .collect();
        lines.extend(self.passed_over());
        lines
    }

    /// Files that are not pictures, in one line.
    pub fn passed_over(&self) -> Option<String> {
        let others: Vec<&PathBuf> = self.others.iter().collect();
        (!others.is_empty()).then(|| format!("passed over {}: no pictures", list(&others)))
    }

    /// The photos, after reporting what was left out.
    pub fn told(self) -> Vec<PathBuf> {
        self.lines().iter().for_each(|line| eprintln!("{line}"));
        self.photos
    }
}

/// The first names, sorted, and how many more there are.
fn list(paths: &[&PathBuf]) -> String {
    let mut names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    names.sort();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let names = names.join(", ");
    if more == 0 { names } else { format!("{names} and {more} more") }
}

/// The extension of a photo's name, even if a download has added to it (`.jpg_large`); `None` for
/// `Bild 2024.05.01`, which has none.
pub fn ending(path: &Path) -> Option<String> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    ENDINGS.iter().any(|known| ending.starts_with(known)).then_some(ending)
}
