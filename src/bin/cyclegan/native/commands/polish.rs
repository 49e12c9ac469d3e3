//! `cyclegan polish`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use cyclegan_web::{
    device::{Opened, Work},
    error::{Error, Result},
    image::Rgb,
    model::{Generator, Readback},
    random::Random,
    train::{memory, polish::Polish as Polished, scores::grid, trains, whole},
    weights::safetensors,
};
use pollster::block_on;

use crate::native::{
    files::{self, decode, folder},
    given::{
        compute::{Compute, room},
        network::Chosen,
        sets::Set,
    },
    interrupt,
    run::progress::{Progress, span},
    stop::{self, Stop, told},
};

/// Most photos for judging it, and one in how many is used.
const JUDGED: usize = 8;
const ONE_IN: usize = 10;
/// Pictures with a shorter longer side than this teach nothing about photos.
const SMALLEST: usize = 64;

/// Teaches a generator the mean of its translations at four shifts, which has less of a grid
///
/// One pass through the polished generator then comes near what `translate --smooth 4` gives, at no
/// cost. It needs photos of the look that the generator starts from, and none of the other. Writes
/// the weights to --out; Ctrl-C ends with what has been reached so far.
#[derive(Debug, Args)]
pub struct Polish {
    /// The generator's weights, in any file of PyTorch or safetensors
    #[arg(value_name = "WEIGHTS")]
    weights: PathBuf,
    #[command(flatten)]
    network: Chosen,
    /// Folder of photos such as it will translate, searched with the folders below it
    #[arg(long, value_name = "DIR")]
    photos: PathBuf,
    /// The file for the polished weights (.safetensors)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Steps, each on one photo
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    steps: u64,
    /// Longer side of the photos, in pixels: the size at which it will translate, if there is time
    #[arg(long, value_name = "PX", default_value_t = 256, value_parser = clap::value_parser!(u32).range(SMALLEST as i64..=4096))]
    size: u32,
    /// Where the order of the photos starts
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    compute: Compute,
}

impl Polish {
    /// Runs the command.
    pub fn run(&self) -> stop::Result<()> {
        let (architecture, state) = files::read_generator(&self.weights, self.network.which())?;
        trains(&architecture)?;
        self.prepare_out()?;
        let photos = folder::photos(&self.photos, None)?.told();
        let mut random = Random::new(self.seed);
        let judged = (photos.len() / ONE_IN).clamp(1, JUDGED).min(photos.len() - 1);
        let set = Set::split(photos, judged, &mut random);
        let opened = self.compute.open(Work::Training)?;
        let size =
            self.size_within(memory::largest_polished(&architecture, opened.kind, &room(&opened)))?;
        let generator = Generator::from_state(architecture, state, &opened.device)?;
        // If there is only one photo, that one.
        let held = if set.held_out.is_empty() { &set.train } else { &set.held_out };
        let held: Vec<Rgb> = held.iter().filter_map(|path| read(path, size)).collect();
        eprintln!("polishing on {} photos, judged by {}", set.train.len(), held.len());
        interrupt::listen("finishing the step and writing what has been reached");
        let started = Instant::now();
        let mut polished = Polished::new(generator, &opened.device);
        let done = self.learn(&mut polished, &set.train, size, &mut random, &opened)?;
        let seconds = started.elapsed().as_secs_f64();
        let [before, after] = block_on(polished.grids(&held, &opened.device))?;
        files::print(&format!(
            "grid of the photos         {:>7.2}\n\
             grid before                {before:>7.2}\n\
             grid after                 {after:>7.2}\n\
             {done} steps in {}\n",
            grid(&held),
            span(seconds),
        ));
        if after >= before {
            eprintln!("after {done} steps the grid is no weaker than before: nothing was written");
            return Err(if interrupt::asked() { self.interrupted(done) } else { Stop::Told });
        }
        self.write(polished.generator())?;
        if done < self.steps { Err(self.interrupted(done)) } else { Ok(()) }
    }

    fn interrupted(&self, done: u64) -> Stop {
        Stop::Interrupted { hint: format!("Stopped after step {done} of {}.", self.steps) }
    }

    /// Finds out before the work, rather than after it, that the result cannot be written.
    fn prepare_out(&self) -> Result<()> {
        let refuse =
            |why: &str| Err(Error::FileNotWritten(format!("{}: {why}", self.out.display())));
        if self.out.is_dir() {
            return refuse("it is a folder, and --out is a file");
        }
        if self.out.extension().is_none_or(|kind| kind != "safetensors") {
            return refuse("the weights are written as .safetensors");
        }
        let own = |path: &Path| path.canonicalize().ok();
        if own(&self.out).is_some_and(|out| own(&self.weights) == Some(out)) {
            return refuse("these are the weights to polish, choose another file");
        }
        match self.out.parent().map_or(Ok(()), fs::create_dir_all) {
            Err(error) => refuse(&error.to_string()),
            Ok(()) => Ok(()),
        }
    }

    /// The longer side of the photos, if at most `most` fits.
    fn size_within(&self, most: usize) -> Result<usize> {
        let asked = self.size as usize;
        if most >= asked {
            return Ok(asked);
        }
        if most < SMALLEST {
            let detail = format!("pictures of at most {most} pixels fit, {SMALLEST} are needed");
            return Err(Error::TrainingTooLarge(detail));
        }
        eprintln!("photos of {most} pixels instead of {asked}, as large as this device can hold");
        Ok(most)
    }

    /// All steps until the end or Ctrl-C; returns their number.
    fn learn(
        &self,
        polished: &mut Polished,
        photos: &[PathBuf],
        size: usize,
        random: &mut Random,
        opened: &Opened,
    ) -> Result<u64> {
        let mut progress = Progress::new(self.steps, 0);
        let (mut usable, mut order): (Vec<_>, Vec<&PathBuf>) =
            (photos.iter().collect(), Vec::new());
        let mut done = 0;
        while done < self.steps && !interrupt::asked() {
            let Some(path) = order.pop() else {
                if usable.is_empty() {
                    let folder = self.photos.display();
                    let detail = format!("none of the photos in {folder} can be opened");
                    return Err(Error::DatasetEmpty(detail));
                }
                order.clone_from(&usable);
                random.shuffle(&mut order);
                continue;
            };
            let Some(photo) = read(path, size) else {
                usable.retain(|other| *other != path);
                continue;
            };
            let (started, step) = (Instant::now(), done + 1);
            let learnt = block_on(polished.learn(&photo, step, self.steps, &opened.device));
            let distances = learnt.inspect_err(|_| progress.end())?;
            done = step;
            progress.show_polish(step, started.elapsed().as_secs_f64(), &[("", distances)]);
        }
        progress.end();
        Ok(done)
    }

    /// Writes the weights, with the margin from their original file, if any.
    fn write(&self, generator: &Generator) -> Result<()> {
        let state = block_on(Readback::weights(generator))?;
        let mut about = BTreeMap::from([("format".to_string(), "pt".to_string())]);
        let given = safetensors::read_metadata(&files::read(&self.weights)?).unwrap_or_default();
        about.extend(given.into_iter().filter(|(key, _)| key == "margin"));
        files::write(&self.out, &safetensors::write(&state, &about)?)
    }
}

/// A photo at the size for learning. Unreadable ones are reported and left out.
fn read(path: &Path, size: usize) -> Option<Rgb> {
    let tell = |error: &Error| eprintln!("skipped {}", told(path, error));
    Some(whole(&decode::read(path).inspect_err(tell).ok()?, size))
}
