//! The engine as JavaScript sees it; with its files all that knows JavaScript.
//!
//! It runs in a worker (`www/engine-worker.js`). Failures are JavaScript `Error`s with a `code`; what
//! else crosses is in [`types`]; pixels are RGBA bytes. No tensor is read synchronously: on wasm that
//! would panic.

mod begin;
mod console;
mod engine;
mod file;
mod photos;
mod polish;
mod scoring;
mod timestamps;
mod training;
pub mod types;

pub use engine::{Engine, Translation};
pub use photos::{Shrink, paint};
pub use polish::Polishing;
pub use training::Training;

use std::sync::Once;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

use crate::error::Error;

unsafe extern "C" {
    /// Made by the linker: runs the static constructors of the whole program.
    fn __wasm_call_ctors();
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
        console::listen();
    });
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

/// Ends in a panic, as a mistake in the engine would: so that the page can try what it does then.
#[allow(clippy::panic, reason = "what it is for")]
#[wasm_bindgen(js_name = provokePanic)]
pub fn provoke_panic() {
    panic!("provoked");
}
