//! The `.pth` reader against files that were made to harm: each is refused, by the right code.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's helpers may fail loudly too"
)]

mod weights_files;

use weights_files::{Oddity, Pickle, SIX, file, floats, legacy, one, pth, refuse, zip};

#[test]
fn views_beyond_their_storage_are_refused() {
    let max = i64::MAX;
    let cases: [(i64, &[i64], &[i64], &str); 10] = [
        (1, &[2, 3], &[3, 1], "weights-damaged"),
        (6, &[], &[], "weights-damaged"),
        (max, &[1], &[1], "weights-damaged"),
        (-1, &[1], &[1], "weights-damaged"),
        (0, &[2], &[max], "weights-damaged"),
        (0, &[-2], &[1], "weights-damaged"),
        (0, &[2], &[-1], "weights-damaged"),
        (0, &[2, 3], &[1], "weights-damaged"),
        (0, &[1; 9], &[1; 9], "weights-damaged"),
        (0, &[max, max, max], &[1, 1, 1], "weights-too-large"),
    ];
    for (offset, size, stride, code) in cases {
        let error = refuse(&file(offset, size, stride));
        assert_eq!(error.code(), code, "{offset} {size:?} {stride:?}: {error}");
    }
}

#[test]
fn expanded_and_repeated_tensors_cannot_outgrow_the_file() {
    assert_eq!(refuse(&file(0, &[1 << 30], &[0])).code(), "weights-too-large");
    let mut many = Pickle::new().raw(b"}(").text("0");
    many = many.tensor(("FloatStorage", "0", 10_000), 0, &[10_000], &[1]).raw(b"q\x01");
    for name in 1..100 {
        many = many.text(&name.to_string()).raw(b"h\x01");
    }
    let file = pth(&many.raw(b"u").stop(), &vec![0; 40_000]);
    assert_eq!(refuse(&file).code(), "weights-too-large");
}

#[test]
fn archives_that_pytorch_never_writes_are_refused() {
    let pickle = one(0, &[6], &[1]);
    let numbers = floats(&SIX);
    let entries: [(&str, &[u8]); 2] = [("w/data.pkl", &pickle), ("w/data/0", &numbers)];
    for (flags, method) in [(1, 0), (0, 8)] {
        let error = refuse(&zip(&entries, Oddity { flags, method, zip64: false }));
        assert_eq!(error.code(), "weights-unsupported-container", "{error}");
    }
    let twice = zip(&[entries[0], entries[0]], Oddity::default());
    assert_eq!(refuse(&twice).code(), "weights-damaged");
    let other = zip(&[("photo.jpg", b"x")], Oddity::default());
    assert_eq!(refuse(&other).code(), "weights-not-recognised");
    let mut file = zip(&entries, Oddity::default());
    file.truncate(file.len() - 1);
    assert_eq!(refuse(&file).code(), "weights-truncated");
}

#[test]
fn names_outside_the_list_are_refused_and_named() {
    let names = [
        ("posix", "system"),
        ("builtins", "eval"),
        ("torch", "load"),
        ("torch._utils", "_rebuild_wrapper_subclass"),
        ("torch.nn.modules.conv", "Conv2d"),
        ("collections", "defaultdict"),
        ("torch", "FloatStorage.x"),
    ];
    for (module, name) in names {
        let long = Pickle::new().global(module, name).stop();
        let short = Pickle::new().text(module).text(name).raw(b"\x93").stop();
        for pickle in [long, short] {
            for file in [pth(&pickle, b""), legacy(&pickle, &[])] {
                let error = refuse(&file);
                assert_eq!(error.code(), "weights-unsafe", "{error}");
                assert!(error.to_string().contains(&format!("{module}.{name}")), "{error}");
            }
        }
    }
}

