//! Data sets: who meets whom, what is cut out of them, what stays in memory, and photos that fail.

#![cfg(not(target_family = "wasm"))]

mod small;

use std::cell::RefCell;
use std::collections::BTreeSet;

use cyclegan_web::{
    error::{Error, Result},
    image::{Rgb, crop, resize_bicubic, to_unit},
    json,
    random::Random,
    train::{
        Batch, Dataset, Domain, Listed, Preprocess, PreprocessMode, Source,
        data::sampler::SamplerState,
    },
};
use serde_json::{Value, json};
use small::{SMALL, noise};

const PLENTY: usize = 1 << 30;

fn photos(count: u64) -> Vec<Rgb> {
    (0..count).map(|seed| noise(30, 26, seed)).collect()
}

fn dataset(a: u64, b: u64, seed: u64, cache: usize) -> Dataset<Vec<Rgb>> {
    Dataset::new(photos(a), photos(b), SMALL, Random::new(seed), cache).unwrap()
}

fn batches<S: Source>(dataset: &mut Dataset<S>, count: usize, size: usize) -> Vec<Batch> {
    (0..count).map(|_| dataset.next_batch(size).unwrap()).collect()
}

/// Photos of which some cannot be read, with a list of those that were asked for.
struct Shaky<'a> {
    count: usize,
    bad: &'a [usize],
    asked: &'a RefCell<Vec<usize>>,
}

impl Source for Shaky<'_> {
    fn len(&self) -> usize {
        self.count
    }

    fn read(&self, index: usize) -> Result<Rgb> {
        self.asked.borrow_mut().push(index);
        if self.bad.contains(&index) {
            return Err(Error::ImageUnusable(format!("photo {index} is broken")));
        }
        Ok(noise(30, 26, index as u64))
    }
}

#[test]
fn an_epoch_shows_every_photo_of_a_once() {
    let mut data = dataset(7, 3, 1, PLENTY);
    assert_eq!(data.batches(1), 7);
    let mut orders = BTreeSet::new();
    for epoch in 1..=4 {
        let epoch_pairs = batches(&mut data, 7, 1);
        assert!(epoch_pairs.iter().all(|batch| batch.epoch == epoch));
        let order: Vec<usize> = epoch_pairs.iter().map(|batch| batch.pairs[0].0).collect();
        assert_eq!(BTreeSet::from_iter(order.clone()), BTreeSet::from_iter(0..7));
        orders.insert(order);
    }
    assert_eq!(orders.len(), 4, "a new order each time");
}

#[test]
fn a_smaller_set_a_comes_round_again() {
    let mut data = dataset(3, 8, 1, PLENTY);
    let mut counts = [0; 3];
    for batch in batches(&mut data, 8, 1) {
        counts[batch.pairs[0].0] += 1;
    }
    // Places 0 to 7, modulo 3.
    assert_eq!(counts, [3, 3, 2]);
}

#[test]
fn b_is_drawn_evenly_and_independently() {
    let mut data = dataset(4, 4, 2, PLENTY);
    let mut counts = [[0_i32; 4]; 4];
    for batch in batches(&mut data, 8000, 1) {
        let (a, b) = batch.pairs[0];
        counts[a][b] += 1;
    }
    // 500 each, standard deviation 22.
    assert!(counts.as_flattened().iter().all(|n| (n - 500).abs() < 100), "{counts:?}");
}

#[test]
fn a_seed_decides_everything_and_the_cache_nothing() {
    let seen = |seed, cache| batches(&mut dataset(5, 6, seed, cache), 20, 1);
    let expected = seen(1, PLENTY);
    assert_eq!(seen(1, 0), expected);
    assert_eq!(seen(1, 3 * 28 * 28 * 3), expected);
    assert_ne!(seen(2, PLENTY), expected);
}

#[test]
fn pictures_are_windows_of_the_resized_photo() {
    let mut data = dataset(2, 2, 3, PLENTY);
    let (mut places, mut flips) = (BTreeSet::new(), 0);
    for batch in batches(&mut data, 600, 1) {
        assert_eq!(batch.a.shape, [1, 3, 24, 24]);
        let resized = resize_bicubic(&noise(30, 26, batch.pairs[0].0 as u64), 28, 28);
        let found = (0..5).flat_map(|x| (0..5).map(move |y| (x, y))).find_map(|(x, y)| {
            let window = crop(&resized, x, y, 24, 24).unwrap();
            let mirror = |row: &[u8]| row.chunks(3).rev().flatten().copied().collect::<Vec<u8>>();
            let pixels = window.pixels.chunks(24 * 3).flat_map(mirror).collect();
            let flipped = Rgb { pixels, ..window };
            let matches = [window, flipped].map(|picture| to_unit(&picture) == batch.a.data);
            matches.iter().position(|hit| *hit).map(|flip| (x, y, flip))
        });
        let (x, y, flip) = found.expect("it is one of the 50");
        places.insert((x, y));
        flips += flip;
    }
    assert_eq!(places.len(), 25, "every place comes");
    // Standard deviation 12.
    assert!((240..=360).contains(&flips), "{flips}");
}

