//! The types that cross to JavaScript and belong nowhere else. The TypeScript types in `www/pkg`
//! are generated from these structs and others that derive [`Tsify`], so each is defined once.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use tsify::{Ts, Tsify};

use crate::{
    device::Kind,
    error::{Error, Result},
    image::Rgb,
    json,
    train::scores::Scores,
    translate::Precision,
    weights::{About, Architecture, Down, Norm, Up},
};

/// What the engine runs on, and why.
#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
pub struct DeviceReport {
    #[tsify(type = "DeviceKind")]
    pub device: Kind,
    /// The adapter's name as the browser gives it; often empty.
    pub adapter: String,
    /// A software adapter: WebGPU without a graphics card.
    pub fallback: bool,
    /// The initial precision of translations; a model that exceeds float16 continues in float32.
    pub precision: Precision,
    /// Why it is not WebGPU, as a code; null if it is, or if the CPU was requested.
    pub reason: Option<&'static str>,
    pub version: &'static str,
}

/// What distinguishes a generator.
#[derive(Debug, Serialize, Tsify)]
pub struct GeneratorReport {
    /// Channels of its pictures: 3, or 1 if they are grey.
    pub pictures: usize,
    /// Channels after its first convolution.
    pub ngf: usize,
    pub blocks: usize,
    /// How it halves an image's sides.
    pub down: Down,
    /// How it enlarges an image on the way back.
    pub up: Up,
    /// Whether its normalisations have weights and biases.
    pub norm: Norm,
    /// Number of its parameters.
    pub parameters: usize,
}

impl From<Architecture> for GeneratorReport {
    fn from(architecture: Architecture) -> Self {
        let Architecture { pictures, ngf, blocks, down, up, norm, .. } = architecture;
        Self { pictures, ngf, blocks, down, up, norm, parameters: architecture.parameters() }
    }
}

/// A loaded model.
#[derive(Debug, Serialize, Tsify)]
#[tsify(hashmap_as_object)]
pub struct ModelReport {
    #[serde(flatten)]
    pub generator: GeneratorReport,
    /// Lower-case hexadecimal SHA-256 of the file.
    pub sha256: String,
}

/// What a weights file holds.
#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
pub struct WeightsReport {
    /// Its networks, in the order of the file.
    pub networks: Vec<NetworkReport>,
    /// What it says of itself.
    pub about: Option<About>,
}

/// A network in a weights file.
#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
pub struct NetworkReport {
    /// What distinguishes it from the others in the file, such as `G_A`; empty if it is alone.
    pub name: String,
    pub kind: NetworkKind,
    /// Whether its weights are a mean over training.
    pub averaged: bool,
    /// Of a generator.
    pub network: Option<GeneratorReport>,
    /// Why it cannot be used, if it is neither.
    pub reason: Option<Reason>,
}

/// The kinds of networks that are told apart.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub enum NetworkKind {
    Generator,
    Discriminator,
    Other,
}

/// A failure as its code and the sentence for logs.
#[derive(Debug, Serialize, Tsify)]
pub struct Reason {
    pub code: &'static str,
    pub detail: String,
}

/// The progress of polishing a model.
#[derive(Debug, Serialize, Tsify)]
pub struct Polished {
    /// Completed steps.
    pub step: u64,
    /// All steps.
    pub total: u64,
    /// Distance to the mean of four shifts, of the model in training.
    pub polished: f32,
    /// The same for the original model.
    pub unpolished: f32,
}

/// How much of the device's memory a run takes, in bytes.
#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
pub struct TrainNeed {
    /// Everything alive at once.
    pub bytes: u64,
    /// Usable bytes.
    pub limit: u64,
    /// The largest side of training pictures that fits; null: none.
    pub crop: Option<usize>,
}

