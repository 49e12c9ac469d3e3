//! A training run as JavaScript sees it.
//!
//! The page decodes photos, so it is asked before each call which ones will be needed
//! ([`Training::upcoming`]) and hands them over ([`Training::supply`]); what is resized is kept as
//! far as the given number of bytes allows.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use burn::tensor::Device;
use js_sys::{Array, Function, Uint8Array, Uint32Array};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::{
    Engine,
    file::{Failure, File},
    object, photo_of,
};
use crate::{
    device::{Kind, Opened},
    error::{Error, Result},
    image::{self, Rgb},
    random::Random,
    train::{
        Choice, Config, Dataset, Domain, Role, Source, Start, StepReport, Trainer, Unit,
        checkpoint::pieces::{Reader, Tensors as _},
        fields::Fields,
        memory::{self, Need},
        preview,
        report::Distances,
        scores::{self, Classifier},
    },
    weights::{self, Architecture, Judge, StateDict, safetensors},
};

/// Side of the pictures that the classifier of the scores learns from, in pixels.
const SEEN_SIDE: usize = 72;

/// Longest side of a photo that is scored whole, in pixels, and how many of each set are.
const SCORED: [(usize, usize); 2] = [(512, usize::MAX), (256, 4)];

/// Pixels of reflected border that generators trained here want around a photo, as the weights say
/// in their header: `margin`.
const MARGIN: usize = 32;

/// A set of photos in the page's hands; those that it has supplied wait here until they are read.
#[derive(Clone)]
struct Supplied {
    count: usize,
    waiting: Rc<RefCell<BTreeMap<usize, Rgb>>>,
}

impl Supplied {
    fn new(count: usize) -> Self {
        Self { count, waiting: Rc::default() }
    }
}

impl Source for Supplied {
    fn len(&self) -> usize {
        self.count
    }

    fn read(&self, index: usize) -> Result<Rgb> {
        let found = self.waiting.borrow_mut().remove(&index);
        found.ok_or_else(|| Error::Usage(format!("photo {index} was not supplied")))
    }
}

/// A run, its held-out photos, and what judges it.
#[wasm_bindgen]
pub struct Training {
    trainer: Trainer<Supplied>,
    /// Whether it goes on exactly where its checkpoint was.
    exact: bool,
    device: Device,
    /// Without a graphics card.
    slow: bool,
    /// Held-out photos of A and of B as [`Preprocess::held_out`] gives them: these are scored.
    held_out: [Vec<Rgb>; 2],
    /// The same photos whole: these are shown.
    shown: [Vec<Rgb>; 2],
    /// Small copies of photos of the run, from which the classifier learns.
    seen: [Vec<Rgb>; 2],
    classifier: Option<Classifier>,
    poison_at: Option<u64>,
}

#[wasm_bindgen]
impl Engine {
    /// A new run of the configuration `config` (JSON, PyTorch's names) on sets of `photos_a` and
    /// `photos_b` photos, of which at most `cache_bytes` of pixels are kept. Generators are
    /// weights files, or not given; so are discriminators, whose files may hold both (`D_A.`, `D_B.`).
    #[allow(clippy::too_many_arguments, reason = "files that may each be left out")]
    #[wasm_bindgen(js_name = startTraining)]
    pub fn start_training(
        &self,
        config: &str,
        photos_a: usize,
        photos_b: usize,
        cache_bytes: usize,
        generator_a: Option<Vec<u8>>,
        generator_b: Option<Vec<u8>>,
        discriminator_a: Option<Vec<u8>>,
        discriminator_b: Option<Vec<u8>>,
    ) -> std::result::Result<Training, JsValue> {
        let config = Config::from_json(&parse(config)?)?;
        let start = Start {
            g_a: generator(generator_a)?,
            g_b: generator(generator_b)?,
            d_a: discriminator(discriminator_a, Judge::A)?,
            d_b: discriminator(discriminator_b, Judge::B)?,
        };
        let config = start.applied_to(config)?;
        memory::check(&config, self.opened.kind, &self.opened.limits)?;
        let (a, b) = (Supplied::new(photos_a), Supplied::new(photos_b));
        let random = Random::new(config.seed);
        let dataset = Dataset::new(a, b, config.preprocess, random, cache_bytes)?;
        let device = &self.opened.device;
        Ok(Training::new(Trainer::new(config, start, dataset, device)?, true, &self.opened))
    }

