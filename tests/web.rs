//! The engine in a browser's worker: golden numbers on the CPU in wasm and on WebGPU, and the
//! boundary to JavaScript. Run by `wasm-pack test --headless --chrome`.
//!
//! An error in a shader never reaches the caller on wasm: it shows on the console alone. So every
//! test here ends by asserting that nothing was reported there.

#![cfg(target_family = "wasm")]

mod golden_cases;
#[path = "kernels/half_precision.rs"]
mod half_precision;
mod kernels;
mod repeating;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use burn::tensor::{Device, Tensor};
use cyclegan_web::{
    device::Opened,
    error::Result,
    image::{self, Rgb},
    samples::{Season, paint},
    web::{self, Engine, Training, start},
    weights::{WeightsFile, Which, generator_from, read, safetensors, sha256_hex},
};
use golden_cases::{
    FORWARD, GENERATORS, GeneratorCase, forward_difference, generators, golden,
    training::{Played, check_losses, check_run, check_runs_by_winograd, networks, runs},
};
use js_sys::{Function, Reflect, Uint8Array};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

thread_local! {
    static COMPLAINTS: Cell<u32> = const { Cell::new(0) };
}

/// Counts whatever is reported as an error from now on: on the console, uncaught, unhandled.
fn listen() {
    start();
    thread_local! { static LISTENING: Cell<bool> = const { Cell::new(false) }; }
    if LISTENING.replace(true) {
        return;
    }
    let count = Closure::<dyn FnMut()>::new(|| COMPLAINTS.set(COMPLAINTS.get() + 1));
    let hook = Function::new_with_args(
        "count",
        "const error = console.error;
         console.error = (...words) => { count(); error.apply(console, words); };
         self.addEventListener('error', () => count());
         self.addEventListener('unhandledrejection', () => count());",
    );
    hook.call1(&JsValue::NULL, count.as_ref()).unwrap();
    count.forget();
}

fn assert_silence() {
    assert_eq!(COMPLAINTS.replace(0), 0, "errors were reported: see the console");
}

/// WebGPU as the first test that needs it has opened it.
async fn webgpu() -> Device {
    opened().await.device
}

async fn opened() -> Opened {
    let engine = match ENGINE.take() {
        Some(engine) => engine,
        None => Engine::open_to_train("webgpu".into()).await.unwrap(),
    };
    assert_eq!(text(&told(engine.report()), "device"), "webgpu");
    let opened = engine.opened().clone();
    ENGINE.set(Some(engine));
    opened
}

thread_local! {
    static ENGINE: Cell<Option<Engine>> = const { Cell::new(None) };
}

/// What crosses the boundary, as JavaScript has it.
fn told<T: Tsify>(value: Result<Ts<T>>) -> JsValue {
    value.unwrap().into()
}

fn code(error: impl Into<JsValue>) -> String {
    text(&error.into(), "code")
}

fn text(object: &JsValue, key: &str) -> String {
    Reflect::get(object, &key.into()).unwrap().as_string().unwrap()
}

/// The golden generators, the one that is computed quickest first.
fn quickest_first() -> Vec<GeneratorCase> {
    let mut cases = generators();
    cases.sort_by_key(GeneratorCase::work);
    cases
}

/// The quickest golden generator as a weights file.
fn weights_file() -> Vec<u8> {
    let case = quickest_first().swap_remove(0);
    safetensors::write(&case.weights, &BTreeMap::new()).unwrap()
}

#[wasm_bindgen_test]
async fn forward_equals_pytorch_on_the_cpu() {
    listen();
    for case in generators() {
        let difference = forward_difference(&case, &Device::flex()).await;
        assert!(difference <= FORWARD, "{}: {difference}", case.name);
    }
    assert_silence();
}

#[wasm_bindgen_test]
async fn forward_equals_pytorch_on_webgpu() {
    listen();
    let device = webgpu().await;
    for case in generators() {
        let difference = forward_difference(&case, &device).await;
        assert!(difference <= FORWARD, "{}: {difference}", case.name);
    }
    assert_silence();
}

