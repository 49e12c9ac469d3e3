//! `cyclegan inspect`.

use std::{fmt::Write, path::PathBuf};

use clap::Args;
use cyclegan_web::{
    error::Error,
    train::Checkpoint,
    weights::{
        self, About, HostTensor, Kind, Network, StateDict, WeightsFile, pth, safetensors,
        write::Blueprint,
    },
};
use serde_json::Value;

use crate::native::{files, stop::Result};

/// Shows what is in a weights file or in a checkpoint of a run
///
/// Reads safetensors and every container of PyTorch; nothing in a file is ever run.
#[derive(Debug, Args)]
pub struct Inspect {
    /// A weights file of any kind, or a checkpoint
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Inspect {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let bytes = files::read(&self.file)?;
        let mut text = String::new();
        let tensors = match Checkpoint::from_bytes(&bytes) {
            Ok(Checkpoint { tensors, state }) => {
                let metadata = safetensors::read_metadata(&bytes)?;
                let version = metadata.get("version").map_or("", String::as_str);
                text += &format!("a checkpoint of a training run, version {version}\n");
                text += &describe_run(&state);
                tensors
            }
            // Weights alone, or not safetensors at all.
            Err(Error::CheckpointNotRecognised(_)) => {
                let mut file = WeightsFile::open(&bytes)?;
                text += &format!("{}\n", container(&bytes));
                text += &describe_about(&About::from_metadata(&file.metadata()));
                text += &describe_networks(file.networks());
                // Said even if one of all its tensors cannot be read.
                files::print(&std::mem::take(&mut text));
                file.tensors()?
            }
            Err(Error::CheckpointDamaged(detail)) => match weights::read(&bytes) {
                // A header that claims to be a checkpoint, or one that is entirely unreadable.
                Ok(_) => return Err(Error::CheckpointDamaged(detail).into()),
                Err(error) => return Err(error.into()),
            },
            Err(other) => return Err(other.into()),
        };
        let count: usize = tensors.values().map(|tensor| tensor.data.len()).sum();
        text += &format!("{} tensors of {count} numbers\n\n", tensors.len());
        text += &table(&tensors);
        files::print(&text);
        Ok(())
    }
}

/// The file format.
fn container(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(b"PK") {
        "PyTorch, zip archive"
    } else if pth::recognises(bytes) {
        "PyTorch, legacy format"
    } else if safetensors::recognises(bytes) {
        "safetensors"
    } else {
        "unknown"
    }
}

/// What the file says of itself, a line each.
fn describe_about(about: &About) -> String {
    let About { from, to, margin, size, trained_on, .. } = about;
    let looks = from.as_ref().zip(to.as_ref()).map(|(from, to)| format!("{from} -> {to}"));
    let pixels = |pixels: &Option<u32>| pixels.map(|pixels| format!("{pixels} pixels"));
    let lines = [
        ("translates", looks),
        ("margin", pixels(margin)),
        ("size", pixels(size)),
        ("trained on", trained_on.clone()),
    ];
    let lines = lines.into_iter().filter_map(|(what, text)| Some(format!("{what}: {}\n", text?)));
    lines.collect()
}

/// The networks, a line each, with their names if there are several.
fn describe_networks(networks: Vec<Network>) -> String {
    let describe = |Network { name, averaged, kind }: Network| {
        let what = match kind {
            Kind::Known(Blueprint::Generator(architecture)) => {
                let parameters = architecture.parameters();
                let dropout = if architecture.dropout { ", trained with dropout" } else { "" };
                format!("ResNet generator: {architecture}, {parameters} parameters{dropout}")
            }
            Kind::Known(Blueprint::Discriminator { ndf }) => {
                format!("discriminator of 70x70 pixels: ndf {ndf}")
            }
            Kind::Other(error) => {
                format!("no generator that can be used: {error} [{}]", error.code())
            }
        };
        let averaged = if averaged { ", averaged over training" } else { "" };
        // Names from files may contain terminal escape sequences.
        let name = if name.is_empty() { name } else { format!("{}: ", name.escape_debug()) };
        format!("{name}{what}{averaged}\n")
    };
    if networks.is_empty() {
        return "no network: none of its tensors is a convolution\n".into();
    }
    networks.into_iter().map(describe).collect()
}

/// The progress of the run, and its settings.
fn describe_run(state: &Value) -> String {
    let empty = Value::Null;
    let part = |path: &str| state.pointer(path).unwrap_or(&empty);
    let (step, epoch) = (part("/step"), part("/sampler/epoch"));
    let mut text =
        format!("step {step}, epoch {epoch}, {} photos of each set seen\n", part("/images"));
    for (name, value) in part("/config").as_object().into_iter().flatten() {
        text += &format!("  {name}: {value}\n");
    }
    text
}

/// One line per tensor.
fn table(tensors: &StateDict) -> String {
    let wide = tensors.keys().map(|name| name.chars().count()).max().unwrap_or(0).min(60);
    let mut text =
        format!("{:wide$}  {:>16}  {:>11} {:>11} {:>11}\n", "name", "shape", "min", "max", "mean");
    for (name, tensor) in tensors {
        // Names from files may contain terminal escape sequences.
        let name = name.escape_debug().to_string();
        let sides: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        let (min, max, mean) = summary(tensor);
        let shape = sides.join("x");
        let _ =
            writeln!(text, "{name:wide$}  {shape:>16}  {min:>11.4e} {max:>11.4e} {mean:>11.4e}");
    }
    text
}

/// Minimum, maximum and mean; NaN if one of the numbers is.
fn summary(tensor: &HostTensor) -> (f32, f32, f64) {
    let numbers = tensor.data.iter().copied();
    let with_nan = |pick: fn(f32, f32) -> f32| {
        move |a: f32, b: f32| if a.is_nan() || b.is_nan() { f32::NAN } else { pick(a, b) }
    };
    let min = numbers.clone().reduce(with_nan(f32::min)).unwrap_or(f32::NAN);
    let max = numbers.clone().reduce(with_nan(f32::max)).unwrap_or(f32::NAN);
    let mean = numbers.map(f64::from).sum::<f64>() / tensor.data.len() as f64;
    (min, max, mean)
}