    /// What a run of the configuration `config` takes: `{bytes, limit, crop}`, of which `limit`
    /// bytes can be used, and the largest side of training pictures with which it fits; null if
    /// there is none.
    #[wasm_bindgen(js_name = trainingNeed)]
    pub fn training_need(&self, config: &str) -> std::result::Result<JsValue, JsValue> {
        let config = Config::from_json(&parse(config)?)?;
        let (kind, limits) = (self.opened.kind, &self.opened.limits);
        let fits = memory::largest_crop(&config, kind, limits);
        Ok(object(&[
            ("bytes", (Need::of(&config, kind).total as f64).into()),
            ("limit", (limits.memory as f64).into()),
            ("crop", fits.map_or(JsValue::NULL, |side| (side as f64).into())),
        ]))
    }

    /// Goes on with the same photos from a checkpoint of `length` bytes that is read piece by piece:
    /// `read(at, length)` promises the bytes from `at` on.
    #[wasm_bindgen(js_name = resumeTrainingFrom)]
    pub async fn resume_training_from(
        &self,
        read: Function,
        length: f64,
        photos_a: usize,
        photos_b: usize,
        cache_bytes: usize,
    ) -> std::result::Result<Training, JsValue> {
        let failure = Failure::default();
        let file = File::new(read, length as u64, &failure);
        let photos = (Supplied::new(photos_a), Supplied::new(photos_b));
        let device = self.opened.device.clone();
        let resumed = async {
            Trainer::resume_from(Reader::open(file).await?, photos, cache_bytes, &device).await
        };
        let (trainer, exact) = resumed.await.map_err(|error| failure.or(error))?;
        Ok(Training::new(trainer, exact, &self.opened))
    }

    /// The discriminators in a checkpoint of `length` bytes that is read as for
    /// `resumeTrainingFrom`, as one weights file: another run may start from them.
    #[wasm_bindgen(js_name = discriminatorsOf)]
    pub async fn discriminators_of(
        &self,
        read: Function,
        length: f64,
    ) -> std::result::Result<Vec<u8>, JsValue> {
        let failure = Failure::default();
        let file = File::new(read, length as u64, &failure);
        let taken = async {
            let mut checkpoint = Reader::open(file).await?;
            let mut state = StateDict::new();
            for judge in [Judge::A, Judge::B] {
                for name in checkpoint.names(&format!("{}.model.", judge.name())) {
                    state.extend(checkpoint.take(&name).await?.map(|tensor| (name, tensor)));
                }
            }
            safetensors::write(&state, &BTreeMap::new())
        };
        taken.await.map_err(|error| failure.or(error))
    }
}

fn parse(json: &str) -> Result<Value> {
    serde_json::from_str(json).map_err(|error| Error::ConfigInvalid(error.to_string()))
}

fn generator(bytes: Option<Vec<u8>>) -> Result<Option<(Architecture, StateDict)>> {
    bytes.map(|bytes| weights::generator_from(weights::read(&bytes)?)).transpose()
}

fn discriminator(bytes: Option<Vec<u8>>, judge: Judge) -> Result<Option<(usize, StateDict)>> {
    bytes.map(|bytes| weights::discriminator_from(weights::read(&bytes)?, judge)).transpose()
}

fn domain_of(name: &str) -> Result<Domain> {
    Domain::from_name(name).ok_or_else(|| Error::Usage(format!("no set is called {name}")))
}

/// What belongs to one of the two sets.
fn of<T>(domain: Domain, [a, b]: [T; 2]) -> T {
    if domain == Domain::A { a } else { b }
}

impl Training {
    fn new(trainer: Trainer<Supplied>, exact: bool, opened: &Opened) -> Self {
        Self {
            trainer,
            exact,
            device: opened.device.clone(),
            slow: opened.kind == Kind::Cpu || opened.fallback,
            held_out: Default::default(),
            shown: Default::default(),
            seen: Default::default(),
            classifier: None,
            poison_at: None,
        }
    }
}

#[wasm_bindgen]
impl Training {
    /// Where the run is:
    /// `{step, total, epoch, epochs, over, exact, warmUp, polish, config, parameters}`.
    pub fn report(&self) -> JsValue {
        let trainer = &self.trainer;
        let config = trainer.config();
        let epochs = match config.schedule.unit {
            Unit::Epochs => JsValue::from(config.schedule.total() as f64),
            Unit::Steps => JsValue::NULL,
        };
        let parameters = [Domain::A, Domain::B]
            .map(|domain| trainer.generator(domain).architecture().parameters() as f64);
        object(&[
            ("step", (trainer.step() as f64).into()),
            ("total", (trainer.total() as f64).into()),
            ("epoch", (trainer.epoch() as f64).into()),
            ("epochs", epochs),
            ("over", trainer.is_over().into()),
            ("exact", self.exact.into()),
            ("warmUp", (trainer.warm_up() as f64).into()),
            ("polish", (config.polish as f64).into()),
            ("config", config.to_json().to_string().into()),
            ("parameters", parameters.iter().sum::<f64>().into()),
        ])
    }

