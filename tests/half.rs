//! Half precision on the graphics card of this machine, or a software one. A test on a device without
//! float16 is counted as ignored, with the reason: what the built-in harness cannot do, and why this
//! one lists its tests.

#[cfg(not(target_family = "wasm"))]
#[path = "kernels/half_precision.rs"]
mod half_precision;
#[cfg(not(target_family = "wasm"))]
#[allow(dead_code, unused_imports, reason = "here only what half precision is compared by")]
mod kernels;

#[cfg(target_family = "wasm")]
fn main() {}

#[cfg(not(target_family = "wasm"))]
fn main() -> std::process::ExitCode {
    use std::sync::{LazyLock, Mutex};

    use cyclegan_web::device::{Opened, Preference, Work, open};
    use libtest_mimic::{Arguments, Completion, Trial, run};
    use pollster::block_on;

    /// One device, on which the tests take turns.
    static DEVICE: LazyLock<Mutex<Opened>> = LazyLock::new(|| {
        let opened = block_on(open(Preference::WebGpu, Work::Training));
        Mutex::new(opened.expect("a graphics card, or Mesa's lavapipe"))
    });

    fn trial<T: AsyncFn(&Opened) + Send + 'static>(name: &str, test: T) -> Trial {
        Trial::ignorable_test(name, move || {
            let opened = DEVICE.lock().unwrap_or_else(|broken| broken.into_inner());
            if opened.half {
                block_on(test(&opened));
                return Ok(Completion::Completed);
            }
            // So that these tests run where there is no graphics card.
            assert!(!opened.adapter.starts_with("llvmpipe"), "lavapipe has float16");
            Ok(Completion::ignored_with(format!("{} has no shader-f16", opened.adapter)))
        })
    }

    let tests = vec![
        trial("convolutions", half_precision::half_convolutions),
        trial("normalisations", half_precision::half_normalisations),
        trial("residual_blocks", half_precision::half_residual_blocks),
        trial("generators", half_precision::half_generators),
        trial("generators_of_every_kind", half_precision::half_generators_of_every_kind),
        trial("strips", half_precision::half_strips),
        trial("generators_in_strips", half_precision::half_generators_in_strips),
        trial("biases_that_a_normalisation_cancels", half_precision::biases_before_normalisations),
        trial("numbers_too_large", half_precision::overflows),
        trial("what_is_not_a_number", half_precision::half_poison),
    ];
    run(&Arguments::from_args(), tests).exit_code()
}