#[test]
fn objects_and_their_state_are_refused() {
    let ordered = Pickle::new().global("collections", "OrderedDict");
    let unsafe_ones = [
        ordered.clone().raw(b")\x81").stop(),
        ordered.clone().raw(b")}\x92").stop(),
        ordered.clone().raw(b"}b").stop(),
        Pickle::new().raw(b"(i").raw(b"posix\nsystem\n").stop(),
        Pickle::new().raw(b"(").text("x").raw(b"o").stop(),
        Pickle::new().raw(b"\x82\x01").stop(),
        Pickle::new().text("x").raw(b")R").stop(),
        Pickle::new().global("torch", "FloatStorage").raw(b")R").stop(),
    ];
    for (at, pickle) in unsafe_ones.iter().enumerate() {
        assert_eq!(refuse(&pth(pickle, b"")).code(), "weights-unsafe", "case {at}");
    }
}

#[test]
fn bombs_are_refused() {
    let memo = (0..200_000u32)
        .fold(Pickle::new().raw(b"N"), |pickle, key| pickle.raw(b"r").raw(&key.to_le_bytes()));
    let bombs = [
        ("memo", memo.raw(b".").0),
        ("deep nesting", vec![b'('; 100_000]),
        ("high stack", vec![b'N'; 100_000]),
        ("many dictionaries", b"}0".repeat(200_000)),
        ("many tuples", b")0".repeat(200_000)),
        ("one long list", [b"]".to_vec(), b"Na".repeat(200_000)].concat()),
        ("long tuples", [vec![b'('], vec![b'N'; 16_000], b"t0(".repeat(200_000)].concat()),
    ];
    for (name, pickle) in bombs {
        assert_eq!(refuse(&pth(&pickle, b"")).code(), "weights-too-large", "{name}");
    }
    // Each level holds the one before ten times: as references, and never unfolded.
    let mut laughs = Pickle::new().raw(b"]");
    for level in 0..100u8 {
        let item = [b'h', level];
        laughs = laughs.raw(&[b'q', level, b']', b'(']).raw(&item.repeat(10)).raw(b"e");
    }
    assert_eq!(refuse(&pth(&laughs.stop(), b"")).code(), "weights-no-tensors");
}

#[test]
fn lengths_beyond_the_file_are_refused() {
    let beyond: [&[u8]; 8] = [
        b"\x8b\xff\xff\xff\xff",
        b"X\xff\xff\xff\xff",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"T\xff\xff\xff\xff",
        b"\x8a\xff",
        b"cposix",
        b"",
    ];
    for opcodes in beyond {
        let error = refuse(&pth(&Pickle::new().raw(opcodes).0, b""));
        assert_eq!(error.code(), "weights-truncated", "{}", opcodes.escape_ascii());
    }
}

#[test]
fn nonsense_is_damaged_and_never_panics() {
    let nonsense: [&[u8]; 14] = [
        b".",
        b"t.",
        b"R.",
        b"NNR.",
        b"(Ns.",
        b"]Ns.",
        b"}(Nu.",
        b"NNa.",
        b"h\x05.",
        b"Q.",
        b"NQ.",
        b"NN\x93.",
        b"X\x01\0\0\0\xff.",
        b"(0t.",
    ];
    for opcodes in nonsense {
        let code = refuse(&pth(&Pickle::new().raw(opcodes).0, b"")).code();
        let expected = ["weights-damaged", "weights-unsafe"];
        assert!(expected.contains(&code), "{}: {code}", opcodes.escape_ascii());
    }
    let protocol_0 = Pickle::new().raw(b"I1\n.").0;
    assert_eq!(refuse(&pth(&protocol_0, b"")).code(), "weights-unsupported-container");
}

#[test]
fn names_too_long_for_any_network_are_refused() {
    let named = Pickle::new().raw(b"}").text(&"n".repeat(600));
    let pickle = named.tensor(("FloatStorage", "0", 6), 0, &[6], &[1]).raw(b"s").stop();
    let error = refuse(&pth(&pickle, &floats(&SIX)));
    assert_eq!(error.code(), "weights-too-large");
    let global = Pickle::new().global(&"m".repeat(100_000), "f").stop();
    assert!(refuse(&pth(&global, b"")).to_string().len() < 400, "sentences stay short");
}
