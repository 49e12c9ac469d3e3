//! What crosses to JavaScript and is nobody else's. TypeScript's types in `www/pkg` are made from these
//! structs and from others that derive [`Tsify`]: each thing that crosses is defined once.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tsify::{Ts, Tsify};

use crate::{
    device::Kind,
    error::{Error, Result},
    image::Rgb,
    json,
    train::scores::Scores,
    translate::Precision,
    weights::{Norm, Up},
};

/// What the engine runs on, and why.
#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
pub struct DeviceReport {
    /// The device.
    #[tsify(type = "DeviceKind")]
    pub device: Kind,
    /// Name of the adapter as the browser gives it; often empty.
    pub adapter: String,
    /// A software adapter: WebGPU, but no graphics card behind it.
    pub fallback: bool,
    /// What translations begin with; a model that float16 does not hold goes on in float32.
    pub precision: Precision,
    /// Why it is not WebGPU, as a code; null when it is, or when the CPU was asked for.
    pub reason: Option<&'static str>,
    /// Version of the engine.
    pub version: &'static str,
}

/// A model that was loaded.
#[derive(Debug, Serialize, Tsify)]
pub struct ModelReport {
    /// Channels behind its first convolution.
    pub ngf: usize,
    /// Residual blocks.
    pub blocks: usize,
    /// How it brings an image back to its size.
    pub up: Up,
    /// Whether its normalisations have weights and biases.
    pub norm: Norm,
    /// Numbers in its tensors.
    pub parameters: usize,
    /// Lower-case hexadecimal SHA-256 of the file.
    pub sha256: String,
}

/// How far a model is in being polished.
#[derive(Debug, Serialize, Tsify)]
pub struct Polished {
    /// Steps done.
    pub step: u64,
    /// Steps in all.
    pub total: u64,
    /// Distance to the mean of four shifts, of the model as it learns.
    pub polished: f32,
    /// The same of the model as it was.
    pub unpolished: f32,
}

/// What a run takes of the device's memory, in bytes.
#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
pub struct TrainNeed {
    /// All that lives at once.
    pub bytes: u64,
    /// Of these so many can be used.
    pub limit: u64,
    /// The largest side of training pictures with which it fits; null: none.
    pub crop: Option<usize>,
}

/// Where a run is.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
#[tsify(missing_as_null)]
pub struct TrainReport {
    /// Steps done.
    pub step: u64,
    /// Steps of the whole run.
    pub total: u64,
    /// The present epoch.
    pub epoch: u64,
    /// Epochs of the whole run; null: its length is in steps.
    pub epochs: Option<u64>,
    /// No step is left.
    pub over: bool,
    /// The engine repeats this run to the bit on this device.
    pub exact: bool,
    /// Steps of warm-up in all.
    pub warm_up: u64,
    /// Steps of polish at the end, which `total` counts.
    pub polish: u64,
    /// Its configuration as JSON.
    pub config: String,
    /// Numbers in the tensors of both generators.
    pub parameters: usize,
}

/// Photos that have to be supplied, as their places in either set.
#[derive(Debug, Serialize, Tsify)]
pub struct Upcoming {
    /// Of A.
    pub a: Vec<usize>,
    /// Of B.
    pub b: Vec<usize>,
}

/// A picture.
#[derive(Debug, Serialize, Tsify)]
pub struct Pixels {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Its bytes.
    #[serde(serialize_with = "rgba")]
    #[tsify(type = "Uint8Array<ArrayBuffer>")]
    pub rgba: Rgb,
}

impl From<Rgb> for Pixels {
    fn from(rgba: Rgb) -> Self {
        Self { width: rgba.width, height: rgba.height, rgba }
    }
}

/// A held-out photo there and back, each as RGBA bytes.
#[derive(Debug, Serialize, Tsify)]
pub struct RoundTrip {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// The photo.
    #[serde(serialize_with = "rgba")]
    #[tsify(type = "Uint8Array<ArrayBuffer>")]
    pub input: Rgb,
    /// Its translation.
    #[serde(serialize_with = "rgba")]
    #[tsify(type = "Uint8Array<ArrayBuffer>")]
    pub translated: Rgb,
    /// What becomes of that on the way back.
    #[serde(serialize_with = "rgba")]
    #[tsify(type = "Uint8Array<ArrayBuffer>")]
    pub back: Rgb,
    /// Mean absolute difference of `back` and `input`, 0 to 2.
    pub error: f32,
}

/// What the generators are worth.
#[derive(Debug, Serialize, Tsify)]
#[tsify(hashmap_as_object)]
pub struct Judged {
    /// The scores.
    #[serde(flatten)]
    pub scores: Scores,
    /// All of them in one figure from 0 to 1.
    pub merit: f32,
    /// They surpass the best so far.
    pub better: bool,
}

/// Bytes in use.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
#[tsify(missing_as_null)]
pub struct MemoryUse {
    /// Of wasm.
    pub linear: u64,
    /// Of tensors on the device; null where it does not tell.
    pub device_in_use: Option<u64>,
    /// What the device has set aside for them; null where it does not tell.
    pub device_reserved: Option<u64>,
}

/// What may be changed while a run goes on; what is not given stays.
#[derive(Debug, Default, Deserialize, Tsify)]
#[serde(default, deny_unknown_fields)]
pub struct RatesChange {
    /// Learning rate.
    #[serde(deserialize_with = "given")]
    pub lr: Option<f64>,
    /// Weight of the cycle A → B → A.
    #[serde(rename = "lambda_A", deserialize_with = "given")]
    pub lambda_a: Option<f64>,
    /// Weight of the cycle B → A → B.
    #[serde(rename = "lambda_B", deserialize_with = "given")]
    pub lambda_b: Option<f64>,
    /// Weight of the identity loss.
    #[serde(deserialize_with = "given")]
    pub lambda_identity: Option<f64>,
}

/// A number, where there is one; null is none.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    json::fraction(from).map(Some)
}

/// A picture as straight-alpha RGBA bytes.
fn rgba<S: Serializer>(picture: &Rgb, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bytes(&picture.to_rgba())
}

/// `value` as JavaScript has it.
pub(super) fn told<T: Tsify + Serialize>(value: &T) -> Result<Ts<T>> {
    value.into_ts().map_err(|error| Error::Usage(error.to_string()))
}
