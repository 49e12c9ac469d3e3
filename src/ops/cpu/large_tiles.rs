//! The transforms of minimal filtering F(4x4, 3x3): like those of `tiles.rs`, with 36 positions for
//! 16 outputs.
//!
//! The matrices evaluate polynomials at 0, ±√½, ±√2 and infinity. With the usual 0, ±1, ±2 they have
//! larger factors, and results are four times as far from exact ones at worst.

#![allow(clippy::indexing_slicing, reason = "inner loops over slices cut to one length")]

use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};

use super::{
    lanes::{LANES, Lanes, vectorised},
    lines::Lines,
    tiles::{both, kernels_by, load, store},
};

/// Side of a tile of outputs.
pub(super) const SIDE: usize = 4;
/// Side of a tile of the input.
const SEEN: usize = SIDE + 2;

/// Bᵀ.
#[inline(always)]
fn input([a, b, c, d, e, f]: [Lanes; 6]) -> [Lanes; 6] {
    let (even, odd) = (e - c * 2.0, (d - b * 2.0) * FRAC_1_SQRT_2);
    let (even_2, odd_2) = (e - c * 0.5, (d - b * 0.5) * SQRT_2);
    [a + e - c * 2.5, even + odd, even - odd, even_2 + odd_2, even_2 - odd_2, b + f - d * 2.5]
}

/// Aᵀ.
#[inline(always)]
fn output([a, b, c, d, e, f]: [Lanes; 6]) -> [Lanes; 4] {
    let (even, odd) = (b + c, (b - c) * FRAC_1_SQRT_2);
    let (even_2, odd_2) = (d + e, (d - e) * SQRT_2);
    [a + even + even_2, odd + odd_2, even * 0.5 + even_2 * 2.0, odd * 0.5 + odd_2 * 2.0 + f]
}

/// G.
#[inline(always)]
fn kernel([a, b, c]: [Lanes; 3]) -> [Lanes; 6] {
    let (even, odd) = ((a + c * 0.5) * (-2.0 / 3.0), b * (FRAC_1_SQRT_2 * -2.0 / 3.0));
    let (even_2, odd_2) = ((a + c * 2.0) * (1.0 / 6.0), b * (SQRT_2 / 6.0));
    [a, even + odd, even - odd, even_2 + odd_2, even_2 - odd_2, c]
}

vectorised! {
    /// Transforms input rows to tiles: `lines` holds two rows more than `rows` rows of tiles need.
    fn transform_input(lines: &Lines, out: &mut [f32], rows: usize, across: usize) {
        for row in 0..rows {
            for first in (0..across).step_by(LANES) {
                let mut tile = [[Lanes::ZERO; SEEN]; SEEN];
                for (line, tile) in tile.iter_mut().enumerate() {
                    for (column, lanes) in tile.iter_mut().enumerate() {
                        let from = lines.get(SIDE * row + line, column % SIDE);
                        *lanes = Lanes::load(&from[first + column / SIDE..]);
                    }
                }
                let kept = LANES.min(across - first);
                store(both(tile, input), out, rows * across, row * across + first, kept);
            }
        }
    }
}

vectorised! {
    /// Transforms tiles to output rows; `out` `[H, W]` starts with the first of them, and is
    /// cropped at the end of the image.
    fn transform_output(from: &[f32], bias: f32, out: &mut [f32], rows: usize, width: usize) {
        let across = width.div_ceil(SIDE);
        let bias = Lanes::splat(bias);
        for (row, out) in out.chunks_mut(SIDE * width).take(rows).enumerate() {
            for first in (0..across).step_by(LANES) {
                let kept = LANES.min(across - first);
                let tile = load::<SEEN>(from, rows * across, row * across + first, kept);
                for (out, mut values) in out.chunks_exact_mut(width).zip(both(tile, output)) {
                    for lanes in &mut values {
                        *lanes += bias;
                    }
                    let (whole, rest) = out[SIDE * first..].as_chunks_mut::<SIDE>();
                    for (lane, out) in whole.iter_mut().take(LANES).enumerate() {
                        for (out, values) in out.iter_mut().zip(&values) {
                            *out = values.0[lane];
                        }
                    }
                    for (out, values) in rest.iter_mut().zip(&values) {
                        if let Some(value) = values.0.get(whole.len()) {
                            *out = *value;
                        }
                    }
                }
            }
        }
    }
}

vectorised! {
    /// Transforms the kernels `[C, 3, 3]` of one output to `[position][C]`.
    fn transform_kernels(from: &[f32], out: &mut [f32]) {
        kernels_by(kernel, from, out);
    }
}
