//! Gradients, losses and whole runs against PyTorch, on the CPU.

#![cfg(not(target_family = "wasm"))]

mod golden_cases;

use burn::tensor::Device;
use golden_cases::{
    GENERATORS,
    training::{Played, check_losses, check_run, networks, runs, split_against_joint},
};
use pollster::block_on;

#[test]
fn gradients_of_generators() {
    for case in networks(&GENERATORS) {
        block_on(case.check_generator(&Device::flex()));
    }
}

#[test]
fn gradients_of_discriminators() {
    for case in networks(&["discriminator_"]) {
        block_on(case.check_discriminator(&Device::flex()));
    }
}

#[test]
fn losses() {
    block_on(check_losses(&Device::flex()));
}

#[test]
fn whole_runs() {
    for name in runs() {
        block_on(check_run(&name, &Device::flex(), Played::Plainly));
    }
}

#[test]
fn the_split_backward_pass_changes_no_gradient() {
    for (name, off) in block_on(split_against_joint("train_full", &Device::flex())) {
        assert!(off < 1e-5, "{name}: {off}");
    }
}
