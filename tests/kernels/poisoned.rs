//! Whole generators that are spoilt.

use burn::tensor::Device;
use cyclegan_web::{
    error::Error,
    model::{Generator, Init},
    samples::{Season, paint},
    translate::{Smooth, translate},
    weights::{Architecture, Down, Layer, StateDict, Up},
};

use super::poison::WRONG;

/// A generator with NaN or infinity in one place makes no picture, wherever that place is.
pub async fn poisoned_generators(device: &Device) {
    let photo = paint(Season::Summer, 3, 64, 64);
    for (ngf, down, up) in [
        (3, Down::Strided, Up::Transpose),
        (8, Down::Strided, Up::Transpose),
        (8, Down::Blurred, Up::Blurred),
    ] {
        let architecture = Architecture { down, up, ..Architecture::new(ngf, 1) };
        let tensors = architecture.tensors();
        let state: StateDict = Init::default().state(&tensors, 1);
        for (name, _) in &tensors {
            for wrong in WRONG {
                let is_head = name.starts_with(&architecture.key(Layer::Head));
                if is_head && wrong.is_infinite() {
                    // tanh makes 1 of it, as in PyTorch.
                    continue;
                }
                let mut state = state.clone();
                *state.get_mut(name).unwrap().data.last_mut().unwrap() = wrong;
                let generator = Generator::from_state(architecture, state, device).unwrap();
                let result = translate(&generator, &photo, 0, Smooth::One, device).await;
                assert_eq!(
                    result,
                    Err(Error::OutputNotFinite),
                    "{architecture}: {wrong} in {name}"
                );
            }
        }
    }
}
