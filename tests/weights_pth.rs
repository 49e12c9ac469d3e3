//! The `.pth` reader on files made by hand: what old and new PyTorch may write.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's helpers may fail loudly too"
)]

mod weights_files;

use cyclegan_web::weights::{StateDict, read};
use weights_files::{Oddity, Pickle, SIX, file, floats, legacy, one, pth, refuse, zip};

fn tensor(state: &StateDict, name: &str) -> (Vec<usize>, Vec<f32>) {
    (state[name].shape.clone(), state[name].data.clone())
}

#[test]
fn views_are_cut_by_offset_and_stride() {
    let cut = |offset, size: &[i64], stride: &[i64]| {
        tensor(&read(&file(offset, size, stride)).unwrap(), "t").1
    };
    assert_eq!(cut(0, &[2, 3], &[3, 1]), SIX);
    assert_eq!(cut(0, &[3, 2], &[1, 3]), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    assert_eq!(cut(1, &[2, 2], &[3, 1]), [1.0, 2.0, 4.0, 5.0]);
    assert_eq!(cut(0, &[2, 1, 3], &[3, 77, 1]), SIX);
    assert_eq!(cut(4, &[2, 3], &[1, 0]), [4.0, 4.0, 4.0, 5.0, 5.0, 5.0]);
    assert_eq!(cut(0, &[2, 2, 2], &[2, 1, 2]), [0.0, 2.0, 1.0, 3.0, 2.0, 4.0, 3.0, 5.0]);
    assert_eq!(cut(5, &[], &[]), [5.0]);
    assert!(cut(0, &[3, 0], &[1, 1]).is_empty());
}

#[test]
fn a_storage_may_be_shared_and_shorter_than_the_file() {
    let pickle = Pickle::new().raw(b"}(").text("a");
    let pickle = pickle.tensor(("FloatStorage", "0", 6), 0, &[3], &[1]).text("b");
    let pickle = pickle.tensor(("FloatStorage", "0", 6), 3, &[3], &[1]).raw(b"u").stop();
    let state = read(&pth(&pickle, &floats(&SIX))).unwrap();
    assert_eq!(tensor(&state, "a").1, SIX[..3]);
    assert_eq!(tensor(&state, "b").1, SIX[3..]);
    assert_eq!(refuse(&pth(&pickle, &floats(&SIX[..4]))).code(), "weights-damaged");
    let missing = zip(&[("w/data.pkl", &pickle)], Oddity::default());
    assert!(refuse(&missing).to_string().contains("storage 0 is missing"));
}

#[test]
fn archives_may_be_big_endian_or_zip64() {
    let pickle = one(0, &[6], &[1]);
    let swapped: Vec<u8> = SIX.iter().flat_map(|number| number.to_be_bytes()).collect();
    let entries: [(&str, &[u8]); 3] =
        [("data.pkl", &pickle), ("data/0", &swapped), ("byteorder", b"big")];
    assert_eq!(tensor(&read(&zip(&entries, Oddity::default())).unwrap(), "t").1, SIX);
    let zip64 = Oddity { zip64: true, ..Oddity::default() };
    assert_eq!(tensor(&read(&zip(&entries, zip64)).unwrap(), "t").1, SIX);
    let entries = [entries[0], entries[1], ("byteorder", b"middle".as_slice())];
    let error = refuse(&zip(&entries, Oddity::default()));
    assert_eq!(error.code(), "weights-unsupported-container");
}

#[test]
fn types_of_numbers() {
    let dict = |kind: &str| {
        let named = Pickle::new().raw(b"}").text("t");
        pth(&named.tensor((kind, "0", 1), 0, &[1], &[1]).raw(b"s").stop(), &[0; 16])
    };
    assert_eq!(tensor(&read(&dict("DoubleStorage")).unwrap(), "t").1, [0.0]);
    let error = refuse(&dict("ComplexFloatStorage"));
    assert_eq!(error.code(), "weights-unsupported-type");
    assert!(error.to_string().contains("t is complex64"), "{error}");
    for kind in ["LongStorage", "BoolStorage"] {
        assert_eq!(refuse(&dict(kind)).code(), "weights-no-tensors");
    }
    assert_eq!(refuse(&dict("QInt8Storage")).code(), "weights-unsafe");
}

#[test]
fn the_state_dict_is_found_in_what_wraps_it() {
    let tensor = |pickle: Pickle| pickle.tensor(("FloatStorage", "0", 6), 0, &[6], &[1]);
    let inner = |pickle: Pickle| tensor(pickle.raw(b"}").text("t")).raw(b"s");
    let numbers = floats(&SIX);
    let names = |pickle: Pickle| {
        let state = read(&pth(&pickle.raw(b"u").stop(), &numbers));
        state.map(|state| state.into_keys().collect::<Vec<_>>())
    };
    let start = || Pickle::new().raw(b"}(");
    for key in ["state_dict", "model", "anything"] {
        assert_eq!(names(inner(start().text("epoch").int(3).text(key))).unwrap(), ["t"]);
    }
    // A step counter may be a tensor, and optimisers hold moments.
    let beside = tensor(start().text("step")).text("state_dict");
    assert_eq!(names(inner(beside)).unwrap(), ["t"]);
    let optimizer = inner(inner(start().text("optimizer")).text("G"));
    assert_eq!(names(optimizer).unwrap(), ["t"]);
    let deep = inner(start().text("checkpoint").raw(b"}").text("model")).raw(b"s");
    assert_eq!(names(deep).unwrap(), ["t"]);

    let two = names(inner(inner(start().text("G_A")).text("G_B"))).unwrap_err();
    assert_eq!(two.code(), "weights-not-generator");
    assert!(two.to_string().contains("G_A, G_B"), "{two}");
    let in_itself = Pickle::new().raw(b"}q\0(").text("model").raw(b"h\0u").stop();
    assert_eq!(refuse(&pth(&in_itself, b"")).code(), "weights-no-tensors");
}

#[test]
fn parameters_and_sizes_are_seen_through() {
    let pickle = Pickle::new().raw(b"}").text("t");
    let pickle = pickle.global("torch._utils", "_rebuild_parameter").raw(b"(");
    let pickle = pickle.tensor(("FloatStorage", "0", 6), 0, &[6], &[1]);
    let pickle = pickle.raw(b"\x88").global("collections", "OrderedDict").raw(b")RtRs").stop();
    assert_eq!(tensor(&read(&pth(&pickle, &floats(&SIX))).unwrap(), "t").1, SIX);
}

#[test]
fn python_2_and_old_pytorch_are_read() {
    // An OrderedDict as a list of pairs, byte strings, _rebuild_tensor, a type of torch.cuda.
    let pickle = Pickle::new().global("collections", "OrderedDict").raw(b"](](").text2("t");
    let pickle = pickle.global("torch._utils", "_rebuild_tensor").raw(b"((").text2("storage");
    let pickle = pickle.global("torch.cuda", "FloatStorage").text2("17").text2("cuda:0").int(6);
    let pickle = pickle.raw(b"NtQ").int(0).ints(&[2, 3]).ints(&[3, 1]).raw(b"tRee\x85R").stop();
    let state = read(&legacy(&pickle, &[("17", 6, &floats(&SIX))])).unwrap();
    assert_eq!(tensor(&state, "t"), (vec![2, 3], SIX.to_vec()));
}

#[test]
fn legacy_storages_may_be_windows_of_larger_ones() {
    let view = |key: &str, start: i64, length: i64| {
        let tuple = Pickle::default().raw(b"(").text(key).int(start).int(length).raw(b"t").0;
        let pickle = Pickle::new().raw(b"}").text("t").global("torch._utils", "_rebuild_tensor_v2");
        let pickle = pickle.raw(b"(").storage("FloatStorage", "0", 6, &tuple).int(1);
        let pickle = pickle.ints(&[2]).ints(&[1]).raw(b"\x89NtRs").stop();
        read(&legacy(&pickle, &[("0", 6, &floats(&SIX))]))
    };
    assert_eq!(tensor(&view("v", 2, 3).unwrap(), "t").1, [3.0, 4.0]);
    for (start, length) in [(2, 2), (4, 3), (7, 0), (i64::MAX, i64::MAX), (-1, 2)] {
        assert_eq!(view("v", start, length).unwrap_err().code(), "weights-damaged");
    }
}

#[test]
fn legacy_storages_are_checked() {
    let pickle = one(0, &[6], &[1]);
    let numbers = floats(&SIX);
    assert_eq!(tensor(&read(&legacy(&pickle, &[("0", 6, &numbers)])).unwrap(), "t").1, SIX);
    let code = |storages: &[(&str, u64, &[u8])]| refuse(&legacy(&pickle, storages)).code();
    assert_eq!(code(&[("0", 7, &numbers)]), "weights-truncated");
    assert_eq!(code(&[("0", u64::MAX, &numbers)]), "weights-truncated");
    assert_eq!(code(&[("0", 5, &numbers)]), "weights-damaged");
    assert_eq!(code(&[("1", 6, &numbers)]), "weights-damaged");
    assert_eq!(code(&[]), "weights-damaged");
    let mut other_version = legacy(&pickle, &[]);
    other_version[19] ^= 1;
    assert_eq!(refuse(&other_version).code(), "weights-unsupported-container");
}
