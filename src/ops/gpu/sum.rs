//! Sums of gradients on WebGPU.

use burn::backend::wgpu::CubeTensor;

use super::kernel::{Kernel, spread, wgsl};

/// Pairs of one launch: with two buffers each, the eight storage buffers that every device has.
const PAIRS: usize = 4;

/// The kernel for some pairs; `row` is a multiple of four if the elements of each are.
pub(super) fn adding(pairs: usize, row: usize) -> Kernel {
    let names: [&[&'static str]; PAIRS] = [
        &["gradient_0", "sum_0"],
        &["gradient_1", "sum_1"],
        &["gradient_2", "sum_2"],
        &["gradient_3", "sum_3"],
    ];
    let kernel = Kernel::new("add", wgsl!["add"], [64, 1, 1])
        .with([("pairs", pairs as u32), ("uniform", 2 * pairs as u32)]);
    names.into_iter().take(pairs).fold(kernel, |kernel, names| kernel.wide(names, row))
}

/// Adds to each sum its gradient, where it is. Both of a pair lie alike in memory, without gaps.
pub fn add(pairs: &[(CubeTensor, CubeTensor)]) {
    let elements = |(sum, _): &(CubeTensor, CubeTensor)| sum.meta.shape().num_elements();
    for some in pairs.chunks(PAIRS) {
        let mut sizes = [0; PAIRS];
        for (size, pair) in sizes.iter_mut().zip(some) {
            *size = elements(pair) as u32;
        }
        let (sums, gradients): (Vec<_>, Vec<_>) =
            some.iter().map(|(sum, gradient)| (sum, gradient)).unzip();
        let row = some.iter().fold(0, |row, pair| row | elements(pair));
        let most = some.iter().map(elements).max().unwrap_or_default();
        let [x, y, _] = spread(most.div_ceil(4));
        adding(some.len(), row).launch(&gradients, &sums, &sizes, [x, y, some.len()]);
    }
}
