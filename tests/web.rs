//! The engine in a browser's worker: golden numbers on the CPU in wasm and on WebGPU, and the
//! boundary to JavaScript. Run by `wasm-pack test --headless --chrome`.
//!
//! An error in a shader never reaches the caller on wasm: it shows on the console alone. So every
//! test here ends by asserting that nothing was reported there.

#![cfg(target_family = "wasm")]

mod golden_cases;

use std::{cell::Cell, collections::BTreeMap};

use burn::tensor::{Device, Tensor};
use cyclegan_web::{
    image::{self, Rgb},
    samples::{Season, paint},
    web::{self, Engine, start},
    weights::{generator_from, read, safetensors, sha256_hex},
};
use golden_cases::{FORWARD, GeneratorCase, forward_difference, generators, golden};
use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
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

/// WebGPU is opened once in a page's life, by the first test that needs it.
async fn webgpu() -> Device {
    thread_local! { static OPENED: Cell<bool> = const { Cell::new(false) }; }
    if !OPENED.replace(true) {
        let engine = Engine::open("webgpu".into()).await.unwrap();
        assert_eq!(text(&engine.report(), "device"), "webgpu");
        ENGINE.set(Some(engine));
    }
    Device::wgpu(Default::default())
}

thread_local! {
    static ENGINE: Cell<Option<Engine>> = const { Cell::new(None) };
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
    for (index, case) in quickest_first().iter().enumerate() {
        // A software adapter is slow; the larger ones are computed on the CPU, above.
        if index > 0 && case.work() > 500_000_000 {
            break;
        }
        let difference = forward_difference(case, &device).await;
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
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".pth")) {
        let state = read(bytes).and_then(generator_from);
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
        let model = engine.load(&file, None).unwrap();
        assert_eq!(text(&model, "sha256"), sha256_hex(&file));
        let result = engine.translate(photo.to_rgba(), 26, 19, 0, 3).await.unwrap();
        assert_eq!((result.width(), result.height(), result.reduced()), (26, 19, false));
        assert_eq!(result.take_before(), photo.to_rgba());
        results.push(result.take_after());
        if device == "webgpu" {
            ENGINE.set(Some(engine));
        }
    }
    let far = results[0].iter().zip(&results[1]).filter(|(a, b)| a.abs_diff(**b) > 1).count();
    assert!(far as f64 <= results[0].len() as f64 * 0.001, "{far} bytes differ by more than one");
    let different = results[0].iter().zip(photo.to_rgba()).filter(|(a, b)| **a != *b).count();
    assert!(different > 500, "the result is the photo itself");
    assert_silence();
}

#[wasm_bindgen_test]
async fn failures_carry_their_code() {
    listen();
    let mut engine = Engine::open("cpu".into()).await.unwrap();
    let code = |error: JsValue| text(&error, "code");
    let rgba = vec![0; 4 * 16 * 16];
    let without = engine.translate(rgba.clone(), 16, 16, 0, 0).await;
    assert_eq!(code(without.unwrap_err()), "engine-usage");
    assert_eq!(code(engine.load(b"", None).unwrap_err()), "weights-empty");
    let file = weights_file();
    let wrong = Some("0".repeat(64));
    assert_eq!(code(engine.load(&file, wrong).unwrap_err()), "weights-hash-mismatch");
    engine.load(&file, None).unwrap();
    let short = engine.translate(rgba, 16, 17, 0, 0).await;
    assert_eq!(code(short.unwrap_err()), "image-unusable");
    assert_eq!(code(web::paint("spring", 1, 32, 32).unwrap_err()), "engine-usage");
    assert_silence();
}

#[wasm_bindgen_test]
async fn a_longest_side_is_kept() {
    listen();
    let mut engine = Engine::open("cpu".into()).await.unwrap();
    engine.load(&weights_file(), None).unwrap();
    let photo = paint(Season::Winter, 1, 64, 48);
    let result = engine.translate(photo.to_rgba(), 64, 48, 32, 0).await.unwrap();
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
