//! Whole runs: that they go on exactly, that they stop where they must, and that memory stays flat.

#![cfg(not(target_family = "wasm"))]

mod repeating;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::{Device, Tensor, TensorData};
use cyclegan_web::{
    choice::Choice,
    error::{Error, Result},
    image::{self, Rgb},
    model::{Generator, Init, Network as _, Readback},
    random::Random,
    samples::{Season, paint},
    train::{
        Ablation, Checkpoint, Config, CycleLoss, Dataset, Domain, GanLoss, Listed, Losses,
        MissingGenerator, Policy, Preprocess, Role, Rule, Schedule, Source, Start, StepReport,
        Trainer, Unit,
        scores::{Classifier, preview, score},
    },
    translate::{Smooth, shifted_mean},
    weights::{Architecture, HostTensor, StateDict, discriminator, generator_from},
};
use pollster::block_on;

/// Counts the bytes that are in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The figures of memory are of the whole program, so these tests take turns.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(|broken| broken.into_inner())
}

fn photos(season: Season, count: u64) -> Vec<Rgb> {
    (0..count).map(|seed| paint(season, seed, 48, 40)).collect()
}

fn tiny(steps: u64) -> Config {
    Config {
        ngf: 4,
        ndf: 4,
        blocks: 1,
        pool_size: 3,
        schedule: Schedule {
            rule: Rule::Paper,
            unit: Unit::Steps,
            flat: steps / 2,
            decay: steps - steps / 2,
        },
        preprocess: Preprocess { load_size: 36, crop_size: 32, ..Preprocess::default() },
        warm_up: 2,
        // Ends behind the step at which runs are broken off and continued.
        lr_ramp: 4,
        seed: 7,
        ..Config::default()
    }
}

fn dataset(config: &Config) -> Dataset<Vec<Rgb>> {
    let (a, b) = (photos(Season::Summer, 5), photos(Season::Winter, 4));
    Dataset::new(a, b, config.preprocess, Random::new(config.seed), 1 << 20).unwrap()
}

fn trainer(config: Config, start: Start) -> Trainer<Vec<Rgb>> {
    Trainer::new(config, start, dataset(&config), &Device::flex()).unwrap()
}

fn all_weights(trainer: &Trainer<Vec<Rgb>>) -> Vec<StateDict> {
    let networks = [Role::GeneratorA, Role::GeneratorB, Role::DiscriminatorA, Role::DiscriminatorB];
    networks.into_iter().map(|network| block_on(trainer.state(network)).unwrap()).collect()
}

fn resume(bytes: &[u8]) -> (Trainer<Vec<Rgb>>, bool) {
    let checkpoint = Checkpoint::from_bytes(bytes).unwrap();
    let photos = (photos(Season::Summer, 5), photos(Season::Winter, 4));
    Trainer::resume(checkpoint, photos, 1 << 20, &Device::flex()).unwrap()
}

fn checkpoint(trainer: &Trainer<Vec<Rgb>>) -> Vec<u8> {
    block_on(trainer.checkpoint()).unwrap().to_bytes().unwrap()
}

#[test]
fn ten_steps_are_five_and_five_in_any_setting() {
    let _turn = turn();
    let none = Policy::default();
    let all = Policy { color: true, translation: true, cutout: true };
    for (batch_size, start, ema, augment) in
        [(1, false, 0.0, none), (2, false, 0.9, none), (1, true, 0.9, none), (2, true, 0.9, all)]
    {
        let config = Config { batch_size, ema, augment, ..tiny(10) };
        let start = || if start { given() } else { Start::default() };
        let mut whole = trainer(config, start());
        let reports = block_on(whole.train_steps(100)).unwrap();
        assert_eq!(reports.len(), 10);
        assert!(whole.is_over());

        let mut first = trainer(config, start());
        let mut halves = block_on(first.train_steps(5)).unwrap();
        let bytes = checkpoint(&first);
        drop(first);
        let (mut second, exact) = resume(&bytes);
        assert!(exact);
        assert_eq!(second.step(), 5);
        assert_eq!(checkpoint(&second), bytes, "a checkpoint of what was just read is the same");
        halves.extend(block_on(second.train_steps(5)).unwrap());
        for (whole, half) in reports.iter().zip(&halves) {
            assert_eq!((whole.step, whole.losses), (half.step, half.losses));
            assert_eq!(whole.learning_rate.to_bits(), half.learning_rate.to_bits());
        }
        assert_eq!(all_weights(&whole), all_weights(&second));
        assert_eq!(checkpoint(&whole), checkpoint(&second));
    }
}

/// Runs of before there was any go on with the same numbers.
#[test]
fn without_augmentation_nothing_is_drawn_for_it() {
    let _turn = turn();
    let drawn = |augment: Policy| {
        // Pools of four never draw twice for a slot.
        let mut run = trainer(Config { augment, pool_size: 4, ..tiny(10) }, Start::default());
        let chance = |run: &Trainer<Vec<Rgb>>| {
            let state = block_on(run.checkpoint()).unwrap().state;
            u64::from_str_radix(state["chance"].as_str().unwrap(), 16).unwrap()
        };
        let before = chance(&run);
        block_on(run.train_steps(1)).unwrap();
        let moved = chance(&run).wrapping_sub(before);
        // SplitMix64 moves by a constant with each number.
        (0..100_u64).find(|count| count.wrapping_mul(0x9e37_79b9_7f4a_7c15) == moved)
    };
    assert_eq!(drawn(Policy::default()), Some(4));
    assert_eq!(drawn(Policy { cutout: true, ..Policy::default() }), Some(4 + 14));
}

