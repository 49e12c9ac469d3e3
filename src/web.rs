//! The engine as JavaScript sees it; with the files of `web/` all that knows JavaScript.
//!
//! It runs in a worker (`www/engine-worker.js`). Failures are JavaScript `Error`s with a `code`; pixels
//! are RGBA bytes. No tensor is read synchronously: on wasm that would panic.

mod file;
mod polish;
mod timestamps;
mod training;

pub use polish::Polishing;
use timestamps::Pretence;
pub use training::Training;

use std::sync::Once;

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::{
    device::{self, Kind, Opened, Preference},
    error::Error,
    image::{self, Rgb},
    samples::{self, Season},
    train::Choice as _,
    translate::{MAX_MARGIN, Manner, Precision, Smooth, Translated, Translator},
    weights::{self, Architecture},
};

unsafe extern "C" {
    /// Made by the linker: runs the static constructors of the whole program.
    fn __wasm_call_ctors();
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    fn console_warn(message: &str);
}

/// Runs once when the module starts, before anything else.
///
/// CubeCL registers hundreds of static constructors. When nothing in the program calls
/// `__wasm_call_ctors`, the linker takes the module for a command and wraps every export, those
/// that wasm-bindgen calls for each JavaScript object included, in a function that runs all
/// constructors again: everything becomes 10 to 1000 times slower. `pkg-scripts/build` checks
/// that no such wrapper is left.
#[wasm_bindgen(start)]
pub fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // SAFETY: the linker's own function, without arguments; it is safe to run before any
        // other code of the module, and `Once` keeps it to a single run.
        unsafe { __wasm_call_ctors() };
        std::panic::set_hook(Box::new(|info| console_error(&info.to_string())));
        // wgpu and CubeCL report errors in shaders to the log alone.
        if log::set_logger(&ConsoleLog).is_ok() {
            log::set_max_level(log::LevelFilter::Warn);
        }
    });
}

struct ConsoleLog;

impl log::Log for ConsoleLog {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{}: {}", record.target(), record.args());
        match record.level() {
            log::Level::Error => console_error(&line),
            log::Level::Warn => console_warn(&line),
            _ => {}
        }
    }

    fn flush(&self) {}
}

/// A JavaScript `Error` with the code of ours.
impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let js = js_sys::Error::new(&error.to_string());
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&js, &"code".into(), &error.code().into());
        js.into()
    }
}

/// A plain JavaScript object of these fields.
fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}

/// An open device and the model that is loaded on it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    opened: Opened,
    asked: Option<Precision>,
    translator: Option<Translator>,
}

impl Engine {
    /// The open device, for callers in Rust: the browser tests.
    pub fn opened(&self) -> &Opened {
        &self.opened
    }
}

#[wasm_bindgen]
impl Engine {
    /// Opens `"auto"`, `"webgpu"` or `"cpu"`. Once in a worker's life.
    pub async fn open(choice: String) -> Result<Engine, JsValue> {
        let choice = match choice.as_str() {
            "webgpu" => Preference::WebGpu,
            "cpu" => Preference::Cpu,
            _ => Preference::Auto,
        };
        let _pretence = if choice == Preference::Cpu { None } else { Pretence::begin().await };
        let opened = device::open(choice).await?;
        Ok(Self { opened, asked: None, translator: None })
    }

    /// How models that are loaded from now on shall be kept: `"float32"`, `"float16"` where the
    /// device has it, or anything else for what the device does best.
    pub fn prefer(&mut self, precision: &str) {
        self.asked = Precision::named(precision);
    }

    /// `{device, adapter, fallback, reason, precision, version}`; `reason` is a code or null,
    /// `precision` what translations begin with.
    pub fn report(&self) -> JsValue {
        let device = match self.opened.kind {
            Kind::WebGpu => "webgpu",
            Kind::Cpu => "cpu",
        };
        let reason = self.opened.reason.as_ref().map(Error::code);
        object(&[
            ("device", device.into()),
            ("adapter", self.opened.adapter.as_str().into()),
            ("fallback", self.opened.fallback.into()),
            ("reason", reason.map_or(JsValue::NULL, JsValue::from)),
            ("precision", Precision::on(&self.opened, self.asked).name().into()),
            ("version", env!("CARGO_PKG_VERSION").into()),
        ])
    }

    /// Reads weights, checks them and makes them the model of the next translations.
    /// `{ngf, blocks, up, norm, parameters, sha256}`. A failure leaves the present model in place.
    ///
    /// `sha256` is what the file must have, in lower-case hexadecimal, if given.
    pub fn load(&mut self, bytes: &[u8], sha256: Option<String>) -> Result<JsValue, JsValue> {
        let hash = weights::sha256_hex(bytes);
        if let Some(wanted) = sha256.filter(|wanted| *wanted != hash) {
            return Err(Error::WeightsHashMismatch(format!("{hash} instead of {wanted}")).into());
        }
        let (architecture, state) = weights::generator_from(weights::read(bytes)?)?;
        let Architecture { ngf, blocks, up, norm, .. } = architecture;
        let parameters = architecture.parameters();
        let translator = Translator::new(architecture, state, self.asked, &self.opened)?;
        self.translator = Some(translator);
        Ok(object(&[
            ("ngf", (ngf as f64).into()),
            ("blocks", (blocks as f64).into()),
            ("up", up.name().into()),
            ("norm", norm.name().into()),
            ("parameters", (parameters as f64).into()),
            ("sha256", hash.into()),
        ]))
    }