/// CubeCL reports a broken shader to the log. Unless that is heard, the other tests prove nothing.
#[wasm_bindgen_test]
async fn what_the_log_reports_is_heard() {
    listen();
    log::error!("an error on purpose");
    assert_eq!(COMPLAINTS.replace(0), 1);
}

#[wasm_bindgen_test]
async fn pth_containers_equal_the_expected_tensors() {
    listen();
    let files = golden();
    let expected = files.iter().find(|(name, _)| name == "pth/expected.safetensors").unwrap();
    let (_, expected) = generator_from(read(&expected.1).unwrap()).unwrap();
    let mut exact = 0;
    let containers = files.iter().filter(|(name, _)| name.starts_with("pth/"));
    for (name, bytes) in containers.filter(|(name, _)| name.ends_with(".pth")) {
        let state = WeightsFile::open(bytes).and_then(|mut file| file.generator(Which::Only));
        if name.contains("/bad_") {
            assert!(state.is_err(), "{name} was accepted");
        } else {
            let (_, state) = state.expect(name);
            assert_eq!(state.len(), expected.len(), "{name}");
            exact += usize::from(state == expected);
        }
    }
    assert!(exact > 0);
    assert_silence();
}

#[wasm_bindgen_test]
async fn both_devices_translate_alike_through_the_boundary() {
    listen();
    let photo = paint(Season::Summer, 1, 26, 19);
    let file = weights_file();
    let mut results = Vec::new();
    for device in ["cpu", "webgpu"] {
        let mut engine = if device == "cpu" {
            Engine::open("cpu".into()).await.unwrap()
        } else {
            webgpu().await;
            ENGINE.take().unwrap()
        };
        let model = told(engine.load(&file, None, None, None));
        assert_eq!(text(&model, "sha256"), sha256_hex(&file));
        let passes = js_sys::Array::new();
        let list = passes.clone();
        let passed = Closure::<dyn Fn(f64)>::new(move |number: f64| {
            list.push(&number.into());
        });
        for smooth in [1, 4] {
            let passed = passed.as_ref().unchecked_ref::<js_sys::Function>().clone();
            let result = engine.translate(photo.to_rgba(), 26, 19, 0, 0, 3, smooth, Some(passed));
            let result = result.await.unwrap();
            assert_eq!((result.width(), result.height()), (26, 19));
            assert_eq!(result.take_before(), photo.to_rgba());
            results.push(result.take_after());
        }
        // A graphics card is given all passes at once.
        assert_eq!(passes.length(), if device == "cpu" { 3 } else { 0 });
        if device == "webgpu" {
            ENGINE.set(Some(engine));
        }
    }
    for (cpu, webgpu) in results.iter().zip(&results[2..]) {
        let far = cpu.iter().zip(webgpu).filter(|(a, b)| a.abs_diff(**b) > 1).count();
        assert!(far as f64 <= cpu.len() as f64 * 0.001, "{far} bytes differ by more than one");
    }
    assert_ne!(results[0], results[1], "four passes are as one");
    let different = results[0].iter().zip(photo.to_rgba()).filter(|(a, b)| **a != *b).count();
    assert!(different > 500, "the result is the photo itself");
    assert_silence();
}

#[wasm_bindgen_test]
async fn failures_carry_their_code() {
    listen();
    let mut engine = Engine::open("cpu".into()).await.unwrap();
    let rgba = vec![0; 4 * 16 * 16];
    let without = engine.translate(rgba.clone(), 16, 16, 0, 0, 0, 1, None).await;
    assert_eq!(code(without.unwrap_err()), "engine-usage");
    assert_eq!(code(engine.load(b"", None, None, None).unwrap_err()), "weights-empty");
    let file = weights_file();
    let wrong = Some("0".repeat(64));
    assert_eq!(code(engine.load(&file, wrong, None, None).unwrap_err()), "weights-hash-mismatch");
    engine.load(&file, None, None, None).unwrap();
    let short = engine.translate(rgba, 16, 17, 0, 0, 0, 1, None).await;
    assert_eq!(code(short.unwrap_err()), "image-unusable");
    let five = engine.translate(vec![0; 4 * 16 * 16], 16, 16, 0, 0, 0, 5, None).await;
    assert_eq!(code(five.unwrap_err()), "engine-usage");
    assert_eq!(code(web::paint("spring", 1, 32, 32).unwrap_err()), "engine-usage");
    assert_silence();
}

