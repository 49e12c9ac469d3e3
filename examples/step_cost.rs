//! What a training step costs on the CPU: seconds, and bytes at the peak, as a table.
//!
//! `cargo run --release --example step_cost -- [--json FILE] [--memory] [SIZE:NGF ...]`. With
//! `--memory` the peak is also measured for the generators' whole loss taken backward at once,
//! which is what the split by terms (`src/train/step.rs`) saves. `bench/step_pytorch.py` times the
//! same step in PyTorch.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::{Device, Tensor};
use cyclegan_web::{
    model::{Discriminator, Generator, Network},
    random::Random,
    train::{Config, CycleGan, Draw, Draws, ImagePool, Learner, losses},
    weights::Architecture,
};
use web_time::Instant;

struct Peak;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Peak {
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
static ALLOCATOR: Peak = Peak;

fn networks(config: &Config, device: &Device) -> CycleGan {
    let architecture = Architecture { ngf: config.ngf, blocks: config.blocks, dropout: false };
    let generator =
        |seed| Learner::new(Generator::random(architecture, config.init, seed, device).unwrap());
    let discriminator = |seed| {
        let network = Discriminator::random(config.ndf, 1, config.init, seed, device);
        Learner::new(network.unwrap())
    };
    CycleGan {
        g_a: generator(1),
        g_b: generator(2),
        d_a: discriminator(3),
        d_b: discriminator(4),
        pool_a: ImagePool::new(config.pool_size),
        pool_b: ImagePool::new(config.pool_size),
    }
}

fn picture(size: usize, seed: u64, device: &Device) -> Tensor<4> {
    let mut random = Random::new(seed);
    let values: Vec<f32> =
        (0..3 * size * size).map(|_| random.uniform() as f32 * 2.0 - 1.0).collect();
    Tensor::<1>::from_data(values.as_slice(), device).reshape([1, 3, size, size])
}

/// All terms of the generators' loss in one graph.
fn joint(gan: &CycleGan, a: &Tensor<4>, b: &Tensor<4>, config: &Config) {
    let (g_a, g_b) = (gan.g_a.network.learning(), gan.g_b.network.learning());
    let (d_a, d_b) = (gan.d_a.network.fixed(), gan.d_b.network.fixed());
    let (a, b) = (a.clone().autodiff(), b.clone().autodiff());
    let (fake_b, fake_a) = (g_a.forward(a.clone()), g_b.forward(b.clone()));
    let loss = losses::l1(g_b.forward(fake_b.clone()), a.clone()) * config.lambda_a
        + losses::l1(g_a.forward(fake_a.clone()), b.clone()) * config.lambda_b
        + losses::gan(d_a.forward(fake_b), true, config.gan_loss)
        + losses::gan(d_b.forward(fake_a), true, config.gan_loss)
        + losses::l1(g_a.forward(b.clone()), b) * 5.0
        + losses::l1(g_b.forward(a.clone()), a) * 5.0;
    drop(loss.backward());
}

/// Bytes that `work` needs at its peak beyond what is there before.
fn peak(work: impl FnOnce()) -> usize {
    let before = IN_USE.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    work();
    MOST.load(Ordering::Relaxed) - before
}

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let memory = arguments.iter().position(|word| word == "--memory");
    let memory = memory.map(|at| arguments.remove(at)).is_some();
    let json = arguments.iter().position(|word| word == "--json");
    let json = json.map(|at| arguments.drain(at..at + 2).nth(1).expect("a file behind --json"));
    let cases =
        if arguments.is_empty() { "64:32 64:64 128:32 128:64".into() } else { arguments.join(" ") };
    let device = Device::flex();
    let mut rows = Vec::new();
    println!(
        "{:>5} {:>4} {:>9} {:>9} {:>9} {:>10} {:>10}",
        "px", "ngf", "s/step", "min", "max", "peak MiB", "joint MiB"
    );
    for case in cases.split(' ') {
        let (size, ngf) = case.split_once(':').expect("SIZE:NGF");
        let (size, ngf): (usize, usize) = (size.parse().unwrap(), ngf.parse().unwrap());
        let config = Config { ngf, ndf: 64, ..Config::default() };
        let mut gan = networks(&config, &device);
        let (a, b) = (picture(size, 1, &device), picture(size, 2, &device));
        let mut random = Random::new(3);
        let mut one = |gan: &mut CycleGan| {
            let mut draw = || vec![Draw::new(config.pool_size, &mut random)];
            let draws = Draws { b: draw(), a: draw() };
            gan.step(&a, &b, &draws, 2e-4, &config);
        };
        one(&mut gan);
        let most = peak(|| one(&mut gan));
        let mut seconds = Vec::new();
        let begun = Instant::now();
        while seconds.len() < 3 || begun.elapsed().as_secs_f64() < 8.0 {
            let started = Instant::now();
            one(&mut gan);
            seconds.push(started.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        let (median, least, longest) =
            (seconds[seconds.len() / 2], seconds[0], seconds[seconds.len() - 1]);
        let together = memory.then(|| peak(|| joint(&gan, &a, &b, &config)));
        let mib = |bytes: usize| bytes as f64 / (1 << 20) as f64;
        let shown = together.map_or("-".into(), |bytes| format!("{:.0}", mib(bytes)));
        println!(
            "{size:>5} {ngf:>4} {median:>9.3} {least:>9.3} {longest:>9.3} {:>10.0} {shown:>10}",
            mib(most)
        );
        rows.push(serde_json::json!({
            "engine": "cyclegan-web", "device": "cpu", "task": "step", "size": size, "ngf": ngf,
            "median_ms": median * 1e3, "peak_bytes": most, "joint_peak_bytes": together,
        }));
    }
    if let Some(file) = json {
        std::fs::write(file, serde_json::to_string_pretty(&rows).unwrap())
            .expect("a file that can be written");
    }
}
