//! Checkpoints: bit for bit there and back, refused when anything is wrong, and safe on the disk.

#![cfg(not(target_family = "wasm"))]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cyclegan_web::{
    error::{Error, Result},
    json,
    random::Random,
    train::{
        Checkpoint, Config,
        checkpoint::{
            FORMAT, VERSION,
            disk::{self, previous},
            pieces::{Sink as _, Tensors as _, at_once},
            unpack,
        },
        config::{MOST_BLOCKS, MOST_POOLED},
    },
    weights::{Architecture, HostTensor, StateDict, safetensors, sha256_hex},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn tensor(shape: &[usize], random: &mut Random) -> HostTensor {
    let count = shape.iter().product();
    let data = (0..count).map(|_| random.normal() as f32).collect();
    HostTensor { shape: shape.to_vec(), data }
}

#[derive(Serialize, Deserialize)]
struct State {
    step: u64,
    #[serde(with = "json::hex")]
    random: u64,
    config: Value,
    note: String,
}

fn small() -> Checkpoint {
    let mut random = Random::new(1);
    let tensors = StateDict::from([
        ("G_A.model.1.weight".into(), tensor(&[4, 3, 7, 7], &mut random)),
        ("G_A.model.1.bias".into(), tensor(&[4], &mut random)),
        ("pool_A".into(), HostTensor { shape: vec![0], data: vec![] }),
    ]);
    let (random, config) = (u64::MAX - 1, Config::default().to_json());
    let note = "ä \"sha256\":\"0\" \\ \n".into();
    let state = json::write(&State { step: 5, random, config, note });
    Checkpoint { tensors, state }
}

fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    disk::write_in_pieces(path, |file| at_once(file.write(0, bytes)))
}

fn read_latest(path: &Path) -> Result<(Checkpoint, Option<Error>)> {
    let (mut file, reason) = disk::open_latest(path)?;
    let mut tensors = StateDict::new();
    for name in file.names("") {
        tensors.extend(at_once(file.take(&name))?.map(|tensor| (name, tensor)));
    }
    Ok((Checkpoint { tensors, state: file.state }, reason))
}

/// Pictures of any sizes as one tensor, so that a pool does not fill the file's header, and the
/// list of their shapes, for [`Checkpoint::state`].
fn pack(pictures: &[HostTensor]) -> (HostTensor, Value) {
    let data: Vec<f32> = pictures.iter().flat_map(|picture| &picture.data).copied().collect();
    let shapes = pictures.iter().map(|picture| Value::from(picture.shape.clone())).collect();
    (HostTensor { shape: vec![data.len()], data }, shapes)
}

fn code(bytes: &[u8]) -> &'static str {
    Checkpoint::from_bytes(bytes).unwrap_err().code()
}

fn bits(state: &StateDict) -> Vec<(String, Vec<usize>, Vec<u32>)> {
    let tensor = |(name, tensor): (&String, &HostTensor)| {
        let bits = tensor.data.iter().map(|number| number.to_bits()).collect();
        (name.clone(), tensor.shape.clone(), bits)
    };
    state.iter().map(tensor).collect()
}

#[test]
fn every_bit_comes_back() {
    let mut checkpoint = small();
    let mut random = Random::new(2);
    let wild = (0..5000).map(|_| f32::from_bits(random.bits() as u32)).collect();
    let wild = HostTensor { shape: vec![50, 100], data: wild };
    checkpoint.tensors.insert("wild".into(), wild);
    let bytes = checkpoint.to_bytes().unwrap();
    assert_eq!(bytes, checkpoint.to_bytes().unwrap(), "the same bytes each time");
    let back = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!(bits(&back.tensors), bits(&checkpoint.tensors));
    assert_eq!(back.state, checkpoint.state);
    assert_eq!(Config::from_json(&back.state["config"]).unwrap(), Config::default());
    let read = |value: &Value| json::read::<State>(value, Error::CheckpointDamaged);
    assert_eq!(read(&back.state).unwrap().random, u64::MAX - 1);
    assert_eq!(read(&json!(1)).err().unwrap().code(), "checkpoint-damaged");
}

#[test]
fn other_readers_open_it() {
    let checkpoint = small();
    let bytes = checkpoint.to_bytes().unwrap();
    let parsed = ::safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(parsed.tensor("G_A.model.1.weight").unwrap().shape(), [4, 3, 7, 7]);
    let metadata = safetensors::read_metadata(&bytes).unwrap();
    assert_eq!(metadata["format"], FORMAT);
    assert_eq!(metadata["version"], VERSION.to_string());
    assert_eq!(metadata["state"].parse::<Value>().unwrap(), checkpoint.state);
}

#[test]
fn a_single_altered_bit_is_noticed() {
    let bytes = small().to_bytes().unwrap();
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << (at % 8);
        assert!(code(&altered).starts_with("checkpoint-"), "byte {at}");
    }
    let last = bytes.len() - 1;
    let mut altered = bytes.clone();
    altered[last] ^= 0x80;
    assert_eq!(code(&altered), "checkpoint-damaged");
}