#[wasm_bindgen_test]
async fn a_longest_side_is_kept() {
    listen();
    let mut engine = Engine::open("cpu".into()).await.unwrap();
    engine.load(&weights_file(), None, None, None).unwrap();
    let photo = paint(Season::Winter, 1, 64, 48);
    let result = engine.translate(photo.to_rgba(), 64, 48, 32, 0, 0, 1, None).await.unwrap();
    assert_eq!((result.width(), result.height()), (32, 24));
    let small: Rgb = image::resize_bicubic(&photo, 32, 24);
    assert_eq!(result.take_before(), small.to_rgba());
    assert_silence();
}

/// CubeCL forgets its operations when the static constructors never ran, and panics then.
#[wasm_bindgen_test]
async fn an_operation_on_webgpu_computes() {
    listen();
    let device = webgpu().await;
    let x = Tensor::<1>::from_data([1.0, 2.0, 3.0], &device);
    let y = (x * 2.0 + 1.0).into_data_async().await.unwrap();
    assert_eq!(y.try_to_vec::<f32>().unwrap(), [3.0, 5.0, 7.0]);
    assert_silence();
}

#[wasm_bindgen_test]
async fn gradients_and_losses_equal_pytorchs_on_the_cpu() {
    listen();
    let device = Device::flex();
    check_losses(&device).await;
    for case in networks(&GENERATORS) {
        case.check_generator(&device).await;
    }
    for case in networks(&["discriminator_"]) {
        case.check_discriminator(&device).await;
    }
    assert_silence();
}

#[wasm_bindgen_test]
async fn whole_runs_equal_pytorchs_on_the_cpu() {
    listen();
    for name in runs() {
        check_run(&name, &Device::flex(), Played::Plainly).await;
    }
    assert_silence();
}

#[wasm_bindgen_test]
async fn kernels_equal_the_operations_definitions() {
    listen();
    let device = webgpu().await;
    kernels::convolutions(&device).await;
    kernels::normalisations(&device).await;
    kernels::prepared_convolutions(&device).await;
    kernels::shrunk_images(&device).await;
    kernels::residual_blocks(&device).await;
    kernels::residual_block_gradients(&device).await;
    kernels::whole_residual_blocks(&device).await;
    kernels::optimiser(&device).await;
    kernels::finiteness(&device).await;
    kernels::pixels(&device).await;
    kernels::losses(&device).await;
    for device in [&device, &Device::flex()] {
        kernels::augmentations(device).await;
    }
    kernels::sums(&device).await;
    kernels::whole_images(&device).await;
    kernels::strips(&device).await;
    assert_silence();
}

#[wasm_bindgen_test]
async fn films_are_translated_as_photos_are() {
    listen();
    let opened = opened().await;
    kernels::frames(&opened).await;
    kernels::films(&opened).await;
    assert_silence();
}

