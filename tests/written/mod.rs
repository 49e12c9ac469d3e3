//! Networks with random weights, and the files that are written of them.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use cyclegan_web::{
    error::Result,
    random::Random,
    weights::{
        About, Architecture, Down, HostTensor, Norm, StateDict, Up,
        write::{Blueprint, Export, Format},
    },
};

/// A generator of each kind, by a name for it.
pub fn generators() -> Vec<(&'static str, Architecture)> {
    let plain = Architecture::new(8, 2);
    vec![
        ("plain", plain),
        ("affine", Architecture { norm: Norm::InstanceAffine, ..plain }),
        ("dropout", Architecture { dropout: true, ..plain }),
        ("bilinear", Architecture { up: Up::Bilinear, norm: Norm::InstanceAffine, ..plain }),
        ("nearest", Architecture { up: Up::Nearest, ..plain }),
        ("grey", Architecture { pictures: 1, blocks: 1, ..plain }),
        ("cut", Architecture { down: Down::Blurred, up: Up::Blurred, ..plain }),
        ("cut_down", Architecture { down: Down::Blurred, ..plain }),
        ("no_blocks", Architecture::new(3, 0)),
    ]
}

/// Weights at which every part of a network matters: also biases and the parameters of norms.
pub fn random_state(blueprint: &Blueprint, seed: u64) -> StateDict {
    let mut random = Random::new(seed);
    let mut tensor = |(name, shape): (String, Vec<usize>)| {
        let is_norm = shape.len() == 1 && name.ends_with("weight");
        let inputs: usize = shape.iter().skip(1).product();
        let (middle, spread) = match shape.len() {
            1 if is_norm => (1.0, 0.3),
            1 => (0.0, 0.3),
            _ => (0.0, 1.5 / (inputs as f64).sqrt()),
        };
        let elements = shape.iter().product();
        let mut number = || (middle + spread * (2.0 * random.uniform() - 1.0)) as f32;
        let data = (0..elements).map(|_| number()).collect();
        (name, HostTensor { shape, data })
    };
    blueprint.tensors().into_iter().map(&mut tensor).collect()
}

/// The bytes of a file.
pub fn written(
    blueprint: Blueprint,
    state: &StateDict,
    about: &About,
    half: bool,
    format: Format,
) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let export = Export { blueprint, state, about, half };
    export.write(format, &mut |piece| {
        file.extend(piece);
        Ok(())
    })?;
    Ok(file)
}

/// What a model might say of itself.
pub fn about() -> About {
    About {
        from: Some("summer".into()),
        to: Some("winter".into()),
        margin: Some(32),
        size: Some(512),
        trained_on: Some("900 photos of \"Zürich\"".into()),
        thumbnails: Some(["/9j/AAAA".into(), "/9j/BBBB".into()]),
    }
}
