//! What to open, what was opened, and how much it holds.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::{choice::Choice, error::Error, weights::PICTURE_CHANNELS};

/// What to run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify), tsify(rename = "DeviceChoice"))]
pub enum Preference {
    /// WebGPU if there is a graphics card, else the CPU.
    Auto,
    /// WebGPU, even a software adapter; an error if there is none.
    WebGpu,
    /// The CPU.
    Cpu,
}

impl Choice for Preference {}

/// What it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify), tsify(rename = "DeviceKind"))]
pub enum Kind {
    /// WebGPU.
    WebGpu,
    /// The CPU, one thread in the browser.
    Cpu,
}

/// Bytes of all tensors on a graphics card: WebGPU tells no one how much memory it has; this much
/// is on every card of ten years.
pub(crate) const MEMORY: u64 = 2 << 30;

/// How much the device holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the largest tensor.
    pub tensor: u64,
    /// Bytes of all tensors that live at once.
    pub memory: u64,
}

impl Limits {
    /// Without WebGPU's limits: wasm's memory ends at 4 GiB, of which the photo, the weights and
    /// the allocator's gaps take a part.
    pub(super) const CPU: Self = Self { tensor: 1 << 30, memory: 2 << 30 };

    /// Tensors as large as the first layer's output that live at once: between 3.8 (ngf 32) and 4.9
    /// (ngf 64) by the growth of wasm's memory from 512 to 768 pixels.
    const LIVE: u64 = 5;

    /// Bytes of all tensors that live at once in half precision, for each pixel and channel.
    const LIVE_HALF: u64 = 15;

    /// Pixels of the largest input for a generator of width `ngf`: its first and last layers keep
    /// `ngf` float32 values a pixel (256 bytes at 64), and a picture its channels.
    pub fn pixels(&self, ngf: usize) -> u64 {
        let bytes = 4 * ngf.max(PICTURE_CHANNELS) as u64;
        self.tensor.min(self.memory / Self::LIVE) / bytes
    }

    /// The same in half precision. The images between the layers take 2 bytes a value then; what
    /// Winograd's filtering has transformed stays float32, 36 values for 16 pixels of a quarter of
    /// the side, and so does a picture. One of these two is the largest tensor.
    pub fn half_pixels(&self, ngf: usize) -> u64 {
        let (transformed, picture) = (9 * ngf.max(1) as u64, 4 * PICTURE_CHANNELS as u64);
        let tensor = (self.tensor.saturating_mul(4) / transformed).min(self.tensor / picture);
        tensor.min(self.memory / (Self::LIVE_HALF * ngf.max(PICTURE_CHANNELS) as u64))
    }
}

/// An open device, and what there is to say about it.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Where tensors are made.
    pub device: Device,
    /// What it is.
    pub kind: Kind,
    /// What it holds.
    pub limits: Limits,
    /// The adapter's own description; often empty, as browsers hide it.
    pub adapter: String,
    /// A software adapter without a graphics card.
    pub fallback: bool,
    /// It computes with float16 too (WebGPU's `shader-f16`).
    pub half: bool,
    /// Why it is the CPU although WebGPU would have been taken.
    pub reason: Option<Error>,
}
