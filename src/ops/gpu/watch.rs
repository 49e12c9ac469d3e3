//! Half precision: float16 in memory, float32 in every register.
//!
//! A tensor's type says how it is stored. A convolution's result has the precision of its weights,
//! a normalisation's and a residual block's that of their input; biases, sums, statistics and the
//! output of Winograd's transforms stay float32. Kernels read and write through converting
//! functions (`kernel.rs`), so arithmetic and sums are float32 everywhere.
//!
//! Float16 ends at 65,504. Larger numbers are written as that, which WGSL would leave undefined,
//! and noted in an extra buffer (see [`watched()`]); the result must then not be shown.

use std::{cell::RefCell, fmt::Write as _};

use burn_wgpu::CubeTensor;

use super::layout;

thread_local! {
    /// Where launched kernels currently note numbers that are too large, `[1]`.
    static WATCH: RefCell<Option<CubeTensor>> = const { RefCell::new(None) };
}

/// Runs `work`, whose kernels take their notes in `watch`. It is zero before, and stays zero if
/// everything written in float16 fits. On the CPU there is none.
pub fn watched<T>(watch: Option<CubeTensor>, work: impl FnOnce() -> T) -> T {
    let outer = WATCH.with(|now| now.replace(watch));
    let result = work();
    WATCH.with(|now| now.replace(outer));
    result
}

/// The buffer for a kernel's notes, on the device of `like`; nobody reads it outside [`watched()`].
pub(super) fn beside(like: &CubeTensor) -> CubeTensor {
    WATCH.with(|now| now.borrow().clone()).unwrap_or_else(|| layout::empty(like, [1]))
}

/// Declares the buffer for the notes in place of the uniform `rest` of the line after `binding`,
/// the uniform after it, and the function through which everything in float16 is written.
pub(super) fn declare(binding: &str, rest: &str, out: &mut String) {
    let behind = binding.parse::<u32>().unwrap_or_default() + 1;
    // The note is 1.0, because it is read as a float. Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "@group(0) @binding({binding}) var<storage, read_write> too_large: atomic<u32>;
@group(0) @binding({behind}){rest}
const LARGEST: u32 = 0x477fe000u; // 65504.0
fn fitting(four: vec4<f32>) -> vec4<f32> {{
    // Tests bits, so that NaN is noted too, for which comparisons are unreliable.
    let bits = bitcast<vec4<u32>>(four);
    let magnitudes = bits & vec4<u32>(0x7fffffffu);
    if (any(magnitudes > vec4<u32>(LARGEST))) {{
        atomicStore(&too_large, 0x3f800000u);
    }}
    let signs = bits & vec4<u32>(0x80000000u);
    return bitcast<vec4<f32>>(signs | min(magnitudes, vec4<u32>(LARGEST)));
}}"
    );
}
