//! Weights files for tests: those of the golden folder, and pickles and archives made by hand.

#![allow(dead_code, reason = "each test binary uses a part of it")]

#[path = "../golden_folder/mod.rs"]
mod golden_folder;

use std::fs;
use std::path::Path;

use cyclegan_web::error::Error;
use cyclegan_web::weights::read;
pub use golden_folder::golden_folder as golden;

/// Every `.pth` file of the golden folder, by its name without the ending.
pub fn pth_files() -> Vec<(String, Vec<u8>)> {
    files(&golden().join("pth"), |name| name.ends_with(".pth"))
}

/// The files of a folder whose names satisfy a condition, sorted, by their names up to the dot.
pub fn files(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the golden folder is there") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        if wanted(&name) {
            let stem = name.split('.').next().unwrap().to_string();
            found.push((stem, fs::read(&path).expect("it can be read")));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{} has no such file", folder.display());
    found
}

/// A binary pickle, opcode by opcode.
#[derive(Clone, Default)]
pub struct Pickle(pub Vec<u8>);

impl Pickle {
    pub fn new() -> Self {
        Self(vec![0x80, 2])
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub fn text(self, text: &str) -> Self {
        let length = (text.len() as u32).to_le_bytes();
        self.raw(b"X").raw(&length).raw(text.as_bytes())
    }

    /// A string as Python 2 writes it.
    pub fn text2(self, text: &str) -> Self {
        self.raw(b"U").raw(&[text.len() as u8]).raw(text.as_bytes())
    }

    pub fn int(self, value: i64) -> Self {
        self.raw(&[0x8a, 8]).raw(&value.to_le_bytes())
    }

    pub fn global(self, module: &str, name: &str) -> Self {
        self.raw(format!("c{module}\n{name}\n").as_bytes())
    }

    pub fn ints(self, values: &[i64]) -> Self {
        let filled = values.iter().fold(self.raw(b"("), |pickle, value| pickle.int(*value));
        filled.raw(b"t")
    }

    /// The persistent id of a storage; `view` is what the legacy container adds.
    pub fn storage(self, kind: &str, key: &str, elements: i64, view: &[u8]) -> Self {
        let opened = self.raw(b"(").text("storage").global("torch", kind);
        opened.text(key).text("cpu").int(elements).raw(view).raw(b"tQ")
    }

    /// `_rebuild_tensor_v2` on such a storage.
    pub fn tensor(self, on: (&str, &str, i64), offset: i64, size: &[i64], stride: &[i64]) -> Self {
        let opened = self.global("torch._utils", "_rebuild_tensor_v2").raw(b"(");
        let described = opened.storage(on.0, on.1, on.2, b"").int(offset).ints(size).ints(stride);
        described.raw(b"\x89").global("collections", "OrderedDict").raw(b")RtR")
    }

    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.raw(b"B").raw(&(bytes.len() as u32).to_le_bytes()).raw(bytes)
    }

    /// Bytes as Python 3 writes them in protocol 2: as text, of which each character is one byte.
    pub fn bytes2(self, bytes: &[u8]) -> Self {
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        self.global("_codecs", "encode").text(&text).text("latin1").raw(b"\x86R")
    }

