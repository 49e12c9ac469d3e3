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
    for kind in ["LongStorage", "BoolStorage", "ComplexFloatStorage", "QInt8Storage"] {
        assert_eq!(refuse(&dict(kind)).code(), "weights-no-tensors");
    }
}

#[test]
fn tensors_are_listed_by_their_paths() {
    let tensor = |pickle: Pickle| pickle.tensor(("FloatStorage", "0", 6), 0, &[6], &[1]);
    let dict = |pickle: Pickle| tensor(pickle.raw(b"}").text("t")).raw(b"s");
    let names = |pickle: Pickle| {
        let state = read(&pth(&pickle.stop(), &floats(&SIX)));
        state.map(|state| state.into_keys().collect::<Vec<_>>())
    };
    let start = || Pickle::new().raw(b"}(");
    let beside = start().text("epoch").int(3).text("nets").raw(b"](N");
    let beside = tensor(dict(beside).raw(b"\x85")).raw(b"e").text("step");
    let beside = tensor(beside).int(7);
    assert_eq!(names(dict(beside).raw(b"u")).unwrap(), ["7.t", "nets.1.0.t", "nets.2", "step"]);
    // Of a key that comes twice, Python keeps the last value.
    let twice = tensor(dict(start().text("a")).text("a")).raw(b"u");
    assert_eq!(names(twice).unwrap(), ["a"]);
    let gone = tensor(tensor(start().text("a")).text("b")).text("a").raw(b"Nu");
    assert_eq!(names(gone).unwrap(), ["b"]);
    // Floats in a list take no room, and count.
    let losses = tensor(Pickle::new().raw(b"](").raw(&b"G12345678".repeat(5000))).raw(b"e");
    assert_eq!(names(losses).unwrap(), ["5000"]);

    let in_itself = Pickle::new().raw(b"}q\0(").text("model").raw(b"h\0").text("t");
    let found = names(tensor(in_itself).raw(b"u")).unwrap();
    assert_eq!(found.first().map(String::as_str), Some("model.model.model.t"));
    let in_itself = Pickle::new().raw(b"}q\0(").text("model").raw(b"h\0u").stop();
    assert_eq!(refuse(&pth(&in_itself, b"")).code(), "weights-no-tensors");
}

#[test]
fn objects_are_kept_as_what_they_hold() {
    let tensor = |pickle: Pickle| pickle.tensor(("FloatStorage", "0", 6), 0, &[6], &[1]);
    let names = |pickle: Pickle| {
        let state = read(&pth(&pickle.stop(), &floats(&SIX)));
        state.map(|state| state.into_keys().collect::<Vec<_>>())
    };
    let class = || Pickle::new().global("project.nets", "Net");
    let state = |pickle: Pickle| tensor(pickle.raw(b"}").text("t")).raw(b"sb");
    // However a pickle makes them.
    assert_eq!(names(state(class().raw(b")R"))).unwrap(), ["t"]);
    assert_eq!(names(state(class().raw(b")\x81"))).unwrap(), ["t"]);
    assert_eq!(names(state(class().raw(b")}\x92"))).unwrap(), ["t"]);
    let from_mark = Pickle::new().raw(b"(").global("project.nets", "Net").raw(b"o");
    assert_eq!(names(state(from_mark)).unwrap(), ["t"]);
    assert_eq!(names(state(Pickle::new().raw(b"(iproject.nets\nNet\n"))).unwrap(), ["t"]);
    assert_eq!(names(state(Pickle::new().raw(b"\x82\x01)R"))).unwrap(), ["t"]);
    // What they are made from, their items, and attributes in slots.
    assert_eq!(names(tensor(class()).raw(b"\x85R")).unwrap(), ["0"]);
    assert_eq!(names(tensor(class().raw(b")R(")).raw(b"e")).unwrap(), ["0"]);
    assert_eq!(names(tensor(class().raw(b")R").text("t")).raw(b"s")).unwrap(), ["t"]);
    let slots = tensor(class().raw(b")RN}").text("t")).raw(b"s\x86b");
    assert_eq!(names(slots).unwrap(), ["t"]);
    // A whole module has the names of its state dict.
    let module = class().raw(b")R}").text("_modules").raw(b"}").text("conv");
    let module = module.global("torch.nn.modules.conv", "Conv2d").raw(b")\x81}");
    let module = tensor(module.text("_parameters").raw(b"}").text("weight")).raw(b"ssbssb");
    assert_eq!(names(module).unwrap(), ["conv.weight"]);
    let empty = class().raw(b")R}").text("_modules").raw(b"}sb");
    assert_eq!(names(empty).unwrap_err().code(), "weights-whole-module");
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
