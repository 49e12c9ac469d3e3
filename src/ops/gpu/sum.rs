//! Sums of gradients and averages of weights on WebGPU.

use burn_wgpu::CubeTensor;

use super::{
    kernel::{Kernel, spread, wgsl},
    layout,
};

/// Pairs per launch: with two buffers each, the eight storage buffers that every device has.
const PAIRS: usize = 4;

/// A kernel for some pairs; `row` is a multiple of four if each one's elements are.
fn changing(
    name: &'static str,
    files: &'static [&'static str],
    pairs: usize,
    row: usize,
) -> Kernel {
    let names: [&[&'static str]; PAIRS] = [
        &["other_0", "own_0"],
        &["other_1", "own_1"],
        &["other_2", "own_2"],
        &["other_3", "own_3"],
    ];
    let kernel = Kernel::new(name, files, [64, 1, 1])
        .with([("pairs", pairs as u32), ("uniform", 2 * pairs as u32)]);
    names.into_iter().take(pairs).fold(kernel, |kernel, names| kernel.wide(names, row))
}

/// The kernel that adds.
pub(super) fn adding(pairs: usize, row: usize) -> Kernel {
    changing("add", wgsl!["pairs", "add"], pairs, row)
}

/// The kernel that averages.
pub(super) fn averaging(pairs: usize, row: usize) -> Kernel {
    changing("average", wgsl!["pairs", "average"], pairs, row)
}

/// Adds to each sum its gradient, in place.
pub fn add(pairs: Vec<[CubeTensor; 2]>) -> Vec<[CubeTensor; 1]> {
    change(pairs, adding, 0.0)
}

/// Moves each average `share` of the way to its weight, in place.
pub fn average(pairs: Vec<[CubeTensor; 2]>, share: f64) -> Vec<[CubeTensor; 1]> {
    change(pairs, averaging, share)
}

/// Changes each first tensor by its second one; returns it.
fn change(
    pairs: Vec<[CubeTensor; 2]>,
    kernel: impl Fn(usize, usize) -> Kernel,
    share: f64,
) -> Vec<[CubeTensor; 1]> {
    let pairs: Vec<_> = pairs.into_iter().map(|pair| pair.map(layout::parameter)).collect();
    let elements = |[own, _]: &[CubeTensor; 2]| own.meta.shape().num_elements();
    for some in pairs.chunks(PAIRS) {
        let mut info = [0; PAIRS].to_vec();
        for (size, pair) in info.iter_mut().zip(some) {
            *size = elements(pair) as u32;
        }
        info.push((share as f32).to_bits());
        let (own, others): (Vec<_>, Vec<_>) = some.iter().map(|[own, other]| (own, other)).unzip();
        let row = some.iter().fold(0, |row, pair| row | elements(pair));
        let most = some.iter().map(elements).max().unwrap_or_default();
        let [x, y, _] = spread(most.div_ceil(4));
        kernel(some.len(), row).launch(&others, &own, &info, [x, y, some.len()]);
    }
    pairs.into_iter().map(|[own, _]| [own]).collect()
}