    /// Photos that have to be supplied before the next `steps` steps: `{a, b}`, their places.
    pub fn upcoming(&mut self, steps: usize) -> JsValue {
        let pairs = steps.saturating_mul(self.trainer.config().batch_size);
        let (a, b) = self.trainer.dataset_mut().upcoming(pairs);
        let list = |places: Vec<usize>, waiting: &Supplied| -> JsValue {
            let missing = places.into_iter().filter(|i| !waiting.waiting.borrow().contains_key(i));
            let places: Vec<u32> = missing.filter_map(|index| index.try_into().ok()).collect();
            Uint32Array::from(places.as_slice()).into()
        };
        let (source_a, source_b) = self.trainer.dataset_mut().sources_mut();
        object(&[("a", list(a, source_a)), ("b", list(b, source_b))])
    }

    /// Hands over the photo at `index` as straight-alpha RGBA bytes.
    pub fn supply(
        &mut self,
        domain: &str,
        index: usize,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
    ) -> std::result::Result<(), JsValue> {
        let domain = domain_of(domain)?;
        let photo = photo_of(rgba, width, height)?;
        // Resized now, since the decoded photo may be fifty times as large.
        let photo = self.trainer.config().preprocess.resize(photo)?;
        let (a, b) = self.trainer.dataset_mut().sources_mut();
        of(domain, [a, b]).waiting.borrow_mut().insert(index, photo);
        Ok(())
    }

    /// Leaves out a photo that cannot be decoded.
    pub fn exclude(&mut self, domain: &str, index: usize) -> std::result::Result<(), JsValue> {
        let domain = domain_of(domain)?;
        self.trainer.dataset_mut().exclude(domain, index);
        Ok(())
    }

    /// Does `n` steps, or as many as are left, and tells of each:
    /// `{step, epoch, rate, seconds, images, warmingUp, polishing, losses, polish, skipped}`.
    #[wasm_bindgen(js_name = trainSteps)]
    pub async fn train_steps(&mut self, n: usize) -> std::result::Result<Array, JsValue> {
        let mut reports = Vec::new();
        if let Some(at) = self.poison_at {
            let before = at.saturating_sub(self.trainer.step() + 1);
            if before < n as u64 {
                reports.extend(self.trainer.train_steps(before as usize).await?);
                self.trainer.poison();
                self.poison_at = None;
            }
        }
        let left = n - reports.len();
        reports.extend(self.trainer.train_steps(left).await?);
        Ok(reports.iter().map(told).collect())
    }

    /// A photo at the size from which this run crops it: `{width, height, rgba}`. That is all that
    /// training needs of it, and resized again it stays as it is.
    pub fn resized(
        &self,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
    ) -> std::result::Result<JsValue, JsValue> {
        let photo = photo_of(rgba, width, height)?;
        Ok(pixels(&self.trainer.config().preprocess.resize(photo)?))
    }

    /// A photo whole, as a preview shows it: `{width, height, rgba}`, its longer side at most
    /// `longest` pixels.
    pub fn whole(
        &self,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
        longest: usize,
    ) -> std::result::Result<JsValue, JsValue> {
        Ok(pixels(&preview::whole(&photo_of(rgba, width, height)?, longest)))
    }

    /// Keeps a small copy of a photo of the run, for the classifier to learn from.
    #[wasm_bindgen(js_name = addSeen)]
    pub fn add_seen(
        &mut self,
        domain: &str,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
    ) -> std::result::Result<(), JsValue> {
        let photo = photo_of(rgba, width, height)?;
        let small = image::resize_bicubic(&photo, SEEN_SIDE, SEEN_SIDE);
        of(domain_of(domain)?, self.seen.each_mut()).push(small);
        Ok(())
    }