/// From a bitmap to a bitmap, with frames and sizes that change, and another model.
#[wasm_bindgen_test]
async fn frames_on_a_canvas_equal_photos() {
    listen();
    webgpu().await;
    let mut engine = ENGINE.take().unwrap();
    engine.load(&weights_file(), None, None, None).unwrap();
    let mut live = engine.open_live().await.unwrap();
    let bitmap = Function::new_with_args(
        "bytes, width, height",
        "return createImageBitmap(new ImageData(new Uint8ClampedArray(bytes), width, height));",
    );
    let bytes = Function::new_with_args(
        "bitmap",
        "const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
         const context = canvas.getContext('2d');
         context.drawImage(bitmap, 0, 0);
         return new Uint8Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data);",
    );
    let mut before = Vec::new();
    for (seed, width, height) in [(1, 32, 24), (2, 32, 24), (3, 24, 40), (4, 24, 40)] {
        if seed == 4 {
            let case = quickest_first().swap_remove(1);
            let file = safetensors::write(&case.weights, &BTreeMap::new()).unwrap();
            engine.load(&file, None, None, None).unwrap();
        }
        let photo = paint(Season::Summer, seed, width, height).to_rgba();
        let given = Uint8Array::from(&*photo);
        let frame = bitmap.call3(&JsValue::NULL, &given, &width.into(), &height.into()).unwrap();
        let frame = JsFuture::from(js_sys::Promise::from(frame)).await.unwrap().unchecked_into();
        let small = live.translate(&engine, &frame, width, height, 6, 8).await.unwrap_err();
        assert_eq!(small.code(), "engine-usage");
        // The network sees all of the frame, or half its sides, resized on the card as elsewhere but
        // for a level, of which so small a network makes more.
        let whole = engine.translate(photo.clone(), width, height, 0, 0, 0, 1, None).await.unwrap();
        let half =
            engine.translate_frame(photo, width, height, width / 2, height / 2).await.unwrap();
        for (part, wanted, most) in [(2, half, 2.0), (1, whole.take_after(), 0.1)] {
            let (seen_width, seen_height) = (width / part, height / part);
            let picture = live.translate(&engine, &frame, width, height, seen_width, seen_height);
            let picture = picture.await.unwrap();
            let found: Uint8Array = bytes.call1(&JsValue::NULL, &picture).unwrap().into();
            let found = found.to_vec();
            assert_eq!(found.len(), wanted.len());
            let off = found.iter().zip(&wanted).map(|(a, b)| f64::from(a.abs_diff(*b)));
            let mean = off.clone().sum::<f64>() / wanted.len() as f64;
            assert!(mean <= most, "frame {seed}, 1 / {part}: {mean} levels");
            assert!(part > 1 || off.fold(0.0, f64::max) <= 1.0, "frame {seed}");
            assert_ne!(found, before, "frame {seed} is the one before");
            before = found;
        }
    }
    // Weights that make no picture are told, and the next model's frames come.
    let mut case = quickest_first().swap_remove(0);
    let is_last = |shape: &[usize]| shape.len() == 4 && shape[2] == 7 && shape[0] < shape[1];
    let last = case.weights.values_mut().find(|weight| is_last(&weight.shape)).unwrap();
    for pair in last.data.chunks_exact_mut(2) {
        pair.copy_from_slice(&[3e38, -3e38]);
    }
    let file = safetensors::write(&case.weights, &BTreeMap::new()).unwrap();
    let given = Uint8Array::from(&*paint(Season::Summer, 5, 32, 24).to_rgba());
    let frame = bitmap.call3(&JsValue::NULL, &given, &32.into(), &24.into()).unwrap();
    let frame = JsFuture::from(js_sys::Promise::from(frame)).await.unwrap().unchecked_into();
    engine.load(&file, None, None, None).unwrap();
    let refused = live.translate(&engine, &frame, 32, 24, 32, 24).await.unwrap_err();
    assert_eq!(refused.code(), "output-not-finite");
    engine.load(&weights_file(), None, None, None).unwrap();
    live.translate(&engine, &frame, 32, 24, 32, 24).await.unwrap();
    ENGINE.set(Some(engine));
    assert_silence();
}

#[wasm_bindgen_test]
async fn what_is_not_a_number_arrives_at_the_end() {
    listen();
    kernels::poison(&webgpu().await).await;
    assert_silence();
}

/// On any other adapter, `-- --include-ignored`.
#[wasm_bindgen_test]
#[ignore = "SwiftShader, which computes WebGPU in these tests, has no shader-f16"]
async fn half_precision_equals_the_definitions() {
    listen();
    let opened = opened().await;
    assert!(opened.half, "this adapter has no shader-f16");
    half_precision::half_convolutions(&opened).await;
    half_precision::half_normalisations(&opened).await;
    half_precision::half_residual_blocks(&opened).await;
    half_precision::half_strips(&opened).await;
    half_precision::half_generators(&opened).await;
    half_precision::half_generators_of_every_kind(&opened).await;
    half_precision::half_generators_in_strips(&opened).await;
    half_precision::biases_before_normalisations(&opened).await;
    half_precision::overflows(&opened).await;
    half_precision::half_poison(&opened).await;
    assert_silence();
}

