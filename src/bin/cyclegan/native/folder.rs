//! The photos in a folder and in the folders below it.

use std::fs;
use std::path::{Path, PathBuf};

use cyclegan_web::error::{Error, Result};

/// Endings of the formats that [`super::decode`] reads, in lower case.
const ENDINGS: [&str; 4] = ["png", "jpg", "jpeg", "webp"];

/// All photos in `folder`, sorted by name. What lies below `except` is left out: results that are
/// written into the same folder are no photos to start from.
///
/// Hidden files are passed over (macOS puts one beside each photo on a foreign disk), and so are
/// links to folders, which could lead in circles; links to photos are not.
///
/// # Errors
/// `file-not-read` when a folder cannot be listed, `dataset-empty` when there is no photo.
pub fn photos(folder: &Path, except: Option<&Path>) -> Result<Vec<PathBuf>> {
    // Both as the system knows them, or `./results` would not be found to lie in `photos/..`.
    let own = |path: &Path| path.canonicalize().ok();
    let except = except.and_then(own).filter(|except| own(folder).as_ref() != Some(except));
    let mut found = Vec::new();
    collect(folder, except.as_deref(), &mut found)?;
    if found.is_empty() {
        let detail = format!("{} holds no PNG, JPEG or WebP file", folder.display());
        return Err(Error::DatasetEmpty(detail));
    }
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, except: Option<&Path>, found: &mut Vec<PathBuf>) -> Result<()> {
    let unreadable = |error| Error::FileNotRead(format!("{}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            let excepted =
                except.is_some_and(|except| path.canonicalize().is_ok_and(|p| p == *except));
            if !excepted {
                collect(&path, except, found)?;
            }
        } else if is_photo(&path) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether the name ends as that of a photo does.
fn is_photo(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    ENDINGS.iter().any(|known| ending == *known)
}
