//! The generator against PyTorch, natively on the CPU.

#![cfg(not(target_family = "wasm"))]

mod golden_cases;

use burn::tensor::{Device, Tensor};
use cyclegan_web::{
    model::{Generator, Init, InitType},
    weights::{Architecture, Down, Norm, Up},
};
use golden_cases::{FORWARD, forward_difference, generators};

#[test]
fn forward_equals_pytorch() {
    for case in generators() {
        let difference = pollster::block_on(forward_difference(&case, &Device::flex()));
        println!("{}: {difference:e}", case.name);
        assert!(difference <= FORWARD, "{}: {difference}", case.name);
    }
}

/// A network that ignores its weights would pass with any.
#[test]
fn other_weights_give_another_output() {
    let mut case = generators().swap_remove(0);
    let tensor = case.weights.values_mut().find(|tensor| tensor.shape.len() == 4).unwrap();
    tensor.data.iter_mut().for_each(|x| *x = -*x);
    let difference = pollster::block_on(forward_difference(&case, &Device::flex()));
    assert!(difference > 100.0 * FORWARD);
}

#[test]
fn random_weights_follow_their_seed_and_spread() {
    let norm = Norm::InstanceAffine;
    let architecture = Architecture { norm, ..Architecture::new(8, 2) };
    let tensors = architecture.tensors();
    for (init, stem) in [
        (Init::default(), 0.02),
        // gain * sqrt(2 / (fan_in + fan_out)) of the stem, 3 and 8 channels of 7 x 7.
        (Init { kind: InitType::Xavier, gain: 0.02 }, 0.02 * (2.0 / (11.0 * 49.0f64)).sqrt()),
    ] {
        let state = init.state(&tensors, 3);
        assert_eq!(state, init.state(&tensors, 3));
        assert_ne!(state, init.state(&tensors, 4));
        let weight = &state["model.1.weight"].data;
        let square = weight.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
        let std = (square / weight.len() as f64).sqrt();
        assert!((std / stem - 1.0).abs() < 0.1, "{std} instead of {stem}");
        for (name, value) in [("model.1.bias", 0.0), ("model.2.weight", 1.0), ("model.2.bias", 0.0)]
        {
            assert!(state[name].data.iter().all(|&x| x == value), "{name}");
        }
    }
}

#[test]
fn any_width_depth_and_way_of_enlarging_keeps_the_shape() {
    let device = Device::flex();
    for (pictures, ngf, blocks, down, up) in [
        (3, 1, 0, Down::Strided, Up::Transpose),
        (3, 3, 1, Down::Strided, Up::Bilinear),
        (1, 5, 3, Down::Strided, Up::Nearest),
        (3, 2, 1, Down::Blurred, Up::Blurred),
        (1, 1, 0, Down::Blurred, Up::Transpose),
    ] {
        let architecture = Architecture { pictures, down, up, ..Architecture::new(ngf, blocks) };
        let generator = Generator::random(architecture, Init::default(), 1, &device).unwrap();
        let x = Tensor::<4>::zeros([2, pictures, 8, 20], &device);
        assert_eq!(generator.forward(x).dims(), [2, pictures, 8, 20]);
    }
}
