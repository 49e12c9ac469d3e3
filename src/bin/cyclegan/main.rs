//! The command line: `cyclegan train A B --out RUN` and the other commands.
//!
//! Cargo builds all targets for wasm too; there this one does nothing.

#[cfg(not(target_family = "wasm"))]
mod native;

#[cfg(not(target_family = "wasm"))]
fn main() -> std::process::ExitCode {
    native::main()
}

#[cfg(target_family = "wasm")]
fn main() {}
