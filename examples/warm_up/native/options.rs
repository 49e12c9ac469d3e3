//! The command line.

use std::path::PathBuf;

use cyclegan_web::train::{Config, Preprocess};
use serde_json::{Map, Value, json};

/// The default arms: the discriminators the generators were trained against, without and with the
/// ramp; fresh ones with neither measure, with each alone, and with both, the default.
const ARMS: [&str; 6] = [
    "known:lr_ramp=0",
    "known",
    "fresh:warm_up=0:lr_ramp=0",
    "fresh:lr_ramp=0",
    "fresh:warm_up=0",
    "fresh",
];

/// One way to begin a run.
pub struct Arm {
    /// As given on the command line.
    pub name: String,
    /// Whether it starts with the discriminators the generators were trained against.
    pub known: bool,
    /// Settings that differ from the defaults.
    settings: Map<String, Value>,
}

impl Arm {
    fn new(name: String) -> Self {
        let mut words = name.split(':');
        let known = match words.next() {
            Some("known") => true,
            Some("fresh") => false,
            _ => usage(),
        };
        let setting = |word: &str| {
            let (name, value) = word.split_once('=').unwrap_or_else(|| usage());
            (name.to_string(), value.parse().unwrap_or_else(|_| usage()))
        };
        let settings = words.map(setting).collect();
        Self { name, known, settings }
    }

    /// The run's configuration: constant rate, pictures prepared as on the page.
    pub fn config(&self, seed: u64, crop: usize) -> Config {
        let mut json = json!({"lr_unit": "steps", "lr_flat": 1_000_000, "lr_decay": 0});
        if let Some(fields) = json.as_object_mut() {
            fields.extend(self.settings.clone());
        }
        let config = Config::from_json(&json).unwrap_or_else(|error| panic!("{error}"));
        let load_size = (crop as f64 * 286.0 / 256.0).round() as usize;
        let preprocess = Preprocess { load_size, crop_size: crop, ..config.preprocess };
        Config { seed, preprocess, ..config }
    }
}

pub struct Options {
    pub photos: PathBuf,
    pub weights: PathBuf,
    /// Side of training pictures, in pixels.
    pub crop: usize,
    pub seeds: Vec<u64>,
    /// Steps of the generators after which they are measured, in ascending order.
    pub points: Vec<u64>,
    pub csv: Option<PathBuf>,
    pub arms: Vec<Arm>,
}

impl Options {
    /// Reads the program's arguments; exits if they are invalid.
    pub fn read() -> Self {
        let mut words: Vec<String> = std::env::args().skip(1).collect();
        let mut value = |name: &str| {
            let at = words.iter().position(|word| word == name)?;
            words.remove(at);
            if at < words.len() { Some(words.remove(at)) } else { usage() }
        };
        let list = |text: String| -> Vec<u64> {
            text.split(',').map(|word| word.parse().unwrap_or_else(|_| usage())).collect()
        };
        let crop = value("--crop").map_or(96, |text| text.parse().unwrap_or_else(|_| usage()));
        let seeds = value("--seeds").map_or(vec![0, 1], list);
        let points = value("--points").map_or(vec![0, 5, 10, 25, 50, 100], list);
        let csv = value("--csv").map(PathBuf::from);
        if words.len() < 2 || !points.is_sorted() {
            usage();
        }
        let mut arms: Vec<_> = words.split_off(2).into_iter().map(Arm::new).collect();
        if arms.is_empty() {
            arms = ARMS.map(|name| Arm::new(name.into())).into();
        }
        let [photos, weights] = [0, 1].map(|at| PathBuf::from(&words[at]));
        Self { photos, weights, crop, seeds, points, csv, arms }
    }
}

fn usage() -> ! {
    eprintln!("see the head of examples/warm_up/native/mod.rs for how to call this");
    std::process::exit(2)
}
