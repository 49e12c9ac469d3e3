//! Steps that a graphics card repeats against the same steps queued one by one, and steps on pictures
//! of several sizes.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use burn::tensor::Device;
use cyclegan_web::{
    device::is_cpu,
    image::Rgb,
    model::{Generator, Readback},
    random::Random,
    samples::{Season, paint},
    train::{
        Checkpoint, Config, Dataset, Losses, Policy, Preprocess, PreprocessMode, Rule, Schedule,
        Start, Trainer, Unit,
    },
    weights::{Norm, StateDict, Up},
};

const STEPS: u64 = 12;
/// Steps behind which they are repeated: two of the same kind, and up to four that may be recorded.
const PLAIN: usize = 6;

/// A small run in which the pools fill up early, so that older pictures are shown.
fn config() -> Config {
    let (flat, decay) = (STEPS / 2, STEPS - STEPS / 2);
    Config {
        ngf: 4,
        ndf: 4,
        blocks: 1,
        pool_size: 2,
        schedule: Schedule { rule: Rule::Paper, unit: Unit::Steps, flat, decay },
        preprocess: Preprocess { load_size: 36, crop_size: 32, ..Preprocess::default() },
        seed: 11,
        ema: 0.9,
        ..Config::default()
    }
}

/// Sizes of photos of A and of B.
type Sizes = [[[usize; 2]; 4]; 2];

const ALIKE: Sizes = [[[40, 36]; 4]; 2];

fn photos([a, b]: Sizes) -> (Vec<Rgb>, Vec<Rgb>) {
    let paint = |season, sizes: [[usize; 2]; 4]| {
        let photo = |(seed, [width, height]): (u64, [usize; 2])| paint(season, seed, width, height);
        (0..).zip(sizes).map(photo).collect()
    };
    (paint(Season::Summer, a), paint(Season::Winter, b))
}

fn trainer(config: Config, device: &Device) -> Trainer<Vec<Rgb>> {
    trainer_on(ALIKE, config, device)
}

fn trainer_on(sizes: Sizes, config: Config, device: &Device) -> Trainer<Vec<Rgb>> {
    let (a, b) = photos(sizes);
    let random = Random::new(config.seed);
    let dataset = Dataset::new(a, b, config.preprocess, random, 1 << 20).unwrap();
    Trainer::new(config, Start::default(), dataset, device).unwrap()
}

/// All losses, and everything that is kept of the run.
async fn outcome(
    mut trainer: Trainer<Vec<Rgb>>,
    steps: &[usize],
    mut between: impl FnMut(&mut Trainer<Vec<Rgb>>),
) -> (Vec<Losses>, StateDict) {
    let mut losses = Vec::new();
    for &steps in steps {
        let reports = trainer.train_steps(steps).await.unwrap();
        losses.extend(reports.into_iter().map(|report| report.losses));
        between(&mut trainer);
    }
    (losses, trainer.checkpoint().await.unwrap().tensors)
}

/// A repeated step gives the numbers of one that is queued anew, to the bit: the losses of several
/// that are read back together, the weights, their averages, the moments and the pools.
pub async fn repeated_steps_equal_plain_ones(device: &Device) {
    for (lambda_identity, up, norm) in
        [(0.5, Up::Transpose, Norm::Instance), (0.0, Up::Bilinear, Norm::InstanceAffine)]
    {
        let config = Config { lambda_identity, up, norm, ..config() };
        let mut plain = trainer(config, device);
        plain.never_repeat();
        let plain = outcome(plain, &[12], |trainer| assert!(!trainer.repeats())).await;
        let repeated = outcome(trainer(config, device), &[PLAIN, 6], |trainer| {
            assert!(trainer.repeats(), "step {}", trainer.step());
        })
        .await;
        assert_eq!(plain.0.len(), STEPS as usize);
        assert_eq!(plain, repeated);
    }
}

