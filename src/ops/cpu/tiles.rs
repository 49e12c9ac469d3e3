//! The transforms of minimal filtering F(2x2, 3x3) and their adjoints, on rows of tiles.
//!
//! Input tiles of 4x4 overlap by two pixels, output tiles of 2x2 do not. A transformed tile has 16
//! positions; those of one channel are stored as `[position][tile]`, with tiles row by row. Each
//! transform is two small matrices, for rows and for columns: Bᵀ for the input, G for the kernel,
//! Aᵀ for the output (Lavin and Gray, arXiv 1509.09308, section 4.1).

#![allow(clippy::indexing_slicing, reason = "inner loops over slices cut to one length")]

use super::{
    lanes::{LANES, Lanes, vectorised},
    lines::Lines,
};

/// Side of a tile of outputs.
pub(super) const SIDE: usize = 2;

type Four = [Lanes; 4];

/// Applies `f` to the columns of a tile, then to the rows of the result: `[row][column]`.
#[inline(always)]
pub(super) fn both<const N: usize, const M: usize>(
    tile: [[Lanes; N]; N],
    f: impl Fn([Lanes; N]) -> [Lanes; M],
) -> [[Lanes; M]; M] {
    let mut half = [[Lanes::ZERO; N]; M];
    for column in 0..N {
        let mut values = [Lanes::ZERO; N];
        for row in 0..N {
            values[row] = tile[row][column];
        }
        let values = f(values);
        for row in 0..M {
            half[row][column] = values[row];
        }
    }
    let mut out = [[Lanes::ZERO; M]; M];
    for row in 0..M {
        out[row] = f(half[row]);
    }
    out
}

/// Bᵀ.
#[inline(always)]
fn input([a, b, c, d]: Four) -> Four {
    [a - c, b + c, c - b, b - d]
}

/// B.
#[inline(always)]
fn input_adjoint([a, b, c, d]: Four) -> Four {
    [a, b - c + d, b + c - a, Lanes::ZERO - d]
}

/// Aᵀ.
#[inline(always)]
fn output([a, b, c, d]: Four) -> [Lanes; 2] {
    [a + (b + c), b - c - d]
}

/// A.
#[inline(always)]
fn output_adjoint([a, b]: [Lanes; 2]) -> Four {
    [a, a + b, a - b, Lanes::ZERO - b]
}

/// G.
#[inline(always)]
fn kernel([a, b, c]: [Lanes; 3]) -> Four {
    let half = Lanes::splat(0.5);
    let ends = a + c;
    [a, (ends + b) * half, (ends - b) * half, c]
}

/// Gᵀ.
#[inline(always)]
fn kernel_adjoint([a, b, c, d]: Four) -> [Lanes; 3] {
    let half = Lanes::splat(0.5);
    let both = (b + c) * half;
    [a + both, (b - c) * half, both + d]
}

/// The tiles from `at` on, of `count`; zeros after the first `kept`.
#[inline(always)]
pub(super) fn load<const N: usize>(
    tiles: &[f32],
    count: usize,
    at: usize,
    kept: usize,
) -> [[Lanes; N]; N] {
    let mut tile = [[Lanes::ZERO; N]; N];
    for (position, lanes) in tile.as_flattened_mut().iter_mut().enumerate() {
        *lanes = Lanes::load_some(&tiles[position * count + at..][..kept]);
    }
    tile
}

#[inline(always)]
pub(super) fn store<const N: usize>(
    tile: [[Lanes; N]; N],
    tiles: &mut [f32],
    count: usize,
    at: usize,
    kept: usize,
) {
    for (position, lanes) in tile.as_flattened().iter().enumerate() {
        lanes.store(&mut tiles[position * count + at..][..kept]);
    }
}

/// Transforms the kernels `[C, 3, 3]` of one output to `[position][C]` by the matrix `kernel`.
#[inline(always)]
pub(super) fn kernels_by<const N: usize>(
    kernel: impl Fn([Lanes; 3]) -> [Lanes; N],
    from: &[f32],
    out: &mut [f32],
) {
    let (kernels, _) = from.as_chunks::<9>();
    for (group, kernels) in kernels.chunks(LANES).enumerate() {
        let mut tile = [[Lanes::ZERO; 3]; 3];
        for (lane, values) in kernels.iter().enumerate() {
            for (lanes, value) in tile.as_flattened_mut().iter_mut().zip(values) {
                lanes.0[lane] = *value;
            }
        }
        store(both(tile, &kernel), out, from.len() / 9, group * LANES, kernels.len());
    }
}