#[test]
fn a_cut_or_lengthened_file_is_damaged() {
    let bytes = small().to_bytes().unwrap();
    for length in [0, 9, 100, bytes.len() / 2, bytes.len() - 4, bytes.len() - 1] {
        assert_eq!(code(&bytes[..length]), "checkpoint-damaged", "{length} bytes");
    }
    assert_eq!(code(&[&bytes[..], &[0; 4]].concat()), "checkpoint-damaged");
    // So is one in which the numbers of another stand.
    let mut other = small();
    other.tensors.get_mut("G_A.model.1.weight").unwrap().data[587] = 0.0;
    let other = other.to_bytes().unwrap();
    assert_eq!(other.len(), bytes.len());
    let half = bytes.len() / 2;
    assert_ne!(other[half..], bytes[half..]);
    assert_eq!(code(&[&bytes[..half], &other[half..]].concat()), "checkpoint-damaged");
}

#[test]
fn other_files_are_told_apart() {
    let state = small().tensors;
    let with = |metadata: &[(&str, &str)]| {
        let text = metadata.iter().map(|(key, text)| (key.to_string(), text.to_string()));
        safetensors::write(&state, &BTreeMap::from_iter(text)).unwrap()
    };
    assert_eq!(code(&with(&[])), "checkpoint-not-recognised");
    assert_eq!(code(&with(&[("format", "pt")])), "checkpoint-not-recognised");
    assert_eq!(code(b"PK\x03\x04 a .pth file"), "checkpoint-not-recognised");
    assert_eq!(code(b"short"), "checkpoint-not-recognised");
    let version = |version: &str| code(&with(&[("format", FORMAT), ("version", version)]));
    assert_eq!(version(&(VERSION + 1).to_string()), "checkpoint-too-new");
    assert_eq!(version(&u64::MAX.to_string()), "checkpoint-too-new");
    assert_eq!(version("0"), "checkpoint-too-old");
    assert_eq!(version("one"), "checkpoint-damaged");
    assert_eq!(version(&VERSION.to_string()), "checkpoint-damaged", "no digest");
}

#[test]
fn files_of_the_first_version_are_read() {
    let checkpoint = small();
    let mut bytes = checkpoint.to_bytes().unwrap();
    let metadata = safetensors::read_metadata(&bytes).unwrap();
    let mut put = |from: &str, to: &str| {
        let places = bytes.windows(from.len());
        let at = places.into_iter().position(|window| window == from.as_bytes()).unwrap();
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        sha256_hex(&bytes)
    };
    let version = |version: u64| format!(r#""version":"{version}""#);
    put(&version(VERSION), &version(1));
    let zeros = "0".repeat(64);
    let digest = put(&metadata["sha256"], &zeros);
    put(&zeros, &digest);
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap(), checkpoint);
}

/// The largest run that a configuration allows, its tensors without elements.
fn largest_run() -> Checkpoint {
    let generator = Architecture::new(64, MOST_BLOCKS);
    let generator: Vec<String> = generator.tensors().into_iter().map(|(name, _)| name).collect();
    let discriminator: Vec<String> = (0..10).map(|i| format!("model.{i}.weight")).collect();
    let networks = [
        ("G_A", &generator),
        ("G_B", &generator),
        ("polish_A", &generator),
        ("polish_B", &generator),
        ("D_A", &discriminator),
        ("D_B", &discriminator),
    ];
    let mut tensors = StateDict::new();
    for (network, names) in &networks {
        for name in *names {
            for part in ["weights", "first_moment", "second_moment"] {
                let empty = HostTensor { shape: vec![1024, 1024, 4, 4, 0], data: vec![] };
                tensors.insert(format!("{part}.{network}.{name}"), empty);
            }
        }
    }
    assert_eq!(tensors.len(), 3 * (4 * 2 * (6 + 2 * MOST_BLOCKS) + 20));
    for name in networks[..4]
        .iter()
        .flat_map(|(network, names)| names.iter().map(move |name| format!("ema.{network}.{name}")))
    {
        let empty = HostTensor { shape: vec![1024, 1024, 4, 4, 0], data: vec![] };
        tensors.insert(name, empty);
    }
    let picture = HostTensor { shape: vec![3, 1024, 0], data: vec![] };
    let (pool, shapes) = pack(&vec![picture; MOST_POOLED]);
    tensors.insert("pool_A".into(), pool.clone());
    tensors.insert("pool_B".into(), pool);
    let config = Config::default().to_json();
    Checkpoint { tensors, state: json!({"pool_A": shapes, "pool_B": shapes, "config": config}) }
}

