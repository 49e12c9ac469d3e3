//! From a state dict to a generator: what is evened out, and how each thing that is wrong is named.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's helpers may fail loudly too"
)]

use cyclegan_web::error::Error;
use cyclegan_web::weights::{
    Architecture, HostTensor, Judge, Norm, StateDict, Up, discriminator, discriminator_from,
    generator_from,
};

/// A generator with some numbers in it.
fn generator(ngf: usize, blocks: usize) -> StateDict {
    filled(Architecture::new(ngf, blocks))
}

/// Every way to enlarge, with and without learnt normalisations.
fn kinds(ngf: usize, blocks: usize) -> Vec<Architecture> {
    let ups = [Up::Transpose, Up::Bilinear, Up::Nearest];
    let norms = [Norm::Instance, Norm::InstanceAffine];
    let all = ups.into_iter().flat_map(|up| norms.map(|norm| (up, norm)));
    all.map(|(up, norm)| Architecture { up, norm, ..Architecture::new(ngf, blocks) }).collect()
}

fn filled(architecture: Architecture) -> StateDict {
    let fill = |shape: Vec<usize>| {
        let count = shape.iter().product::<usize>();
        HostTensor { shape, data: (0..count).map(|at| at as f32).collect() }
    };
    architecture.tensors().into_iter().map(|(name, shape)| (name, fill(shape))).collect()
}

fn refusal(state: StateDict) -> Error {
    generator_from(state).expect_err("it is no whole generator")
}

#[test]
fn the_table_is_that_of_the_paper() {
    let nine = Architecture::new(64, 9);
    let six = Architecture::new(64, 6);
    assert_eq!(nine.parameters(), 11_378_179);
    assert_eq!(six.parameters(), 7_837_699);
    let table = nine.tensors();
    assert_eq!(table.len(), 48);
    let shape =
        |name: &str| table.iter().find(|entry| entry.0 == name).map(|entry| entry.1.clone());
    assert_eq!(shape("model.1.weight"), Some(vec![64, 3, 7, 7]));
    assert_eq!(shape("model.4.weight"), Some(vec![128, 64, 3, 3]));
    assert_eq!(shape("model.18.conv_block.5.weight"), Some(vec![256, 256, 3, 3]));
    assert_eq!(shape("model.19.weight"), Some(vec![256, 128, 3, 3]));
    assert_eq!(shape("model.19.bias"), Some(vec![128]));
    assert_eq!(shape("model.22.weight"), Some(vec![128, 64, 3, 3]));
    assert_eq!(shape("model.26.weight"), Some(vec![3, 64, 7, 7]));
    let keys: Vec<_> = six.layers().into_iter().map(|layer| six.key(layer)).collect();
    assert_eq!(keys[keys.len() - 3..], ["model.16", "model.19", "model.23"]);
}

#[test]
fn any_width_and_number_of_blocks_is_recognised() {
    for (ngf, blocks) in [(1, 0), (1, 1), (3, 2), (2, 12), (1, 100)] {
        for architecture in kinds(ngf, blocks) {
            let (found, _) = generator_from(filled(architecture)).unwrap();
            assert_eq!(found, architecture);
        }
    }
}

#[test]
fn dropout_prefixes_and_running_statistics_are_evened_out() {
    for architecture in kinds(2, 3) {
        let plain = filled(architecture);
        let odd = |(name, tensor): (&String, &HostTensor)| {
            let name = name.replace("conv_block.6", "conv_block.7");
            let name = name.replace("conv_block.5", "conv_block.6");
            (format!("module.{name}"), tensor.clone())
        };
        let mut state: StateDict = plain.iter().map(odd).collect();
        for name in ["model.2.running_mean", "module.model.10.conv_block.6.num_batches_tracked"] {
            state.insert(name.into(), HostTensor { shape: vec![1], data: vec![f32::NAN] });
        }
        let (found, state) = generator_from(state).unwrap();
        assert_eq!(found, Architecture { dropout: true, ..architecture });
        assert_eq!(state, plain);
    }
}

#[test]
fn blocks_have_either_of_two_names() {
    for architecture in kinds(2, 3) {
        let plain = filled(architecture);
        let renamed = |(name, tensor): (&String, &HostTensor)| {
            (name.replace(".conv_block.", ".block."), tensor.clone())
        };
        let mut state: StateDict = plain.iter().map(renamed).collect();
        assert_eq!(generator_from(state.clone()).unwrap(), (architecture, plain.clone()));
        let twice = "model.10.conv_block.1.bias";
        state.insert(twice.into(), plain[twice].clone());
        assert_eq!(refusal(state).code(), "weights-damaged");
    }
}

#[test]
fn each_missing_tensor_is_named() {
    for whole in kinds(2, 2).into_iter().map(filled) {
        for name in whole.keys() {
            let mut state = whole.clone();
            state.remove(name);
            let error = refusal(state);
            assert_eq!(error.code(), "weights-missing-tensor", "{error}");
            assert!(error.to_string().contains(name.as_str()), "{error}");
        }
    }
}

#[test]
fn each_wrong_shape_is_named() {
    for whole in kinds(2, 2).into_iter().map(filled) {
        for name in whole.keys() {
            let mut state = whole.clone();
            state.insert(name.clone(), HostTensor { shape: vec![2, 3], data: vec![0.0; 6] });
            let error = refusal(state);
            assert_eq!(error.code(), "weights-wrong-shape");
            assert!(error.to_string().contains(name.as_str()), "{error}");
        }
    }
    let mut state = generator(2, 2);
    state.get_mut("model.4.bias").unwrap().data.pop();
    assert_eq!(refusal(state).code(), "weights-wrong-shape");
}