#[test]
fn a_and_b_are_cropped_apart() {
    let data = Dataset::new(photos(1), photos(1), SMALL, Random::new(0), PLENTY);
    let same = batches(&mut data.unwrap(), 1000, 1).iter().filter(|x| x.a == x.b).count();
    // One in 50, standard deviation 4.4.
    assert!((3..=40).contains(&same), "{same}");
}

#[test]
fn flips_can_be_off() {
    let still = Preprocess { flip: false, load_size: 24, ..SMALL };
    let mut data = Dataset::new(photos(1), photos(1), still, Random::new(0), PLENTY).unwrap();
    let expected = to_unit(&resize_bicubic(&noise(30, 26, 0), 24, 24));
    assert!(batches(&mut data, 50, 1).iter().all(|batch| batch.a.data == expected));
}

#[test]
fn batches_stop_at_the_end_of_an_epoch() {
    let (mut one, mut many) = (dataset(7, 5, 4, PLENTY), dataset(7, 5, 4, PLENTY));
    assert_eq!(many.batches(3), 3);
    let (one, many) = (batches(&mut one, 14, 1), batches(&mut many, 6, 3));
    let sizes: Vec<usize> = many.iter().map(|batch| batch.a.shape[0]).collect();
    assert_eq!(sizes, [3, 3, 1, 3, 3, 1]);
    let joined: Vec<f32> = many.iter().flat_map(|batch| batch.b.data.clone()).collect();
    assert_eq!(joined, one.iter().flat_map(|batch| batch.b.data.clone()).collect::<Vec<_>>());
    let epochs: Vec<u64> = many.iter().map(|batch| batch.epoch).collect();
    assert_eq!(epochs, [1, 1, 1, 2, 2, 2]);
    assert_eq!(dataset(2, 2, 0, 0).next_batch(0).unwrap_err().code(), "engine-usage");
}

fn read(state: &Value) -> Result<SamplerState> {
    json::read(state, Error::CheckpointDamaged)
}