#[test]
fn the_largest_run_has_a_header_that_is_read() {
    let largest = largest_run();
    let bytes = largest.to_bytes().unwrap();
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap(), largest);
    // Without elements there are no offsets either: of two times at most 12 digits.
    let header = bytes.len() + 24 * largest.tensors.len();
    assert!(header < safetensors::LONGEST_HEADER, "{header} bytes");
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let error = |checkpoint: Checkpoint| checkpoint.to_bytes().unwrap_err().code();
    assert_eq!(error(Checkpoint { tensors: StateDict::new(), ..small() }), "engine-usage");
    let long = json!("x".repeat(safetensors::LONGEST_HEADER));
    assert_eq!(error(Checkpoint { state: long, ..small() }), "engine-usage");
    let mut wrong = small();
    wrong.tensors.insert("w".into(), HostTensor { shape: vec![3], data: vec![1.0] });
    assert_eq!(error(wrong), "engine-usage");
}

#[test]
fn pictures_of_any_size_are_packed_and_unpacked() {
    let mut random = Random::new(3);
    for shapes in [&[][..], &[[3, 4, 5]], &[[3, 4, 4], [3, 2, 9], [3, 4, 4]]] {
        let pictures: Vec<_> = shapes.iter().map(|shape| tensor(shape, &mut random)).collect();
        let (packed, list) = pack(&pictures);
        assert_eq!(packed.shape, [packed.data.len()]);
        assert_eq!(unpack(&packed, &list).unwrap(), pictures);
    }
    let packed = tensor(&[12], &mut random);
    for wrong in [
        json!(null),
        json!([[3, 2, 1]]),
        json!([[3, 2, 2], [1]]),
        json!([3, 4]),
        json!([[3, -4]]),
        json!([[u64::MAX, 2], [12]]),
        json!([]),
    ] {
        assert_eq!(unpack(&packed, &wrong).unwrap_err().code(), "checkpoint-damaged", "{wrong}");
    }
}

/// An empty folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn at_step(step: u64) -> Checkpoint {
    Checkpoint { state: json!({ "step": step }), ..small() }
}

fn write(path: &Path, step: u64) {
    write_atomically(path, &at_step(step).to_bytes().unwrap()).unwrap();
}

#[test]
fn two_are_kept_and_nothing_else() {
    let folder = folder("two");
    let path = folder.join("run.safetensors");
    assert_eq!(read_latest(&path).unwrap_err().code(), "file-not-read");
    write(&path, 1);
    assert!(!previous(&path).exists());
    write(&path, 2);
    write(&path, 3);
    assert_eq!(read_latest(&path).unwrap(), (at_step(3), None));
    assert_eq!(read_latest(&previous(&path)).unwrap(), (at_step(2), None));
    let names = fs::read_dir(&folder).unwrap().count();
    assert_eq!(names, 2, "no temporary file is left");
}

#[test]
fn a_crash_at_any_point_leaves_a_whole_one() {
    let path = folder("crash").join("run.safetensors");
    write(&path, 1);
    write(&path, 2);
    // While the new file was written: half of it lies there under the temporary name.
    let temporary = path.with_file_name("run.safetensors.tmp");
    fs::write(&temporary, &at_step(3).to_bytes().unwrap()[..500]).unwrap();
    assert_eq!(read_latest(&path).unwrap(), (at_step(2), None));
    // Between the two renamings: nothing bears the name.
    fs::rename(&path, previous(&path)).unwrap();
    let (checkpoint, reason) = read_latest(&path).unwrap();
    assert_eq!(checkpoint, at_step(2));
    assert_eq!(reason.unwrap().code(), "file-not-read");
    // The next one is written as if nothing had been.
    write(&path, 4);
    assert_eq!(read_latest(&path).unwrap(), (at_step(4), None));
    assert!(!temporary.exists());
    // A disk that lost a part of it.
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let (checkpoint, reason) = read_latest(&path).unwrap();
    assert_eq!(checkpoint, at_step(2));
    assert_eq!(reason.unwrap().code(), "checkpoint-damaged");
    fs::write(previous(&path), b"").unwrap();
    assert_eq!(read_latest(&path).unwrap_err().code(), "checkpoint-damaged");
}

#[test]
fn another_kind_of_file_is_no_reason_to_take_the_previous() {
    let path = folder("kind").join("run.safetensors");
    write(&path, 1);
    write(&path, 2);
    let weights = safetensors::write(&small().tensors, &BTreeMap::new()).unwrap();
    fs::write(&path, weights).unwrap();
    assert_eq!(read_latest(&path).unwrap_err().code(), "checkpoint-not-recognised");
}

#[test]
fn what_cannot_be_written_is_told_and_changes_nothing() {
    let folder = folder("refused");
    let refused = |path: &Path| {
        let error = write_atomically(path, b"x").unwrap_err();
        assert!(matches!(&error, Error::FileNotWritten(detail) if detail.contains("refused")));
    };
    refused(&folder.join("nowhere/run.safetensors"));
    refused(&folder);
    assert!(folder.is_dir(), "a folder is not moved out of the way");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert!(!folder.with_file_name("refused.tmp").exists());
}
