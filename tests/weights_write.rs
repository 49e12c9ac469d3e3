//! What is written for other programs: read back by our own readers, and looked at byte by byte.
//! `tests/pytorch.rs` has PyTorch and ONNX Runtime read it.

#![cfg(not(target_family = "wasm"))]

mod written;

use std::collections::BTreeMap;

use cyclegan_web::{
    error::Error,
    weights::{
        self, About, Architecture, HostTensor, Judge, StateDict, discriminator_from,
        generator_from, safetensors,
        write::{Blueprint, Export, Format, archive::Archive},
    },
};
use half::f16;
use written::{about, generators, random_state, written};

fn rounded(state: &StateDict) -> StateDict {
    let round = |tensor: &HostTensor| {
        let data = tensor.data.iter().map(|number| f16::from_f32(*number).to_f32()).collect();
        HostTensor { shape: tensor.shape.clone(), data }
    };
    state.iter().map(|(name, tensor)| (name.clone(), round(tensor))).collect()
}

#[test]
fn a_generator_comes_back_as_it_was_or_rounded() {
    for (name, architecture) in generators().into_iter().filter(|(name, _)| *name != "grey") {
        let blueprint = Blueprint::Generator(architecture);
        let state = random_state(&blueprint, 1);
        for format in [Format::Pth, Format::Safetensors] {
            for half in [false, true] {
                let file = written(blueprint, &state, &about(), half, format).unwrap();
                let mut read = weights::read(&file).unwrap();
                let filters: StateDict =
                    read.extract_if(.., |name, _| name.ends_with(".filt")).collect();
                let expected = if half { rounded(&state) } else { state.clone() };
                assert!(read == expected, "{name} {format:?} {half}");
                check_filters(&filters, &architecture);
                if !name.starts_with("cut") {
                    let (found, _) = generator_from(read).unwrap();
                    // Files are written for networks without dropout.
                    assert_eq!(found, Architecture { dropout: false, ..architecture }, "{name}");
                }
            }
        }
    }
}

/// CUT's filters, where its modules have them.
fn check_filters(filters: &StateDict, architecture: &Architecture) {
    use weights::{Down, Up};
    let mut expected = BTreeMap::new();
    if architecture.down == Down::Blurred {
        expected.extend([("model.7.filt", [16, 1, 3, 3]), ("model.11.filt", [32, 1, 3, 3])]);
    }
    if architecture.up == Up::Blurred {
        expected.extend([("model.14.filt", [32, 1, 4, 4]), ("model.18.filt", [16, 1, 4, 4])]);
    }
    assert_eq!(filters.len(), expected.len());
    for (name, shape) in expected {
        let HostTensor { shape: found, data } = &filters[name];
        assert_eq!(*found, shape);
        let side = shape[3];
        let sums = data.chunks(side * side).map(|kernel| kernel.iter().sum::<f32>());
        // A filter that doubles the sides spreads each pixel over four.
        assert!(sums.into_iter().all(|sum| sum == if side == 3 { 1.0 } else { 4.0 }));
        assert_eq!(data[..2], if side == 3 { [0.0625, 0.125] } else { [0.0625, 0.1875] });
    }
}

#[test]
fn a_discriminator_comes_back_as_it_was() {
    let blueprint = Blueprint::Discriminator { ndf: 4 };
    let state = random_state(&blueprint, 2);
    for format in [Format::Pth, Format::Safetensors] {
        let file = written(blueprint, &state, &About::default(), false, format).unwrap();
        let read = weights::read(&file).unwrap();
        assert!(discriminator_from(read, Judge::A).unwrap() == (4, state.clone()), "{format:?}");
    }
    let refused = written(blueprint, &state, &about(), false, Format::Onnx).unwrap_err();
    assert_eq!(refused.code(), "weights-not-generator");
}

#[test]
fn safetensors_carry_what_the_model_says_of_itself() {
    let blueprint = Blueprint::Generator(Architecture::new(2, 1));
    let state = random_state(&blueprint, 3);
    let file = written(blueprint, &state, &about(), true, Format::Safetensors).unwrap();
    let metadata = safetensors::read_metadata(&file).unwrap();
    assert_eq!(About::from_metadata(&metadata), about());
    assert_eq!(metadata["format"], "pt");
    // Two bytes a number, from a multiple of eight on.
    let numbers: usize = state.values().map(|tensor| 2 * tensor.data.len()).sum();
    assert_eq!((file.len() - numbers) % 8, 0);
    // Without any, and in float32, it is the plain file.
    let plain = written(blueprint, &state, &About::default(), false, Format::Safetensors).unwrap();
    let metadata = BTreeMap::from([("format".into(), "pt".into())]);
    assert!(plain == safetensors::write(&state, &metadata).unwrap());
}