    /// A type of NumPy.
    pub fn dtype(self, name: &str, order: &str) -> Self {
        let named = self.global("numpy", "dtype").text(name).raw(b"\x89\x88\x87R(K\x03");
        named.text(order).raw(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb")
    }

    /// An array of NumPy of the type `(name, order of bytes)`; `numbers` is the pickle of its bytes.
    pub fn array(
        self,
        dtype: (&str, &str),
        shape: &[i64],
        is_fortran: bool,
        numbers: Self,
    ) -> Self {
        let new = self.global("numpy.core.multiarray", "_reconstruct").global("numpy", "ndarray");
        let state = new.raw(b"K\0\x85").bytes(b"b").raw(b"\x87R(K\x01").ints(shape);
        let state = state.dtype(dtype.0, dtype.1).raw(if is_fortran { b"\x88" } else { b"\x89" });
        state.raw(&numbers.0).raw(b"tb")
    }

    pub fn stop(self) -> Vec<u8> {
        self.raw(b".").0
    }
}

/// How a zip entry departs from what PyTorch writes.
#[derive(Clone, Copy, Default)]
pub struct Oddity {
    pub flags: u16,
    pub method: u16,
    pub zip64: bool,
}

/// A zip archive with stored entries.
pub fn zip(entries: &[(&str, &[u8])], odd: Oddity) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in entries {
        let at = file.len() as u32;
        file.extend(b"PK\x03\x04");
        file.extend([0; 22]);
        file.extend((name.len() as u16).to_le_bytes());
        file.extend([0; 2]);
        file.extend(name.as_bytes());
        file.extend(*bytes);

        let size = if odd.zip64 { u32::MAX } else { bytes.len() as u32 };
        let mut extra = Vec::new();
        if odd.zip64 {
            extra.extend([9, 9, 1, 0, 7, 1, 0, 24, 0]); // an unknown field, then zip64's
            for number in [bytes.len() as u64, bytes.len() as u64, at.into()] {
                extra.extend(number.to_le_bytes());
            }
        }
        directory.extend(b"PK\x01\x02");
        directory.extend([0; 4]);
        directory.extend(odd.flags.to_le_bytes());
        directory.extend(odd.method.to_le_bytes());
        directory.extend([0; 8]);
        directory.extend(size.to_le_bytes());
        directory.extend(size.to_le_bytes());
        directory.extend((name.len() as u16).to_le_bytes());
        directory.extend((extra.len() as u16).to_le_bytes());
        directory.extend([0; 10]);
        directory.extend(if odd.zip64 { u32::MAX } else { at }.to_le_bytes());
        directory.extend(name.as_bytes());
        directory.extend(extra);
    }
    let (start, length) = (file.len() as u64, directory.len() as u64);
    file.extend(directory);
    let (mut count, mut offset) = (entries.len() as u16, start as u32);
    if odd.zip64 {
        let record = file.len() as u64;
        file.extend(b"PK\x06\x06");
        file.extend([0; 20]);
        for number in [entries.len() as u64, entries.len() as u64, length, start] {
            file.extend(number.to_le_bytes());
        }
        file.extend(b"PK\x06\x07");
        file.extend([0; 4]);
        file.extend(record.to_le_bytes());
        file.extend([0; 4]);
        (count, offset) = (u16::MAX, u32::MAX);
    }
    file.extend(b"PK\x05\x06");
    file.extend([0; 4]);
    file.extend(count.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend((length as u32).to_le_bytes());
    file.extend(offset.to_le_bytes());
    file.extend([0; 2]);
    file
}

/// What `torch.save` makes of a pickle and one storage with the key 0.
pub fn pth(pickle: &[u8], storage: &[u8]) -> Vec<u8> {
    zip(&[("w/data.pkl", pickle), ("w/data/0", storage)], Oddity::default())
}

/// What `torch.save` made of a pickle and its storages before PyTorch 1.6: `(key, elements, bytes)`.
pub fn legacy(pickle: &[u8], storages: &[(&str, u64, &[u8])]) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    let machine = Pickle::new().raw(b"}").text("little_endian").raw(b"\x88s").stop();
    let keys = storages.iter().fold(Pickle::new().raw(b"]("), |keys, (key, ..)| keys.text(key));
    let mut file = magic.to_vec();
    file.extend(Pickle::new().int(1001).stop());
    file.extend(machine);
    file.extend(pickle);
    file.extend(keys.raw(b"e").stop());
    for (_, elements, bytes) in storages {
        file.extend(elements.to_le_bytes());
        file.extend(*bytes);
    }
    file
}

/// The bytes of float32 numbers.
pub fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// A safetensors file of a header as given.
pub fn safetensors(header: &str, numbers: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(numbers);
    file
}

/// The numbers of the storage that small test files have.
pub const SIX: [f32; 6] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];

/// The error of a file that must be refused.
pub fn refuse(file: &[u8]) -> Error {
    read(file).expect_err("it must be refused")
}

/// A state dict with the one tensor `t`, on a storage of six float32 numbers.
pub fn one(offset: i64, size: &[i64], stride: &[i64]) -> Vec<u8> {
    let named = Pickle::new().raw(b"}").text("t");
    named.tensor(("FloatStorage", "0", 6), offset, size, stride).raw(b"s").stop()
}

/// A file with that tensor.
pub fn file(offset: i64, size: &[i64], stride: &[i64]) -> Vec<u8> {
    pth(&one(offset, size, stride), &floats(&SIX))
}
