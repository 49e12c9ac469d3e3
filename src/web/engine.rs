//! One device, and the model that translates on it.

use burn::tensor::{Device, Tensor};
use js_sys::Function;
use tsify::Ts;
use wasm_bindgen::prelude::*;
use web_time::Instant;

use super::{
    photos::photo_of,
    timestamps::Pretence,
    types::{DeviceReport, ModelReport, told},
};
use crate::{
    choice::Choice as _,
    device::{self, Kind, Opened, Preference, Work},
    error::{Error, Result},
    image::Rgb,
    model::{Generator, Init},
    translate::{MAX_MARGIN, Manner, Plan, Precision, Smooth, Translated, Translator},
    weights::{Architecture, WeightsFile, Which, sha256_hex},
};

/// An open device and the model loaded on it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    pub(super) opened: Opened,
    asked: Option<Precision>,
    translator: Option<Translator>,
    /// How often a model was loaded.
    pub(super) loads: u64,
}

impl Engine {
    async fn open_for(choice: &str, work: Work) -> Result<Self> {
        let choice = Preference::from_name(choice).unwrap_or(Preference::Auto);
        let _pretence = if choice == Preference::Cpu { None } else { Pretence::begin().await };
        let opened = device::open(choice, work).await?;
        Ok(Self { opened, asked: None, translator: None, loads: 0 })
    }

    /// The open device, for Rust callers: the browser tests.
    pub fn opened(&self) -> &Opened {
        &self.opened
    }
}

#[wasm_bindgen]
impl Engine {
    /// Opens `"auto"`, `"webgpu"` or `"cpu"`. Once per worker.
    pub async fn open(choice: String) -> Result<Engine> {
        Self::open_for(&choice, Work::Translating).await
    }

    /// [`Engine::open`] for training, which takes a little longer.
    #[wasm_bindgen(js_name = openToTrain)]
    pub async fn open_to_train(choice: String) -> Result<Engine> {
        Self::open_for(&choice, Work::Training).await
    }

    /// How to store models loaded from now on: `"float32"`, `"float16"` if the device supports it,
    /// or anything else for what the device does best.
    pub fn prefer(&mut self, precision: &str) {
        self.asked = Precision::from_name(precision);
    }