#[test]
fn weights_are_written_in_small_pieces_and_a_failing_sink_ends_it() {
    let blueprint = Blueprint::Generator(Architecture::new(32, 1));
    let (state, about) = (random_state(&blueprint, 4), about());
    for format in [Format::Pth, Format::Onnx, Format::Safetensors] {
        let export = Export { blueprint, state: &state, about: &about, half: false };
        let mut pieces = Vec::new();
        let counted = export.write(format, &mut |piece| {
            pieces.push(piece.len());
            Ok(())
        });
        counted.unwrap();
        assert!(pieces.iter().all(|length| *length <= 64 << 10), "{format:?}");
        let mut left = 3;
        let failed = export.write(format, &mut |_| {
            left -= 1;
            if left > 0 { Ok(()) } else { Err(Error::FileNotWritten("full".into())) }
        });
        assert_eq!(failed, Err(Error::FileNotWritten("full".into())), "{format:?}");
        assert_eq!(left, 0, "{format:?} went on after the failure");
    }
}

#[test]
fn what_cannot_be_written_is_refused_by_its_code() {
    let blueprint = Blueprint::Generator(Architecture::new(2, 1));
    let state = random_state(&blueprint, 5);
    let refused = |change: &dyn Fn(&mut StateDict), half, format| {
        let mut state = state.clone();
        change(&mut state);
        written(blueprint, &state, &about(), half, format).unwrap_err().code()
    };
    for format in [Format::Pth, Format::Onnx, Format::Safetensors] {
        let large =
            |state: &mut StateDict| state.get_mut("model.4.bias").unwrap().data[1] = 65520.0;
        assert_eq!(refused(&large, true, format), "weights-exceed-half");
        let mut fits = state.clone();
        large(&mut fits);
        assert!(written(blueprint, &fits, &about(), false, format).is_ok());
        let missing = |state: &mut StateDict| drop(state.remove("model.4.bias"));
        assert_eq!(refused(&missing, false, format), "weights-missing-tensor");
        let other =
            |state: &mut StateDict| state.get_mut("model.4.bias").unwrap().shape = vec![2, 2];
        assert_eq!(refused(&other, false, format), "weights-wrong-shape");
    }
}

/// `(name, contents, offset of the contents)` of each entry, checked against the directory.
fn entries(file: &[u8]) -> Vec<(String, Vec<u8>, usize)> {
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([file[at], file[at + 1]]));
    let u32_at = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let end = file.len() - 22;
    assert_eq!(&file[end..end + 4], b"PK\x05\x06");
    let mut at = u32_at(end + 16) as usize;
    let mut found = Vec::new();
    for _ in 0..u16_at(end + 10) {
        assert_eq!(&file[at..at + 4], b"PK\x01\x02");
        let (crc, size, header) = (u32_at(at + 16), u32_at(at + 24), u32_at(at + 42) as usize);
        let name = String::from_utf8(file[at + 46..at + 46 + u16_at(at + 28)].to_vec()).unwrap();
        assert_eq!(&file[header..header + 4], b"PK\x03\x04");
        assert_eq!((u32_at(header + 14), u32_at(header + 22)), (crc, size), "{name}");
        let start = header + 30 + u16_at(header + 26) + u16_at(header + 28);
        let contents = file[start..start + size as usize].to_vec();
        assert_eq!(slow_crc(&contents), crc, "{name}");
        at += 46 + u16_at(at + 28) + u16_at(at + 30) + u16_at(at + 32);
        found.push((name, contents, start));
    }
    assert_eq!(at, end);
    found
}

fn slow_crc(bytes: &[u8]) -> u32 {
    let step = |rest: u32, _| if rest & 1 == 1 { (rest >> 1) ^ 0xedb8_8320 } else { rest >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[test]
fn the_archive_is_laid_out_as_pytorch_lays_it_out() {
    let blueprint = Blueprint::Generator(Architecture::new(3, 1));
    let state = random_state(&blueprint, 6);
    let file = written(blueprint, &state, &about(), false, Format::Pth).unwrap();
    let entries = entries(&file);
    let names: Vec<_> = entries.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names[..3], ["archive/data.pkl", "archive/byteorder", "archive/data/0"]);
    assert_eq!(names.last(), Some(&"archive/version"));
    assert!(entries.iter().all(|(.., start)| start.is_multiple_of(64)));
    // Storages follow PyTorch's order of registration.
    let storages = entries.iter().filter(|(name, ..)| name.contains("/data/"));
    let expected: Vec<_> = blueprint.tensors().into_iter().map(|(name, _)| &state[&name]).collect();
    assert_eq!(storages.clone().count(), expected.len());
    for ((name, contents, _), tensor) in storages.zip(expected) {
        let bytes: Vec<u8> = tensor.data.iter().flat_map(|x| x.to_le_bytes()).collect();
        assert!(*contents == bytes, "{name}");
    }
}

#[test]
fn an_archive_holds_several_files() {
    let mut file = Vec::new();
    let mut sink = |piece: &[u8]| {
        file.extend(piece);
        Ok(())
    };
    let mut archive = Archive::new(&mut sink);
    archive.add("first.txt", 1, |to| to(b"one")).unwrap();
    archive.add("zweite Größe.bin", 1, |to| (0..200).try_for_each(|n| to(&[n; 1000]))).unwrap();
    archive.add("empty", 1, |_| Ok(())).unwrap();
    archive.finish().unwrap();
    let entries = entries(&file);
    let sizes: Vec<_> = entries.iter().map(|(name, bytes, _)| (&**name, bytes.len())).collect();
    assert_eq!(sizes, [("first.txt", 3), ("zweite Größe.bin", 200_000), ("empty", 0)]);
}

/// A field of a protobuf message.
#[derive(Debug, Clone, PartialEq)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, by their numbers.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let (byte, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let value = match tag & 7 {
            0 => Field::Number(varint(&mut bytes)),
            kind => {
                let length = if kind == 2 { varint(&mut bytes) as usize } else { 4 };
                assert!(kind == 2 || kind == 5, "wire type {kind}");
                let (value, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Bytes(value)
            }
        };
        found.push((tag >> 3, value));
    }
    found
}

