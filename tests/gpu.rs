//! The kernels on the graphics card of this machine, or a software one: Vulkan, Metal or DX12.
//! `tests/web.rs` runs the same in a browser, `tests/half.rs` what needs float16.

#![cfg(not(target_family = "wasm"))]

mod golden_cases;
mod kernels;
mod repeating;

use burn::tensor::Device;
use cyclegan_web::device::{Opened, Preference, Work, open};
use golden_cases::{
    FORWARD, GENERATORS, forward_difference, generators,
    training::{
        Played, check_losses, check_run, check_runs_by_winograd, is_by_winograd, networks, runs,
    },
};
use pollster::block_on;

/// All tests share a device and take turns.
static DEVICE: std::sync::Mutex<Option<Opened>> = std::sync::Mutex::new(None);

fn on_gpu(test: impl AsyncFn(&Device)) {
    on_opened(async |opened| test(&opened.device).await);
}

fn on_opened(test: impl AsyncFn(&Opened)) {
    let mut device = DEVICE.lock().unwrap_or_else(|broken| broken.into_inner());
    let opened = device.get_or_insert_with(|| {
        let opened = block_on(open(Preference::WebGpu, Work::Training))
            .expect("a graphics card, or Mesa's lavapipe");
        println!("{}", opened.adapter);
        opened
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
fn prepared_convolutions() {
    on_gpu(kernels::prepared_convolutions);
}

#[test]
fn shrunk_images() {
    on_gpu(kernels::shrunk_images);
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
fn pixels() {
    on_gpu(kernels::pixels);
}

#[test]
fn frames() {
    on_opened(kernels::frames);
}

#[test]
fn films() {
    on_opened(kernels::films);
}

#[test]
fn losses() {
    on_gpu(kernels::losses);
}

#[test]
fn augmentations() {
    on_gpu(kernels::augmentations);
    block_on(kernels::augmentations(&Device::flex()));
}

#[test]
fn sums() {
    on_gpu(kernels::sums);
}

#[test]
fn whole_images() {
    on_gpu(kernels::whole_images);
}

#[test]
fn strips() {
    on_gpu(kernels::strips);
}

#[test]
fn a_photo_in_strips_comes_out_as_one_that_goes_through_as_a_whole() {
    on_opened(kernels::in_strips::generators_in_strips);
}

#[test]
fn a_photo_that_is_refused_as_a_whole_goes_through_in_strips() {
    on_opened(kernels::less_memory);
}

#[test]
fn optimiser() {
    on_gpu(kernels::optimiser);
}

#[test]
fn what_is_not_a_number_arrives_at_the_end() {
    on_gpu(kernels::poison);
}

#[test]
fn a_generator_with_one_number_that_is_none_makes_no_picture() {
    on_gpu(kernels::poisoned_generators);
}

#[test]
fn convolutions_of_more_pixels_than_an_axis_has_workgroups() {
    on_gpu(kernels::large_convolutions);
}

#[test]
fn normalisations_of_more_pixels_than_an_axis_has_workgroups() {
    on_gpu(kernels::large_normalisations);
}

#[test]
fn a_tensor_that_is_too_large_does_not_mean_a_lost_device() {
    on_gpu(kernels::too_large);
}

#[test]
fn work_that_was_refused_does_not_mean_a_lost_device() {
    on_gpu(kernels::refused_work);
}

#[test]
fn a_device_without_timestamps_computes_until_it_is_lost() {
    on_gpu(async |_| kernels::lost_device().await);
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
        for case in networks(&GENERATORS) {
            case.check_generator(device).await;
        }
        for case in networks(&["discriminator_"]) {
            case.check_discriminator(device).await;
        }
    });
}

#[test]
fn whole_runs_equal_pytorchs() {
    on_gpu(async |device| {
        for name in runs().iter().filter(|name| !is_by_winograd(name, device)) {
            check_run(name, device, Played::Recorded).await;
        }
    });
}

#[test]
fn recorded_and_plain_runs_by_winograds_filtering_are_pytorchs() {
    on_gpu(check_runs_by_winograd);
}

#[test]
fn photos_of_any_sizes_train() {
    on_gpu(repeating::photos_of_any_sizes_train);
}

#[test]
fn sets_of_two_sizes_are_repeated() {
    on_gpu(repeating::sets_of_two_sizes_are_repeated);
}

#[test]
fn snapshots_do_not_learn() {
    on_gpu(repeating::snapshots_do_not_learn);
}

#[test]
fn repeated_steps_equal_plain_ones() {
    on_gpu(repeating::repeated_steps_equal_plain_ones);
}

#[test]
fn polish_is_repeated_and_goes_on() {
    on_gpu(repeating::polish_is_repeated_and_goes_on);
}

#[test]
fn a_change_is_heeded_by_repeated_steps() {
    on_gpu(repeating::a_change_is_heeded_by_repeated_steps);
}

#[test]
fn larger_batches_are_repeated_too() {
    on_gpu(repeating::larger_batches_are_repeated_too);
}

#[test]
fn augmented_steps_are_repeated() {
    on_gpu(repeating::augmented_steps_are_repeated);
}
