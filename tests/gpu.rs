//! The kernels on the graphics card of this machine, or a software one: Vulkan, Metal or DX12.
//! `tests/web.rs` runs the same in a browser.

#![cfg(not(target_family = "wasm"))]

mod kernels;

use burn::tensor::Device;
use cyclegan_web::device::{Choice, open};
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
fn optimiser() {
    on_gpu(kernels::optimiser);
}