    /// The size that a translation of a photo of `width` x `height` pixels will have, and whether it
    /// is less than was asked: `{width, height, reduced}`. Arguments as of `translate`.
    pub fn plan(
        &self,
        width: usize,
        height: usize,
        longest: usize,
        margin: usize,
        smooth: usize,
    ) -> Result<JsValue, JsValue> {
        let plan = self.translator()?.plan((width, height), &manner(longest, margin, smooth)?);
        Ok(object(&[
            ("width", (plan.width as f64).into()),
            ("height", (plan.height as f64).into()),
            ("reduced", plan.reduced.into()),
        ]))
    }

    /// Translates a photo given as `width` x `height` straight-alpha RGBA bytes. The longest side
    /// of the result is at most `longest` pixels (0: the photo's own); `margin` pixels of
    /// reflected border are shown to the network and cut off again; it is the mean of `smooth`
    /// passes (1, 4 or 16). On the CPU `passed` is called with the number of those behind.
    #[allow(clippy::too_many_arguments, reason = "each is a number that JavaScript gives")]
    pub async fn translate(
        &self,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
        longest: usize,
        margin: usize,
        smooth: usize,
        passed: Option<Function>,
    ) -> Result<Translation, JsValue> {
        let (translator, manner) = (self.translator()?, manner(longest, margin, smooth)?);
        let photo = photo_of(rgba, width, height)?;
        let passed = |passes: usize| {
            if let Some(passed) = &passed {
                // Whoever listens has no say in the translation.
                let _ = passed.call1(&JsValue::NULL, &(passes as f64).into());
            }
        };
        let Translated { before, after, reduced } =
            translator.translate(&photo, &manner, &passed).await?;
        let precision = translator.precision();
        Ok(Translation { before, after, reduced, precision })
    }
}

impl Engine {
    fn translator(&self) -> Result<&Translator, Error> {
        self.translator.as_ref().ok_or(Error::Usage("no model is loaded".into()))
    }
}

/// A photo given as straight-alpha RGBA bytes, which take no more memory behind this.
fn photo_of(rgba: Vec<u8>, width: usize, height: usize) -> Result<Rgb, Error> {
    Rgb::from_rgba(&rgba, width, height)
}

fn manner(longest: usize, margin: usize, smooth: usize) -> Result<Manner, Error> {
    let longest = (longest > 0).then_some(longest);
    Ok(Manner { longest, margin: margin.min(MAX_MARGIN), smooth: Smooth::of(smooth)? })
}

/// A photo that is handed over a few rows at a time and kept at another size, exactly as Pillow
/// resizes it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Shrink(image::Shrink);

#[wasm_bindgen]
impl Shrink {
    /// Of a photo of `width` x `height` pixels to `to_width` x `to_height`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        width: usize,
        height: usize,
        to_width: usize,
        to_height: usize,
    ) -> Result<Self, JsValue> {
        Ok(Self(image::Shrink::new(width, height, (to_width, to_height))?))
    }

    /// Takes the next rows as straight-alpha RGBA bytes.
    pub fn push(&mut self, rgba: &[u8]) -> Result<(), JsValue> {
        Ok(self.0.push(rgba)?)
    }

    /// The photo at its new size, as RGBA bytes.
    pub fn finish(self) -> Result<Vec<u8>, JsValue> {
        Ok(self.0.finish()?.to_rgba())
    }
}

/// Ends in a panic, as a mistake in the engine would: so that the page can try what it does then.
#[allow(clippy::panic, reason = "what it is for")]
#[wasm_bindgen(js_name = provokePanic)]
pub fn provoke_panic() {
    panic!("provoked");
}

/// A photo as the network saw it, and its translation.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Translation {
    before: Rgb,
    after: Rgb,
    reduced: bool,
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

    /// The device could not hold the size that was asked, so the result is smaller.
    #[wasm_bindgen(getter)]
    pub fn reduced(&self) -> bool {
        self.reduced
    }

    /// How it was computed: `"float32"` or `"float16"`.
    #[wasm_bindgen(getter)]
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

/// A painted landscape as RGBA bytes; `season` is `"summer"` or `"winter"`.
#[wasm_bindgen]
pub fn paint(season: &str, seed: u32, width: usize, height: usize) -> Result<Vec<u8>, JsValue> {
    let season = match season {
        "summer" => Season::Summer,
        "winter" => Season::Winter,
        other => return Err(Error::Usage(format!("no season is called {other}")).into()),
    };
    if !(16..=2048).contains(&width) || !(16..=2048).contains(&height) {
        return Err(Error::Usage(format!("a scene of {width} x {height} pixels")).into());
    }
    Ok(samples::paint(season, seed.into(), width, height).to_rgba())
}
