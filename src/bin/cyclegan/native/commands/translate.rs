//! `cyclegan translate`: what the page does, for folders too large for a browser tab.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cyclegan_web::{
    choice::Choice as _,
    device::Opened,
    error::{Error, Result},
    translate::{
        CARRIED_FROM, MAX_MARGIN, Manner, Plan, Precision, Smooth, Translated, Translator,
    },
    weights::{Architecture, StateDict},
};
use pollster::block_on;

use crate::native::{
    files::{self, decode, folder},
    given::{compute::Compute, network::Chosen, options::smooth},
    interrupt,
    stop::{self, Stop, told},
};

/// Translates photos, or whole folders of them, with one generator
///
/// Writes PNG files under the photos' own names; folders keep their structure. A photo that cannot
/// be translated stops nothing: those are listed at the end, and the exit code is then 1.
#[derive(Debug, Args)]
pub struct Translate {
    /// Photos (JPEG, PNG, WebP, GIF, BMP) and folders of photos
    #[arg(value_name = "PHOTO or DIR", required = true)]
    photos: Vec<PathBuf>,
    /// The generator's weights, in any file of PyTorch or safetensors
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    #[command(flatten)]
    network: Chosen,
    /// Folder for the translations
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Longest side of a translation [default: the photo's own]
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(1..))]
    size: Option<u32>,
    /// Where the detail of translations above 1024 pixels comes from
    #[arg(long, value_enum, default_value_t = Detail::Photo)]
    detail: Detail,
    /// Reflected border that the network sees and the result lacks; at most 256
    #[arg(long, value_name = "PX", default_value_t = 32, value_parser = clap::value_parser!(u32).range(0..=MAX_MARGIN as i64))]
    margin: u32,
    /// Take the mean of so many passes, between which the photo is moved by a few pixels: a grid
    /// that the generator leaves fades, and it takes so many times as long
    #[arg(long, value_name = "PASSES", default_value = "1", value_parser = smooth())]
    smooth: Smooth,
    /// How weights and the images between layers are kept; sums are float32 always
    #[arg(long, value_enum, default_value_t = Asked::Auto)]
    precision: Asked,
    #[command(flatten)]
    compute: Compute,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Asked {
    /// As on the page: float16 on graphics cards that compute with it, else float32
    Auto,
    /// Single precision, as in training
    Float32,
    /// Half precision; an error if the device has none
    Float16,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Detail {
    /// From the photo: the network sees it at 1024 pixels, and its change is carried over. For
    /// seasons, light and colours; fast
    Photo,
    /// From the network, which sees every pixel. For brush strokes and other textures; slow, and
    /// best at the scale at which it was trained
    Network,
}

impl Detail {
    /// The longest side of what the network sees.
    fn network(self) -> Option<usize> {
        match self {
            Self::Photo => Some(CARRIED_FROM),
            Self::Network => None,
        }
    }
}

/// A photo and the file for its translation.
struct Job {
    photo: PathBuf,
    result: PathBuf,
}

impl Translate {
    /// Runs the command.
    pub fn run(&self) -> stop::Result<()> {
        let (architecture, state) = files::read_generator(&self.weights, self.network.which())?;
        let (jobs, mut failed) = self.jobs()?;
        let opened = self.compute.open()?;
        let translator = self.translator(architecture, state, &opened)?;
        let begun = translator.precision();
        eprintln!("weights and images are kept in {}", begun.name());
        interrupt::listen("finishing this photo");
        let total = jobs.len() + failed.len();
        for (place, job) in jobs.iter().enumerate() {
            if interrupt::asked() {
                let hint = format!("Stopped after {place} of {total} photos.");
                return Err(Stop::Interrupted { hint });
            }
            let (photo, result) = (job.photo.display(), job.result.display());
            match self.translate(job, &translator) {
                Ok(size) => eprintln!("{}/{total} {photo} -> {result} ({size})", place + 1),
                Err(error) => failed.push(told(&job.photo, &error)),
            }
        }
        if translator.precision() != begun {
            eprintln!(
                "float16 does not hold this model's numbers: the photos were done in float32"
            );
        }
        if failed.is_empty() {
            return Ok(());
        }
        eprintln!("{} of {total} photos could not be translated:", failed.len());
        failed.iter().for_each(|line| eprintln!("  {line}"));
        Err(Stop::Told)
    }

    fn translator(
        &self,
        architecture: Architecture,
        state: StateDict,
        opened: &Opened,
    ) -> Result<Translator> {
        let asked = match self.precision {
            Asked::Auto => None,
            Asked::Float32 => Some(Precision::Float32),
            Asked::Float16 if !opened.half => {
                let device =
                    if opened.adapter.is_empty() { "this device" } else { &opened.adapter };
                return Err(Error::GpuUnsupported(format!("{device} has no shader-f16")));
            }
            Asked::Float16 => Some(Precision::Float16),
        };
        Translator::new(architecture, state, asked, opened)
    }

    /// All requested photos, once each, with names that do not collide; and the pictures in folders
    /// that cannot be opened, with the reason.
    fn jobs(&self) -> Result<(Vec<Job>, Vec<String>)> {
        let (mut photos, mut failed) = (Vec::new(), Vec::new());
        for given in &self.photos {
            if given.is_dir() {
                let found = folder::photos(given, Some(&self.out))?;
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
        let weights = self.weights.canonicalize().ok();
        // Files beside the photos are not ours to replace, nor are the weights.
        let is_foreign = |path: &Path| {
            path.canonicalize().is_ok_and(|path| {
                let beside = path.parent().is_some_and(|folder| folders.contains(folder));
                (beside && !own.contains(&path)) || weights.as_ref() == Some(&path)
            })
        };
        let mut taken = BTreeSet::new();
        let job = |(photo, name): (PathBuf, PathBuf)| {
            let path = self.out.join(renamed(&name));
            let result = free(&path, |path| taken.contains(path) || is_foreign(path));
            taken.insert(result.clone());
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

    /// Translates one photo; returns the size of its translation.
    fn translate(&self, job: &Job, translator: &Translator) -> Result<String> {
        let photo = decode::read(&job.photo)?;
        let manner = Manner {
            longest: self.size.map(|size| size as usize),
            network: self.detail.network(),
            margin: self.margin as usize,
            smooth: self.smooth,
        };
        let translated = translator.translate(&photo, &manner, &|_| ());
        let Translated { after, plan, .. } = block_on(translated)?;
        files::write_png(&job.result, &after)?;
        let Plan { seen_width, seen_height, reduced, .. } = plan;
        let seen = if reduced {
            format!(", the network only {seen_width} × {seen_height}: this device holds no more")
        } else {
            String::new()
        };
        Ok(format!("{} × {}{seen}", after.width, after.height))
    }
}

/// The name of a photo's translation. Only a photo's extension is removed.
fn renamed(name: &Path) -> PathBuf {
    let stem = if folder::ending(name).is_some() { name.file_stem() } else { name.file_name() };
    let mut renamed = stem.unwrap_or_default().to_os_string();
    renamed.push(".png");
    name.with_file_name(renamed)
}

/// `path`, or the same with a number if that name is taken.
fn free(path: &Path, is_taken: impl Fn(&Path) -> bool) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let numbered = (2..).map(|number| path.with_file_name(format!("{stem}-{number}.png")));
    let mut names = std::iter::once(path.to_path_buf()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or_else(|| path.to_path_buf())
}