/// A change on the way, which a recording does not know, is heeded.
pub async fn a_change_is_heeded_by_repeated_steps(device: &Device) {
    let change = |trainer: &mut Trainer<Vec<Rgb>>| {
        if trainer.step() == PLAIN as u64 {
            trainer.change(|config| config.lambda_a = 3.0).unwrap();
        }
    };
    let mut plain = trainer(config(), device);
    plain.never_repeat();
    let plain = outcome(plain, &[PLAIN, 6], change).await;
    let mut seen = Vec::new();
    let repeated = outcome(trainer(config(), device), &[PLAIN, 1, 5], |trainer| {
        seen.push(trainer.repeats());
        change(trainer);
    })
    .await;
    // It was recorded, then done plainly with the new weight, then recorded again.
    assert_eq!(seen, [true, false, true]);
    assert_eq!(plain, repeated);
    let [before, after] = [PLAIN - 1, PLAIN].map(|step| plain.0[step].cycle_a);
    assert!(after < 0.5 * before, "{before} {after}");
}

/// A batch of two, in which the second picture may be shown the first.
pub async fn larger_batches_are_repeated_too(device: &Device) {
    let config = Config { batch_size: 2, ..config() };
    let mut plain = trainer(config, device);
    plain.never_repeat();
    let plain = outcome(plain, &[12], |trainer| assert!(!trainer.repeats())).await;
    let repeated =
        outcome(trainer(config, device), &[PLAIN, 6], |trainer| assert!(trainer.repeats())).await;
    assert_eq!(plain, repeated);
}

/// Everything that augmentation can do: each repetition with draws of its own, in batches and where
/// real pictures differ from translations in size.
pub async fn augmented_steps_are_repeated(device: &Device) {
    let augment = Policy { color: true, translation: true, cutout: true };
    let batches = Config { batch_size: 2, augment, ..config() };
    let whole = Config { augment, ..whole_photos() };
    for (sizes, config) in [(ALIKE, batches), ([[[40, 36]; 4], [[28, 48]; 4]], whole)] {
        let mut plain = trainer_on(sizes, config, device);
        plain.never_repeat();
        let plain = outcome(plain, &[12], |trainer| assert!(!trainer.repeats())).await;
        let repeated = trainer_on(sizes, config, device);
        let repeated = outcome(repeated, &[PLAIN, 6], |trainer| assert!(trainer.repeats())).await;
        assert!(plain == repeated, "{config:?}");
        alike_on_the_cpu(sizes, config, &plain.0).await;
    }
}

fn whole_photos() -> Config {
    let preprocess = Preprocess { mode: PreprocessMode::None, ..Preprocess::default() };
    Config { preprocess, ..config() }
}

/// Whole photos, those of A of another size than those of B, so also real pictures and translations:
/// steps are repeated all the same.
pub async fn sets_of_two_sizes_are_repeated(device: &Device) {
    let sizes = [[[40, 36]; 4], [[28, 48]; 4]];
    let mut plain = trainer_on(sizes, whole_photos(), device);
    plain.never_repeat();
    let plain = outcome(plain, &[12], |trainer| assert!(!trainer.repeats())).await;
    let repeated = trainer_on(sizes, whole_photos(), device);
    let repeated = outcome(repeated, &[PLAIN, 6], |trainer| assert!(trainer.repeats())).await;
    assert_eq!(plain, repeated);
    alike_on_the_cpu(sizes, whole_photos(), &plain.0).await;
}

/// The first losses are those of the CPU, before Adam has made much of differences in rounding.
async fn alike_on_the_cpu(sizes: Sizes, config: Config, losses: &[Losses]) {
    let mut trainer = trainer_on(sizes, config, &Device::flex());
    for (step, (report, found)) in
        trainer.train_steps(4).await.unwrap().iter().zip(losses).enumerate()
    {
        for ((name, wanted), (_, found)) in report.losses.named().into_iter().zip(found.named()) {
            let off = (found - wanted).abs() / wanted.abs().max(1e-6);
            assert!(off < 0.01, "step {}: {name} is {found}, on the CPU {wanted}", step + 1);
        }
    }
}