#[test]
fn values_that_are_not_finite_are_named() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut state = generator(2, 1);
        state.get_mut("model.7.weight").unwrap().data[5] = value;
        let error = refusal(state);
        assert_eq!(error.code(), "weights-not-finite");
        assert!(error.to_string().contains("model.7.weight, element 5"), "{error}");
    }
}

#[test]
fn tensors_of_no_generator_are_named() {
    for name in ["model.2.weight", "extra", "model.10.conv_block.6.weight", "model.99.bias"] {
        let mut state = generator(2, 2);
        state.insert(name.into(), HostTensor { shape: vec![2], data: vec![0.0; 2] });
        let error = refusal(state);
        assert_eq!(error.code(), "weights-unexpected-tensor", "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let mut state = generator(2, 1);
    let bias = state["model.1.bias"].clone();
    state.insert("module.model.1.bias".into(), bias);
    assert_eq!(refusal(state).code(), "weights-damaged");
}

#[test]
fn other_networks_are_no_generators() {
    let small = |name: &str| (name.to_string(), HostTensor { shape: vec![1], data: vec![0.0] });
    let cases = [
        (vec![], "none"),
        (vec!["net.0.weight"], "discriminator"),
        (vec!["model.model.0.weight"], "U-Net"),
        (vec!["D_A.model.0.weight", "G_A.model.1.weight"], "several"),
        (vec!["conv1.weight"], "conv1.weight"),
        (vec!["model.10.conv_block.1.weight"], "width"),
        (vec!["model.9.conv_block.1.weight"], "model.9"),
        (vec!["model.18446744073709551615.conv_block.1.weight"], "model.1844"),
        (vec!["model.4000000000.conv_block.1.weight"], "model.4000000000"),
    ];
    for (names, word) in cases {
        let error = refusal(names.iter().map(|name| small(name)).collect());
        assert_eq!(error.code(), "weights-not-generator", "{names:?}");
        assert!(error.to_string().contains(word), "{names:?}: {error}");
    }
}

/// A discriminator with some numbers in it, its names behind `prefix`.
fn discriminator(ndf: usize, prefix: &str) -> StateDict {
    let fill = |shape: Vec<usize>| {
        let count = shape.iter().product::<usize>();
        HostTensor { shape, data: (0..count).map(|at| at as f32).collect() }
    };
    let tensors = discriminator::tensors(ndf).into_iter();
    tensors.map(|(name, shape)| (format!("{prefix}{name}"), fill(shape))).collect()
}

#[test]
fn a_discriminator_is_found_alone_and_among_other_networks() {
    for ndf in [1, 3, 8] {
        let plain = discriminator(ndf, "");
        assert_eq!(discriminator_from(plain.clone(), Judge::B), Ok((ndf, plain.clone())));
        for prefix in ["module.", "module.module."] {
            let found = discriminator_from(discriminator(ndf, prefix), Judge::A);
            assert_eq!(found, Ok((ndf, plain.clone())));
        }
    }
    // As in a checkpoint: moments, generators and the pool are others' business.
    let mut several = discriminator(2, "D_A.");
    several.extend(discriminator(3, "D_B.module."));
    let odd = HostTensor { shape: vec![1], data: vec![f32::NAN] };
    for name in ["D_A.mean.model.0.weight", "G_A.model.1.weight", "pool_A"] {
        several.insert(name.into(), odd.clone());
    }
    assert_eq!(discriminator_from(several.clone(), Judge::A), Ok((2, discriminator(2, ""))));
    assert_eq!(discriminator_from(several, Judge::B), Ok((3, discriminator(3, ""))));
}

#[test]
fn what_is_no_discriminator_is_told() {
    let code = |state| discriminator_from(state, Judge::B).unwrap_err().code();
    let with = |change: fn(&mut StateDict)| {
        let mut state = discriminator(2, "");
        change(&mut state);
        state
    };
    let not = "weights-not-discriminator";
    let other = discriminator_from(discriminator(2, "D_A."), Judge::B).unwrap_err().to_string();
    assert!(other.ends_with("it holds D_A, and D_B was asked for"), "{other}");
    assert_eq!(code(generator(2, 1)), not);
    assert_eq!(code(StateDict::new()), not);
    assert_eq!(code(discriminator(2, "D_A.")), not);
    assert_eq!(code(discriminator(2, "net.")), not);
    assert_eq!(code(discriminator(0, "")), not);
    let endless = with(|state| {
        let nothing = HostTensor { shape: vec![usize::MAX / 4, 0, 4, 4], data: vec![] };
        drop(state.insert("model.0.weight".into(), nothing));
    });
    assert_eq!(code(endless), not);
    let missing = with(|state| drop(state.remove("model.8.bias")));
    assert_eq!(code(missing), "weights-missing-tensor");
    // Of batch normalisation, or of a fourth layer.
    let more =
        with(|state| drop(state.insert("model.3.weight".into(), state["model.2.bias"].clone())));
    assert_eq!(code(more), "weights-unexpected-tensor");
    let narrow =
        with(|state| drop(state.insert("model.5.bias".into(), state["model.2.bias"].clone())));
    assert_eq!(code(narrow), "weights-wrong-shape");
    let broken = with(|state| state.get_mut("model.2.weight").unwrap().data[7] = f32::INFINITY);
    assert_eq!(code(broken), "weights-not-finite");
}
