//! Steps that a graphics card repeats against the same steps queued one by one.

use burn::tensor::Device;
use cyclegan_web::{
    image::Rgb,
    random::Random,
    samples::{Season, paint},
    train::{Config, Dataset, Losses, Preprocess, Rule, Schedule, Start, Trainer, Unit},
    weights::StateDict,
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
        ..Config::default()
    }
}

fn trainer(config: Config, device: &Device) -> Trainer<Vec<Rgb>> {
    let photos = |season| (0..4).map(|seed| paint(season, seed, 40, 36)).collect();
    let (a, b) = (photos(Season::Summer), photos(Season::Winter));
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
/// that are read back together, the weights, the moments and the pools.
pub async fn repeated_steps_equal_plain_ones(device: &Device) {
    for lambda_identity in [0.5, 0.0] {
        let config = Config { lambda_identity, ..config() };
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

/// A batch of two goes its own way.
pub async fn larger_batches_are_not_repeated(device: &Device) {
    let mut trainer = trainer(Config { batch_size: 2, ..config() }, device);
    trainer.train_steps(PLAIN + 1).await.unwrap();
    assert!(!trainer.repeats());
}
