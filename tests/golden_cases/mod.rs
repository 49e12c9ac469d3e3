//! What PyTorch computed, and how near to it a device must come.
//!
//! The same checks run natively, in wasm and on WebGPU; only where the files come from differs.

#![allow(dead_code, reason = "each test binary uses a part of it")]

#[cfg(not(target_family = "wasm"))]
#[path = "../golden_folder/mod.rs"]
mod golden_folder;

pub mod training;

/// How the names of golden generators begin.
pub const GENERATORS: [&str; 2] = ["generator_", "variant_"];
/// The same for those that are not trained here.
const FORWARD_ONLY: &str = "untrained_";

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use cyclegan_web::{
    model::Generator,
    weights::{self, Architecture, HostTensor, StateDict, WeightsFile, Which, safetensors},
};

/// Largest absolute difference that float32 allows on the way through a generator.
pub const FORWARD: f32 = 1e-4;

/// The golden files: name with folder, contents.
#[cfg(not(target_family = "wasm"))]
pub fn golden() -> Vec<(String, Vec<u8>)> {
    let root = golden_folder::golden_folder();
    let mut files = Vec::new();
    for part in ["", "pth/", "pth_variants/"] {
        for entry in std::fs::read_dir(root.join(part)).expect("the golden folder") {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_str().unwrap();
                files.push((format!("{part}{name}"), std::fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The golden files, compiled in: see `build.rs`.
#[cfg(target_family = "wasm")]
pub fn golden() -> Vec<(String, Vec<u8>)> {
    const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/golden.rs"));
    FILES.iter().map(|(name, bytes)| (name.to_string(), bytes.to_vec())).collect()
}

/// One generator with an input and the output that PyTorch gave.
pub struct GeneratorCase {
    pub name: String,
    pub weights: StateDict,
    pub input: HostTensor,
    pub output: HostTensor,
}

impl GeneratorCase {
    /// A measure of how long it takes: parameters times pixels.
    pub fn work(&self) -> u64 {
        let parameters: usize = self.weights.values().map(|tensor| tensor.data.len()).sum();
        parameters as u64 * self.input.shape.iter().map(|side| *side as u64).product::<u64>()
    }
}

/// All golden generators, and those of the `.pth` files with their checks.
pub fn generators() -> Vec<GeneratorCase> {
    let files = golden();
    let state = |wanted: &str| -> Option<StateDict> {
        let (_, bytes) = files.iter().find(|(name, _)| name == wanted)?;
        Some(weights::read(bytes).expect(wanted))
    };
    let mut cases = Vec::new();
    for (name, bytes) in &files {
        let mut kinds = GENERATORS.iter().chain([&FORWARD_ONLY]);
        let is_generator = kinds.any(|kind| name.starts_with(kind));
        if is_generator && name.ends_with(".safetensors") {
            let mut state = weights::read(bytes).expect(name);
            let weights = take_prefixed(&mut state, "weight.");
            let [input, output] = ["input", "output"].map(|key| state.remove(key).unwrap());
            cases.push(GeneratorCase { name: name.clone(), weights, input, output });
        }
    }
    assert!(!cases.is_empty(), "no golden generators");
    let mut check = state("pth/check.safetensors").expect("the check of the .pth files");
    let [input, output] = ["input", "output"].map(|key| check.remove(key).unwrap());
    let weights = state("pth/expected.safetensors").expect("the tensors of the .pth files");
    cases.push(GeneratorCase { name: "pth".into(), weights, input, output });

    let check = state("pth_variants/check.safetensors").expect("the check of the variants");
    for (key, output) in &check {
        let Some(stem) = key.strip_prefix("output.") else { continue };
        let name = format!("pth_variants/{stem}.pth");
        let weights = state(&name).expect(&name);
        let (input, output) = (check["input"].clone(), output.clone());
        cases.push(GeneratorCase { name, weights, input, output });
    }
    cases
}

fn take_prefixed(state: &mut StateDict, prefix: &str) -> StateDict {
    let part = state.iter().filter_map(|(name, tensor)| {
        Some((name.strip_prefix(prefix)?.to_string(), tensor.clone()))
    });
    part.collect()
}

/// The generator that these weights are, as it is found in a file of them.
fn recognised(name: &str, state: &StateDict) -> (Architecture, StateDict) {
    let file = safetensors::write(state, &BTreeMap::new()).expect(name);
    WeightsFile::open(&file).expect(name).generator(Which::Only).expect(name)
}

/// Runs a case on a device and returns the largest absolute difference to PyTorch.
pub async fn forward_difference(case: &GeneratorCase, device: &Device) -> f32 {
    let (architecture, state) = recognised(&case.name, &case.weights);
    let generator = Generator::from_state(architecture, state, device).expect(&case.name);
    let data = TensorData::new(case.input.data.clone(), case.input.shape.clone());
    let output = generator.forward(Tensor::from_data(data, device));
    assert_eq!(output.dims().to_vec(), case.output.shape, "{}", case.name);
    let output = output.into_data_async().await.unwrap().try_to_vec::<f32>().unwrap();
    difference(&output, &case.output.data)
}

/// Largest absolute difference; NaN counts as infinite.
pub fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let worse = |worst: f32, (a, b): (&f32, &f32)| {
        let d = (a - b).abs();
        if d.is_nan() { f32::INFINITY } else { worst.max(d) }
    };
    a.iter().zip(b).fold(0.0, worse)
}
