//! How published generators change in the first steps of fine-tuning: see `native/mod.rs`.
//!
//! Cargo builds all targets for wasm too; there this one does nothing.

#[cfg(not(target_family = "wasm"))]
mod native;

#[cfg(not(target_family = "wasm"))]
fn main() {
    native::main();
}

#[cfg(target_family = "wasm")]
fn main() {}