/// Once it has, the test above must be run.
#[wasm_bindgen_test]
async fn swiftshader_has_no_half_precision() {
    listen();
    let opened = opened().await;
    assert!(!(opened.fallback && opened.half), "{} has shader-f16", opened.adapter);
    assert_silence();
}

/// Makes adapters that have no `timestamp-query`, and refuse it, until the function that it returns
/// is called.
fn hide_timestamps() -> Function {
    let hide = Function::new_no_args(
        "const prototype = GPUAdapter.prototype;
         const features = Object.getOwnPropertyDescriptor(prototype, 'features');
         const { requestDevice } = prototype;
         const get = function () {
             const left = new Set(features.get.call(this));
             left.delete('timestamp-query');
             return left;
         };
         Object.defineProperty(prototype, 'features', { get, configurable: true });
         prototype.requestDevice = function (wanted) {
             if ([...(wanted?.requiredFeatures ?? [])].includes('timestamp-query')) {
                 return Promise.reject(new TypeError('there is no timestamp-query'));
             }
             return requestDevice.call(this, wanted);
         };
         return () => {
             const shown = Object.getOwnPropertyDescriptor(prototype, 'features').get;
             Object.defineProperty(prototype, 'features', features);
             Object.assign(prototype, { requestDevice });
             return shown === get;
         };",
    );
    hide.call0(&JsValue::NULL).unwrap().unchecked_into()
}

/// As on many phones and in hardened browsers.
#[wasm_bindgen_test]
async fn an_adapter_without_timestamps_translates_and_trains() {
    listen();
    let photo = paint(Season::Summer, 1, 26, 19).to_rgba();
    let show = hide_timestamps();
    let mut results = Vec::new();
    for device in ["webgpu", "cpu"] {
        let mut engine = Engine::open(device.into()).await.unwrap();
        assert_eq!(text(&told(engine.report()), "device"), device);
        engine.load(&weights_file(), None, None, None).unwrap();
        let result = engine.translate(photo.clone(), 26, 19, 0, 0, 3, 1, None).await.unwrap();
        results.push(result.take_after());
        let mut training = run(&engine, 5).await;
        let reports = training.train_steps(4).await.unwrap();
        let losses = Reflect::get(&reports[3].js_value(), &"losses".into()).unwrap();
        assert!(number(&losses, "cycle_A") > 0.0);
    }
    let was_hidden = show.call0(&JsValue::NULL).unwrap();
    assert!(was_hidden.is_truthy(), "the adapters still say that they have it");
    let far = results[0].iter().zip(&results[1]).filter(|(a, b)| a.abs_diff(**b) > 1).count();
    assert!(far as f64 <= results[0].len() as f64 * 0.001, "{far} bytes differ by more than one");
    assert_silence();
}

#[wasm_bindgen_test]
async fn half_precision_is_not_for_the_cpu() {
    listen();
    let mut engine = Engine::open("cpu".into()).await.unwrap();
    engine.prefer("float16");
    assert_eq!(text(&told(engine.report()), "precision"), "float32");
    engine.load(&weights_file(), None, None, None).unwrap();
    let photo = paint(Season::Summer, 1, 16, 16);
    let result = engine.translate(photo.to_rgba(), 16, 16, 0, 0, 0, 1, None).await.unwrap();
    assert_eq!(result.precision(), "float32");
    assert_silence();
}

#[wasm_bindgen_test]
async fn gradients_and_losses_equal_pytorchs_on_webgpu() {
    listen();
    let device = webgpu().await;
    check_losses(&device).await;
    for case in networks(&GENERATORS) {
        case.check_generator(&device).await;
    }
    for case in networks(&["discriminator_"]) {
        case.check_discriminator(&device).await;
    }
    assert_silence();
}

