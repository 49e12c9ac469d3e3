//! Convolution to at most four channels on the CPU: the generator's last layer, 7x7 from 64
//! channels to 3.
//!
//! As a matrix product it has only three rows to fill, and copies each input value 49 times for
//! that. Here the sums of a few neighbouring outputs stay in registers while the input passes by.

#![allow(clippy::indexing_slicing, reason = "inner loops over slices cut to one length")]

use burn::tensor::{Tensor, TensorData};

use super::on_cpu;

/// Neighbouring outputs that are summed at once: two vectors of four.
const LANES: usize = 8;

/// `x` `[B, C, H, W]`, already bordered, with `weight` `[K, C, k, k]` and `bias` `[K]` to
/// `[B, K, H - k + 1, W - k + 1]`, where this file can do it; else nothing.
pub(super) fn conv2d(x: &Tensor<4>, weight: &Tensor<4>, bias: &Tensor<1>) -> Option<Tensor<4>> {
    let [batch, channels, height, width] = x.dims();
    let [outputs, _, kernel, _] = weight.dims();
    let rows = height - kernel + 1;
    let columns = width - kernel + 1;
    let way = match outputs {
        1 => convolve::<1>,
        2 => convolve::<2>,
        3 => convolve::<3>,
        4 => convolve::<4>,
        _ => return None,
    };
    let x_data = on_cpu(x.clone())?;
    let weight = on_cpu(weight.clone())?;
    let bias = on_cpu(bias.clone())?;
    let (weight, bias) = (weight.as_slice::<f32>()?, bias.as_slice::<f32>()?);

    let mut y = vec![0.0; batch * outputs * rows * columns];
    let images = x_data.as_slice::<f32>()?.chunks_exact(channels * height * width);
    for (image, y) in images.zip(y.chunks_exact_mut(outputs * rows * columns)) {
        way(image, weight, bias, y, [height, width, kernel]);
    }
    let data = TensorData::new(y, [batch, outputs, rows, columns]);
    Some(Tensor::from_data(data, &x.device()))
}

/// One image, for `K` outputs.
fn convolve<const K: usize>(
    image: &[f32],
    weight: &[f32],
    bias: &[f32],
    y: &mut [f32],
    [height, width, kernel]: [usize; 3],
) {
    let rows = height - kernel + 1;
    let columns = width - kernel + 1;
    // The weights of all outputs beside each other, in the order in which they are needed.
    let taps = weight.len() / K;
    let weight: Vec<[f32; K]> =
        (0..taps).map(|tap| std::array::from_fn(|k| weight[k * taps + tap])).collect();
    // The last block may reach beyond the row; its surplus reads the spare end and is not kept.
    let mut lines = vec![0.0; taps / kernel * (width + LANES)];
    for row in 0..rows {
        gather(image, &mut lines, row, [height, width, kernel]);
        for first in (0..columns).step_by(LANES) {
            let mut sums = [[0.0_f32; LANES]; K];
            for (line, weight) in lines.chunks_exact(width + LANES).zip(weight.chunks_exact(kernel))
            {
                let line = &line[first..][..kernel - 1 + LANES];
                for (values, weight) in line.windows(LANES).zip(weight) {
                    for (sums, weight) in sums.iter_mut().zip(weight) {
                        for (sum, value) in sums.iter_mut().zip(values) {
                            *sum += weight * value;
                        }
                    }
                }
            }
            let kept = LANES.min(columns - first);
            for (k, sums) in sums.iter().enumerate() {
                let y = &mut y[(k * rows + row) * columns + first..][..kept];
                for (y, sum) in y.iter_mut().zip(sums) {
                    *y = sum + bias[k];
                }
            }
        }
    }
}

/// Copies the `kernel` lines of every channel that one row of outputs sees beside each other.
fn gather(image: &[f32], lines: &mut [f32], row: usize, [height, width, kernel]: [usize; 3]) {
    let channels = image.chunks_exact(height * width);
    for (plane, lines) in channels.zip(lines.chunks_exact_mut(kernel * (width + LANES))) {
        let seen = plane[row * width..].chunks_exact(width);
        for (from, to) in seen.zip(lines.chunks_exact_mut(width + LANES)) {
            to[..width].copy_from_slice(from);
        }
    }
}