/// The state of a run.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
#[tsify(missing_as_null)]
pub struct TrainReport {
    /// Completed steps.
    pub step: u64,
    /// Steps of the whole run.
    pub total: u64,
    /// The current epoch.
    pub epoch: u64,
    /// Epochs of the whole run; null: its length is in steps.
    pub epochs: Option<u64>,
    /// Whether no step is left.
    pub over: bool,
    /// Whether the engine repeats this run to the bit on this device.
    pub exact: bool,
    /// Number of warm-up steps.
    pub warm_up: u64,
    /// Polishing steps at the end, included in `total`.
    pub polish: u64,
    pub config: String,
    /// Number of both generators' parameters.
    pub parameters: usize,
}

/// Photos to supply, as their indices in each set.
#[derive(Debug, Serialize, Tsify)]
pub struct Upcoming {
    pub a: Vec<usize>,
    pub b: Vec<usize>,
}

/// A picture.
#[derive(Debug, Serialize, Tsify)]
pub struct Pixels {
    pub width: usize,
    pub height: usize,
    #[serde(serialize_with = "rgba")]
    #[tsify(type = "Uint8Array<ArrayBuffer>")]
    pub rgba: Rgb,
}

impl From<Rgb> for Pixels {
    fn from(rgba: Rgb) -> Self {
        Self { width: rgba.width, height: rgba.height, rgba }
    }
}

/// A held-out photo's round trip, as RGBA bytes.
#[derive(Debug, Serialize, Tsify)]
pub struct RoundTrip {
    pub width: usize,
    pub height: usize,
    #[serde(serialize_with = "rgba")]
    #[tsify(type = "Uint8Array<ArrayBuffer>")]
    pub input: Rgb,
    #[serde(serialize_with = "rgba")]
    #[tsify(type = "Uint8Array<ArrayBuffer>")]
    pub translated: Rgb,
    /// The translation translated back.
    #[serde(serialize_with = "rgba")]
    #[tsify(type = "Uint8Array<ArrayBuffer>")]
    pub back: Rgb,
    /// Mean absolute difference of `back` and `input`, 0 to 2.
    pub error: f32,
}

/// The generators' scores.
#[derive(Debug, Serialize, Tsify)]
#[tsify(hashmap_as_object)]
pub struct Judged {
    #[serde(flatten)]
    pub scores: Scores,
    /// All of them as one number from 0 to 1.
    pub merit: f32,
    /// Whether they surpass the best so far.
    pub better: bool,
}

/// Bytes in use.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
#[tsify(missing_as_null)]
pub struct MemoryUse {
    /// Of wasm's memory.
    pub linear: u64,
    /// Of tensors on the device; null if it does not say.
    pub device_in_use: Option<u64>,
    /// Of the device's memory reserved for them; null if it does not say.
    pub device_reserved: Option<u64>,
}

/// What can be changed during a run; what is not given stays.
#[derive(Debug, Default, Deserialize, Tsify)]
#[serde(default, deny_unknown_fields)]
pub struct RatesChange {
    #[serde(deserialize_with = "given")]
    pub lr: Option<f64>,
    #[serde(rename = "lambda_A", deserialize_with = "given")]
    pub lambda_a: Option<f64>,
    #[serde(rename = "lambda_B", deserialize_with = "given")]
    pub lambda_b: Option<f64>,
    #[serde(deserialize_with = "given")]
    pub lambda_identity: Option<f64>,
}

/// A number; unlike in a plain `Option`, null is refused.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    json::fraction(from).map(Some)
}

/// A picture as straight-alpha RGBA bytes.
fn rgba<S: Serializer>(picture: &Rgb, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bytes(&picture.to_rgba())
}

/// `value` as a JavaScript value.
pub(super) fn told<T: Tsify + Serialize>(value: &T) -> Result<Ts<T>> {
    value.into_ts().map_err(|error| Error::Usage(error.to_string()))
}

/// Parses JSON.
pub(super) fn parse(json: &str) -> Result<Value> {
    serde_json::from_str(json).map_err(|error| Error::ConfigInvalid(error.to_string()))
}