#[wasm_bindgen_test]
async fn repeated_steps_equal_plain_ones_on_webgpu() {
    listen();
    let device = webgpu().await;
    repeating::repeated_steps_equal_plain_ones(&device).await;
    repeating::a_change_is_heeded_by_repeated_steps(&device).await;
    repeating::larger_batches_are_repeated_too(&device).await;
    repeating::polish_is_repeated_and_goes_on(&device).await;
    repeating::sets_of_two_sizes_are_repeated(&device).await;
    assert_silence();
}

#[wasm_bindgen_test]
async fn a_whole_run_equals_pytorchs_on_webgpu() {
    listen();
    let device = webgpu().await;
    check_run("train_full", &device, Played::Recorded).await;
    assert_silence();
}

#[wasm_bindgen_test]
async fn runs_of_batches_and_of_two_paddings_equal_pytorchs_on_webgpu() {
    listen();
    let device = webgpu().await;
    check_run("more_batch", &device, Played::Recorded).await;
    check_run("more_padding", &device, Played::Recorded).await;
    assert_silence();
}

#[wasm_bindgen_test]
async fn recorded_and_plain_runs_by_winograds_filtering_are_pytorchs_on_webgpu() {
    listen();
    check_runs_by_winograd(&webgpu().await).await;
    assert_silence();
}

#[wasm_bindgen_test]
async fn photos_of_any_sizes_train_on_the_cpu() {
    listen();
    repeating::photos_of_any_sizes_train(&Device::flex()).await;
    repeating::snapshots_do_not_learn(&Device::flex()).await;
    assert_silence();
}

#[wasm_bindgen_test]
async fn photos_of_any_sizes_train_on_webgpu() {
    listen();
    let device = webgpu().await;
    repeating::photos_of_any_sizes_train(&device).await;
    repeating::snapshots_do_not_learn(&device).await;
    assert_silence();
}

/// A run of `steps` steps on painted photos through the boundary.
async fn run(engine: &Engine, steps: u32) -> Training {
    let config = format!(
        r#"{{"ngf": 4, "ndf": 4, "blocks": 1, "load_size": 36, "crop_size": 32, "pool_size": 4, "ema": 0.9,
            "lr_unit": "steps", "lr_flat": {steps}, "lr_decay": {steps}}}"#
    );
    let mut training =
        engine.start_training(&config, 3, 3, 1 << 20, None, None, None, None).unwrap();
    let upcoming = told(training.upcoming(20));
    for (name, season) in [("A", Season::Summer), ("B", Season::Winter)] {
        let places = Reflect::get(&upcoming, &name.to_lowercase().into()).unwrap();
        for index in js_sys::Uint32Array::new(&places).to_vec() {
            let photo = paint(season, index.into(), 40, 36);
            training.supply(name, index as usize, photo.to_rgba(), 40, 36).unwrap();
        }
    }
    training
}

fn number(object: &JsValue, key: &str) -> f64 {
    Reflect::get(object, &key.into()).unwrap().as_f64().unwrap()
}

/// A run's checkpoint, as the page writes it.
async fn saved(training: &Training) -> Vec<u8> {
    let file = Rc::new(RefCell::new(Vec::new()));
    let target = file.clone();
    let write = Closure::<dyn FnMut(f64, Uint8Array)>::new(move |at: f64, bytes: Uint8Array| {
        let (mut file, at) = (target.borrow_mut(), at as usize);
        let end = at + bytes.length() as usize;
        let length = end.max(file.len());
        file.resize(length, 0);
        bytes.copy_to(&mut file[at..end]);
    });
    let length = training.save_checkpoint(write.as_ref().unchecked_ref::<Function>().clone());
    let length = length.await.unwrap();
    assert_eq!(file.borrow().len() as f64, length);
    file.take()
}

/// Goes on from a checkpoint, as the page reads it.
async fn resumed(engine: &Engine, file: Vec<u8>) -> Result<Training, JsValue> {
    let length = file.len() as f64;
    let read = Closure::<dyn FnMut(f64, f64) -> Uint8Array>::new(move |at: f64, length: f64| {
        Uint8Array::from(&file[at as usize..(at + length) as usize])
    });
    let read = read.as_ref().unchecked_ref::<Function>().clone();
    engine.resume_training_from(read, length, 3, 3, 1 << 20).await
}

