//! The image pool against PyTorch's, draw for draw, and what it does by itself.

#![cfg(not(target_family = "wasm"))]

mod golden_folder;

use std::fs;

use cyclegan_web::{
    random::Random,
    train::{Draw, ImagePool},
};
use golden_folder::golden_folder;
use serde_json::Value;

fn golden(name: &str) -> Value {
    serde_json::from_slice(&fs::read(golden_folder().join(name)).unwrap()).unwrap()
}

/// Swaps every time, at this slot.
fn swap(slot: usize) -> Draw {
    Draw { uniform: 0.9, slot }
}

#[test]
fn returns_what_pytorch_returns() {
    let cases = golden("image_pool.json");
    let cases = cases.as_object().unwrap();
    assert!(!cases.is_empty());
    for (size, queries) in cases {
        let mut pool = ImagePool::new(size.parse().unwrap());
        let mut swapped = 0;
        for (i, query) in queries.as_array().unwrap().iter().enumerate() {
            let number = |name: &str| query[name].as_u64().unwrap();
            let slot = number("slot") as usize;
            let draw = Draw { uniform: query["u"].as_f64().unwrap(), slot };
            let returned = pool.query(number("item"), draw);
            assert_eq!(returned, number("returned"), "query {i} of a pool of {size}");
            swapped += usize::from(returned != number("item"));
        }
        // A run that never swaps would prove little.
        assert!(size == "0" || swapped > 5, "{swapped} swaps in a pool of {size}");
        assert!(pool.images().len() <= pool.size());
    }
}

#[test]
fn half_is_not_above_half() {
    let mut pool = ImagePool::new(1);
    assert_eq!(pool.query("first", swap(0)), "first");
    assert_eq!(pool.query("second", Draw { uniform: 0.5, slot: 0 }), "second");
    assert_eq!(pool.images(), ["first"], "what is not swapped is not kept");
    assert_eq!(pool.query("third", Draw { uniform: 0.500_000_1, slot: 0 }), "first");
    assert_eq!(pool.images(), ["third"]);
}

#[test]
fn a_slot_that_does_not_exist_swaps_nothing() {
    let mut pool = ImagePool::restore(2, vec![1, 2]).unwrap();
    assert_eq!(pool.query(3, swap(2)), 3);
    assert_eq!(pool.images(), [1, 2]);
}

#[test]
fn chance_is_even() {
    let (size, queries) = (5, 20_000);
    let mut random = Random::new(11);
    let mut pool = ImagePool::new(size);
    let mut slots = [0_u32; 5];
    let mut swaps = 0_i32;
    for item in 0..queries {
        let before = pool.images().to_vec();
        let returned = pool.query(item, Draw::new(size, &mut random));
        if returned != item {
            swaps += 1;
            slots[before.iter().position(|kept| *kept == returned).unwrap()] += 1;
        }
    }
    // Standard deviation 71, and 40 for a slot.
    assert!((swaps - queries / 2).abs() < 350, "{swaps}");
    assert!(slots.iter().all(|count| count.abs_diff(2000) < 200), "{slots:?}");
}

#[test]
fn goes_on_after_being_restored() {
    let mut random = Random::new(2);
    let mut pool = ImagePool::new(4);
    for item in 0..10 {
        pool.query(item, Draw::new(4, &mut random));
    }
    let mut later = ImagePool::restore(pool.size(), pool.images().to_vec()).unwrap();
    let mut same = Random::from_state(random.state());
    for item in 10..40 {
        let returned = pool.query(item, Draw::new(4, &mut random));
        assert_eq!(later.query(item, Draw::new(4, &mut same)), returned);
    }
    assert_eq!(ImagePool::restore(1, vec![1, 2]).unwrap_err().code(), "checkpoint-damaged");
}