/// Against every kind of loss that a discriminator's verdict can be, and without any.
#[test]
fn augmented_runs_learn() {
    let _turn = turn();
    let augment = Policy { color: true, translation: true, cutout: true };
    for ablation in Ablation::all() {
        let name = ablation.name();
        for gan_loss in [GanLoss::LeastSquares, GanLoss::NegativeLogLikelihood] {
            let mut config = Config { augment, gan_loss, ..tiny(40) }.ablated(ablation);
            config.adam.learning_rate = 2e-3;
            let mut run = trainer(config, Start::default());
            let reports = block_on(run.train_steps(40)).unwrap();
            let part = |range: std::ops::Range<usize>, of: fn(&Losses) -> f32| {
                reports[range].iter().map(|report| of(&report.losses)).sum::<f32>()
            };
            let [early, late] = [0..10, 30..40].map(|range| part(range, |losses| losses.cycle_a));
            assert_eq!(early > 0.0, config.terms.cycle_forward, "{name}");
            assert!(late < 0.9 * early || early == 0.0, "{name}: {early}, later {late}");
            let [early, late] = [0..10, 30..40].map(|range| part(range, |losses| losses.d_a));
            assert!(late != early && late.is_finite(), "{name}: {early}, later {late}");
        }
    }
}

fn scheduled(unit: Unit, flat: u64, decay: u64) -> Config {
    Config { schedule: Schedule { rule: Rule::Paper, unit, flat, decay }, ..tiny(10) }
}

#[test]
fn ten_steps_and_ten_more_are_twenty() {
    let _turn = turn();
    let constant = |steps| Config { ema: 0.9, ..scheduled(Unit::Steps, steps, 0) };
    for start in [Start::default, given, all_given] {
        let mut whole = trainer(constant(20), start());
        let expected = block_on(whole.train_steps(100)).unwrap();
        let mut run = trainer(constant(10), start());
        let mut reports = block_on(run.train_steps(100)).unwrap();
        assert!(run.is_over() && reports.len() == 10);

        // Out of the checkpoint of the finished run, and out of one that knows of the new end.
        let (mut again, exact) = resume(&checkpoint(&run));
        again.learn_on(10, None).unwrap();
        assert!(exact && !again.is_over() && again.total() == 20);
        let (mut again, _) = resume(&checkpoint(&again));
        block_on(again.train_steps(100)).unwrap();
        assert_eq!(checkpoint(&again), checkpoint(&whole));

        run.learn_on(10, None).unwrap();
        reports.extend(block_on(run.train_steps(100)).unwrap());
        assert_eq!(reports.len(), 20);
        for (one, other) in reports.iter().zip(&expected) {
            assert_eq!((one.step, one.losses), (other.step, other.losses));
        }
        assert_eq!(checkpoint(&run), checkpoint(&whole));
    }
}

/// Learning rates of all steps that are left, as parts of 2e-4.
fn rates_left(run: &mut Trainer<Vec<Rgb>>) -> Vec<f64> {
    let reports = block_on(run.train_steps(100)).unwrap();
    assert!(run.is_over());
    reports.iter().map(|report| (report.learning_rate / 2e-4 * 1e6).round() / 1e6).collect()
}

#[test]
fn a_rate_that_falls_goes_on_falling_as_if_planned_so() {
    let _turn = turn();
    let mut run = trainer(scheduled(Unit::Steps, 2, 4), Start::default());
    assert_eq!(rates_left(&mut run), [1.0, 1.0, 1.0, 0.75, 0.5, 0.25]);
    run.learn_on(4, None).unwrap();
    assert_eq!(rates_left(&mut run), [0.5, 0.375, 0.25, 0.125]);
    run.learn_on(2, Some(1e-4)).unwrap();
    assert_eq!(rates_left(&mut run), [0.5, 0.25]);

    // One that was stopped before it fell falls from where it is.
    let mut stopped = trainer(scheduled(Unit::Steps, 10, 10), Start::default());
    block_on(stopped.train_steps(2)).unwrap();
    stopped.learn_on(4, None).unwrap();
    assert_eq!(rates_left(&mut stopped), [1.0, 0.75, 0.5, 0.25]);

    // Five pairs an epoch: two epochs more, then three steps.
    let mut epochs = trainer(scheduled(Unit::Epochs, 1, 1), Start::default());
    assert_eq!(rates_left(&mut epochs), [1.0; 10]);
    epochs.learn_until(Unit::Epochs, 4, None).unwrap();
    let two_thirds = 0.666667;
    assert_eq!(rates_left(&mut epochs)[4..6], [two_thirds, 0.333333]);
    assert_eq!(epochs.step(), 20);
    epochs.learn_on(3, None).unwrap();
    assert_eq!(rates_left(&mut epochs), [0.166667, 0.111111, 0.055556]);
    assert_eq!(epochs.config().schedule.unit, Unit::Steps);
}

#[test]
fn learning_on_for_nothing_is_refused() {
    let _turn = turn();
    let mut run = trainer(scheduled(Unit::Steps, 3, 0), given());
    block_on(run.train_steps(100)).unwrap();
    let before = *run.config();
    for (unit, total) in [(Unit::Steps, 3), (Unit::Steps, 0), (Unit::Epochs, 0)] {
        assert_eq!(run.learn_until(unit, total, None).unwrap_err().code(), "config-invalid");
    }
    assert_eq!(run.learn_on(3, Some(-1.0)).unwrap_err().code(), "config-invalid");
    assert_eq!(run.learn_on(u64::MAX, None).unwrap_err().code(), "config-invalid");
    assert_eq!(*run.config(), before);
    // Stopped in its warm-up of two steps, which alone would be left.
    let mut warming = trainer(tiny(10), given());
    block_on(warming.train_steps(1)).unwrap();
    assert_eq!(warming.learn_on(1, None).unwrap_err().code(), "config-invalid");
    warming.learn_on(2, None).unwrap();
}

