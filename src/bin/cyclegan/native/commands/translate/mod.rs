//! `cyclegan translate`: what the page does, for folders too large for a browser tab.

mod jobs;
mod pipeline;
mod pools;
mod room;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use cyclegan_web::{
    choice::Choice as _,
    device::{Kind, Opened, Work},
    error::{Error, Result},
    translate::{CARRIED_FROM, MAX_MARGIN, Manner, Plan, Precision, Smooth, Translator},
    weights::{Architecture, StateDict},
};

use self::{jobs::Job, pipeline::Pipeline, pools::Pools};
use crate::native::{
    files::{self, encode::Format},
    given::{
        compute::{self, Compute},
        network::Chosen,
        options::smooth,
    },
    interrupt, memory,
    run::progress::span,
    stop::{self, Stop, told},
};

/// The time left is said once a run has taken this long.
const SOON: Duration = Duration::from_secs(10);

/// Most threads that read photos, and that write translations.
const MOST_BESIDE: usize = 4;

/// Translates photos, or whole folders of them, with one generator
///
/// Writes them under the photos' own names; folders keep their structure. A photo that cannot be
/// translated stops nothing: those are listed at the end, and the exit code is then 1. Ctrl-C
/// finishes what is begun; with --skip-existing the same command goes on from there.
#[derive(Debug, Args)]
pub struct Translate {
    /// Photos (JPEG, PNG, WebP, GIF, TIFF, BMP) and folders of photos
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
    /// The kind of file for the translations
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Quality of JPEG files, 1 to 100
    #[arg(long, value_name = "N", default_value_t = 95, value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,
    /// Pass over photos whose translation is in --out already. Only its name is compared, not the
    /// model or the settings that made it: take another --out for others
    #[arg(long)]
    skip_existing: bool,
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
    /// From the network, which sees every pixel. For brush strokes and other textures; slow
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

impl Translate {
    /// Runs the command.
    pub fn run(&self) -> stop::Result<()> {
        memory::keep();
        let (architecture, state) = files::read_generator(&self.weights, self.network.which())?;
        let ending = self.format.ending();
        let names = jobs::Names { out: &self.out, ending, keep: self.skip_existing };
        let (mut jobs, mut failed) = names.jobs(&self.photos, &self.weights)?;
        let total = jobs.len() + failed.len();
        if self.skip_existing {
            jobs.retain(|job| !job.is_done());
        }
        let passed_over = total - failed.len() - jobs.len();
        if self.skip_existing {
            eprintln!(
                "{passed_over} of {total} photos are passed over: their translations are there"
            );
        }
        let mut left = 0;
        if !jobs.is_empty() {
            let opened = self.compute.open(Work::Translating)?;
            left = self.translate(
                &jobs,
                (passed_over, total),
                architecture,
                state,
                &opened,
                &mut failed,
            )?;
        }
        if !failed.is_empty() {
            eprintln!("{} of {total} photos could not be translated:", failed.len());
            failed.iter().for_each(|line| eprintln!("  {line}"));
        }
        if left > 0 {
            let hint = format!(
                "Stopped after {} of {total} photos. --skip-existing goes on from there.",
                total - left
            );
            return Err(Stop::Interrupted { hint });
        }
        if failed.is_empty() { Ok(()) } else { Err(Stop::Told) }
    }

    /// Translates photos, of `total` of which so many are already `done`, and returns how many
    /// Ctrl-C has left over.
    fn translate(
        &self,
        jobs: &[Job],
        (done, total): (usize, usize),
        architecture: Architecture,
        state: StateDict,
        opened: &Opened,
        failed: &mut Vec<String>,
    ) -> Result<usize> {
        let pipeline = self.pipeline(&architecture, opened);
        let lanes = pipeline.pools.as_ref().map_or(1, |_| rayon::current_num_threads());
        let translators = (0..lanes.min(jobs.len()))
            .map(|_| self.translator(architecture, state.clone(), opened));
        let mut translators = translators.collect::<Result<Vec<_>>>()?;
        drop(state);
        let precision = |of: &[Translator]| of.first().map(Translator::precision);
        let begun = precision(&translators);
        let name = begun.map_or("", |precision| precision.name());
        eprintln!("weights and images are kept in {name}");
        interrupt::listen("finishing the photos that are begun");
        let (started, mut translated, mut left) = (Instant::now(), 0_u32, jobs.len());
        pipeline.run(jobs, &mut translators, |index, outcome| {
            left -= 1;
            let Some(Job { photo, result }) = jobs.get(index) else { return };
            match outcome {
                Ok(plan) => {
                    translated += 1;
                    let time = started.elapsed();
                    let each = time.as_secs_f64() / f64::from(translated);
                    let soon = time < SOON || left == 0;
                    let rest = if soon {
                        String::new()
                    } else {
                        format!(", {} left", span(each * left as f64))
                    };
                    let (place, size) = (done + index + 1, words(&plan));
                    let (photo, result) = (photo.display(), result.display());
                    eprintln!("{place}/{total} {photo} -> {result} ({size}){rest}");
                }
                Err(error) => failed.push(told(photo, &error)),
            }
        });
        if precision(&translators) != begun {
            eprintln!(
                "float16 does not hold this model's numbers: the photos were done in float32"
            );
        }
        Ok(left)
    }

    fn pipeline(&self, architecture: &Architecture, opened: &Opened) -> Pipeline {
        let cores = rayon::current_num_threads();
        let (on_cpu, limits) = (opened.kind == Kind::Cpu, &opened.limits);
        // The largest photo takes all the memory that a translation may have.
        let most = Precision::Float32.pixels(limits, architecture, self.smooth).max(1);
        let memory = compute::available().map_or(0, |free| free / 2).max(limits.memory);
        // Beside a processor's translations reading and writing take little, beside a card's much.
        let beside = if on_cpu { cores.div_ceil(8) } else { cores.div_ceil(2) };
        Pipeline {
            manner: Manner {
                longest: self.size.map(|size| size as usize),
                network: self.detail.network(),
                margin: self.margin as usize,
                smooth: self.smooth,
            },
            format: self.format,
            quality: self.quality,
            beside: beside.min(MOST_BESIDE),
            pools: on_cpu.then(|| Pools::new(cores, memory)),
            bytes: limits.memory.div_ceil(most),
            most: limits.memory,
        }
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
}

fn words(plan: &Plan) -> String {
    let Plan { width, height, seen_width, seen_height, reduced } = plan;
    if !reduced {
        return format!("{width} × {height}");
    }
    format!("{width} × {height}, from {seen_width} × {seen_height}: this device holds no more")
}