/// Every mode of preprocessing trains on photos of several sizes; a run that is broken off, in the
/// middle of pools with pictures of other sizes, goes on exactly; and no step differs from one that is
/// queued anew.
pub async fn photos_of_any_sizes_train(device: &Device) {
    let mixed =
        [[[40, 36], [28, 48], [64, 32], [40, 36]], [[32, 52], [40, 36], [32, 32], [56, 28]]];
    // Most alike, so that steps are repeated between those that differ, with pools that differ.
    let one_differs = [[[40, 36], [40, 36], [40, 36], [32, 48]], [[40, 36]; 4]];
    let modes = [
        (PreprocessMode::ResizeAndCrop, mixed),
        (PreprocessMode::ScaleWidthAndCrop, mixed),
        (PreprocessMode::Crop, mixed),
        (PreprocessMode::None, mixed),
        (PreprocessMode::None, one_differs),
    ];
    for (mode, sizes) in modes {
        let preprocess = Preprocess { mode, load_size: 36, crop_size: 32, ..Preprocess::default() };
        let config = Config { preprocess, ..config() };
        let whole = outcome(trainer_on(sizes, config, device), &[12], |_| ()).await;
        alike_on_the_cpu(sizes, config, &whole.0).await;

        let mut plain = trainer_on(sizes, config, device);
        plain.never_repeat();
        assert!(outcome(plain, &[12], |_| ()).await == whole, "{mode:?} played plainly");

        let mut first = trainer_on(sizes, config, device);
        first.train_steps(7).await.unwrap();
        let file = first.checkpoint().await.unwrap().to_bytes().unwrap();
        drop(first);
        let checkpoint = Checkpoint::from_bytes(&file).unwrap();
        let (second, exact) = Trainer::resume(checkpoint, photos(sizes), 1 << 20, device).unwrap();
        assert!(exact);
        let (losses, tensors) = outcome(second, &[5], |_| ()).await;
        assert!(losses == whole.0[7..] && tensors == whole.1, "{mode:?} resumed");
    }
}

/// Steps of polishing are repeated too, to the bit; a run that is broken off among them goes on
/// exactly, and the first are those of the CPU.
pub async fn polish_is_repeated_and_goes_on(device: &Device) {
    let schedule = Schedule { flat: 2, decay: 0, ..config().schedule };
    let config = Config { schedule, polish: 10, ..config() };
    let total = 12;
    let mut plain = trainer(config, device);
    plain.never_repeat();
    let plain = outcome(plain, &[total], |trainer| assert!(!trainer.repeats())).await;
    let mut run = trainer(config, device);
    let mut distances = Vec::new();
    while !run.is_over() {
        let reports = run.train_steps(4).await.unwrap();
        distances.extend(reports.into_iter().filter(|report| report.polishing));
        if run.step() == 8 {
            let file = run.checkpoint().await.unwrap().to_bytes().unwrap();
            let checkpoint = Checkpoint::from_bytes(&file).unwrap();
            let resumed = Trainer::resume(checkpoint, photos(ALIKE), 1 << 20, device);
            let resumed = outcome(resumed.unwrap().0, &[total], |_| ()).await;
            assert!(resumed.1 == plain.1, "resumed");
        }
    }
    assert!(run.repeats() || is_cpu(device), "it is repeated by now");
    assert!(run.checkpoint().await.unwrap().tensors == plain.1, "repeated");

    let mut on_cpu = trainer(config, &Device::flex());
    on_cpu.train_steps(2).await.unwrap();
    for (wanted, found) in on_cpu.train_steps(4).await.unwrap().iter().zip(&distances) {
        let [wanted, found] = [wanted, found].map(|report| report.distances.unwrap().named());
        let pairs = wanted.into_iter().zip(found);
        for ((name, wanted), (_, found)) in pairs {
            let off = (found - wanted).abs() / wanted;
            assert!(off < 0.01, "{name} is {found}, on the CPU {wanted}");
        }
    }
}

/// A snapshot keeps what a network knew, on every device, and a shared one says that it may not.
pub async fn snapshots_do_not_learn(device: &Device) {
    let mut trainer = trainer(config(), device);
    trainer.train_steps(1).await.unwrap();
    let gan = trainer.gan().snapshot();
    let before = weights(&gan.g_a.network).await;
    trainer.train_steps(2).await.unwrap();
    assert!(weights(&gan.g_a.network).await == before, "the snapshot has learned");
    assert!(weights(&trainer.gan().g_a.network).await != before, "the run has not learned");
    assert_eq!(gan.g_a.time(), 1);
}

async fn weights(network: &Generator) -> StateDict {
    Readback::weights(network).await.unwrap()
}
