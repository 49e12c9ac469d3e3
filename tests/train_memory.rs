//! What a run takes of memory: as much as was said before it began, and no more than a tensor to
//! save it.

#![cfg(not(target_family = "wasm"))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::Device;
use cyclegan_web::{
    device::{Kind, Limits, Preference, Work, open},
    error::Result,
    image::Rgb,
    random::Random,
    samples::{Season, paint},
    train::{
        Config, Dataset, Preprocess, Schedule, Start, Trainer, Unit,
        checkpoint::{disk, pieces::Sink},
        memory::{self, Need},
    },
    weights::{Norm, Up},
};
use pollster::block_on;

/// Counts the bytes that are in use, and remembers the most.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The figures are of the whole program, so tests take turns.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(|broken| broken.into_inner())
}

/// Networks of these widths and depth on crops of this side, their weights averaged.
fn config(ngf: usize, ndf: usize, blocks: usize, crop: usize, lambda_identity: f64) -> Config {
    let preprocess = Preprocess { load_size: crop, crop_size: crop, ..Preprocess::default() };
    let ema = 0.9;
    Config { ngf, ndf, blocks, preprocess, lambda_identity, ema, pool_size: 2, ..Config::default() }
}

/// The same of generators that enlarge images and have affine norms.
fn other(config: Config) -> Config {
    Config { up: Up::Bilinear, norm: Norm::InstanceAffine, ..config }
}

fn photos(season: Season) -> Vec<Rgb> {
    (0..3).map(|seed| paint(season, seed, 64, 64)).collect()
}

fn trainer(config: Config, device: &Device) -> Trainer<Vec<Rgb>> {
    let (a, b) = (photos(Season::Summer), photos(Season::Winter));
    let random = Random::new(config.seed);
    let dataset = Dataset::new(a, b, config.preprocess, random, 0).unwrap();
    Trainer::new(config, Start::default(), dataset, device).unwrap()
}

/// The most that was in use while something was done, beside what was in use before.
fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = IN_USE.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let done = work();
    (done, MOST.load(Ordering::Relaxed) - before)
}

/// Takes a file, and keeps nothing of it.
struct Nowhere;

