//! This crate, timed from its users' point of view: pictures in, picture or losses out.

use std::time::Instant;

use burn::tensor::Tensor;
use cyclegan_web::{
    device::{self, Kind, Opened, Preference, Work},
    image::{self, Rgb},
    model::{Init, Network as _},
    random::Random,
    train::{Config, Dataset, Preprocess, PreprocessMode, Start, Trainer, Unit, losses},
    translate::{Manner, Precision, Translator},
    weights::Architecture,
};
use pollster::block_on;

use super::{
    options::{Case, Task},
    peak,
    row::{BLOCKS, NDF, Row},
};

/// Each measurement continues until both are reached.
const LEAST_RUNS: usize = 3;
const LEAST_SECONDS: f64 = 8.0;

pub struct Contender {
    opened: Opened,
    precision: Precision,
}

impl Contender {
    pub fn open(gpu: bool, precision: Precision) -> Self {
        let choice = if gpu { Preference::WebGpu } else { Preference::Cpu };
        let opened = block_on(device::open(choice, Work::Training)).unwrap_or_else(|error| {
            eprintln!("{error}");
            std::process::exit(1);
        });
        if Precision::on(&opened, Some(precision)) != precision {
            eprintln!("this device has no shader-f16");
            std::process::exit(1);
        }
        Self { opened, precision }
    }

    pub fn describe(&self) -> String {
        match self.opened.kind {
            Kind::WebGpu => self.opened.adapter.clone(),
            Kind::Cpu => format!("{} threads", rayon::current_num_threads()),
        }
    }

    pub fn measure(&mut self, case: Case, task: Task) -> Row {
        match task {
            Task::Translate => {
                let architecture = architecture(case.ngf);
                let state = Init::default().state(&architecture.tensors(), 1);
                let precision = self.precision;
                let translator =
                    Translator::new(architecture, state, Some(precision), &self.opened)
                        .expect("random weights fit");
                let picture = picture(case.size, 1);
                let row = self.time(case, task, || {
                    let manner = Manner::default();
                    block_on(translator.translate(&picture, &manner, &|_| ()))
                        .expect("a translation");
                });
                assert_eq!(translator.precision(), precision, "it went on in another one");
                match precision {
                    Precision::Float32 => row,
                    Precision::Float16 => Row { engine: format!("{} f16", row.engine), ..row },
                }
            }
            Task::Train { identity } => {
                let mut trainer = self.trainer(case, identity);
                self.time(case, task, || {
                    block_on(trainer.train_steps(1)).expect("a step");
                })
            }
        }
    }

    /// Runs `work` once to set it up, then measures it.
    fn time(&self, case: Case, task: Task, mut work: impl FnMut()) -> Row {
        let started = Instant::now();
        work();
        let first_ms = started.elapsed().as_secs_f64() * 1e3;
        let peak = peak::of(&mut work) as u64;
        let begun = Instant::now();
        let mut runs_ms = Vec::new();
        while runs_ms.len() < LEAST_RUNS || begun.elapsed().as_secs_f64() < LEAST_SECONDS {
            let started = Instant::now();
            work();
            runs_ms.push(started.elapsed().as_secs_f64() * 1e3);
        }
        runs_ms.sort_by(f64::total_cmp);
        let (device, peak_bytes) = match self.opened.kind {
            Kind::Cpu => ("cpu", Some(peak)),
            // The pool frees nothing in between, so its size is what was needed.
            Kind::WebGpu => {
                let pool = self.opened.device.memory_pool_usage();
                ("gpu", pool.map(|pool| pool.bytes_reserved))
            }
        };
        let engine = "cyclegan-web".into();
        Row { engine, device: device.into(), task, case, first_ms, runs_ms, peak_bytes }
    }

    fn trainer(&self, case: Case, identity: bool) -> Trainer<Vec<Rgb>> {
        let mut config = Config { ngf: case.ngf, ndf: NDF, blocks: BLOCKS, ..Config::default() };
        if !identity {
            config.lambda_identity = 0.0;
        }
        config.schedule.unit = Unit::Steps;
        config.schedule.flat = 1_000_000;
        config.preprocess =
            Preprocess { mode: PreprocessMode::None, flip: false, ..Preprocess::default() };
        let (a, b) = (vec![picture(case.size, 1)], vec![picture(case.size, 2)]);
        let bytes = 6 * case.size * case.size;
        let random = Random::new(config.seed);
        let dataset = Dataset::new(a, b, config.preprocess, random, bytes).expect("photos");
        Trainer::new(config, Start::default(), dataset, &self.opened.device)
            .expect("a configuration that can be run")
    }

    /// Memory for the whole generators' loss in one graph.
    pub fn joint(&self, case: Case) -> String {
        let trainer = self.trainer(case, true);
        let (gan, config) = (trainer.gan(), trainer.config());
        let pictures = [1, 2].map(|seed| self.unit(&picture(case.size, seed)));
        let bytes = peak::of(|| {
            let [a, b] = pictures.map(Tensor::autodiff);
            let (g_a, g_b) = (gan.g_a.network.learning(), gan.g_b.network.learning());
            let (d_a, d_b) = (gan.d_a.network.fixed(), gan.d_b.network.fixed());
            let (fake_b, fake_a) = (g_a.forward(a.clone()), g_b.forward(b.clone()));
            let Config { lambda_a, lambda_b, lambda_identity, gan_loss, .. } = *config;
            let loss = losses::l1(g_b.forward(fake_b.clone()), a.clone(), lambda_a)
                + losses::l1(g_a.forward(fake_a.clone()), b.clone(), lambda_b)
                + losses::gan(d_a.forward(fake_b), true, gan_loss, 1.0)
                + losses::gan(d_b.forward(fake_a), true, gan_loss, 1.0)
                + losses::l1(g_a.forward(b.clone()), b, lambda_b * lambda_identity)
                + losses::l1(g_b.forward(a.clone()), a, lambda_a * lambda_identity);
            drop(loss.backward());
        });
        let Case { size, ngf } = case;
        format!("joint backward of {size} px, ngf {ngf}: {} MiB at the peak", bytes >> 20)
    }

    fn unit(&self, picture: &Rgb) -> Tensor<4> {
        let values = image::to_unit(picture);
        Tensor::<1>::from_data(values.as_slice(), &self.opened.device).reshape([
            1,
            3,
            picture.height,
            picture.width,
        ])
    }
}

fn architecture(ngf: usize) -> Architecture {
    Architecture::new(ngf, BLOCKS)
}

fn picture(size: usize, seed: u64) -> Rgb {
    let mut random = Random::new(seed);
    let pixels = (0..3 * size * size).map(|_| (random.uniform() * 256.0) as u8).collect();
    Rgb::new(size, size, pixels).expect("as many bytes as its size says")
}
