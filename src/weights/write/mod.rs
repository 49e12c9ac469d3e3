//! A network as a file for other programs, written piece by piece: beside the weights themselves
//! never more than 64 KiB of them are in memory.

pub mod archive;
mod blur;
mod crc;
mod graph;
mod onnx;
mod protobuf;
mod pth;
pub(super) mod safetensors;

use std::borrow::Cow;

use half::f16;
use serde::{Deserialize, Serialize};

use super::{
    about::About,
    architecture::{Architecture, Down, Layer},
    discriminator,
    names::check,
    state::StateDict,
};
use crate::{
    choice::Choice,
    error::{Error, Result},
};
use blur::Blur;

/// Takes the bytes of a file, one piece after another. After any failure the file is useless.
pub type Sink<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

/// Most bytes of weights in one piece.
const PIECE: usize = 64 << 10;

/// The kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify), tsify(rename = "ExportFormat"))]
pub enum Format {
    /// What `torch.save` writes: a state dict with the names of PyTorch's CycleGAN.
    Pth,
    /// A graph that ONNX Runtime runs, for generators.
    Onnx,
    /// Weights with [`About`] beside them, which this program reads too.
    Safetensors,
}

impl Choice for Format {}

/// What the tensors of a network are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blueprint {
    /// A ResNet generator.
    Generator(Architecture),
    /// A PatchGAN of this many channels after its first layer.
    Discriminator {
        /// Channels after the first layer.
        ndf: usize,
    },
}

impl Blueprint {
    /// Name and shape of every tensor, in the order in which PyTorch registers them.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        match self {
            Self::Generator(architecture) => architecture.tensors(),
            Self::Discriminator { ndf } => discriminator::tensors(*ndf),
        }
    }
}

/// A tensor of a file.
struct Entry<'a> {
    name: String,
    shape: Vec<usize>,
    numbers: Cow<'a, [f32]>,
}

/// A network to write.
#[derive(Debug, Clone, Copy)]
pub struct Export<'a> {
    /// What it is.
    pub blueprint: Blueprint,
    /// Its tensors, named as in [`Blueprint::tensors`].
    pub state: &'a StateDict,
    /// What it says of itself.
    pub about: &'a About,
    /// Whether to write float16 instead of float32.
    pub half: bool,
}

impl Export<'_> {
    /// Writes the file to `to`. Fails with `weights-exceed-half`, `weights-not-generator` for the
    /// ONNX of a discriminator, `weights-too-large` for more than 2 GiB, and with any failure of
    /// `to`; for tensors that were not checked, as [`super::generator_from`] does.
    pub fn write(&self, format: Format, to: &mut Sink<'_>) -> Result<()> {
        check(self.state, &self.blueprint.tensors(), "this network")?;
        if self.half {
            self.check_half()?;
        }
        match format {
            Format::Pth => pth::write(self, to),
            Format::Onnx => onnx::write(self, to),
            Format::Safetensors => safetensors::export(self, to),
        }
    }

    /// All tensors and CUT's filters, by which antialiased layers are recognised, in the order in
    /// which PyTorch registers them.
    fn entries(&self) -> Vec<Entry<'_>> {
        let tensors = self.blueprint.tensors().into_iter().map(|(name, shape)| {
            let tensor = self.state.get(&name).map(|tensor| tensor.data.as_slice());
            Entry { name, shape, numbers: Cow::Borrowed(tensor.unwrap_or_default()) }
        });
        let blurs = match &self.blueprint {
            Blueprint::Generator(architecture) => {
                let layers = [Layer::Down(0), Layer::Down(1), Layer::Up(0), Layer::Up(1)];
                layers.iter().filter_map(|layer| Blur::of(architecture, *layer)).collect()
            }
            Blueprint::Discriminator { .. } => Vec::new(),
        };
        let blurs = blurs.into_iter().map(|blur| Entry {
            name: blur.name(),
            shape: blur.shape(),
            numbers: Cow::Owned(blur.numbers),
        });
        let mut entries: Vec<_> = tensors.chain(blurs).collect();
        if let Blueprint::Generator(architecture) = &self.blueprint
            && architecture.down == Down::Mirrored
        {
            // By which it is recognised, and under which its own project reads it.
            entries.iter_mut().for_each(|entry| entry.name = mirrored(architecture, &entry.name));
            return entries;
        }
        // A stable sort: what shares an index stays in its order.
        entries.sort_by_key(|entry| {
            let index = entry.name.split('.').nth(1).and_then(|index| index.parse::<usize>().ok());
            index.unwrap_or_default()
        });
        entries
    }

    /// Refuses numbers that float16 would round to infinity.
    fn check_half(&self) -> Result<()> {
        for (name, tensor) in self.state {
            let number = tensor.data.iter().find(|number| !f16::from_f32(**number).is_finite());
            if let Some(number) = number {
                return Err(Error::WeightsExceedHalf(format!("{name} contains {number}")));
            }
        }
        Ok(())
    }
}

/// The name that the project of [`Down::Mirrored`] has for a tensor.
fn mirrored(architecture: &Architecture, name: &str) -> String {
    let names = architecture.layers().into_iter().flat_map(|layer| {
        let module = match layer {
            Layer::Stem => "initial".into(),
            Layer::Down(step) => format!("down_blocks.{step}.conv"),
            Layer::Block(block, conv) => format!("res_blocks.{block}.block.{conv}.conv"),
            Layer::Up(step) => format!("up_blocks.{step}.conv"),
            Layer::Head => return vec![(architecture.key(layer), "last".into())],
        };
        let norm = architecture.norm_key(layer).map(|key| (key, format!("{module}.1")));
        let conv = (architecture.key(layer), format!("{module}.0"));
        [Some(conv), norm].into_iter().flatten().collect()
    });
    let mut names = names.filter_map(|(own, other)| {
        let leaf = name.strip_prefix(&own)?.strip_prefix('.')?;
        matches!(leaf, "weight" | "bias").then(|| format!("{other}.{leaf}"))
    });
    names.next().unwrap_or_else(|| name.into())
}

/// Writes numbers as float32 or, if `half`, as float16.
fn write_numbers(numbers: &[f32], half: bool, to: &mut Sink<'_>) -> Result<()> {
    let mut piece = Vec::with_capacity(PIECE);
    for part in numbers.chunks(PIECE / size_of::<f32>()) {
        piece.clear();
        if half {
            piece.extend(part.iter().flat_map(|number| f16::from_f32(*number).to_le_bytes()));
        } else {
            piece.extend(part.iter().flat_map(|number| number.to_le_bytes()));
        }
        to(&piece)?;
    }
    Ok(())
}
