//! The kernels on the graphics card of this machine, or a software one: Vulkan, Metal or DX12.
//! `tests/web.rs` runs the same in a browser.

#![cfg(not(target_family = "wasm"))]

mod golden_cases;
mod kernels;

use burn::tensor::Device;
use cyclegan_web::device::{Choice, open};
use golden_cases::{
    FORWARD, forward_difference, generators,
    training::{check_losses, check_run, networks, runs},
};
use pollster::block_on;

/// WebGPU may be opened once in a program's life, so all share it and take turns.
static DEVICE: std::sync::Mutex<Option<Device>> = std::sync::Mutex::new(None);

fn on_gpu(test: impl AsyncFn(&Device)) {
    let mut device = DEVICE.lock().unwrap_or_else(|broken| broken.into_inner());
    let opened = device.get_or_insert_with(|| {
        let opened = block_on(open(Choice::WebGpu)).expect("a graphics card, or Mesa's lavapipe");
        println!("{}", opened.adapter);
        opened.device
    });
    block_on(test(opened));
}

#[test]
fn convolutions() {
    on_gpu(kernels::convolutions);
}

#[test]
fn normalisations() {
    on_gpu(kernels::normalisations);
}

#[test]
fn residual_blocks() {
    on_gpu(kernels::residual_blocks);
}

#[test]
fn gradients_of_residual_blocks() {
    on_gpu(kernels::residual_block_gradients);
}

#[test]
fn whole_residual_blocks() {
    on_gpu(kernels::whole_residual_blocks);
}

#[test]
fn finiteness() {
    on_gpu(kernels::finiteness);
}

#[test]
fn optimiser() {
    on_gpu(kernels::optimiser);
}

#[test]
fn generators_equal_pytorchs() {
    on_gpu(async |device| {
        for case in generators() {
            let difference = forward_difference(&case, device).await;
            assert!(difference <= FORWARD, "{}: {difference}", case.name);
        }
    });
}

#[test]
fn gradients_and_losses_equal_pytorchs() {
    on_gpu(async |device| {
        check_losses(device).await;
        for case in networks("generator_") {
            case.check_generator(device).await;
        }
        for case in networks("discriminator_") {
            case.check_discriminator(device).await;
        }
    });
}

#[test]
fn whole_runs_equal_pytorchs() {
    on_gpu(async |device| {
        for name in runs() {
            check_run(&name, device, 100).await;
        }
    });
}