impl Sink for Nowhere {
    async fn write(&mut self, _: u64, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

/// Bytes of the largest tensor of a run: a discriminator's from 256 to 512 channels, 4 x 4.
const LARGEST: usize = 4 * 256 * 512 * 16;

fn learnt() -> Trainer<Vec<Rgb>> {
    let mut run = trainer(config(16, 64, 2, 32, 0.5), &Device::flex());
    block_on(run.train_steps(3)).unwrap();
    run
}

#[test]
fn a_checkpoint_is_written_with_one_tensor_in_memory() {
    let _turn = turn();
    let run = learnt();
    let (length, most) = peak(|| block_on(run.save(&mut Nowhere)).unwrap());
    assert!(length > 8 * LARGEST as u64, "{length} bytes are no test");
    println!("{length} bytes were written with {most} in memory, {LARGEST} is the largest tensor");
    assert!(most as f64 <= 1.1 * LARGEST as f64, "{most} bytes for tensors of {LARGEST}");
    // The very bytes of the whole.
    let mut pieces = Vec::new();
    assert_eq!(block_on(run.save(&mut pieces)).unwrap(), length);
    assert!(pieces == block_on(run.checkpoint()).unwrap().to_bytes().unwrap());
}

#[test]
fn a_checkpoint_is_read_without_a_second_one_in_memory() {
    let _turn = turn();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("in-pieces.safetensors");
    let run = learnt();
    let write = |file: &mut File| block_on(run.save(file)).map(drop);
    disk::write_in_pieces(&path, write).unwrap();
    let whole = block_on(run.checkpoint()).unwrap();
    drop(run);
    let sets = (photos(Season::Summer), photos(Season::Winter));
    let before = IN_USE.load(Ordering::Relaxed);
    let (again, most) = peak(|| {
        let (file, reason) = disk::open_latest(&path).unwrap();
        assert_eq!(reason, None);
        block_on(Trainer::resume_from(file, sets, 0, &Device::flex())).unwrap().0
    });
    let stays = IN_USE.load(Ordering::Relaxed) - before;
    println!("{most} bytes to read a run of {stays}");
    assert!(stays > 8 * LARGEST);
    assert!(most - stays <= LARGEST + LARGEST / 10, "{most} bytes for {stays}");
    assert!(block_on(again.checkpoint()).unwrap() == whole);
}

#[test]
fn a_run_that_does_not_fit_is_refused_with_a_crop_that_does() {
    let config = |crop_size| {
        let preprocess = Preprocess { load_size: 1100, crop_size, ..Preprocess::default() };
        Config { preprocess, ..Config::default() }
    };
    for kind in [Kind::WebGpu, Kind::Cpu] {
        let limits = Limits { tensor: 1 << 30, memory: 2 << 30 };
        memory::check(&config(128), kind, &limits).unwrap();
        let error = memory::check(&config(1024), kind, &limits).unwrap_err();
        assert_eq!(error.code(), "training-too-large");
        let fits = memory::largest_crop(&config(1024), kind, &limits).unwrap();
        assert!((128..1024).contains(&fits), "{fits}");
        let text = error.to_string();
        assert!(
            text.contains(&format!("crop_size of {fits}")) && text.contains("2.15 GB"),
            "{text}"
        );
        memory::check(&config(fits), kind, &limits).unwrap();
        memory::check(&config(fits + 32), kind, &limits).unwrap_err();
        // A single tensor may be what does not fit.
        let narrow = Limits { tensor: 8 << 20, memory: 1 << 40 };
        assert_eq!(memory::largest_crop(&config(1024), kind, &narrow), Some(160));
        let none = Limits { memory: 300 << 20, ..limits };
        let error = memory::check(&config(128), kind, &none).unwrap_err();
        assert!(error.to_string().contains("no crop_size"), "{error}");
        let most = memory::most_pixels(&config(1024), kind, &limits);
        assert!(most.isqrt() >= fits as u64 && most.isqrt() < fits as u64 + 32, "{most}");
    }
}

/// A run on crops of this side, and a polish that sees twice as much of a photo.
fn polished(ngf: usize, blocks: usize, crop: usize) -> Config {
    let plain = config(ngf, 8, blocks, crop, 0.5);
    let preprocess = Preprocess { load_size: 2 * crop, ..plain.preprocess };
    let schedule = Schedule { unit: Unit::Steps, flat: 2, decay: 0, ..plain.schedule };
    Config { preprocess, schedule, polish: 8, ..plain }
}

#[test]
fn the_memory_of_polishing_is_known_too() {
    let _turn = turn();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    one.install(|| {
        for (ngf, blocks, crop) in [(16, 1, 32), (8, 3, 48)] {
            let config = polished(ngf, blocks, crop);
            let ((), used) = peak(|| {
                let mut run = trainer(config, &Device::flex());
                block_on(run.train_steps(4)).unwrap();
                assert_eq!(run.polished(), 2);
            });
            compare(&config, Kind::Cpu, used);
        }
    });
    let opened = block_on(open(Preference::WebGpu, Work::Training))
        .expect("a graphics card, or Mesa's lavapipe");
    let reserved = || opened.device.memory_pool_usage().map_or(0, |usage| usage.bytes_reserved);
    let config = polished(8, 1, 32);
    let before = reserved();
    let mut run = trainer(config, &opened.device);
    while !(run.is_over() || run.repeats() && run.polished() > 0) {
        block_on(run.train_steps(1)).unwrap();
    }
    compare(&config, Kind::WebGpu, (reserved() - before) as usize);
}

/// What was said of memory beside what was used.
fn compare(config: &Config, kind: Kind, used: usize) {
    let said = Need::of(config, kind).total as f64 / used as f64;
    let (architecture, crop) = (config.architecture(), config.preprocess.crop_size);
    let what = format!("{kind:?}, {architecture}, ndf {}, {crop} pixels", config.ndf);
    println!("{what}: {used} bytes, {said:.2} of them foretold");
    assert!((0.8..1.4).contains(&said), "{what}: {used} bytes, {said} of them foretold");
}

#[test]
fn the_memory_of_a_run_is_known_before_it_begins() {
    let _turn = turn();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    one.install(|| {
        let configs = [(16, 8, 3, 64), (32, 8, 1, 64), (16, 16, 2, 72)];
        let configs = configs.map(|(ngf, ndf, blocks, crop)| config(ngf, ndf, blocks, crop, 0.5));
        for config in configs.into_iter().chain([other(configs[0])]) {
            let ((), used) = peak(|| {
                let mut run = trainer(config, &Device::flex());
                block_on(run.train_steps(3)).unwrap();
            });
            compare(&config, Kind::Cpu, used);
        }
    });
    let opened = block_on(open(Preference::WebGpu, Work::Training))
        .expect("a graphics card, or Mesa's lavapipe");
    let reserved = || opened.device.memory_pool_usage().map_or(0, |usage| usage.bytes_reserved);
    let configs = [(8, 8, 1, 64), (16, 8, 3, 64)];
    let configs = configs.map(|(ngf, ndf, blocks, crop)| config(ngf, ndf, blocks, crop, 0.5));
    for config in configs.into_iter().chain([other(configs[1])]) {
        let before = reserved();
        let mut run = trainer(config, &opened.device);
        // Until a step is recorded, which keeps its memory.
        while !run.repeats() && run.step() < 7 {
            block_on(run.train_steps(1)).unwrap();
        }
        compare(&config, Kind::WebGpu, (reserved() - before) as usize);
    }
}
