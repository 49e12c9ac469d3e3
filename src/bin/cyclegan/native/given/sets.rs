//! The two sets of photos, each split into training and held-out photos.
//!
//! The held-out photos are drawn with the seed and written to `held-out.json`, so that a resumed
//! run, perhaps with more photos, never trains on the photos that judge it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cyclegan_web::{
    choice::Choice,
    error::{Error, Result},
    image::Rgb,
    random::Random,
    train::{Domain, Listed},
};
use serde_json::{Value, json};

use super::options::Options;
use crate::native::files::{self, decode, folder};

/// The list of the held-out photos, in the folder of a run.
const NOTE: &str = "held-out.json";

/// One in this many is held out unless the command line says otherwise,
const ONE_IN: usize = 10;
/// but not more than this.
const MOST: usize = 20;

/// Makes the draw of the held-out photos independent of every other use of the seed.
const STREAM: u64 = 0x4845_4c44_4f55_5421;

/// The trainer's photos.
pub type Photos = Listed<PathBuf, fn(&PathBuf) -> Result<Rgb>>;

/// The photos of one set.
pub struct Set {
    /// Photos for training: at least one.
    pub train: Vec<PathBuf>,
    /// Photos for previews and scores.
    pub held_out: Vec<PathBuf>,
}

/// Both sets.
pub struct Sets {
    /// The first look.
    pub a: Set,
    /// The second look.
    pub b: Set,
}

impl Sets {
    /// Finds the photos and splits them: according to `held-out.json` in `--out` for a resumed run,
    /// otherwise with `seed`. Fails with `file-not-read`, `dataset-empty`, and `config-invalid`
    /// when no photo would be left for training or results would be among the photos.
    pub fn find(options: &Options, seed: u64) -> Result<Self> {
        let path = options.out.join(NOTE);
        let noted = if options.resume && path.exists() { Some(read_note(&path)?) } else { None };
        let mut random = Random::new(seed ^ STREAM);
        let find = |domain: Domain, folder: &Path| {
            let name = domain.name();
            if folder.canonicalize().is_ok_and(|a| options.out.canonicalize().is_ok_and(|b| a == b))
            {
                let detail = format!("--out is the folder of set {name}, choose another");
                return Err(Error::ConfigInvalid(detail));
            }
            Ok(folder::photos(folder, Some(&options.out))?.told())
        };
        let (a, b) = (find(Domain::A, &options.a)?, find(Domain::B, &options.b)?);
        apart(&a, &b)?;
        let mut part = |domain: Domain, folder: &Path, photos: Vec<PathBuf>| match &noted {
            Some(noted) => {
                let names = noted.get(domain.name()).and_then(Value::as_array);
                let is_noted = |path: &PathBuf| {
                    names.is_some_and(|names| names.contains(&name_in(folder, path)))
                };
                let (held_out, train): (Vec<_>, _) = photos.into_iter().partition(is_noted);
                if held_out.is_empty() && names.is_some_and(|names| !names.is_empty()) {
                    let (set, folder) = (domain.name(), folder.display());
                    eprintln!(
                        "no held-out photo of set {set} is in {folder}: is it the right folder?"
                    );
                }
                Ok(Set { train, held_out })
            }
            None => {
                let count = count(domain.name(), photos.len(), options.hold_out)?;
                Ok(Set::split(photos, count, &mut random))
            }
        };
        let (a, b) = (part(Domain::A, &options.a, a)?, part(Domain::B, &options.b, b)?);
        Ok(Self { a, b })
    }

    /// Writes `held-out.json`. For a resumed run it stays unchanged, because a photo that is
    /// missing today must not be trained on tomorrow. Fails with `file-not-written`.
    pub fn note(&self, options: &Options) -> Result<()> {
        let path = options.out.join(NOTE);
        if options.resume && path.exists() {
            return Ok(());
        }
        let names = |set: &Set, folder: &Path| {
            set.held_out.iter().map(|path| name_in(folder, path)).collect::<Value>()
        };
        let note = json!({"A": names(&self.a, &options.a), "B": names(&self.b, &options.b)});
        files::write_json(&path, &note)
    }

    /// A summary in one line.
    pub fn describe(&self) -> String {
        let [(a, b), (c, d)] = [&self.a, &self.b].map(|set| (set.train.len(), set.held_out.len()));
        format!("training on {a} photos of A and {c} of B; held out: {b} of A and {d} of B")
    }
}

impl Set {
    /// Draws the held-out photos; both parts stay in order.
    pub fn split(photos: Vec<PathBuf>, held_out: usize, random: &mut Random) -> Self {
        let mut places: Vec<usize> = (0..photos.len()).collect();
        random.shuffle(&mut places);
        places.truncate(held_out);
        let mut set = Self { train: Vec::new(), held_out: Vec::new() };
        for (place, photo) in photos.into_iter().enumerate() {
            let part = if places.contains(&place) { &mut set.held_out } else { &mut set.train };
            part.push(photo);
        }
        set
    }

    /// The training photos, decoded one at a time when needed.
    pub fn source(&self) -> Photos {
        Listed { items: self.train.clone(), decode: |path| decode::read(path) }
    }
}

/// Checks that no photo is in both sets, by whatever path: the same folder twice, one inside the
/// other, or linked. Fails with `config-invalid`.
pub fn apart(a: &[PathBuf], b: &[PathBuf]) -> Result<()> {
    let own = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let a: BTreeSet<PathBuf> = a.iter().map(own).collect();
    let both: Vec<&PathBuf> = b.iter().filter(|path| a.contains(&own(path))).collect();
    let Some(first) = both.first() else { return Ok(()) };
    Err(Error::ConfigInvalid(format!(
        "sets A and B have {} in common, such as {}; they have to be different photos",
        if both.len() == 1 { "a photo".into() } else { format!("{} photos", both.len()) },
        first.display()
    )))
}

/// How many of `photos` to hold out.
fn count(set: &str, photos: usize, asked: Option<usize>) -> Result<usize> {
    match asked {
        Some(asked) if asked >= photos => Err(Error::ConfigInvalid(format!(
            "--hold-out {asked} leaves nothing to train on of the {photos} photos of set {set}"
        ))),
        Some(asked) => Ok(asked),
        // None if there is only one photo.
        None => Ok((photos / ONE_IN).clamp(1, MOST).min(photos.saturating_sub(1))),
    }
}

/// A photo's path relative to its set's folder, the same on every system.
fn name_in(folder: &Path, path: &Path) -> Value {
    let parts = path.strip_prefix(folder).unwrap_or(path).components();
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    Value::from(parts.join("/"))
}

fn read_note(path: &Path) -> Result<Value> {
    serde_json::from_slice(&files::read(path)?)
        .map_err(|error| Error::FileNotRead(format!("{}: {error}", path.display())))
}