#[test]
fn goes_on_after_being_restored() {
    for steps in [0, 1, 4, 6, 7, 13] {
        let mut data = dataset(6, 5, 8, PLENTY);
        batches(&mut data, steps, 1);
        let text = json::write(&data.state()).to_string();
        let state = read(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(state, data.state());
        // It was elsewhere before.
        let mut later = dataset(6, 5, 99, 0);
        batches(&mut later, 3, 1);
        assert!(later.restore(&state).unwrap());
        assert_eq!(later.state(), state);
        assert_eq!(batches(&mut later, 15, 1), batches(&mut data, 15, 1), "after {steps}");
    }
}

#[test]
fn other_photos_begin_the_epoch_anew() {
    let mut data = dataset(6, 5, 8, PLENTY);
    batches(&mut data, 8, 1);
    let mut more = dataset(9, 5, 8, PLENTY);
    assert!(!more.restore(&data.state()).unwrap());
    let epochs: Vec<u64> = batches(&mut more, 10, 1).iter().map(|batch| batch.epoch).collect();
    assert_eq!(epochs, [[2].repeat(9), vec![3]].concat());
    batches(&mut data, 4, 1);
    assert!(!more.restore(&data.state()).unwrap());
    assert_eq!(more.next_batch(1).unwrap().epoch, 3, "epoch 2 was over");
}

#[test]
fn states_that_contradict_themselves_are_refused() {
    let state = json::write(&dataset(6, 5, 8, 0).state());
    let refused = |name: &str, value: serde_json::Value| {
        let mut state = state.clone();
        state[name] = value;
        read(&state).and_then(|state| dataset(6, 5, 0, 0).restore(&state)).unwrap_err().code()
    };
    for (name, value) in [
        ("position", json!(1)),
        ("position", json!(-1)),
        ("random", json!(5)),
        ("random", json!("+123456789abcdef")),
        ("random", json!("123")),
        ("shuffled_at", json!(null)),
        ("pages", json!(1)),
    ] {
        assert_eq!(refused(name, value), "checkpoint-damaged", "{name}");
    }
    let missing = read(&json!({"epoch": 1})).unwrap_err();
    assert_eq!(missing.to_string(), "this checkpoint is damaged: photos_A is missing");
}

#[test]
fn memory_stays_within_its_bound_to_the_byte() {
    let resized = 28 * 28 * 3;
    let mut data = dataset(10, 10, 5, 4 * resized + 1);
    let mut most = 0;
    for size in [3, 2].repeat(30) {
        assert!(data.next_batch(size).unwrap().skipped.is_empty());
        assert!(data.cached_bytes() <= 4 * resized);
        most = most.max(data.cached_bytes());
    }
    assert_eq!(most, 4 * resized);
    let mut tight = dataset(10, 10, 5, resized - 1);
    batches(&mut tight, 5, 1);
    assert_eq!(tight.cached_bytes(), 0, "what does not fit is not kept");
}

#[test]
fn each_photo_is_read_once_if_memory_allows() {
    let asked = RefCell::new(Vec::new());
    let other = RefCell::new(Vec::new());
    let source = |asked| Shaky { count: 6, bad: &[], asked };
    let random = Random::new(6);
    let mut data = Dataset::new(source(&asked), source(&other), SMALL, random, PLENTY).unwrap();
    batches(&mut data, 30, 1);
    asked.borrow_mut().sort();
    assert_eq!(*asked.borrow(), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn the_least_recently_used_photo_leaves_first() {
    let (asked_a, asked_b) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let source = |count, asked| Shaky { count, bad: &[], asked };
    // Room for two: the only photo of B, used each time, and the last one of A.
    let (random, room) = (Random::new(6), 2 * 28 * 28 * 3);
    let mut data =
        Dataset::new(source(5, &asked_a), source(1, &asked_b), SMALL, random, room).unwrap();
    let mut used: Vec<usize> =
        batches(&mut data, 20, 1).iter().map(|batch| batch.pairs[0].0).collect();
    assert_eq!(*asked_b.borrow(), [0]);
    // Only a photo that comes twice in a row, at the end of an epoch and after it, is still there.
    used.dedup();
    assert_eq!(*asked_a.borrow(), used);
}

#[test]
fn unreadable_photos_are_replaced_and_told_once() {
    let asked = RefCell::new(Vec::new());
    let other = RefCell::new(Vec::new());
    let a = Shaky { count: 5, bad: &[1, 3], asked: &asked };
    let b = Shaky { count: 4, bad: &[2], asked: &other };
    let mut data = Dataset::new(a, b, SMALL, Random::new(7), 0).unwrap();
    let seen = batches(&mut data, 50, 1);
    let skipped: Vec<_> = seen.iter().flat_map(|batch| batch.skipped.clone()).collect();
    let mut places: Vec<_> = skipped.iter().map(|skip| (skip.domain, skip.index)).collect();
    places.sort();
    assert_eq!(places, [(Domain::A, 1), (Domain::A, 3), (Domain::B, 2)]);
    assert_eq!(skipped[0].error.code(), "image-unusable");
    let used: BTreeSet<usize> = seen.iter().map(|batch| batch.pairs[0].0).collect();
    assert_eq!(used, BTreeSet::from([0, 2, 4]));
    assert_eq!(seen[49].epoch, 10, "an epoch is as long as ever");
    assert_eq!(asked.borrow().iter().filter(|index| **index == 3).count(), 1);
}

#[test]
fn unreadable_photos_do_not_disturb_a_restored_run() {
    let asked = RefCell::new(Vec::new());
    let source = || Shaky { count: 6, bad: &[0, 2], asked: &asked };
    let make = || Dataset::new(source(), source(), SMALL, Random::new(7), PLENTY).unwrap();
    let mut data = make();
    batches(&mut data, 9, 1);
    let mut later = make();
    assert!(later.restore(&data.state()).unwrap());
    let pictures = |batch: Batch| (batch.a, batch.b, batch.pairs, batch.epoch);
    for _ in 0..30 {
        let [ours, theirs] = [&mut data, &mut later].map(|data| data.next_batch(1).unwrap());
        assert_eq!(pictures(ours), pictures(theirs));
    }
}

#[test]
fn a_set_without_readable_photos_is_an_error() {
    let asked = RefCell::new(Vec::new());
    let good = Shaky { count: 3, bad: &[], asked: &asked };
    let bad = Shaky { count: 2, bad: &[0, 1], asked: &asked };
    let mut data = Dataset::new(good, bad, SMALL, Random::new(7), PLENTY).unwrap();
    let error = data.next_batch(1).unwrap_err();
    assert_eq!(error.code(), "dataset-empty");
    assert!(error.to_string().contains("none of the 2 in set B can be read"), "{error}");
    assert!(error.to_string().contains("is broken"), "{error}");
    assert_eq!(data.next_batch(1).unwrap_err().code(), "dataset-empty", "and again");
    assert!(data.upcoming(3).1.is_empty());

    let new = |a, b| Dataset::new(photos(a), photos(b), SMALL, Random::new(0), 0).err().unwrap();
    assert_eq!(new(0, 3), Error::DatasetEmpty("set A has none".into()));
    assert_eq!(new(3, 0), Error::DatasetEmpty("set B has none".into()));
}

#[test]
fn what_comes_is_known_ahead() {
    let (asked_a, asked_b) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let a = Shaky { count: 9, bad: &[], asked: &asked_a };
    let b = Shaky { count: 7, bad: &[], asked: &asked_b };
    let mut data = Dataset::new(a, b, SMALL, Random::new(13), PLENTY).unwrap();
    for index in [2, 3, 99] {
        data.exclude(Domain::A, index);
    }
    data.exclude(Domain::B, 6);
    for _ in 0..8 {
        asked_a.borrow_mut().clear();
        asked_b.borrow_mut().clear();
        let before = data.state();
        let upcoming = data.upcoming(3);
        assert_eq!(data.state(), before);
        let seen = batches(&mut data, 3, 1);
        assert!(seen.iter().all(|batch| batch.skipped.is_empty()));
        assert_eq!(upcoming, (asked_a.borrow().clone(), asked_b.borrow().clone()));
        assert!(seen.iter().all(|batch| ![2, 3].contains(&batch.pairs[0].0)));
    }
    assert_eq!(data.upcoming(1000), (vec![], vec![]), "everything is in memory");
}

#[test]
fn anything_can_be_a_source() {
    let decode = |name: &&str| match *name {
        "broken.png" => Err(Error::ImageUnusable("broken".into())),
        name => Ok(noise(40, 40, name.len() as u64)),
    };
    let listed = |items| Box::new(Listed { items, decode }) as Box<dyn Source>;
    let a = listed(vec!["one.png", "broken.png"]);
    assert!(!a.is_empty());
    assert_eq!(a.read(2).unwrap_err().code(), "engine-usage");
    assert_eq!(photos(2).read(2).unwrap_err().code(), "engine-usage");
    let b: Box<dyn Source> = Box::new(photos(2));
    let mut data = Dataset::new(a, b, SMALL, Random::new(0), 0).unwrap();
    let seen = batches(&mut data, 10, 1);
    assert!(seen.iter().all(|batch| batch.pairs[0].0 == 0));
}

#[test]
fn whole_photos_of_different_sizes_share_no_batch() {
    let whole = Preprocess { mode: PreprocessMode::None, ..SMALL };
    let photos = vec![noise(32, 32, 0), noise(36, 32, 0)];
    let mut data = Dataset::new(photos.clone(), photos, whole, Random::new(0), 0).unwrap();
    assert_eq!(data.next_batch(2).unwrap_err().code(), "engine-usage");
}

#[test]
fn photos_that_no_mode_can_take_are_skipped() {
    let whole = Preprocess { mode: PreprocessMode::None, ..SMALL };
    let photos = vec![noise(33, 40, 0), noise(1, 4000, 0)];
    let mut data = Dataset::new(photos.clone(), photos, whole, Random::new(0), 0).unwrap();
    let seen = batches(&mut data, 10, 1);
    assert!(seen.iter().all(|batch| batch.a.shape == [1, 3, 40, 32]));
    let skipped: Vec<_> = seen.iter().flat_map(|batch| &batch.skipped).collect();
    assert_eq!(skipped.len(), 2);
}

/// The page keeps small copies of photos and trains on those after a reload.
#[test]
fn copies_at_the_largest_scale_give_the_same_pictures() {
    let preprocess = Preprocess { mode: PreprocessMode::ScaleAndCrop, load_size: 40, ..SMALL };
    let photos: Vec<Rgb> = (0..5).map(|seed| noise(150, 100, seed)).collect();
    let copies: Vec<Rgb> =
        photos.iter().map(|photo| preprocess.resize(photo.clone()).unwrap()).collect();
    assert_eq!([copies[0].width, copies[0].height], [90, 60]);
    let set = |photos: &[Rgb], cache| {
        let (a, b) = (photos.to_vec(), photos.to_vec());
        Dataset::new(a, b, preprocess, Random::new(3), cache).unwrap()
    };
    let (mut before, mut after) = (set(&photos, PLENTY), set(&copies, 0));
    for _ in 0..8 {
        // What is foreseen draws as much as what comes.
        let (a, b) = after.upcoming(2);
        let batch = after.next_batch(1).unwrap();
        assert_eq!((a[0], b[0]), batch.pairs[0]);
        assert_eq!(batch, before.next_batch(1).unwrap());
        assert_eq!(after.upcoming(1), (vec![a[1]], vec![*b.get(1).unwrap_or(&b[0])]));
    }
}