#[wasm_bindgen_test]
async fn a_run_through_the_boundary_goes_on_from_its_checkpoint() {
    listen();
    let engine = Engine::open("cpu".into()).await.unwrap();
    let mut whole = run(&engine, 5).await;
    let reports = whole.train_steps(50).await.unwrap();
    assert_eq!(reports.len(), 10);
    let losses = Reflect::get(&reports[9].js_value(), &"losses".into()).unwrap();
    assert!(number(&losses, "cycle_A") > 0.0);
    let mut first = run(&engine, 5).await;
    first.train_steps(5).await.unwrap();
    let file = saved(&first).await;
    drop(first);
    let mut second = resumed(&engine, file).await.unwrap();
    for (name, season) in [("A", Season::Summer), ("B", Season::Winter)] {
        for index in 0..3 {
            let photo = paint(season, index, 40, 36).to_rgba();
            second.supply(name, index as usize, photo.clone(), 40, 36).unwrap();
            second.add_seen(name, photo.clone(), 40, 36).unwrap();
            second.add_held_out(name, photo.clone(), 40, 36).unwrap();
            second.add_preview(name, photo, 40, 36, 20).unwrap();
        }
    }
    second.train_steps(5).await.unwrap();
    assert_eq!(whole.weights("A").await.unwrap(), second.weights("A").await.unwrap());
    assert_eq!(saved(&whole).await, saved(&second).await);
    let seen = told(second.preview("A", 1).await);
    assert_eq!((number(&seen, "width"), number(&seen, "height")), (20.0, 20.0));
    assert!(second.train_classifier().await.unwrap() >= 0.5);
    assert!(number(&told(second.scores(None, false).await), "roundTripA") > 0.0);
    assert_eq!(code(second.change(r#"{"ngf": 8}"#).unwrap_err()), "config-invalid");
    second.change(r#"{"lr": 0.0001}"#).unwrap();
    let broken = engine.start_training(r#"{"ngf": 0}"#, 3, 3, 0, None, None, None, None);
    assert_eq!(code(broken.err().unwrap()), "config-invalid");
    let broken = resumed(&engine, vec![1, 2, 3]).await;
    assert_eq!(code(broken.err().unwrap()), "checkpoint-not-recognised");
    let mut third = run(&engine, 5).await;
    third.poison(3);
    let error = third.train_steps(4).await.unwrap_err();
    assert_eq!(code(error), "training-not-finite");
    assert_eq!(number(&told(third.report()), "step"), 3.0);
    assert_silence();
}

/// Memory behind step 50 is that behind step 500.
#[wasm_bindgen_test]
async fn memory_of_a_run_stays_flat_on_the_cpu() {
    listen();
    let engine = Engine::open("cpu".into()).await.unwrap();
    let mut training = run(&engine, 400).await;
    training.train_steps(50).await.unwrap();
    let early = number(&told(training.memory()), "linear");
    training.train_steps(450).await.unwrap();
    assert_eq!(number(&told(training.report()), "step"), 500.0);
    let later = number(&told(training.memory()), "linear");
    assert!(later <= early * 1.02, "{early} bytes behind step 50, {later} behind step 500");
    assert_silence();
}

#[wasm_bindgen_test]
async fn memory_of_a_run_stays_flat_on_webgpu() {
    listen();
    webgpu().await;
    let engine = ENGINE.take().unwrap();
    let mut training = run(&engine, 400).await;
    training.train_steps(10).await.unwrap();
    let early = number(&told(training.memory()), "deviceInUse");
    training.train_steps(10).await.unwrap();
    let later = number(&told(training.memory()), "deviceInUse");
    assert!(early > 0.0 && later <= early * 1.02, "{early} bytes behind step 10, {later} later");
    drop(training);
    ENGINE.set(Some(engine));
    assert_silence();
}
