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
fn names_that_only_an_attack_would_use_are_refused_and_named() {
    let names = [
        ("posix", "system"),
        ("nt", "system"),
        ("os", "popen"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("builtins", "compile"),
        ("builtins", "__import__"),
        ("__builtin__", "execfile"),
        ("importlib", "import_module"),
        ("importlib._bootstrap", "_load"),
        ("runpy", "run_path"),
        ("shutil", "rmtree"),
        ("socket", "socket"),
        ("webbrowser", "open"),
        ("marshal", "loads"),
        ("_pickle", "loads"),
        ("types", "CodeType"),
        ("ctypes", "CDLL"),
        ("io", "open"),
        ("torch", "load"),
        ("torch.hub", "load"),
        ("torch.utils.cpp_extension", "load_inline"),
        ("numpy.testing._private.utils", "runstring"),
        ("urllib.request", "urlretrieve"),
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
fn calls_of_what_is_no_function_are_refused() {
    // What an object calls by a name, such as a member of an enumeration, stands for nothing.
    let attribute = Pickle::new().global("builtins", "getattr").global("project", "Mode");
    let attribute = attribute.text("run").raw(b"\x86R");
    let unsafe_ones = [
        Pickle::new().raw(b"(iposix\nsystem\n").stop(),
        Pickle::new().raw(b"(").text("x").raw(b"o").stop(),
        Pickle::new().text("x").raw(b")R").stop(),
        Pickle::new().text("x").raw(b")\x81").stop(),
        attribute.raw(b")R").stop(),
    ];
    for (at, pickle) in unsafe_ones.iter().enumerate() {
        assert_eq!(refuse(&pth(pickle, b"")).code(), "weights-unsafe", "case {at}");
    }
}

#[test]
fn bombs_are_refused() {
    let memo = (0..1_000_000u32)
        .fold(Pickle::new().raw(b"N"), |pickle, key| pickle.raw(b"r").raw(&key.to_le_bytes()));
    let bombs = [
        ("memo", memo.raw(b".").0),
        ("deep nesting", vec![b'('; 100_000]),
        ("high stack", vec![b'N'; 100_000]),
        ("many dictionaries", b"}0".repeat(200_000)),
        ("many tuples", b"N\x850".repeat(400_000)),
        ("one long list", [b"]".to_vec(), b"Na".repeat(400_000)].concat()),
        ("long tuples", b"(NNNNNNNNt0".repeat(100_000)),
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
    let nonsense: [&[u8]; 19] = [
        b".", b"t.", b"R.", b"NNR.", b"(Ns.", b"]Ns.", b"}(Nu.", b"NNa.", b"h\x05.", b"Q.", b"NQ.",
        b"NN\x93.", b"(0t.", b"(o.", b"Ix\n.", b"L\n.", b"Sx\n.", b"gx\n.", b"(i.\n",
    ];
    for opcodes in nonsense {
        let code = refuse(&pth(&Pickle::new().raw(opcodes).0, b"")).code();
        let expected = ["weights-damaged", "weights-unsafe", "weights-truncated"];
        assert!(expected.contains(&code), "{}: {code}", opcodes.escape_ascii());
    }
    let buffer = Pickle::new().raw(b"\x97.").0;
    assert_eq!(refuse(&pth(&buffer, b"")).code(), "weights-unsupported-container");
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