    /// Keeps a held-out photo for scores, unless this device has enough of them for its speed.
    #[wasm_bindgen(js_name = addHeldOut)]
    pub fn add_held_out(
        &mut self,
        domain: &str,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
    ) -> std::result::Result<(), JsValue> {
        let [graphics, slow] = SCORED;
        let (longest, most) = if self.slow { slow } else { graphics };
        let held_out = of(domain_of(domain)?, self.held_out.each_mut());
        if held_out.len() < most {
            let photo = photo_of(rgba, width, height)?;
            held_out.push(self.trainer.config().preprocess.held_out(photo, longest)?);
        }
        Ok(())
    }

    /// Keeps a photo for previews, whole, its longer side at most `longest` pixels; returns its
    /// place.
    #[wasm_bindgen(js_name = addPreview)]
    pub fn add_preview(
        &mut self,
        domain: &str,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
        longest: usize,
    ) -> std::result::Result<usize, JsValue> {
        let photo = preview::whole(&photo_of(rgba, width, height)?, longest);
        let shown = of(domain_of(domain)?, self.shown.each_mut());
        shown.push(photo);
        Ok(shown.len() - 1)
    }

    /// A held-out photo there and back: `{width, height, input, translated, back, error}`, pictures
    /// as RGBA bytes.
    pub async fn preview(
        &self,
        domain: &str,
        index: usize,
    ) -> std::result::Result<JsValue, JsValue> {
        let domain = domain_of(domain)?;
        let other = of(domain, [Domain::B, Domain::A]);
        let photo = of(domain, self.shown.each_ref()).get(index);
        let photo = photo.ok_or_else(|| Error::Usage(format!("there is no preview {index}")))?;
        let (there, back) = (self.trainer.generator(domain), self.trainer.generator(other));
        let seen = preview(there, back, photo, MARGIN, &self.device).await?;
        let bytes = |picture: &Rgb| JsValue::from(Uint8Array::from(picture.to_rgba().as_slice()));
        Ok(object(&[
            ("width", (photo.width as f64).into()),
            ("height", (photo.height as f64).into()),
            ("input", bytes(&seen.input)),
            ("translated", bytes(&seen.translated)),
            ("back", bytes(&seen.back)),
            ("error", f64::from(seen.error).into()),
        ]))
    }

    /// Teaches a classifier to tell the photos apart that it was given to see; returns how well it
    /// does on the held-out ones, 0 to 1, which is the ceiling of the scores.
    #[wasm_bindgen(js_name = trainClassifier)]
    pub async fn train_classifier(&mut self) -> std::result::Result<f64, JsValue> {
        let [a, b] = std::mem::take(&mut self.seen);
        let seed = self.trainer.config().seed;
        let classifier = Classifier::train(&a, &b, seed, &self.device).await?;
        let [a, b] = &self.held_out;
        let ceiling = classifier.on_real(a, b).await?.share;
        self.classifier = Some(classifier);
        Ok(ceiling.into())
    }

    /// What the generators are worth on the held-out photos:
    /// `{roundTripA, roundTripB, takenForB, takenForA, ceiling, gridA, gridB, merit, better}`, of
    /// which `better` says whether they take the place of the best so far, of the merit `best`:
    /// of those that were `given` to the run only if they are clearly better.
    pub async fn scores(
        &self,
        best: Option<f64>,
        given: bool,
    ) -> std::result::Result<JsValue, JsValue> {
        let classifier = self
            .classifier
            .as_ref()
            .ok_or_else(|| Error::Usage("the classifier has not been trained".into()))?;
        let [g_a, g_b] = [Domain::A, Domain::B].map(|domain| self.trainer.generator(domain));
        let [a, b] = &self.held_out;
        let scores = scores::score(classifier, g_a, g_b, a, b, &self.device).await?;
        let merit = scores.merit();
        Ok(object(&[
            ("roundTripA", f64::from(scores.round_trip_a).into()),
            ("roundTripB", f64::from(scores.round_trip_b).into()),
            ("takenForB", f64::from(scores.taken_for_b.share).into()),
            ("takenForA", f64::from(scores.taken_for_a.share).into()),
            ("ceiling", f64::from(scores.ceiling.share).into()),
            ("gridA", f64::from(scores.grid_a).into()),
            ("gridB", f64::from(scores.grid_b).into()),
            ("merit", f64::from(merit).into()),
            ("better", best.is_none_or(|best| scores::is_better(merit, best as f32, given)).into()),
        ]))
    }