#[test]
fn a_finished_run_of_an_older_version_learns_on() {
    let _turn = turn();
    let newer = include_bytes!("checkpoints/version-2-finished.safetensors");
    let mut older = Checkpoint::from_bytes(newer).unwrap();
    // Version 1 knew no ramp.
    let state = older.state.as_object_mut().unwrap();
    state.remove("lr_ramp_steps").unwrap();
    state["config"].as_object_mut().unwrap().remove("lr_ramp").unwrap();
    for bytes in [newer.to_vec(), older.to_bytes().unwrap()] {
        let (mut run, exact) = resume(&bytes);
        assert!(exact && run.is_over());
        let before = all_weights(&run);
        run.learn_on(3, None).unwrap();
        assert_eq!(rates_left(&mut run), [0.5, 0.333333, 0.166667]);
        assert_eq!(run.step(), 9);
        assert!(before.iter().zip(&all_weights(&run)).all(|(before, after)| before != after));
    }
}

/// A run whose generators have a grid: it is short, and its weights are random. Behind it there are
/// `polish` steps.
fn polished(polish: u64) -> Config {
    Config { polish, ..tiny(4) }
}

/// A generator's distance to its own mean over four shifts.
fn distance(generator: &Generator) -> f32 {
    let photo = Rgb { ..paint(Season::Summer, 9, 48, 40) };
    let data = TensorData::new(image::to_unit(&photo), [1, 3, 40, 48]);
    let x = Tensor::from_data(data, &Device::flex());
    let mean = shifted_mean(generator, x.clone(), Smooth::Four.shifts());
    (generator.forward(x) - mean).abs().mean().into_scalar()
}

#[test]
fn polish_brings_generators_to_their_mean() {
    let _turn = turn();
    let mut run = trainer(polished(30), Start::default());
    assert_eq!(run.total(), 34);
    block_on(run.train_steps(4)).unwrap();
    assert!(!run.is_over());
    let before = [Domain::A, Domain::B].map(|domain| distance(run.generator(domain)));
    let discriminators = all_weights(&run)[2..].to_vec();
    let reports = block_on(run.train_steps(100)).unwrap();
    assert!(run.is_over() && reports.len() == 30 && reports.iter().all(|step| step.polishing));
    assert_eq!((run.step(), run.polished()), (34, 30));
    let first = reports[0].distances.unwrap();
    assert_eq!(first.polish_a, first.unpolished_a);
    assert_eq!(reports[0].learning_rate, 1e-4);
    assert_eq!(reports[29].learning_rate, 1e-4 / 30.0);
    let after = [Domain::A, Domain::B].map(|domain| distance(run.generator(domain)));
    println!("{before:?} became {after:?}");
    assert!(after[0] < 0.9 * before[0] && after[1] < 0.9 * before[1], "{before:?} {after:?}");
    assert_eq!(all_weights(&run)[2..], discriminators, "nothing else learns");
    let unpolished = run.gan().g_a.network.snapshot();
    assert_eq!(distance(&unpolished), before[0]);
}

#[test]
fn a_polish_that_is_broken_off_goes_on_to_the_bit_and_takes_nothing() {
    let _turn = turn();
    let mut whole = trainer(polished(6), Start::default());
    block_on(whole.train_steps(100)).unwrap();
    for steps in [4, 5, 7] {
        let mut first = trainer(polished(6), Start::default());
        block_on(first.train_steps(steps)).unwrap();
        let bytes = checkpoint(&first);
        let (mut second, exact) = resume(&bytes);
        assert!(exact && !second.is_over());
        assert_eq!(second.polished(), steps as u64 - 4);
        assert_eq!(checkpoint(&second), bytes);
        assert_eq!(all_weights(&second), all_weights(&first));
        block_on(second.train_steps(100)).unwrap();
        assert_eq!(checkpoint(&whole), checkpoint(&second));
    }
    // One step of Adam, whose first are as long as its rate, has not come nearer.
    let mut run = trainer(polished(6), Start::default());
    block_on(run.train_steps(4)).unwrap();
    let before = all_weights(&run);
    block_on(run.train_steps(1)).unwrap();
    assert_eq!(all_weights(&run), before);
}

#[test]
fn a_finished_run_can_be_polished_later() {
    let _turn = turn();
    let mut at_once = trainer(polished(3), Start::default());
    block_on(at_once.train_steps(100)).unwrap();
    let mut later = trainer(polished(0), Start::default());
    block_on(later.train_steps(100)).unwrap();
    assert!(later.is_over());
    later.change(|config| config.polish = 3).unwrap();
    assert_eq!(block_on(later.train_steps(100)).unwrap().len(), 3);
    assert_eq!(checkpoint(&later), checkpoint(&at_once));
}

