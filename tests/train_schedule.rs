//! The learning rate's two rules against PyTorch's and Torch's numbers.

#![cfg(not(target_family = "wasm"))]

mod golden_folder;

use std::fs;

use cyclegan_web::{
    choice::Choice,
    train::{Rule, Schedule, Unit},
};
use golden_folder::golden_folder;
use serde_json::Value;

#[test]
fn falls_as_in_both_implementations() {
    let cases = fs::read(golden_folder().join("schedule.json")).unwrap();
    let cases: Value = serde_json::from_slice(&cases).unwrap();
    let cases = cases.as_object().unwrap();
    assert!(!cases.is_empty());
    for (name, expected) in cases {
        let (rule, lengths) = name.split_once(':').unwrap();
        let (flat, decay) = lengths.split_once('+').unwrap();
        let (flat, decay) = (flat.parse().unwrap(), decay.parse().unwrap());
        let rule = Rule::from_name(rule).unwrap();
        let epochs = Schedule { rule, unit: Unit::Epochs, flat, decay };
        let steps = Schedule { unit: Unit::Steps, ..epochs };
        let expected = expected.as_array().unwrap();
        assert_eq!(expected.len() as u64, epochs.total(), "{name}");
        for (at, multiplier) in (1..).zip(expected) {
            let expected = multiplier.as_f64().unwrap();
            let ours = epochs.multiplier(at, 77);
            assert!((ours - expected).abs() < 1e-15, "{name}, epoch {at}: {ours}, {expected}");
            assert_eq!(steps.multiplier(77, at), ours, "{name}, step {at}");
            assert!(!epochs.is_over(at, 77) && !steps.is_over(77, at));
        }
    }
}

#[test]
fn ends() {
    for rule in [Rule::Paper, Rule::PyTorch] {
        let schedule = Schedule { rule, ..Schedule::default() };
        assert_eq!(schedule.total(), 200);
        assert!(!schedule.is_over(200, 1_000_000));
        assert!(schedule.is_over(201, 1));
        assert_eq!(schedule.multiplier(201, 1), 0.0);
        assert_eq!(schedule.multiplier(u64::MAX, 1), 0.0);
    }
}

#[test]
fn takes_runs_without_one_of_the_two_parts() {
    let paper = |flat, decay| Schedule { flat, decay, ..Schedule::default() };
    let rates = |schedule: Schedule| -> Vec<f64> {
        (1..=schedule.total()).map(|epoch| schedule.multiplier(epoch, 1)).collect()
    };
    assert_eq!(rates(paper(3, 0)), [1.0; 3]);
    assert_eq!(rates(paper(0, 4)), [1.0, 0.75, 0.5, 0.25]);
    let pytorch = |flat, decay| Schedule { rule: Rule::PyTorch, ..paper(flat, decay) };
    assert_eq!(rates(pytorch(3, 0)), [1.0, 1.0, 0.0]);
    // PyTorch's formula falls below zero without a flat part: -0.25 at the end.
    assert_eq!(rates(pytorch(0, 3)), [0.5, 0.25, 0.0]);
    let longest = paper(u64::MAX, u64::MAX);
    assert_eq!(longest.total(), u64::MAX);
    assert_eq!(longest.multiplier(u64::MAX, 1), 1.0);
}