    /// Changes the learning rate and the weights of the losses: JSON with any of `lr`, `lambda_A`,
    /// `lambda_B`, `lambda_identity`.
    pub fn change(&mut self, config: &str) -> std::result::Result<(), JsValue> {
        let value = parse(config)?;
        let mut fields = Fields::new(&value, Error::ConfigInvalid)?;
        let (rate, a, b) =
            (fields.number("lr")?, fields.number("lambda_A")?, fields.number("lambda_B")?);
        let identity = fields.number("lambda_identity")?;
        fields.finish()?;
        Ok(self.trainer.change(|config| {
            config.adam.learning_rate = rate.unwrap_or(config.adam.learning_rate);
            config.lambda_a = a.unwrap_or(config.lambda_a);
            config.lambda_b = b.unwrap_or(config.lambda_b);
            config.lambda_identity = identity.unwrap_or(config.lambda_identity);
        })?)
    }

    /// Goes on for `steps` steps from here, at the rate that the run would have had, or at `lr`: see
    /// `Trainer::learn_on`.
    #[wasm_bindgen(js_name = learnOn)]
    pub fn learn_on(&mut self, steps: f64, lr: Option<f64>) -> std::result::Result<(), JsValue> {
        Ok(self.trainer.learn_on(steps as u64, lr)?)
    }

    /// Writes everything that the run needs to go on elsewhere, piece by piece, so that it is never
    /// in memory as a whole: `write(at, bytes)` takes each to its place, and may promise to. Returns
    /// the file's length.
    #[wasm_bindgen(js_name = saveCheckpoint)]
    pub async fn save_checkpoint(&self, write: Function) -> std::result::Result<f64, JsValue> {
        let failure = Failure::default();
        let mut file = File::new(write, 0, &failure);
        let saved = self.trainer.save(&mut file).await;
        saved.map(|length| length as f64).map_err(|error| failure.or(error))
    }

    /// The generator from the set `direction` to the other one, as a weights file.
    pub async fn weights(&self, direction: &str) -> std::result::Result<Vec<u8>, JsValue> {
        let network = match domain_of(direction)? {
            Domain::A => Role::GeneratorA,
            Domain::B => Role::GeneratorB,
        };
        let state = self.trainer.state(network).await?;
        let about = BTreeMap::from([("margin".into(), MARGIN.to_string())]);
        Ok(safetensors::write(&state, &about)?)
    }

    /// Bytes in use: `{linear, deviceInUse, deviceReserved}`; the device's are null on the CPU.
    pub fn memory(&self) -> JsValue {
        let pages = core::arch::wasm32::memory_size(0);
        let pool = self.device.memory_pool_usage();
        let bytes = |value: Option<u64>| value.map_or(JsValue::NULL, |bytes| (bytes as f64).into());
        object(&[
            ("linear", (pages as f64 * 65536.0).into()),
            ("deviceInUse", bytes(pool.as_ref().map(|pool| pool.bytes_in_use))),
            ("deviceReserved", bytes(pool.as_ref().map(|pool| pool.bytes_reserved))),
        ])
    }

    /// A weight becomes not a number before step `step`, so that the page can try what it does
    /// then.
    pub fn poison(&mut self, step: u32) {
        self.poison_at = Some(step.into());
    }
}

/// A picture as a JavaScript object.
fn pixels(picture: &Rgb) -> JsValue {
    object(&[
        ("width", (picture.width as f64).into()),
        ("height", (picture.height as f64).into()),
        ("rgba", Uint8Array::from(picture.to_rgba().as_slice()).into()),
    ])
}

/// A step's report as a JavaScript object.
fn told(report: &StepReport) -> JsValue {
    let losses = report.losses.named().map(|(name, loss)| (name, f64::from(loss).into()));
    let skipped = report.skipped.iter().map(|skipped| {
        object(&[
            ("domain", skipped.domain.name().into()),
            ("index", (skipped.index as f64).into()),
            ("code", skipped.error.code().into()),
        ])
    });
    let Distances { polish_a, polish_b, .. } = report.distances;
    let polish = object(&[("A", f64::from(polish_a).into()), ("B", f64::from(polish_b).into())]);
    object(&[
        ("step", (report.step as f64).into()),
        ("epoch", (report.epoch as f64).into()),
        ("rate", report.learning_rate.into()),
        ("seconds", report.seconds.into()),
        ("images", (report.images as f64).into()),
        ("warmingUp", report.warming_up.into()),
        ("polishing", report.polishing.into()),
        ("losses", object(&losses)),
        ("polish", if report.polishing { polish } else { JsValue::NULL }),
        ("skipped", skipped.collect::<Array>().into()),
    ])
}