/// The polish hands out other weights than those that learn, and takes photos of its own.
#[test]
fn a_polished_run_learns_on_from_what_was_polished_and_is_polished_again() {
    let _turn = turn();
    let config = |polish| Config { polish, ema: 0.9, ..scheduled(Unit::Steps, 6, 0) };
    let mut plain = trainer(config(0), Start::default());
    block_on(plain.train_steps(100)).unwrap();
    let networks = |run: &Trainer<Vec<Rgb>>| {
        let mut state = block_on(run.checkpoint()).unwrap().tensors;
        state.retain(|name, _| !name.contains("polish_"));
        state
    };
    let mut ends = Vec::new();
    // Broken off, done, and done with a checkpoint before and within all that follows.
    for (steps, saves) in [(9, false), (11, false), (11, true)] {
        let save = |run: Trainer<Vec<Rgb>>| if saves { resume(&checkpoint(&run)).0 } else { run };
        let mut run = trainer(config(5), Start::default());
        block_on(run.train_steps(steps)).unwrap();
        assert_eq!(run.polished(), steps as u64 - 6);
        let polished = all_weights(&run);
        run.learn_on(4, None).unwrap();
        run = save(run);
        assert!(all_weights(&run) == polished, "it hands out others before it learns");
        assert_eq!((run.is_over(), run.total()), (false, steps as u64 + 4 + 5));

        let mut expected = resume(&checkpoint(&plain)).0;
        for _ in 6..steps {
            expected.dataset_mut().next_batch(1).unwrap();
        }
        expected.learn_on(4, None).unwrap();
        block_on(expected.train_steps(1)).unwrap();
        assert!(!block_on(run.train_steps(1)).unwrap()[0].polishing);
        assert_eq!(run.polished(), 0);
        assert!(all_weights(&run) == all_weights(&expected), "it hands out what was polished");
        block_on(expected.train_steps(100)).unwrap();
        block_on(run.train_steps(3)).unwrap();
        assert!(networks(&run) == networks(&expected), "it has not learnt on from there");

        let mut reports = block_on(run.train_steps(3)).unwrap();
        run = save(run);
        assert_eq!(run.polished(), 3);
        reports.extend(block_on(run.train_steps(100)).unwrap());
        assert!(run.is_over() && reports.len() == 5 && reports.iter().all(|step| step.polishing));
        assert_eq!((run.step(), run.polished()), (run.total(), 5));
        let rates = reports.iter().map(|step| (step.learning_rate * 1e6).round());
        assert!(rates.eq([100.0, 80.0, 60.0, 40.0, 20.0]));
        // A copy of what has learnt on begins where that is; what has no gradient is rounded otherwise.
        let first = reports[0].distances.unwrap();
        let off = [first.polish_a - first.unpolished_a, first.polish_b - first.unpolished_b];
        assert!(off.iter().all(|off| off.abs() < 1e-6), "{off:?}");
        assert!(networks(&run) == networks(&expected), "something else has learnt");
        ends.push(checkpoint(&run));
    }
    assert!(ends[1] == ends[2], "going on from a checkpoint makes a difference");
}

#[test]
fn photos_of_any_sizes_train() {
    let _turn = turn();
    block_on(repeating::photos_of_any_sizes_train(&Device::flex()));
}

#[test]
fn snapshots_do_not_learn() {
    let _turn = turn();
    block_on(repeating::snapshots_do_not_learn(&Device::flex()));
}

#[test]
fn a_pool_of_pictures_that_no_photo_becomes_is_refused() {
    let _turn = turn();
    let mut run = trainer(tiny(10), Start::default());
    block_on(run.train_steps(1)).unwrap();
    let checkpoint = block_on(run.checkpoint()).unwrap();
    for side in [4, 8, 36] {
        let mut other = checkpoint.clone();
        let count = 3 * side * side;
        other.state["pool_A"] = serde_json::json!([[1, 3, side, side]]);
        let picture = HostTensor { shape: vec![count], data: vec![0.0; count] };
        other.tensors.insert("pool_A".into(), picture);
        let photos = (photos(Season::Summer, 5), photos(Season::Winter, 4));
        let refused = Trainer::resume(other, photos, 1 << 20, &Device::flex()).err().unwrap();
        assert_eq!(refused.code(), "checkpoint-damaged", "{refused}");
    }
}

/// Weights for one generator, as a person would give them.
fn given() -> Start {
    let architecture = Architecture::new(4, 1);
    let state = Init::default().state(&architecture.tensors(), 3);
    Start { g_a: Some(generator_from(state).unwrap()), ..Start::default() }
}

#[test]
fn fresh_discriminators_learn_alone_first() {
    let _turn = turn();
    let mut run = trainer(tiny(10), given());
    assert_eq!(run.warm_up(), 2);
    let before = all_weights(&run);
    assert_eq!(before[0], before[1], "the missing generator starts as a copy");
    let reports = block_on(run.train_steps(2)).unwrap();
    assert!(reports.iter().all(|report| report.warming_up && report.losses.g_a == 0.0));
    assert!(reports.iter().all(|report| report.losses.d_a > 0.0));
    let after = all_weights(&run);
    assert_eq!((&before[0], &before[1]), (&after[0], &after[1]));
    assert!(before[2] != after[2] && before[3] != after[3]);
    let report = block_on(run.train_steps(1)).unwrap().remove(0);
    assert!(!report.warming_up && report.losses.g_a > 0.0);
    let later = all_weights(&run);
    assert!(later[0] != after[0] && later[1] != after[1]);

    let scratch = Config { missing_generator: MissingGenerator::Scratch, ..tiny(10) };
    let weights = all_weights(&trainer(scratch, given()));
    assert_ne!(weights[0], weights[1]);
    assert_eq!(trainer(tiny(10), Start::default()).warm_up(), 0);
    let code =
        Trainer::new(tiny(2), given(), dataset(&tiny(2)), &Device::flex()).err().unwrap().code();
    assert_eq!(code, "config-invalid");
}

/// Weights for all four networks.
fn all_given() -> Start {
    let discriminator = |seed| Some((4, Init::default().state(&discriminator::tensors(4), seed)));
    Start { d_a: discriminator(4), d_b: discriminator(5), ..given() }
}

