//! The safetensors container: what is written comes back, and hostile headers are refused.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's helpers may fail loudly too"
)]

mod weights_files;

use std::collections::BTreeMap;

use cyclegan_web::weights::{HostTensor, StateDict, read, safetensors};
use weights_files::{Pickle, floats, golden, safetensors as file};

fn code(bytes: &[u8]) -> &'static str {
    read(bytes).expect_err("it must be refused").code()
}

fn header(dtype: &str, shape: &str, start: u64, end: u64) -> String {
    format!(r#"{{"t":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{start},{end}]}}}}"#)
}

#[test]
fn what_is_written_comes_back() {
    let wild = [1.5, -0.0, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE / 2.0, 7.0];
    let state = StateDict::from([
        ("b".into(), HostTensor { shape: vec![2, 3], data: wild.to_vec() }),
        ("a \"quoted\"\n".into(), HostTensor { shape: vec![], data: vec![4.0] }),
        ("empty".into(), HostTensor { shape: vec![0, 9], data: vec![] }),
    ]);
    let text = ["step", "note", "ngf", "pool"].map(|key| (key.to_string(), format!("ä \"{key}\"")));
    let text = BTreeMap::from(text);
    let written = safetensors::write(&state, &text).unwrap();
    assert_eq!(written, safetensors::write(&state, &text).unwrap(), "the same bytes each time");
    assert_eq!(safetensors::read_metadata(&written).unwrap(), text);
    let back = read(&written).unwrap();
    assert_eq!(back.keys().collect::<Vec<_>>(), state.keys().collect::<Vec<_>>());
    for (name, tensor) in &state {
        assert_eq!(back[name].shape, tensor.shape);
        assert_eq!(floats(&back[name].data), floats(&tensor.data));
    }
    // The crate's own, stricter reader takes it too.
    let parsed = ::safetensors::SafeTensors::deserialize(&written).unwrap();
    assert_eq!(parsed.tensor("b").unwrap().data(), floats(&wild));
    assert_eq!((written.len() - floats(&[0.0; 7]).len()) % 8, 0, "numbers are aligned");
}

#[test]
fn golden_tensors_survive_being_written() {
    let bytes = std::fs::read(golden().join("pth/expected.safetensors")).unwrap();
    let state = read(&bytes).unwrap();
    let again = read(&safetensors::write(&state, &BTreeMap::new()).unwrap()).unwrap();
    assert_eq!(again, state);
}

#[test]
fn a_tensor_that_contradicts_its_shape_is_not_written() {
    for shape in [vec![3], vec![usize::MAX, 2]] {
        let state = StateDict::from([("t".into(), HostTensor { shape, data: vec![0.0; 2] })]);
        let error = safetensors::write(&state, &BTreeMap::new()).unwrap_err();
        assert_eq!(error.code(), "engine-usage");
    }
}

#[test]
fn integers_are_left_out_and_sixteen_bits_widened() {
    let header = r#"{"i":{"dtype":"I64","shape":[],"data_offsets":[0,8]},
        "h":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},
        "b":{"dtype":"BF16","shape":[1],"data_offsets":[12,14]}}"#;
    let numbers = [1, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x3c, 0x01, 0x00, 0x80, 0xbf];
    let state = read(&file(header, &numbers)).unwrap();
    assert_eq!(state.keys().collect::<Vec<_>>(), ["b", "h"]);
    assert_eq!(state["h"].data, [1.0, 2.0_f32.powi(-24)]);
    assert_eq!(state["b"].data, [-1.0]);
}

