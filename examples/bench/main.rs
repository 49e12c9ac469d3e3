//! What translating and training cost natively: see `native/mod.rs`.
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