fn rates(run: &mut Trainer<Vec<Rgb>>) -> Vec<f64> {
    let reports = block_on(run.train_steps(100)).unwrap();
    reports.iter().map(|report| report.generator_rate / report.learning_rate).collect()
}

#[test]
fn generators_ease_in_behind_the_warm_up() {
    let _turn = turn();
    let mut run = trainer(tiny(10), given());
    assert_eq!((run.warm_up(), run.ramp()), (2, 4));
    block_on(run.train_steps(2)).unwrap();
    let before = all_weights(&run);
    let report = block_on(run.train_steps(1)).unwrap().remove(0);
    assert_eq!(report.generator_rate, report.learning_rate / 4.0);
    let after = all_weights(&run);
    // Adam's first update of a weight is as long as the rate.
    let longest = |network: usize| {
        let pairs = before[network].values().zip(after[network].values());
        let moves = pairs.flat_map(|(a, b)| a.data.iter().zip(&b.data).map(|(a, b)| (a - b).abs()));
        f64::from(moves.fold(0.0, f32::max))
    };
    for generator in [0, 1] {
        let part = longest(generator) / report.generator_rate;
        assert!((0.99..1.01).contains(&part), "{part} of the rate");
    }
    assert_eq!(rates(&mut run), [0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0]);
    let none = Config { lr_ramp: 0, ..tiny(4) };
    assert_eq!(rates(&mut trainer(none, given())), [0.0, 0.0, 1.0, 1.0]);
}

#[test]
fn networks_that_begin_alike_learn_at_one_rate() {
    let _turn = turn();
    let mut eased = trainer(tiny(3), Start::default());
    assert_eq!((eased.warm_up(), eased.ramp()), (0, 0));
    assert_eq!(rates(&mut eased), [1.0; 3]);
    let mut plain = trainer(Config { lr_ramp: 0, ..tiny(3) }, Start::default());
    block_on(plain.train_steps(3)).unwrap();
    assert_eq!(all_weights(&eased), all_weights(&plain));
}

#[test]
fn given_discriminators_need_no_warm_up() {
    let _turn = turn();
    let mut run = trainer(Config { ndf: 16, ..tiny(10) }, all_given());
    assert_eq!((run.warm_up(), run.ramp(), run.config().ndf), (0, 4, 4));
    let start = all_given();
    let given = [start.d_a, start.d_b].map(|given| given.unwrap().1);
    assert_eq!(all_weights(&run)[2..], given);
    // Adam knows nothing of the generators yet, so they ease in all the same.
    assert_eq!(rates(&mut run)[..5], [0.25, 0.5, 0.75, 1.0, 1.0]);

    let one = Start { d_b: None, ..all_given() };
    assert_eq!(trainer(tiny(10), one).warm_up(), 2);
    let mut differ = all_given();
    differ.d_b = Some((8, Init::default().state(&discriminator::tensors(8), 5)));
    let error = Trainer::new(tiny(10), differ, dataset(&tiny(10)), &Device::flex()).err().unwrap();
    assert_eq!(error.code(), "weights-differ");
    assert!(error.to_string().contains("ndf 4, but D_B has ndf 8"), "{error}");
}

#[test]
fn a_run_from_before_there_was_a_ramp_goes_on_without_one() {
    let _turn = turn();
    let config = Config { lr_ramp: 0, ..tiny(10) };
    let mut whole = trainer(config, given());
    block_on(whole.train_steps(3)).unwrap();
    let mut old = block_on(whole.checkpoint()).unwrap();
    let state = old.state.as_object_mut().unwrap();
    state.remove("lr_ramp_steps").unwrap();
    state["config"].as_object_mut().unwrap().remove("lr_ramp").unwrap();
    let (mut later, exact) = resume(&old.to_bytes().unwrap());
    assert!(exact);
    assert_eq!(later.ramp(), 0);
    assert_eq!(rates(&mut later), [1.0; 7]);
    block_on(whole.train_steps(7)).unwrap();
    assert_eq!(all_weights(&whole), all_weights(&later));
}

/// The weights that learn of the generator from A to B.
fn learning(trainer: &Trainer<Vec<Rgb>>) -> StateDict {
    read(&trainer.gan().g_a.network)
}

fn read(network: &Generator) -> StateDict {
    block_on(Readback::weights(network)).unwrap()
}

/// `ema * average + (1 - ema) * weight`, in double precision.
fn follow(average: &mut BTreeMap<String, Vec<f64>>, weights: &StateDict, ema: f64) {
    for (name, average) in average {
        for (average, weight) in average.iter_mut().zip(&weights[name].data) {
            *average = ema * *average + (1.0 - ema) * f64::from(*weight);
        }
    }
}

#[test]
fn the_average_follows_the_weights_and_is_what_a_run_hands_out() {
    let _turn = turn();
    let config = Config { ema: 0.7, ..tiny(10) };
    let (mut run, mut plain) = (trainer(config, given()), trainer(tiny(10), given()));
    let start = learning(&run);
    let doubles = |state: &StateDict| -> BTreeMap<String, Vec<f64>> {
        let double = |tensor: &HostTensor| tensor.data.iter().map(|x| f64::from(*x)).collect();
        state.iter().map(|(name, tensor)| (name.clone(), double(tensor))).collect()
    };
    let mut wanted = doubles(&start);
    for step in 1..=6 {
        block_on(run.train_steps(1)).unwrap();
        let found = block_on(run.state(Role::GeneratorA)).unwrap();
        assert_eq!(found, read(run.generator(Domain::A)));
        if step <= run.warm_up() {
            assert_eq!(found, start, "the generators do not learn yet");
            continue;
        }
        let weights = learning(&run);
        follow(&mut wanted, &weights, 0.7);
        for (name, found) in doubles(&found) {
            let off = found.iter().zip(&wanted[&name]).map(|(a, b)| (a - b).abs());
            assert!(off.fold(0.0, f64::max) < 1e-7, "step {step}: {name}");
        }
        assert_ne!(found, weights);
    }
    // What learns does not know of it.
    block_on(plain.train_steps(6)).unwrap();
    assert_eq!(learning(&run), learning(&plain));
    assert_eq!(block_on(plain.state(Role::GeneratorA)).unwrap(), learning(&plain));
}

