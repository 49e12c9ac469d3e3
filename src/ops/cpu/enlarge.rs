//! Doubles the sides of images, and the gradient, one channel of one image at a time.
//!
//! Mirrors PyTorch's `Upsample(scale_factor=2)`, nearest, or bilinear with `align_corners=False`. A
//! bilinear row is three quarters of the nearest row and a quarter of the next nearest, which at
//! the edge is the same one again; likewise for columns.

#![allow(clippy::indexing_slicing, reason = "inner loops over slices cut to one length")]

use super::{lanes::vectorised, threads};
use crate::ops::layer::Interpolation;

/// Shares of the nearest row or column, and of the next.
const NEAR: f32 = 0.75;
const FAR: f32 = 0.25;

/// Writes images `x` of channels of `height` x `width` pixels at twice their sides to `y`.
pub fn enlarge(x: &[f32], y: &mut [f32], [height, width]: [usize; 2], by: Interpolation) {
    let plane = height * width;
    assert!(y.len() == 4 * x.len() && x.len().is_multiple_of(plane));
    threads::pieces_with(
        y,
        4 * plane,
        || vec![0.0; width],
        |blend, channel, y| {
            let x = &x[channel * plane..][..plane];
            for (row, y) in y.chunks_exact_mut(2 * width).enumerate() {
                let [near, far] = rows(row, height).map(|row| &x[row * width..][..width]);
                match by {
                    Interpolation::Nearest => repeat(near, y),
                    Interpolation::Bilinear => {
                        mix(near, far, blend);
                        spread(blend, y);
                    }
                }
            }
        },
    );
}

/// Writes the gradient of [`enlarge()`] to `dx`, from its output's gradient `gy`.
pub fn enlarge_backward(
    gy: &[f32],
    dx: &mut [f32],
    [height, width]: [usize; 2],
    by: Interpolation,
) {
    let plane = height * width;
    assert!(gy.len() == 4 * dx.len() && dx.len().is_multiple_of(plane));
    threads::pieces_with(
        dx,
        plane,
        || vec![0.0; width],
        |blend, channel, dx| {
            let gy = &gy[channel * 4 * plane..][..4 * plane];
            dx.fill(0.0);
            for (row, gy) in gy.chunks_exact(2 * width).enumerate() {
                let [near, far] = rows(row, height);
                match by {
                    Interpolation::Nearest => {
                        pairs(gy, blend);
                        add(blend, 1.0, &mut dx[near * width..][..width]);
                    }
                    Interpolation::Bilinear => {
                        gather(gy, blend);
                        add(blend, NEAR, &mut dx[near * width..][..width]);
                        add(blend, FAR, &mut dx[far * width..][..width]);
                    }
                }
            }
        },
    );
}

/// The row nearest to a row of the result, and the next.
fn rows(row: usize, height: usize) -> [usize; 2] {
    let near = row / 2;
    let next = if row.is_multiple_of(2) { near.saturating_sub(1) } else { near + 1 };
    [near, next.min(height - 1)]
}

vectorised! {
    fn repeat(row: &[f32], y: &mut [f32]) {
        let (pairs, _) = y.as_chunks_mut::<2>();
        for (pair, value) in pairs.iter_mut().zip(row) {
            *pair = [*value; 2];
        }
    }
}

vectorised! {
    fn mix(near: &[f32], far: &[f32], out: &mut [f32]) {
        for (out, (near, far)) in out.iter_mut().zip(near.iter().zip(far)) {
            *out = NEAR * near + FAR * far;
        }
    }
}

vectorised! {
    /// A row at twice the width.
    fn spread(row: &[f32], y: &mut [f32]) {
        let last = row.len() - 1;
        let (pairs, _) = y.as_chunks_mut::<2>();
        for (pair, three) in pairs[1..].iter_mut().zip(row.windows(3)) {
            let near = NEAR * three[1];
            *pair = [near + FAR * three[0], near + FAR * three[2]];
        }
        for at in [0, last] {
            let near = NEAR * row[at];
            let [before, behind] = [row[at.saturating_sub(1)], row[last.min(at + 1)]];
            pairs[at] = [near + FAR * before, near + FAR * behind];
        }
    }
}

vectorised! {
    /// The adjoint of [`repeat()`].
    fn pairs(gy: &[f32], out: &mut [f32]) {
        let (pairs, _) = gy.as_chunks::<2>();
        for (out, [a, b]) in out.iter_mut().zip(pairs) {
            *out = a + b;
        }
    }
}

vectorised! {
    /// The adjoint of [`spread()`].
    fn gather(gy: &[f32], out: &mut [f32]) {
        let last = out.len() - 1;
        for (out, six) in out[1..].iter_mut().zip(gy[1..].windows(4).step_by(2)) {
            *out = FAR * (six[0] + six[3]) + NEAR * (six[1] + six[2]);
        }
        for at in [0, last] {
            let [before, behind] = [(2 * at).max(1) - 1, (2 * at + 2).min(gy.len() - 1)];
            out[at] = FAR * (gy[before] + gy[behind]) + NEAR * (gy[2 * at] + gy[2 * at + 1]);
        }
    }
}

vectorised! {
    fn add(from: &[f32], part: f32, to: &mut [f32]) {
        for (to, from) in to.iter_mut().zip(from) {
            *to += part * from;
        }
    }
}
