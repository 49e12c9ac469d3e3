//! How published generators change in the first steps of fine-tuning, depending on how the run
//! begins: a table of the difference of held-out photos after a round trip.
//!
//! `cargo run --release --example warm_up -- PHOTOS WEIGHTS [--crop 96] [--seeds 0,1] [--points
//! 5,10,25,50,100] [--csv FILE] [ARM ...]`
//!
//! PHOTOS contains `summer` and `winter`, each with `train` and `test`. WEIGHTS contains
//! `summer2winter.safetensors`, `winter2summer.safetensors` and `discriminators.safetensors`, which
//! the two were trained against (`D_A.` and `D_B.` before PyTorch's names).
//!
//! An arm is `known` (those discriminators) or `fresh` (random ones of the same width), followed by
//! settings of `Config` as JSON after colons, such as `fresh:warm_up=0:lr=5e-5`. A point is a
//! number of steps in which the generators were trained; the warm-up comes before them.
//!
//! Besides the round trip, the table shows what the known discriminators say of the final
//! translations (1 is real), because generators that change nothing would bring every photo back. A
//! run costs some minutes of one core; `RAYON_NUM_THREADS=1` lets several run in parallel.

mod held_out;
mod options;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use cyclegan_web::{
    error::Result,
    image::Rgb,
    random::Random,
    train::{Config, Dataset, Listed, Start, Trainer},
    weights::{self, Judge, StateDict, discriminator_from, generator_from},
};
use held_out::{HeldOut, Measured};
use options::{Arm, Options};
use pollster::block_on;

/// Bytes of photos kept in memory.
const CACHE: usize = 1 << 28;

/// What all arms have in common.
struct Given {
    photos: PathBuf,
    g_a: StateDict,
    g_b: StateDict,
    d_a: (usize, StateDict),
    d_b: (usize, StateDict),
    device: Device,
}

pub fn main() {
    let options = Options::read();
    let discriminators = state(&options.weights.join("discriminators.safetensors"));
    let known = |judge| discriminator_from(discriminators.clone(), judge).expect("discriminators");
    let given = Given {
        photos: options.photos.clone(),
        g_a: state(&options.weights.join("summer2winter.safetensors")),
        g_b: state(&options.weights.join("winter2summer.safetensors")),
        d_a: known(Judge::A),
        d_b: known(Judge::B),
        device: Device::flex(),
    };
    let points = options.points.iter().map(|point| format!(" {point:^15} |"));
    println!("| {:32} |{} verdict       |", "round trip A / B after", points.collect::<String>());
    println!("|---|{}---|", "---|".repeat(options.points.len()));
    let mut csv = String::from("arm,seed,point,round_trip_A,round_trip_B,verdict_A,verdict_B\n");
    for arm in &options.arms {
        let mut sums = vec![Measured::default(); options.points.len()];
        for seed in &options.seeds {
            let measured = given.run(arm, *seed, &options);
            for ((point, sum), found) in options.points.iter().zip(&mut sums).zip(&measured) {
                let Measured { round_trip: [a, b], verdict: [c, d] } = found;
                let _ = writeln!(csv, "{},{seed},{point},{a},{b},{c},{d}", arm.name);
                sum.add(found, options.seeds.len());
            }
            if let Some(path) = &options.csv {
                // After each run, because the next may take long.
                fs::write(path, &csv).expect("a file that can be written");
            }
        }
        let of = |[a, b]: [f64; 2]| format!("{a:.3} / {b:.3}");
        let cells = sums.iter().map(|found| format!(" {:15} |", of(found.round_trip)));
        let verdict = sums.last().map_or(String::new(), |found| of(found.verdict));
        println!("| {:32} |{} {verdict} |", arm.name, cells.collect::<String>());
    }
}

impl Given {
    /// Runs an arm and measures it at every point.
    fn run(&self, arm: &Arm, seed: u64, options: &Options) -> Vec<Measured> {
        let config = Config { ndf: self.d_a.0, ..arm.config(seed, options.crop) };
        let held_out = HeldOut::read(self, &config).expect("photos and discriminators");
        let mut trainer = self.trainer(arm, config).expect("weights and photos that fit");
        let mut measured = Vec::new();
        for point in &options.points {
            let steps = trainer.warm_up() + point - trainer.step();
            // A run that is measured before its first step has not warmed up either.
            if *point > 0 {
                block_on(trainer.train_steps(steps as usize)).expect("a run that goes on");
            }
            measured.push(held_out.measure(&trainer).expect("finite pictures"));
        }
        measured
    }

    fn trainer(&self, arm: &Arm, config: Config) -> Result<Trainer<Photos>> {
        let source = |season: &str| {
            let items = files(&self.photos.join(season).join("train"));
            Listed { items, decode: decode as fn(&PathBuf) -> Result<Rgb> }
        };
        let random = Random::new(config.seed);
        let (a, b) = (source("summer"), source("winter"));
        let dataset = Dataset::new(a, b, config.preprocess, random, CACHE)?;
        let start = Start {
            g_a: Some(generator_from(self.g_a.clone())?),
            g_b: Some(generator_from(self.g_b.clone())?),
            d_a: arm.known.then(|| self.d_a.clone()),
            d_b: arm.known.then(|| self.d_b.clone()),
        };
        Trainer::new(config, start, dataset, &self.device)
    }
}

/// The trainer's photos.
type Photos = Listed<PathBuf, fn(&PathBuf) -> Result<Rgb>>;

/// The files of a folder, sorted by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a folder").path()).collect();
    files.sort();
    files
}

fn decode(path: &PathBuf) -> Result<Rgb> {
    let photo = ::image::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let photo = photo.into_rgb8();
    let (width, height) = photo.dimensions();
    Rgb::new(width as usize, height as usize, photo.into_raw())
}

fn state(path: &Path) -> StateDict {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    weights::read(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