vectorised! {
    /// Transforms input rows to tiles: `lines` holds two rows more than `rows` rows of tiles need.
    fn transform_input(lines: &Lines, out: &mut [f32], rows: usize, across: usize) {
        for row in 0..rows {
            for first in (0..across).step_by(LANES) {
                let mut tile = [[Lanes::ZERO; 4]; 4];
                for (line, tile) in tile.iter_mut().enumerate() {
                    let (even, odd) = (lines.get(2 * row + line, 0), lines.get(2 * row + line, 1));
                    let at = |from: &[f32], at: usize| Lanes::load(&from[at..]);
                    *tile = [at(even, first), at(odd, first), at(even, first + 1), at(odd, first + 1)];
                }
                let kept = LANES.min(across - first);
                store(both(tile, input), out, rows * across, row * across + first, kept);
            }
        }
    }
}

vectorised! {
    /// The adjoint of [`transform_input()`]: adds to `lines`.
    fn transform_input_adjoint(from: &[f32], lines: &mut Lines, rows: usize, across: usize) {
        for row in 0..rows {
            for first in (0..across).step_by(LANES) {
                let kept = LANES.min(across - first);
                let tile = load(from, rows * across, row * across + first, kept);
                for (line, [a, b, c, d]) in both(tile, input_adjoint).into_iter().enumerate() {
                    let even = lines.get_mut(2 * row + line, 0);
                    add(even, first, a);
                    add(even, first + 1, c);
                    let odd = lines.get_mut(2 * row + line, 1);
                    add(odd, first, b);
                    add(odd, first + 1, d);
                }
            }
        }
    }
}

#[inline(always)]
fn add(to: &mut [f32], at: usize, values: Lanes) {
    let to = &mut to[at..][..LANES];
    (Lanes::load(to) + values).store(to);
}

vectorised! {
    /// Transforms tiles to output rows; `out` `[H, W]` starts with the first of them, and is
    /// cropped at the end of the image.
    fn transform_output(from: &[f32], bias: f32, out: &mut [f32], rows: usize, width: usize) {
        let across = width.div_ceil(2);
        let bias = Lanes::splat(bias);
        for (row, out) in out.chunks_mut(2 * width).take(rows).enumerate() {
            for first in (0..across).step_by(LANES) {
                let kept = LANES.min(across - first);
                let tile = load(from, rows * across, row * across + first, kept);
                for (out, [even, odd]) in out.chunks_exact_mut(width).zip(both(tile, output)) {
                    let (even, odd) = (even + bias, odd + bias);
                    let (pairs, rest) = out[2 * first..].as_chunks_mut::<2>();
                    for (pair, (a, b)) in pairs.iter_mut().zip(even.0.into_iter().zip(odd.0)) {
                        *pair = [a, b];
                    }
                    if let ([last], Some(a)) = (rest, even.0.get(pairs.len())) {
                        *last = *a;
                    }
                }
            }
        }
    }
}

vectorised! {
    /// The adjoint of [`transform_output()`]: `lines` holds the gradient of `rows` rows of tiles.
    fn transform_output_adjoint(lines: &Lines, out: &mut [f32], rows: usize, across: usize) {
        for row in 0..rows {
            for first in (0..across).step_by(LANES) {
                let mut tile = [[Lanes::ZERO; 2]; 2];
                for (line, tile) in tile.iter_mut().enumerate() {
                    for (phase, lanes) in tile.iter_mut().enumerate() {
                        *lanes = Lanes::load(&lines.get(2 * row + line, phase)[first..]);
                    }
                }
                let kept = LANES.min(across - first);
                let tile = both(tile, output_adjoint);
                store(tile, out, rows * across, row * across + first, kept);
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

vectorised! {
    /// The adjoint of [`transform_kernels()`].
    fn transform_kernels_adjoint(from: &[f32], out: &mut [f32]) {
        let count = out.len() / 9;
        let (kernels, _) = out.as_chunks_mut::<9>();
        for (group, kernels) in kernels.chunks_mut(LANES).enumerate() {
            let tile = load(from, count, group * LANES, kernels.len());
            let tile = both(tile, kernel_adjoint);
            for (lane, kernel_of_lane) in kernels.iter_mut().enumerate() {
                for (value, lanes) in kernel_of_lane.iter_mut().zip(tile.as_flattened()) {
                    *value = lanes.0[lane];
                }
            }
        }
    }
}
