//! Convolution with stride 1 to a few channels: the generator's last layer, 7x7 from 64 channels to
//! 3, and the discriminator's, 4x4 from 512 to 1.
//!
//! As in `columns.rs`, but with input and output exchanged: the columns belong to the few outputs
//! instead of the many inputs. Each bordered input pixel contributes to K·k·k outputs; these
//! products are one matrix product over the channels, and are added to their outputs.

#![allow(clippy::indexing_slicing, reason = "inner loops over slices cut to one length")]

use std::ops::Range;

use super::{
    columns::{AT_ONCE, gather, groups, scatter},
    lines::{add_row, read_row},
    matmul::{Matrix, multiply},
    threads,
    workspace::Buffer,
};
use crate::ops::layer::{Border, Geometry, width_of};

/// Adds the convolution of `x` to `y`.
pub(super) fn forward(x: &[f32], weight: &[f32], y: &mut [f32], shape: &Geometry) {
    let swap = swapped(shape);
    let weight = flip(weight, shape.outputs, shape.channels, shape.kernel);
    let (taps, across) = (swap.taps(), swap.columns());
    let of_one = (shape.channels + taps) * across;
    let mut memory = Buffer::new(AT_ONCE.max(of_one));
    let images = x.chunks_exact(shape.image()).zip(y.chunks_exact_mut(swap.image()));
    for (x, y) in images {
        for rows in groups(swap.rows(), of_one) {
            let count = rows.len() * across;
            let (pixels, rest) = memory.split_at_mut(shape.channels * count);
            let columns = &mut rest[..taps * count];
            read(x, pixels, rows.clone(), shape);
            let pixels = Matrix::new(pixels, [shape.channels, count], count);
            let weight = Matrix::new(&weight, [shape.channels, taps], taps);
            multiply(&[(weight.transposed(), pixels)], columns, count, false);
            scatter(columns, y, rows, &swap);
        }
    }
}

/// Adds the gradient of the input to `dx` and writes that of the weights to `dw`.
pub(super) fn backward(
    x: &[f32],
    weight: &[f32],
    gy: &[f32],
    mut dx: Option<&mut [f32]>,
    dw: Option<&mut [f32]>,
    shape: &Geometry,
) {
    let swap = swapped(shape);
    let weight = flip(weight, shape.outputs, shape.channels, shape.kernel);
    let (taps, across) = (swap.taps(), swap.columns());
    let mut flipped = dw.as_ref().map(|dw| Buffer::zeros(dw.len()));
    let of_one = (shape.channels + taps) * across;
    let mut memory = Buffer::new(AT_ONCE.max(of_one));
    for (image, gy) in gy.chunks_exact(swap.image()).enumerate() {
        let image = image * shape.image()..(image + 1) * shape.image();
        for rows in groups(swap.rows(), of_one) {
            let count = rows.len() * across;
            let (pixels, rest) = memory.split_at_mut(shape.channels * count);
            let columns = &mut rest[..taps * count];
            gather(gy, columns, rows.clone(), &swap);
            let columns = Matrix::new(columns, [taps, count], count);
            if let Some(dw) = &mut flipped {
                read(&x[image.clone()], pixels, rows.clone(), shape);
                let pixels = Matrix::new(pixels, [shape.channels, count], count);
                multiply(&[(pixels, columns.transposed())], dw, taps, true);
            }
            if let Some(dx) = &mut dx {
                let weight = Matrix::new(&weight, [shape.channels, taps], taps);
                multiply(&[(weight, columns)], pixels, count, false);
                add(pixels, &mut dx[image.clone()], rows, shape);
            }
        }
    }
    if let (Some(dw), Some(flipped)) = (dw, flipped) {
        dw.copy_from_slice(&flip(&flipped, shape.channels, shape.outputs, shape.kernel));
    }
}

/// The convolution from the outputs to the bordered input.
fn swapped(shape: &Geometry) -> Geometry {
    Geometry {
        channels: shape.outputs,
        outputs: shape.channels,
        height: shape.rows(),
        width: shape.columns(),
        border: Border::Zero(shape.kernel - 1),
        ..*shape
    }
}

/// Kernels `[a, b, k, k]` as `[b, a, k, k]`, each rotated by 180 degrees.
fn flip(weight: &[f32], a: usize, b: usize, kernel: usize) -> Buffer {
    let size = kernel * kernel;
    let mut flipped = Buffer::new(weight.len());
    for (index, kernel) in weight.chunks_exact(size).enumerate() {
        let to = &mut flipped[(index % b * a + index / b) * size..][..size];
        for (to, from) in to.iter_mut().zip(kernel.iter().rev()) {
            *to = *from;
        }
    }
    flipped
}

/// The bordered rows `rows` of all channels.
fn read(image: &[f32], out: &mut [f32], rows: Range<usize>, shape: &Geometry) {
    let plane = shape.height * shape.width;
    let across = shape.width + 2 * width_of(shape.border);
    let size = rows.len() * across;
    threads::pieces(out, size, |channel, out| {
        let from = &image[channel * plane..][..plane];
        for (row, out) in rows.clone().zip(out.chunks_exact_mut(across)) {
            read_row(from, shape.plane(), row, out);
        }
    });
}

/// The adjoint of [`read()`].
fn add(from: &[f32], image: &mut [f32], rows: Range<usize>, shape: &Geometry) {
    let plane = shape.height * shape.width;
    let across = shape.width + 2 * width_of(shape.border);
    let size = rows.len() * across;
    threads::pieces(image, plane, |channel, image| {
        let from = &from[channel * size..][..size];
        for (row, from) in rows.clone().zip(from.chunks_exact(across)) {
            add_row(from, image, shape.plane(), row);
        }
    });
}