    /// The device that was opened.
    pub fn report(&self) -> Result<Ts<DeviceReport>> {
        let Opened { kind, adapter, fallback, reason, .. } = &self.opened;
        told(&DeviceReport {
            device: *kind,
            adapter: adapter.clone(),
            fallback: *fallback,
            precision: Precision::on(&self.opened, self.asked),
            reason: reason.as_ref().map(Error::code),
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// Measures a fifth of a second: multiplications a second of a generator on the CPU. Nothing on
    /// WebGPU, which the first photo tells more about.
    pub fn speed(&self) -> Result<Option<f64>> {
        match self.opened.kind {
            Kind::Cpu => speed(&self.opened.device).map(Some),
            Kind::WebGpu => Ok(None),
        }
    }

    /// Reads and checks weights and makes them the model of the next translations. On failure the
    /// previous model stays.
    ///
    /// `sha256`, if given, is the expected hash of the file, in lower-case hexadecimal; `network`
    /// the name of one of its generators, as `inspectWeights` lists them; `hash` the file's hash,
    /// which is believed: browsers compute it many times faster than wasm that is new to them.
    pub fn load(
        &mut self,
        bytes: &[u8],
        sha256: Option<String>,
        network: Option<String>,
        hash: Option<String>,
    ) -> Result<Ts<ModelReport>> {
        let hash = hash.unwrap_or_else(|| sha256_hex(bytes));
        if let Some(wanted) = sha256.filter(|wanted| *wanted != hash) {
            return Err(Error::WeightsHashMismatch(format!("{hash} instead of {wanted}")));
        }
        let which = network.as_deref().map_or(Which::Only, Which::Named);
        let (architecture, state) = WeightsFile::open(bytes)?.generator(which)?;
        let translator = Translator::new(architecture, state, self.asked, &self.opened)?;
        self.translator = Some(translator);
        self.loads += 1;
        told(&ModelReport { generator: architecture.into(), sha256: hash })
    }

    /// The size of a translation of a photo of `width` x `height` pixels, and of what the network
    /// sees. Arguments as for `translate`.
    pub fn plan(
        &self,
        width: usize,
        height: usize,
        longest: usize,
        network: usize,
        margin: usize,
        smooth: usize,
    ) -> Result<Ts<Plan>> {
        let manner = manner(longest, network, margin, smooth)?;
        told(&self.translator()?.plan((width, height), &manner))
    }

    /// Translates a photo given as `width` x `height` straight-alpha RGBA bytes. The longest side
    /// of the result is at most `longest` pixels (0: the photo's own), that of what the network
    /// sees at most `network` (0: the result's), and its change is then carried over to the result.
    /// The network also sees `margin` pixels of reflected border, cropped from the result; it is
    /// the mean of `smooth` passes (1, 4 or 16). `passed` is called with the number of passes that
    /// are done, the current one in part; on a graphics card only where that takes long.
    #[allow(clippy::too_many_arguments, reason = "each is a number that JavaScript gives")]
    pub async fn translate(
        &self,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
        longest: usize,
        network: usize,
        margin: usize,
        smooth: usize,
        passed: Option<Function>,
    ) -> Result<Translation> {
        let (translator, manner) = (self.translator()?, manner(longest, network, margin, smooth)?);
        let photo = photo_of(rgba, width, height)?;
        let passed = |passes: f64| {
            if let Some(passed) = &passed {
                // An exception in the listener must not affect the translation.
                let _ = passed.call1(&JsValue::NULL, &passes.into());
            }
        };
        let Translated { before, after, plan } =
            translator.translate(&photo, &manner, &passed).await?;
        let precision = translator.precision();
        Ok(Translation { before, after, plan, precision })
    }
}

impl Engine {
    pub(super) fn translator(&self) -> Result<&Translator> {
        self.translator.as_ref().ok_or(Error::Usage("no model is loaded".into()))
    }
}

/// For a pixel of a picture of the generator below: first and last layer 2 x 49 x 3 x 32, those that
/// halve and double 18 x 32 x 32, the block as much.
const MULTIPLICATIONS: f64 = (294 * 32 + 36 * 32 * 32) as f64;

/// Multiplications a second, of a small generator: about a tenth of a second's work.
fn speed(device: &Device) -> Result<f64> {
    let (architecture, side) = (Architecture::new(32, 1), 128);
    let generator = Generator::random(architecture, Init::default(), 0, device)?;
    let pass = || {
        let started = Instant::now();
        generator.forward(Tensor::zeros([1, 3, side, side], device));
        started.elapsed().as_secs_f64()
    };
    pass(); // the first one also allocates, and browsers have not compiled it well yet
    Ok(MULTIPLICATIONS * (side * side) as f64 / pass())
}

fn manner(longest: usize, network: usize, margin: usize, smooth: usize) -> Result<Manner> {
    let [longest, network] = [longest, network].map(|side| (side > 0).then_some(side));
    Ok(Manner { longest, network, margin: margin.min(MAX_MARGIN), smooth: Smooth::of(smooth)? })
}

/// A photo and its translation.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Translation {
    before: Rgb,
    after: Rgb,
    plan: Plan,
    precision: Precision,
}

#[wasm_bindgen]
impl Translation {
    /// Width of both pictures in pixels.
    #[wasm_bindgen(getter)]
    pub fn width(&self) -> usize {
        self.after.width
    }

    /// Height of both pictures in pixels.
    #[wasm_bindgen(getter)]
    pub fn height(&self) -> usize {
        self.after.height
    }

    /// How large both are, and what the network saw.
    #[wasm_bindgen(getter)]
    pub fn plan(&self) -> Result<Ts<Plan>> {
        told(&self.plan)
    }

    /// The precision used.
    #[wasm_bindgen(getter, unchecked_return_type = "Precision")]
    pub fn precision(&self) -> String {
        self.precision.name().into()
    }

    /// The photo at the result's size, as RGBA bytes.
    #[wasm_bindgen(js_name = takeBefore)]
    pub fn take_before(&self) -> Vec<u8> {
        self.before.to_rgba()
    }

    /// The translation, as RGBA bytes.
    #[wasm_bindgen(js_name = takeAfter)]
    pub fn take_after(&self) -> Vec<u8> {
        self.after.to_rgba()
    }
}
