//! What becomes of published generators in the first steps of fine-tuning: see `native/mod.rs`.
//!
//! Cargo builds every target of a crate for wasm too; there this one does nothing.

#[cfg(not(target_family = "wasm"))]
mod native;

#[cfg(not(target_family = "wasm"))]
fn main() {
    native::main();
}

#[cfg(target_family = "wasm")]
fn main() {}
