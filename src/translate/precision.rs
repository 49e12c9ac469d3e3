//! Half precision, where it does no harm.
//!
//! It means float16 in memory and float32 in every computation: half the memory and half the
//! traffic for images and weights. Float16 has 11 bits and ends at 65,504, so it is only used if
//! the device supports it and the weights fit.

use serde::{Deserialize, Serialize};

use super::{plan::Room, shifts::Smooth};
use crate::{
    choice::Choice,
    device::{Limits, Opened},
    weights::{Architecture, Down, HostTensor, Layer, StateDict, Up},
};

/// How weights, and the images between layers, are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum Precision {
    /// As in training.
    Float32,
    /// Half precision.
    Float16,
}

impl Choice for Precision {}

impl Precision {
    /// The initial precision on a device: as `asked`, if the device supports it. The default is
    /// float16 on graphics cards, but not on emulated ones, where converting costs as much as other
    /// work.
    pub fn on(opened: &Opened, asked: Option<Self>) -> Self {
        match asked {
            Some(Self::Float32) => Self::Float32,
            _ if !opened.half => Self::Float32,
            Some(Self::Float16) => Self::Float16,
            None if opened.fallback => Self::Float32,
            None => Self::Float16,
        }
    }

    /// The largest inputs for this generator within the limits of a device.
    pub fn room(self, limits: &Limits, architecture: &Architecture, smooth: Smooth) -> Room {
        let whole = self.pixels(limits, architecture, smooth);
        Room { whole, strips: self.pixels_in_strips(limits, architecture, smooth).max(whole) }
    }

    /// Pixels of the largest input that goes through in strips. Two images between residual blocks
    /// are kept, with four times the channels of the first layer on a sixteenth of the pixels; a
    /// strip and the pictures themselves take the rest of the memory.
    fn pixels_in_strips(self, limits: &Limits, of: &Architecture, smooth: Smooth) -> u64 {
        let bytes = match self {
            Self::Float32 => 4,
            Self::Float16 => 2,
        };
        let sums = if smooth == Smooth::One { 0 } else { PICTURES / 2 };
        limits.memory / 8 * 5 / (2 * 4 * of.ngf as u64 * bytes / 16 + sums).max(1)
    }

    /// Pixels of the largest input that goes through as a whole.
    pub fn pixels(self, limits: &Limits, architecture: &Architecture, smooth: Smooth) -> u64 {
        let Architecture { ngf, down, up, .. } = *architecture;
        // Before a blur there are two images with twice the channels of the first layer's result,
        // and everything alive takes twice as much (measured on the CPU; on WebGPU 1.3 times).
        let widest = match down {
            Down::Strided | Down::Mirrored => ngf,
            Down::Blurred => 2 * ngf,
        };
        let (most, bytes) = match self {
            Self::Float32 => (limits.pixels(widest), 4),
            Self::Float16 => (limits.half_pixels(widest), 2),
        };
        let pixels = match up {
            Up::Transpose => most,
            // The enlarged image has twice as many channels as the first layer's result.
            Up::Bilinear | Up::Nearest | Up::Blurred => {
                most.min(limits.tensor / (2 * bytes * ngf.max(1) as u64))
            }
        };
        match smooth {
            Smooth::One => pixels,
            // Besides each pass there are the photo and the sum.
            _ => limits.memory / (limits.memory / pixels.max(1) + PICTURES),
        }
    }
}

/// Bytes per pixel for a photo and a sum of translations.
const PICTURES: u64 = 2 * (3 * size_of::<f32>()) as u64;

/// Whether float16 holds these weights well: no number is too large, and no channel loses much
/// below the smallest normal number, where cards may write zeros. The normalisation after a layer
/// makes all channels equally large, so each is checked separately; the last layer's weights stay
/// float32.
pub(super) fn fits(architecture: &Architecture, state: &StateDict) -> bool {
    let holds = |tensor: &HostTensor| tensor.data.iter().all(|value| value.abs() <= MOST);
    let keeps = |layer| {
        let weight = state.get(&format!("{}.weight", architecture.key(layer)));
        weight.is_none_or(|weight| keeps_channels(weight, architecture.is_transposed(layer)))
    };
    let mut narrow = architecture.layers().into_iter().filter(|layer| *layer != Layer::Head);
    state.values().all(holds) && narrow.all(keeps)
}

/// Whether every output channel of this weight keeps all but a hundredth.
fn keeps_channels(weight: &HostTensor, transposed: bool) -> bool {
    let [outputs, inputs, height, width] = *weight.shape else { return false };
    // Elements of an output in a row, and outputs.
    let (run, outputs) =
        if transposed { (height * width, inputs) } else { (inputs * height * width, outputs) };
    let mut squares = vec![[0.0_f64; 2]; outputs];
    for (index, values) in weight.data.chunks(run.max(1)).enumerate() {
        let Some([all, lost]) = squares.get_mut(index % outputs.max(1)) else { continue };
        for square in values.iter().map(|value| f64::from(value * value)) {
            *all += square;
            *lost += if square < LEAST * LEAST { square } else { 0.0 };
        }
    }
    squares.into_iter().all(|[all, lost]| lost <= 1e-4 * all)
}

/// The smallest normal number of float16.
const LEAST: f64 = 1.0 / 16_384.0;
/// The largest number of float16.
const MOST: f32 = 65_504.0;

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHITECTURE: Architecture = Architecture::new(2, 1);

    /// Weights of 0.02 and biases of 1, with the tensor `name` altered by `change`.
    fn fits_with(name: &str, change: impl Fn(&mut [f32])) -> bool {
        let tensors = ARCHITECTURE.tensors().into_iter();
        let mut state: StateDict = tensors
            .map(|(name, shape)| {
                let value = if shape.len() == 4 { 0.02 } else { 1.0 };
                let data = vec![value; shape.iter().product()];
                (name, HostTensor { shape, data })
            })
            .collect();
        change(&mut state.get_mut(name).unwrap().data);
        fits(&ARCHITECTURE, &state)
    }

    #[test]
    fn numbers_beyond_float16_are_left_in_float32() {
        let tensors = ARCHITECTURE.tensors();
        assert!(tensors.len() > 12);
        for (name, _) in tensors {
            assert!(fits_with(&name, |data| data[0] = -65_504.0), "{name}");
            for beyond in [65_505.0, -1e9, f32::INFINITY, f32::NAN] {
                assert!(!fits_with(&name, |data| data[1] = beyond), "{name} with {beyond}");
            }
        }
    }

    #[test]
    fn channels_of_which_much_would_be_lost_are_left_in_float32() {
        // [4, 2, 3, 3], [8, 8, 3, 3], and [8, 4, 3, 3] with outputs on the second axis.
        for (name, first_output) in [
            ("model.4.weight", (0..18).collect::<Vec<_>>()),
            ("model.10.conv_block.1.weight", (0..72).collect()),
            ("model.11.weight", (0..8).flat_map(|input| input * 36..input * 36 + 9).collect()),
        ] {
            let with = |value: f32| {
                fits_with(name, |data| first_output.iter().for_each(|&at| data[at] = value))
            };
            assert!(with(1e-4) && with(0.0), "{name}");
            assert!(!with(5e-5) && !with(1e-9), "{name}");
            assert!(fits_with(name, |data| data[0] = 1e-9), "{name}: little is lost");
        }
        // The last layer's weights stay float32.
        assert!(fits_with("model.18.weight", |data| data.fill(1e-9)));
        assert!(fits_with("model.10.conv_block.1.bias", |data| data.fill(1e-9)));
    }
}