#[test]
fn long_texts_are_read_and_other_types_only_listed() {
    let log = "step 1: loss 0.5\n".repeat(20_000);
    let state = StateDict::from([("t".into(), HostTensor { shape: vec![1], data: vec![4.0] })]);
    let text = BTreeMap::from([("log".to_string(), log)]);
    let written = safetensors::write(&state, &text).unwrap();
    assert_eq!(read(&written).unwrap(), state);
    assert_eq!(safetensors::read_metadata(&written).unwrap(), text);
    let header = r#"{"__metadata__":null,"c":{"dtype":"C64","shape":[1],"data_offsets":[0,8]},
        "f":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[8,12]},
        "t":{"dtype":"F64","shape":[2],"data_offsets":[12,28]}}"#;
    let numbers = [vec![0; 12], 0.1_f64.to_le_bytes().to_vec(), 1e300_f64.to_le_bytes().to_vec()];
    let state = read(&file(header, &numbers.concat())).unwrap();
    assert_eq!(state.keys().collect::<Vec<_>>(), ["t"]);
    assert_eq!(state["t"].data, [0.1, f32::INFINITY]);
}

#[test]
fn hostile_headers_have_their_own_codes() {
    let eight = [0; 8];
    let huge = [&(1u64 << 63).to_le_bytes()[..], b"{}"].concat();
    assert_eq!(code(&huge), "weights-too-large");
    let longer_than_file = [&1000u64.to_le_bytes()[..], b"{}"].concat();
    assert_eq!(code(&longer_than_file), "weights-truncated");
    let ten_gigabytes = header("F32", "[2684354560]", 0, 10_737_418_240);
    assert_eq!(code(&file(&ten_gigabytes, &eight)), "weights-truncated");
    assert_eq!(code(&file(&header("F32", "[1]", 0, 4), &eight)), "weights-damaged");
    assert_eq!(code(&file(&header("F32", "[2]", 4, 12), &eight)), "weights-damaged");
    assert_eq!(code(&file(&header("F32", "[3]", 0, 8), &eight)), "weights-damaged");
    assert_eq!(code(&file(&header("F32", "[1]", 8, 4), &eight)), "weights-damaged");
    assert_eq!(code(&file(&header("F32", "[-1]", 0, 8), &eight)), "weights-damaged");
    assert_eq!(read(&file(&header("F64", "[1]", 0, 8), &eight)).unwrap()["t"].data, [0.0]);
    assert_eq!(code(&file(&header("F77", "[1]", 0, 8), &eight)), "weights-damaged");
    assert_eq!(code(&file(&header("I64", "[1]", 0, 8), &eight)), "weights-no-tensors");
    assert_eq!(code(&file("{}", &[])), "weights-no-tensors");
    assert_eq!(code(&file("{\"t\":", &eight)), "weights-damaged");
    assert_eq!(code(&file(&"{\"a\":".repeat(40_000), &eight)), "weights-damaged");
    let overlapping = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
        "b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    assert_eq!(code(&file(overlapping, &eight)), "weights-damaged");
    let long_name = header("F32", "[2]", 0, 8).replace('t', &"t".repeat(600));
    assert_ne!(code(&file(&long_name, &eight)), "");
}

#[test]
fn sums_of_offsets_cannot_overflow() {
    // Sixteen tensors of 2^60 bytes, the last a little shorter, end at 2^64 - 8: adding the length
    // of the header to it wraps around.
    let size = 1u128 << 60;
    let entry = |at: u128| {
        let (start, end) = (at * size, (at + 1) * size - if at == 15 { 8 } else { 0 });
        let length = end - start;
        format!(r#""t{at}":{{"dtype":"U8","shape":[{length}],"data_offsets":[{start},{end}]}}"#)
    };
    let header = format!("{{{}}}", (0..16).map(entry).collect::<Vec<_>>().join(","));
    assert_eq!(code(&file(&header, &[])), "weights-truncated");
}

#[test]
fn contents_count_and_not_the_name() {
    // A pickle stays a pickle under whatever name it comes.
    let pickle = Pickle::new().raw(b"}").stop();
    assert_eq!(code(&pickle), "weights-no-tensors");
    assert_eq!(code(b"PK"), "weights-not-recognised");
    assert_eq!(code(b""), "weights-empty");
}
