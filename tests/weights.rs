//! Weights files of PyTorch: every golden container bit for bit, every bad one by its code.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's helpers may fail loudly too"
)]

mod weights_files;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cyclegan_web::error::Result;
use cyclegan_web::weights::safetensors;
use cyclegan_web::weights::{
    Architecture, HostTensor, StateDict, WeightsFile, Which, generator_from, read, sha256_hex,
};
use half::{bf16, f16};
use weights_files::{files, golden, pth_files};

/// The only generator of a file.
fn generator(file: &[u8]) -> Result<(Architecture, StateDict)> {
    WeightsFile::open(file)?.generator(Which::Only)
}

fn expected() -> StateDict {
    let file = std::fs::read(golden().join("pth/expected.safetensors")).unwrap();
    read(&file).unwrap()
}

/// All bits of a state dict, so that NaN and signed zeros count too.
fn bits(state: &StateDict) -> BTreeMap<&str, (&[usize], Vec<u32>)> {
    let of = |tensor: &HostTensor| tensor.data.iter().map(|number| number.to_bits()).collect();
    state
        .iter()
        .map(|(name, tensor)| (name.as_str(), (tensor.shape.as_slice(), of(tensor))))
        .collect()
}

fn map_numbers(mut state: StateDict, change: impl Fn(f32) -> f32) -> StateDict {
    for tensor in state.values_mut() {
        tensor.data.iter_mut().for_each(|number| *number = change(*number));
    }
    state
}

#[test]
fn every_container_equals_the_expected_tensors_bit_for_bit() {
    let expected = expected();
    let (architecture, checked) = generator_from(expected.clone()).unwrap();
    assert_eq!(bits(&checked), bits(&expected));
    let mut containers = 0;
    for (name, file) in pth_files().iter().filter(|(name, _)| !name.starts_with("bad_")) {
        let holds = |kind: &[u8]| file.windows(kind.len()).any(|window| window == kind);
        // The files of 16-bit numbers hold the same tensors, rounded.
        let wanted = if holds(b"BFloat16Storage") {
            map_numbers(expected.clone(), |number| bf16::from_f32(number).to_f32())
        } else if holds(b"HalfStorage") {
            map_numbers(expected.clone(), |number| f16::from_f32(number).to_f32())
        } else {
            expected.clone()
        };
        let (found, state) = generator(file).unwrap();
        assert_eq!(found, architecture, "{name}");
        assert_eq!(bits(&state), bits(&wanted), "{name}");
        containers += 1;
    }
    assert!(containers >= 4, "only {containers} containers were found");
}

#[test]
fn every_bad_file_is_refused_by_its_own_code() {
    let codes = BTreeMap::from([
        ("bad_code", "weights-unsafe"),
        ("bad_empty", "weights-empty"),
        ("bad_missing_key", "weights-missing-tensor"),
        ("bad_nan", "weights-not-finite"),
        ("bad_plain_pickle", "weights-no-tensors"),
        ("bad_shape", "weights-wrong-shape"),
        ("bad_text", "weights-not-recognised"),
        ("bad_truncated", "weights-truncated"),
    ]);
    let mut seen = BTreeSet::new();
    for (name, file) in pth_files().iter().filter(|(name, _)| name.starts_with("bad_")) {
        let error = generator(file).expect_err(name);
        assert_eq!(Some(&error.code()), codes.get(name.as_str()), "{name}: {error}");
        seen.insert(error.code());
    }
    assert_eq!(seen.len(), codes.len(), "every bad file was there");
    for folder in [Path::new("."), &golden(), &golden().join("pth"), &std::env::temp_dir()] {
        assert!(!folder.join("PWNED").exists(), "code of a file ran in {}", folder.display());
    }
}

#[test]
fn golden_generators_and_discriminators_are_told_apart() {
    let networks = files(&golden(), |name| {
        name.starts_with("generator_") || name.starts_with("discriminator_")
    });
    for (name, file) in networks {
        let strip = |(name, tensor): (String, HostTensor)| {
            Some((name.strip_prefix("weight.")?.to_string(), tensor))
        };
        let state: StateDict = read(&file).unwrap().into_iter().filter_map(strip).collect();
        let facts = safetensors::read_metadata(&file).unwrap();
        if name.starts_with("discriminator_") {
            let error = generator_from(state).expect_err(&name);
            assert_eq!(error.code(), "weights-not-generator", "{name}");
            assert!(error.to_string().contains("discriminator"), "{error}");
        } else {
            let (architecture, checked) = generator_from(state.clone()).unwrap();
            assert_eq!(architecture.ngf.to_string(), facts["ngf"], "{name}");
            assert_eq!(architecture.blocks.to_string(), facts["blocks"], "{name}");
            assert_eq!(bits(&checked), bits(&state), "{name}");
        }
    }
}

#[test]
fn sha256_is_that_of_fips_180() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256_hex(b"abc"), abc);
}
