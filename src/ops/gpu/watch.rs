//! Half precision: float16 in memory, float32 in every register.
//!
//! A tensor says by its type how it is kept. A convolution's result is kept as its weights are, a
//! normalisation's and a residual block's as its input; biases, sums, statistics and what
//! Winograd's transforms write stay float32. Kernels read and write through functions that convert
//! (`kernel.rs`), so that arithmetic and sums are float32 everywhere.
//!
//! Float16 ends at 65,504. What is beyond is written as that number, which WGSL leaves open
//! otherwise, and a buffer beside the others takes a note of it: [`watched()`] says afterwards
//! whether there was such a number, and the result then not to be shown.

use std::{cell::RefCell, fmt::Write as _};

use burn_wgpu::CubeTensor;

use super::layout;

thread_local! {
    /// Where kernels that are launched now note a number too large, `[1]`.
    static WATCH: RefCell<Option<CubeTensor>> = const { RefCell::new(None) };
}

/// Has all kernels that `work` launches take their notes in `watch`, which is zero before and stays zero
/// if everything written in float16 fits. On the CPU there is no such tensor.
pub fn watched<T>(watch: Option<CubeTensor>, work: impl FnOnce() -> T) -> T {
    let outer = WATCH.with(|now| now.replace(watch));
    let result = work();
    WATCH.with(|now| now.replace(outer));
    result
}

/// What a kernel beside `like` takes its notes in; nobody reads them outside of [`watched()`].
pub(super) fn beside(like: &CubeTensor) -> CubeTensor {
    WATCH.with(|now| now.borrow().clone()).unwrap_or_else(|| layout::empty(like, [1]))
}

/// Declares the buffer for the notes in place of the uniform `rest` of the line behind `binding`,
/// the uniform behind it, and the function through which all goes that is written in float16.
pub(super) fn declare(binding: &str, rest: &str, out: &mut String) {
    let behind = binding.parse::<u32>().unwrap_or_default() + 1;
    // The note is 1.0: it is read as a float. Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "@group(0) @binding({binding}) var<storage, read_write> too_large: atomic<u32>;
@group(0) @binding({behind}){rest}
const LARGEST: u32 = 0x477fe000u; // 65504.0
fn fitting(four: vec4<f32>) -> vec4<f32> {{
    // By its bits, so that what is not a number is noted too: there no comparison is to be trusted.
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