#[test]
fn a_run_from_before_there_were_averages_goes_on_without() {
    let _turn = turn();
    let mut whole = trainer(tiny(10), given());
    block_on(whole.train_steps(5)).unwrap();
    let mut old = block_on(whole.checkpoint()).unwrap();
    assert!(old.tensors.keys().all(|name| !name.starts_with("ema.")));
    old.state["config"].as_object_mut().unwrap().remove("ema").unwrap();
    let (mut later, _) = resume(&old.to_bytes().unwrap());
    block_on(later.train_steps(5)).unwrap();
    block_on(whole.train_steps(5)).unwrap();
    assert_eq!(checkpoint(&whole), checkpoint(&later));
}

#[test]
fn a_checkpoint_that_lacks_its_average_is_damaged() {
    let _turn = turn();
    let mut run = trainer(Config { ema: 0.9, ..tiny(10) }, Start::default());
    // Before the first step there is none to lack.
    resume(&checkpoint(&run));
    block_on(run.train_steps(1)).unwrap();
    let whole = block_on(run.checkpoint()).unwrap();
    let refused = |change: &dyn Fn(&mut Checkpoint)| {
        let mut other = whole.clone();
        change(&mut other);
        let photos = (photos(Season::Summer, 5), photos(Season::Winter, 4));
        let error = Trainer::resume(other, photos, 1 << 20, &Device::flex()).err().unwrap();
        assert_eq!(error.code(), "checkpoint-damaged", "{error}");
    };
    refused(&|file| file.tensors.retain(|name, _| !name.starts_with("ema.G_B.")));
    refused(&|file| drop(file.tensors.remove("ema.G_A.model.1.weight").unwrap()));
    refused(&|file| file.tensors.get_mut("ema.G_A.model.1.weight").unwrap().data[5] = f32::NAN);
    refused(&|file| file.state["config"]["ema"] = serde_json::json!(0.0));
}

#[test]
fn a_number_that_is_none_stops_the_run_at_its_step() {
    let _turn = turn();
    let mut run = trainer(tiny(10), Start::default());
    block_on(run.train_steps(3)).unwrap();
    let good = checkpoint(&run);
    run.poison();
    let error = block_on(run.train_steps(4)).unwrap_err();
    assert_eq!(error.code(), "training-not-finite");
    let text = error.to_string();
    assert!(text.contains("step 4") && text.contains("G_A.model."), "{text}");
    assert_eq!(run.step(), 4);
    assert_eq!(block_on(run.train_steps(1)).unwrap_err().code(), "training-not-finite");
    assert_eq!(block_on(run.checkpoint()).unwrap_err().code(), "training-not-finite");
    let (mut again, _) = resume(&good);
    assert_eq!(block_on(again.train_steps(7)).unwrap().len(), 7);

    // Weights alone, before any loss has met them.
    let mut run = trainer(tiny(10), Start::default());
    run.poison();
    assert_eq!(block_on(run.checkpoint()).unwrap_err().code(), "training-not-finite");
}

/// Photos in a folder that can be unplugged.
struct Folder<'a> {
    photos: Vec<Rgb>,
    is_there: &'a Cell<bool>,
}

impl Source for Folder<'_> {
    fn len(&self) -> usize {
        self.photos.len()
    }

    fn read(&self, index: usize) -> Result<Rgb> {
        if self.is_there.get() {
            self.photos.read(index)
        } else {
            Err(Error::FileNotRead("no such file".into()))
        }
    }
}

#[test]
fn a_folder_that_is_unplugged_costs_nothing() {
    let _turn = turn();
    // Also where some photos are in memory still.
    for cached in [0, 2 * 36 * 36 * 3] {
        let is_there = Cell::new(true);
        let folder = |season, count| Folder { photos: photos(season, count), is_there: &is_there };
        let config = tiny(12);
        let dataset = |cached| {
            let (a, b) = (folder(Season::Summer, 5), folder(Season::Winter, 4));
            Dataset::new(a, b, config.preprocess, Random::new(config.seed), cached).unwrap()
        };
        let device = Device::flex();
        let new = |cached| Trainer::new(config, given(), dataset(cached), &device).unwrap();
        let mut whole = new(1 << 20);
        let expected = block_on(whole.train_steps(12)).unwrap();

        let mut run = new(cached);
        let mut reports = block_on(run.train_steps(5)).unwrap();
        is_there.set(false);
        let error = loop {
            match block_on(run.train_steps(1)) {
                Ok(more) => reports.extend(more),
                Err(error) => break error,
            }
        };
        assert_eq!(error.code(), "dataset-empty");
        assert!(error.to_string().contains("no such file"), "{error}");
        assert!(reports.iter().all(|report| report.skipped.is_empty()));
        assert_eq!(run.step(), reports.len() as u64);
        assert_eq!(run.ended(), None);
        // It can be saved, as often as it is asked, and stands where it stood.
        let saved = block_on(run.checkpoint()).unwrap();
        assert_eq!(block_on(run.train_steps(1)).unwrap_err(), error);
        assert_eq!(block_on(run.checkpoint()).unwrap(), saved);

        is_there.set(true);
        let sets = (folder(Season::Summer, 5), folder(Season::Winter, 4));
        let (mut other, exact) = Trainer::resume(saved, sets, cached, &device).unwrap();
        assert!(exact);
        let later = block_on(other.train_steps(100)).unwrap();
        reports.extend(block_on(run.train_steps(100)).unwrap());
        let losses = |reports: &[StepReport]| -> Vec<_> {
            reports.iter().map(|report| (report.step, report.losses)).collect()
        };
        assert_eq!(losses(&reports), losses(&expected));
        assert_eq!(losses(&reports[12 - later.len()..]), losses(&later));
    }
}

