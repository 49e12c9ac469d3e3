//! Convolution as a matrix product, for any kernel and stride.
//!
//! Each output sees one column of C·k·k input values. For a few rows of outputs at a time these
//! columns are written side by side and multiplied by the weights `[K, C·k·k]`. The gradients are
//! the same product with exchanged roles: of the columns, which are added back to where they came
//! from, and of the weights.

#![allow(clippy::indexing_slicing, reason = "inner loops over slices cut to one length")]

use std::ops::Range;

use super::{
    lanes::vectorised,
    lines::{Lines, add},
    matmul::{Matrix, multiply},
    threads,
    workspace::Buffer,
};
use crate::ops::layer::Geometry;

/// Elements of all columns processed at once, 2 MB, so that they stay in the processor's cache.
pub(super) const AT_ONCE: usize = 1 << 19;

/// Padding between rows of the weights where their columns are read: with a power of two between
/// them, all would fall on the same few cache lines.
const GAP: usize = 16;

/// Adds the convolution of `x` to `y`.
pub(super) fn forward(x: &[f32], weight: &[f32], y: &mut [f32], shape: &Geometry) {
    let Geometry { outputs, .. } = *shape;
    let (taps, map) = (shape.taps(), shape.map());
    let mut memory = Buffer::new(AT_ONCE.max(taps * shape.columns()));
    let images = x.chunks_exact(shape.image()).zip(y.chunks_exact_mut(outputs * map));
    for (x, y) in images {
        for rows in groups(shape.rows(), taps * shape.columns()) {
            let (at, count) = (rows.start * shape.columns(), rows.len() * shape.columns());
            let columns = &mut memory[..taps * count];
            gather(x, columns, rows, shape);
            let weight = Matrix::new(weight, [outputs, taps], taps);
            let columns = Matrix::new(columns, [taps, count], count);
            multiply(&[(weight, columns)], &mut y[at..], map, true);
        }
    }
}

/// Adds the input's gradient to `dx`, from the output's gradient `gy`.
pub(super) fn backward_input(weight: &[f32], gy: &[f32], dx: &mut [f32], shape: &Geometry) {
    let Geometry { outputs, .. } = *shape;
    let (taps, map) = (shape.taps(), shape.map());
    let mut memory = Buffer::new(AT_ONCE.max(taps * shape.columns()));
    let apart = taps + GAP;
    let mut rows_apart = Buffer::new(outputs * apart);
    threads::pieces(&mut rows_apart, apart, |output, row| {
        row[..taps].copy_from_slice(&weight[output * taps..][..taps]);
    });
    let images = gy.chunks_exact(outputs * map).zip(dx.chunks_exact_mut(shape.image()));
    for (gy, dx) in images {
        for rows in groups(shape.rows(), taps * shape.columns()) {
            let (at, count) = (rows.start * shape.columns(), rows.len() * shape.columns());
            let weight = Matrix::new(&rows_apart, [outputs, taps], apart);
            let gy = Matrix::new(&gy[at..], [outputs, count], map);
            let columns = &mut memory[..taps * count];
            multiply(&[(weight.transposed(), gy)], columns, count, false);
            scatter(columns, dx, rows, shape);
        }
    }
}

/// Writes the weights' gradient to `dw`, from the output's gradient `gy`.
pub(super) fn backward_weight(x: &[f32], gy: &[f32], dw: &mut [f32], shape: &Geometry) {
    let Geometry { outputs, .. } = *shape;
    let (taps, map) = (shape.taps(), shape.map());
    let mut memory = Buffer::new(AT_ONCE.max(taps * shape.columns()));
    let mut add = false;
    for (x, gy) in x.chunks_exact(shape.image()).zip(gy.chunks_exact(outputs * map)) {
        for rows in groups(shape.rows(), taps * shape.columns()) {
            let (at, count) = (rows.start * shape.columns(), rows.len() * shape.columns());
            let columns = &mut memory[..taps * count];
            gather(x, columns, rows, shape);
            let gy = Matrix::new(&gy[at..], [outputs, count], map);
            let columns = Matrix::new(columns, [taps, count], count);
            multiply(&[(gy, columns.transposed())], dw, taps, add);
            add = true;
        }
    }
}

/// Splits `rows` into groups of about equal size, each within the memory limit.
pub(super) fn groups(rows: usize, elements_of_one: usize) -> impl Iterator<Item = Range<usize>> {
    let most = (AT_ONCE / elements_of_one).max(1);
    let size = rows.div_ceil(rows.div_ceil(most));
    (0..rows).step_by(size).map(move |first| first..rows.min(first + size))
}

/// The columns of the outputs in `rows`, as `[C·k·k, rows · columns]`.
pub(super) fn gather(image: &[f32], out: &mut [f32], rows: Range<usize>, shape: &Geometry) {
    let Geometry { height, width, kernel, stride, .. } = *shape;
    let columns = shape.columns();
    let count = rows.len() * columns;
    let line = || Lines::new(1, stride, columns + (kernel - 1) / stride);
    threads::pieces_with(out, kernel * count, line, |line, index, out| {
        let channel = &image[index / kernel * height * width..][..height * width];
        for (n, row) in rows.clone().enumerate() {
            line.read(channel, shape.plane(), row * stride + index % kernel, 1);
            copy(line, out, n * columns, count, columns, stride);
        }
    });
}

vectorised! {
    /// Copies what each tap of a row of the kernel sees of one line.
    fn copy(line: &Lines, out: &mut [f32], at: usize, count: usize, columns: usize, stride: usize) {
        for (tap, out) in out.chunks_exact_mut(count).enumerate() {
            let from = &line.get(0, tap % stride)[tap / stride..][..columns];
            out[at..][..columns].copy_from_slice(from);
        }
    }
}

/// The adjoint of [`gather()`]: adds each value of the columns to its source.
pub(super) fn scatter(columns: &[f32], image: &mut [f32], rows: Range<usize>, shape: &Geometry) {
    let Geometry { height, width, kernel, stride, .. } = *shape;
    let across = shape.columns();
    let size = kernel * kernel * rows.len() * across;
    let seen = (rows.len() - 1) * stride + kernel;
    let lines = || Lines::new(seen, stride, across + (kernel - 1) / stride);
    threads::pieces_with(image, height * width, lines, |lines, channel, image| {
        lines.clear();
        overlap(&columns[channel * size..][..size], lines, across, rows.len(), kernel, stride);
        lines.add_to(image, shape.plane(), rows.start * stride, seen);
    });
}

vectorised! {
    fn overlap(from: &[f32], lines: &mut Lines, across: usize, rows: usize, kernel: usize, stride: usize) {
        for (tap, from) in from.chunks_exact(rows * across).enumerate() {
            let (down, right) = (tap / kernel, tap % kernel);
            for (row, from) in from.chunks_exact(across).enumerate() {
                let line = lines.get_mut(row * stride + down, right % stride);
                add(&mut line[right / stride..][..across], from);
            }
        }
    }
}
