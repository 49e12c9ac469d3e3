//! Files that people take for weights: each is refused, and told what it is.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's helpers may fail loudly too"
)]

mod weights_files;

use weights_files::{Oddity, Pickle, refuse, zip};

#[test]
fn web_pages_and_pointers_have_their_own_codes() {
    let pages =
        ["<!DOCTYPE html><html>", "\n <html lang=en>", "\u{feff}<!doctype HTML>", "<?xml?>"];
    for page in pages {
        assert_eq!(refuse(page.as_bytes()).code(), "weights-web-page", "{page}");
    }
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0a1b\nsize 45575747\n";
    let error = refuse(pointer.as_bytes());
    assert_eq!(error.code(), "weights-git-lfs");
    assert!(error.to_string().contains("45575747"), "{error}");
}

#[test]
fn other_containers_are_named() {
    let mut tar = vec![0; 600];
    tar[257..262].copy_from_slice(b"ustar");
    let cases: [(&[u8], &str); 13] = [
        (b"\x89HDF\r\n\x1a\n\0\0", "HDF5"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (&tar, "tar"),
        (b"\x93NUMPY\x01\0", "NumPy"),
        (b"\x08\x08\x12\x07pytorch", "ONNX"),
        (b"\x08\x01\x12\x80\x05", "TensorFlow"),
        (b"\x1c\0\0\0TFL3", "TensorFlow Lite"),
        (b"{\"metadata\": {}, \"weight_map\": {}}", "index of a model"),
        (b"{\"modelTopology\": {}}", "TensorFlow.js"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1\x0f\0\0\0", "Lua Torch"),
    ];
    for (file, what) in cases {
        let error = refuse(file);
        assert_eq!(error.code(), "weights-not-recognised", "{what}: {error}");
        assert!(error.to_string().contains(what), "{what}: {error}");
    }
    let nothing = refuse(b"loss: 0.1, 0.2");
    assert!(nothing.to_string().contains("loss: 0.1"), "{nothing}");
}

#[test]
fn archives_are_named_by_what_is_in_them() {
    let cases = [
        ("weight.npy", "weights-not-recognised", ".npz"),
        ("run/latest_net_G_A.pth", "weights-not-recognised", "unpack it and take one"),
        ("model.weights.h5", "weights-not-recognised", "Keras"),
        ("photos/1.jpg", "weights-not-recognised", "pictures"),
        ("notes.txt", "weights-not-recognised", "without the data.pkl"),
        ("serialized_exported_program.json", "weights-not-recognised", "torch.export"),
    ];
    for (name, code, what) in cases {
        let error = refuse(&zip(&[(name, b"x")], Oddity::default()));
        assert_eq!(error.code(), code, "{name}");
        assert!(error.to_string().contains(what), "{name}: {error}");
    }
    let pickle = Pickle::new().raw(b"}").stop();
    for beside in ["m/constants.pkl", "m/code/__torch__.py"] {
        let program = zip(&[("m/data.pkl", &pickle), (beside, b"x")], Oddity::default());
        assert_eq!(refuse(&program).code(), "weights-torchscript", "{beside}");
    }
}
