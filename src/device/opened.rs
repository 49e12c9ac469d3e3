//! The devices to choose from, the opened one, and its limits.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::{choice::Choice, error::Error, ops::Card, weights::PICTURE_CHANNELS};

/// The device to run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify), tsify(rename = "DeviceChoice"))]
pub enum Preference {
    /// WebGPU if there is a graphics card, otherwise the CPU.
    Auto,
    /// WebGPU, even a software adapter; an error if there is none.
    WebGpu,
    /// The CPU.
    Cpu,
}

impl Choice for Preference {}

/// What a device is opened for. On WebGPU the compiler's messages of each shader are read before it
/// is used, which takes about half a second for those that only training needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Generators alone.
    Translating,
    /// All networks, and gradients.
    Training,
}

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

/// Bytes of all tensors on a graphics card: WebGPU does not reveal how much memory a card has; this
/// much is on every card of the last ten years.
pub(crate) const MEMORY: u64 = 2 << 30;

/// The limits of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the largest tensor.
    pub tensor: u64,
    /// Bytes of all tensors alive at once.
    pub memory: u64,
}

impl Limits {
    /// The CPU has no such limits, but wasm's memory ends at 4 GiB, part of which the photo, the
    /// weights and the allocator's gaps take.
    pub(super) const CPU: Self = Self { tensor: 1 << 30, memory: 2 << 30 };

    /// Tensors as large as the first layer's output that are alive at once: between 3.8 (ngf 32)
    /// and 4.9 (ngf 64), measured by the growth of wasm's memory from 512 to 768 pixels.
    const LIVE: u64 = 5;

    /// Bytes of all tensors alive at once in half precision, per pixel and channel.
    const LIVE_HALF: u64 = 15;

    /// Pixels of the largest input for a generator of width `ngf`: its first and last layers keep
    /// `ngf` float32 values per pixel (256 bytes at 64), and a picture its channels.
    pub fn pixels(&self, ngf: usize) -> u64 {
        let bytes = 4 * ngf.max(PICTURE_CHANNELS) as u64;
        self.tensor.min(self.memory / Self::LIVE) / bytes
    }

    /// The same in half precision. Images between layers then take 2 bytes per value, but the
    /// values transformed by Winograd's filtering stay float32, 36 of them per 16 pixels at a
    /// quarter of the side, and so does a picture. One of these two is the largest tensor.
    pub fn half_pixels(&self, ngf: usize) -> u64 {
        let (transformed, picture) = (9 * ngf.max(1) as u64, 4 * PICTURE_CHANNELS as u64);
        let tensor = (self.tensor.saturating_mul(4) / transformed).min(self.tensor / picture);
        tensor.min(self.memory / (Self::LIVE_HALF * ngf.max(PICTURE_CHANNELS) as u64))
    }
}

/// An open device and its properties.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The device on which tensors are created.
    pub device: Device,
    /// Its kind.
    pub kind: Kind,
    /// Its limits.
    pub limits: Limits,
    /// The adapter's own description; often empty, because browsers hide it.
    pub adapter: String,
    /// A software adapter without a graphics card.
    pub fallback: bool,
    /// Whether it can compute with float16 (WebGPU's `shader-f16`).
    pub half: bool,
    /// Why the CPU is used although WebGPU was preferred.
    pub reason: Option<Error>,
    /// WebGPU's own handles, if it is that.
    pub card: Option<Card>,
}