#[test]
fn steps_before_one_that_fails_are_told() {
    let _turn = turn();
    let left = Cell::new(6);
    let config = tiny(10);
    // The folders go away behind six photos.
    let decode = |seed: &u64| {
        left.set(left.get() - 1);
        let gone = Error::FileNotRead("no such file".into());
        if left.get() < 0 { Err(gone) } else { Ok(paint(Season::Summer, *seed, 48, 40)) }
    };
    let folder = || Listed { items: (0..50).collect(), decode };
    let random = Random::new(1);
    let data = Dataset::new(folder(), folder(), config.preprocess, random, 0).unwrap();
    let mut run = Trainer::new(config, Start::default(), data, &Device::flex()).unwrap();
    assert_eq!(block_on(run.train_steps(10)).unwrap().len(), 3);
    assert_eq!(block_on(run.train_steps(10)).unwrap_err().code(), "dataset-empty");
    assert_eq!(run.step(), 3);
}

#[test]
fn a_run_that_would_leave_its_generators_untouched_is_refused() {
    let _turn = turn();
    // An epoch is five steps, or three of two pairs.
    let of = |rule, unit, total: u64, warm_up, batch_size| {
        let schedule = Schedule { rule, unit, flat: total.div_ceil(2), decay: total / 2 };
        let config = Config { schedule, warm_up, batch_size, ..tiny(2) };
        Trainer::new(config, given(), dataset(&config), &Device::flex()).err()
    };
    let refused = |rule, unit, total, warm_up, batch_size| {
        of(rule, unit, total, warm_up, batch_size).is_some_and(|error| {
            assert_eq!(error.code(), "config-invalid");
            assert!(error.to_string().contains(&format!("warm_up is {warm_up}")), "{error}");
            true
        })
    };
    use Rule::{Paper, PyTorch};
    for (rule, unit, total, least) in [
        (Paper, Unit::Steps, 7, 7),
        (Paper, Unit::Epochs, 1, 5),
        (Paper, Unit::Epochs, 3, 15),
        // The last has the rate 0.
        (PyTorch, Unit::Steps, 7, 6),
        (PyTorch, Unit::Epochs, 3, 10),
        (PyTorch, Unit::Epochs, 1, 0),
    ] {
        assert!(refused(rule, unit, total, least, 1), "{unit:?} {total} {least}");
        assert!(refused(rule, unit, total, u64::from(u32::MAX) / 5, 1));
        if least > 0 {
            assert!(!refused(rule, unit, total, least - 1, 1), "{unit:?} {total} {least}");
        }
    }
    assert!(refused(Paper, Unit::Epochs, 2, 6, 2));
    assert!(!refused(Paper, Unit::Epochs, 2, 5, 2));
    // What is left of a run counts, when it goes on with fewer photos.
    let schedule = Schedule { unit: Unit::Epochs, flat: 2, decay: 1, ..Schedule::default() };
    let mut run = trainer(Config { schedule, warm_up: 8, ..tiny(2) }, given());
    block_on(run.train_steps(6)).unwrap();
    let saved = block_on(run.checkpoint()).unwrap();
    let with = |count| {
        let sets = (photos(Season::Summer, count), photos(Season::Winter, 1));
        Trainer::resume(saved.clone(), sets, 1 << 20, &Device::flex()).map(|(run, _)| run)
    };
    assert_eq!(with(1).err().unwrap().code(), "config-invalid");
    let mut fewer = with(2).unwrap();
    let reports = block_on(fewer.train_steps(100)).unwrap();
    assert!(reports.last().unwrap().generator_rate > 0.0);
    // One that is over is read all the same.
    let mut over = trainer(tiny(3), given());
    block_on(over.train_steps(3)).unwrap();
    assert!(resume(&checkpoint(&over)).0.is_over());
}

#[test]
fn what_may_change_on_the_way() {
    let _turn = turn();
    let mut run = trainer(tiny(10), Start::default());
    block_on(run.train_steps(1)).unwrap();
    run.change(|config| config.adam.learning_rate = 1e-4).unwrap();
    assert_eq!(run.change(|config| config.ngf = 8).unwrap_err().code(), "config-invalid");
    assert_eq!(run.change(|config| config.lambda_a = -1.0).unwrap_err().code(), "config-invalid");
    let report = block_on(run.train_steps(1)).unwrap().remove(0);
    assert_eq!(report.learning_rate, 1e-4);
    assert_eq!(run.config().ngf, 4);
}

#[test]
fn every_ablation_and_both_cycle_losses_learn() {
    let _turn = turn();
    for ablation in Ablation::all() {
        let name = ablation.name();
        for cycle_loss in [CycleLoss::L1, CycleLoss::Adversarial] {
            let mut config = tiny(10).ablated(ablation);
            config.terms.cycle_loss = cycle_loss;
            let mut run = trainer(config, Start::default());
            let before = all_weights(&run);
            block_on(run.train_steps(2)).unwrap();
            let after = all_weights(&run);
            assert!(before[0] != after[0] && before[1] != after[1], "{name}");
            assert_eq!(before[2] != after[2], config.terms.are_judged(), "{name}");
        }
    }
}

