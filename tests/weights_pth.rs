//! The `.pth` reader on files made by hand: what old and new PyTorch may write.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's helpers may fail loudly too"
)]

mod weights_files;

use std::fs;
use std::path::Path;

use cyclegan_web::weights::{StateDict, WeightsFile, Which, read};
use weights_files::{Oddity, Pickle, SIX, file, files, floats, legacy, one, pth, refuse, zip};

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
    assert_eq!(names(tensor(in_itself).raw(b"u")).unwrap(), ["t"]);
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
    // Before PyTorch 1.6, a class came with its source.
    let source = Pickle::new().raw(b"(").text("module").global("project.nets", "Net");
    let source = source.text("nets.py").text("class Net: pass").raw(b"tQ)\x81");
    assert_eq!(names(state(source)).unwrap(), ["t"]);
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

#[test]
fn arrays_of_numpy_are_tensors() {
    let read = |array: Pickle| {
        let named = Pickle::new().raw(b"}").text("t").raw(&array.0).raw(b"s").stop();
        read(&pth(&named, b"")).map(|state| tensor(&state, "t"))
    };
    let rows = (vec![2, 3], SIX.to_vec());
    let columns = (vec![2, 3], vec![0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
    let bytes = |bytes: &[u8]| Pickle::default().bytes(bytes);
    let array =
        |dtype, is_fortran, numbers| Pickle::default().array(dtype, &[2, 3], is_fortran, numbers);
    let little = floats(&SIX);
    let big: Vec<u8> = SIX.iter().flat_map(|number| number.to_be_bytes()).collect();
    let double: Vec<u8> = SIX.iter().flat_map(|number| f64::from(*number).to_le_bytes()).collect();
    let half: Vec<u8> =
        SIX.iter().flat_map(|number| half::f16::from_f32(*number).to_le_bytes()).collect();
    assert_eq!(read(array(("f4", "<"), false, bytes(&little))).unwrap(), rows);
    assert_eq!(read(array(("f4", "<"), true, bytes(&little))).unwrap(), columns);
    assert_eq!(read(array(("f4", ">"), false, bytes(&big))).unwrap(), rows);
    assert_eq!(read(array(("f8", "<"), false, bytes(&double))).unwrap(), rows);
    assert_eq!(read(array(("f2", "<"), false, bytes(&half))).unwrap(), rows);
    let as_text = Pickle::default().bytes2(&little);
    assert_eq!(read(array(("f4", "<"), false, as_text.clone())).unwrap(), rows);

    // Protocol 5, and the tensors of a Mac's graphics card.
    let buffer = Pickle::default().global("numpy._core.numeric", "_frombuffer").raw(b"(");
    let buffer = buffer.bytes(&little).dtype("f4", "<").ints(&[2, 3]).text("C").raw(b"tR");
    assert_eq!(read(buffer).unwrap(), rows);
    let device = Pickle::default().global("torch._utils", "_rebuild_device_tensor_from_numpy");
    let device = device.raw(b"(").array(("f4", "<"), &[2, 3], false, as_text);
    let device = device.global("torch", "float32").text("mps:0").raw(b"\x89tR");
    assert_eq!(read(device).unwrap(), rows);

    for wrong in [&little[..20], &[&little[..], &[0; 4]].concat()] {
        let as_text = Pickle::default().bytes2(wrong);
        let error = read(array(("f4", "<"), false, as_text)).unwrap_err();
        assert_eq!(error.code(), "weights-damaged");
    }
    assert_eq!(
        read(array(("f4", "<"), false, bytes(&little[..20]))).unwrap_err().code(),
        "weights-damaged"
    );
    for kind in ["O8", "U3", "M8", "i8", "c8"] {
        let error = read(array((kind, "<"), false, bytes(&[0; 48]))).unwrap_err();
        assert_eq!(error.code(), "weights-no-tensors", "{kind}");
    }
}

#[test]
fn tensors_of_a_plain_pickle_are_read() {
    let storage = Pickle::new().storage("FloatStorage", "0", 6, b"").stop();
    let nested = legacy(&storage, &[("0", 6, &floats(&SIX))]);
    let pickle = |nested: &[u8]| {
        let named = Pickle::new().raw(b"}").text("t");
        let opened = named.global("torch._utils", "_rebuild_tensor_v2").raw(b"(");
        let opened = opened.global("torch.storage", "_load_from_bytes").bytes(nested);
        opened.raw(b"\x85R").int(0).ints(&[2, 3]).ints(&[3, 1]).raw(b"\x89NtRs").stop()
    };
    let state = read(&pickle(&nested)).unwrap();
    assert_eq!(tensor(&state, "t"), (vec![2, 3], SIX.to_vec()));
    let again = Pickle::new().global("torch.storage", "_load_from_bytes").bytes(&nested);
    let twice = legacy(&again.raw(b"\x85R").stop(), &[]);
    assert_eq!(refuse(&pickle(&twice)).code(), "weights-damaged");
    assert_eq!(refuse(&pickle(&nested[..60])).code(), "weights-truncated");
}

#[test]
fn the_older_and_the_newer_ways_to_describe_tensors_are_read() {
    let read = |pickle: Pickle| {
        read(&pth(&pickle.raw(b"s").stop(), &floats(&SIX))).map(|state| tensor(&state, "t").1)
    };
    let named = || Pickle::new().raw(b"}").text("t");
    let on = ("FloatStorage", "0", 6);
    // The type beside the storage, for types that have no storage of their own.
    let typed = named().global("torch._utils", "_rebuild_tensor_v3").raw(b"(");
    let typed = typed.storage("UntypedStorage", "0", 24, b"").int(0).ints(&[6]).ints(&[1]);
    let typed = typed.raw(b"\x89").global("collections", "OrderedDict").raw(b")R");
    assert_eq!(read(typed.global("torch", "float32").raw(b"tR")).unwrap(), SIX);
    // A parameter with attributes, one of a subclass, and one as PyTorch 0.3 wrote it.
    let state = named().global("torch._utils", "_rebuild_parameter_with_state").raw(b"(");
    let state = state.tensor(on, 0, &[6], &[1]).raw(b"\x88}}").text("tag").text("x").raw(b"stR");
    assert_eq!(read(state).unwrap(), SIX);
    let subclass = named().global("torch._tensor", "_rebuild_from_type_v2").raw(b"(");
    let subclass = subclass.global("torch._utils", "_rebuild_tensor_v2").global("project", "T");
    let subclass = subclass.raw(b"(").storage(on.0, on.1, on.2, b"").int(0).ints(&[6]).ints(&[1]);
    assert_eq!(read(subclass.raw(b"\x89NtNtR")).unwrap(), SIX);
    let variable = named().global("torch.nn.parameter", "Parameter");
    assert_eq!(read(variable.tensor(on, 0, &[6], &[1]).raw(b"\x85R")).unwrap(), SIX);
    // Quantised numbers are listed and not read.
    let quantised = named().global("torch._utils", "_rebuild_qtensor").raw(b"(");
    let quantised = quantised.storage("QInt8Storage", "0", 6, b"").int(0).ints(&[6]).ints(&[1]);
    assert_eq!(read(quantised.raw(b"NNNtR")).unwrap_err().code(), "weights-no-tensors");
}

#[test]
fn pickles_in_lines_of_text_are_read() {
    // Protocol 1 as Python 2 wrote it: numbers, text and references in lines.
    let pickle = b"(dp0\nS'epoch'\np1\nI3\nsS'done'\nI01\nsS\"t\"\nctorch._utils\n_rebuild_tensor\n\
        ((S'storage'\nctorch\nFloatStorage\nS'0'\nV cpu\nL6L\ntQI0\n(I2\nL3L\nt(I3\nI1\nttRsS'rate'\nF0.1\ns\
        S'history'\n(lI1\naF0.5\naS'ep\\\\och'\nasg1\nNs.";
    let file = legacy(pickle, &[("0", 6, &floats(&SIX))]);
    assert_eq!(tensor(&read(&file).unwrap(), "t"), (vec![2, 3], SIX.to_vec()));
    let magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    let in_text = [b"L119547037146038801333356L\n.", &file[magic.len()..]].concat();
    assert_eq!(tensor(&read(&in_text).unwrap(), "t").1, SIX);
}

#[test]
fn what_pytorch_writes_of_one_generator_is_the_same_in_every_form() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field/weights/small");
    let generator = |file: &[u8]| WeightsFile::open(file)?.generator(Which::Only);
    let expected = fs::read(folder.join("expected.safetensors")).unwrap();
    let expected = generator(&expected).unwrap();
    let mut forms = 0;
    for (name, file) in files(&folder, |name| name.ends_with(".pth") || name.ends_with(".pkl")) {
        if name == "script" {
            assert_eq!(refuse(&file).code(), "weights-torchscript");
            continue;
        }
        assert_eq!(generator(&file).unwrap(), expected, "{name}");
        forms += 1;
    }
    assert!(forms >= 7, "only {forms} forms were found");
}