fn all<'a>(message: &[(u64, Field<'a>)], field: u64) -> Vec<&'a [u8]> {
    let bytes = |(_, value): &(u64, Field<'a>)| match value {
        Field::Bytes(bytes) => *bytes,
        Field::Number(number) => panic!("field {field} is the number {number}"),
    };
    message.iter().filter(|(number, _)| *number == field).map(bytes).collect()
}

fn text(message: &[(u64, Field<'_>)], field: u64) -> String {
    String::from_utf8(all(message, field)[0].to_vec()).unwrap()
}

fn number(message: &[(u64, Field<'_>)], field: u64) -> u64 {
    match message.iter().find(|(number, _)| *number == field) {
        Some((_, Field::Number(number))) => *number,
        other => panic!("field {field} is {other:?}"),
    }
}

#[test]
fn an_onnx_model_is_a_graph_of_known_operators_with_the_weights_and_the_metadata() {
    for (name, architecture) in generators() {
        let blueprint = Blueprint::Generator(architecture);
        let state = random_state(&blueprint, 7);
        for half in [false, true] {
            let file = written(blueprint, &state, &about(), half, Format::Onnx).unwrap();
            let model = fields(&file);
            assert_eq!(number(&model, 1), 8, "IR version");
            let opset = fields(all(&model, 8)[0]);
            assert_eq!((text(&opset, 1).as_str(), number(&opset, 2)), ("", 17));
            let graph = fields(all(&model, 7)[0]);
            let mut known = vec!["input".to_string(), String::new()];
            let mut weights = 0;
            for tensor in all(&graph, 5) {
                let tensor = fields(tensor);
                let name = text(&tensor, 8);
                if let Some(HostTensor { shape, data }) = state.get(&name) {
                    let dims: Vec<_> = tensor.iter().filter(|(field, _)| *field == 1).collect();
                    let expected: Vec<_> =
                        shape.iter().map(|side| (1, Field::Number(*side as u64))).collect();
                    assert_eq!(dims, expected.iter().collect::<Vec<_>>());
                    assert_eq!(number(&tensor, 2), if half { 10 } else { 1 });
                    let bytes = all(&tensor, 9)[0];
                    assert_eq!(bytes.len(), data.len() * if half { 2 } else { 4 });
                    weights += 1;
                }
                known.push(name);
            }
            assert_eq!(weights, state.len(), "{name}");
            let mut counts = BTreeMap::<String, usize>::new();
            for node in all(&graph, 1) {
                let node = fields(node);
                // Each input was made before.
                for input in all(&node, 1) {
                    let input = String::from_utf8(input.to_vec()).unwrap();
                    assert!(known.contains(&input), "{name}: {input}");
                }
                known.push(text(&node, 2));
                *counts.entry(text(&node, 4)).or_default() += 1;
            }
            assert_eq!(known.iter().filter(|name| *name == "output").count(), 1);
            let count = |operator: &str| counts.get(operator).copied().unwrap_or(0);
            let transposed = if architecture.up == weights::Up::Transpose { 2 } else { 0 };
            assert_eq!(count("ConvTranspose"), transposed, "{name}");
            assert_eq!(count("Resize"), 2 - transposed, "{name}");
            assert_eq!(count("InstanceNormalization"), architecture.layers().len() - 1);
            assert_eq!(count("Add"), architecture.blocks);
            assert_eq!(count("Cast"), if half { state.len() } else { 0 });
            let metadata: BTreeMap<_, _> = all(&model, 14)
                .into_iter()
                .map(|entry| (text(&fields(entry), 1), text(&fields(entry), 2)))
                .collect();
            let keys: Vec<_> = metadata.keys().map(String::as_str).collect();
            assert_eq!(keys, ["from", "margin", "size", "to", "trained_on", "usage"]);
            assert_eq!(metadata["trained_on"], "900 photos of \"Zürich\"");
        }
    }
}