/// Memory behind step 50 is that behind step 500, and all of it is given back.
#[test]
fn memory_stays_flat() {
    let _turn = turn();
    // How many intermediate results live at once depends on how the cores take turns.
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    one.install(stays_flat);
}

fn stays_flat() {
    // The matrix product keeps its packing memory with the thread.
    block_on(trainer(tiny(1000), Start::default()).train_steps(1)).unwrap();
    let before = IN_USE.load(Ordering::Relaxed);
    let mut run = trainer(tiny(1000), Start::default());
    block_on(run.train_steps(50)).unwrap();
    let early = IN_USE.load(Ordering::Relaxed) - before;
    let mut most = 0;
    for _ in 0..9 {
        block_on(run.train_steps(50)).unwrap();
        most = most.max(IN_USE.load(Ordering::Relaxed) - before);
    }
    assert!(most as f64 <= early as f64 * 1.02, "{early} bytes behind step 50, {most} later");
    drop(run);
    let left = IN_USE.load(Ordering::Relaxed).saturating_sub(before);
    assert!(left < early / 20, "{left} of {early} bytes are left behind");
}

/// The directional derivative of the generators' whole loss, by central differences.
#[test]
fn the_gradient_of_a_whole_step_is_the_slope() {
    let _turn = turn();
    let config = Config { ngf: 3, ndf: 2, ..tiny(10) };
    let run = trainer(config, Start::default());
    let device = Device::flex();
    let mut random = Random::new(11);
    let mut picture = || -> Tensor<4> {
        let values: Vec<f32> =
            (0..3 * 24 * 24).map(|_| random.uniform() as f32 * 2.0 - 1.0).collect();
        Tensor::<1>::from_data(values.as_slice(), &device).reshape([1, 3, 24, 24])
    };
    let (a, b) = (picture(), picture());
    // What is judged is augmented in every way; its gradient leads back to the pictures.
    let draw = |random: &mut Random| -> Tensor<4> {
        let policy = Policy { color: true, translation: true, cutout: true };
        let numbers = policy.draw(1, random)[0].numbers();
        Tensor::<1>::from_data(numbers.as_slice(), &device).reshape([1, 8, 1, 1])
    };
    let augmentations = [draw(&mut Random::new(1)), draw(&mut Random::new(2))];
    let mut gan = run.gan().snapshot();
    let pass = gan.generator_pass(&a, &b, Some(&augmentations), &config);
    let mut total = |network: Generator| -> f64 {
        gan.g_a.network = network;
        let losses = gan.generator_pass(&a, &b, Some(&augmentations), &config).losses;
        let read = |loss: Tensor<1>| f64::from(loss.into_data().try_to_vec::<f32>().unwrap()[0]);
        losses.named().map(|(_, loss)| read(loss)).sum()
    };
    let start = run.generator(Domain::A);
    let mut weights = StateDict::new();
    weights.extend(block_on(run.state(Role::GeneratorA)).unwrap());
    let mut checked = 0;
    for (name, tensor) in &weights {
        if name.ends_with(".bias") {
            continue;
        }
        // Along the gradient itself the slope is its length, the largest there is.
        let gradient: Vec<f32> =
            pass.sums[0].get(name).unwrap().clone().into_data().try_to_vec().unwrap();
        let length = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        let size = tensor.data.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>().sqrt();
        let step = 2e-4 * size / length;
        let moved = |sign: f64| {
            let mut state = weights.clone();
            let data = &mut state.get_mut(name).unwrap().data;
            for (weight, g) in data.iter_mut().zip(&gradient) {
                *weight += (sign * step * f64::from(*g)) as f32;
            }
            Generator::from_state(*start.architecture(), state, &device).unwrap()
        };
        let slope = (total(moved(1.0)) - total(moved(-1.0))) / (2.0 * step);
        let off = (slope / (length * length) - 1.0).abs();
        assert!(off < 0.02, "{name}: slope {slope}, gradient {}", length * length);
        checked += 1;
    }
    assert_eq!(checked, 8);
    let _ = start.learning();
}

#[test]
fn a_classifier_tells_the_painted_seasons_apart() {
    let _turn = turn();
    let device = Device::flex();
    let (a, b) = (photos(Season::Summer, 24), photos(Season::Winter, 24));
    let ((seen_a, new_a), (seen_b, new_b)) = (a.split_at(16), b.split_at(16));
    let classifier = block_on(Classifier::train(seen_a, seen_b, 1, &device)).unwrap();
    assert!(block_on(classifier.on_real(new_a, new_b)).unwrap().share > 0.9);
    assert!(block_on(classifier.on_real(new_b, new_a)).unwrap().share < 0.1);
    let untrained = trainer(tiny(2), Start::default());
    let (g_a, g_b) = (untrained.generator(Domain::A), untrained.generator(Domain::B));
    let scores =
        block_on(score(&classifier, [g_a, g_b], [new_a, new_b], Smooth::One, &device)).unwrap();
    assert_eq!(scores.ceiling, block_on(classifier.on_real(new_a, new_b)).unwrap());
    let seen = block_on(preview(g_a, g_b, &new_a[0], 0, Smooth::One, &device)).unwrap();
    assert!(seen.error > 0.0 && (seen.input.width, seen.back.height) == (48, 40));
    assert!(scores.round_trip_a > 0.0 && (0.0..=1.0).contains(&scores.taken_for_a.share));
}
