//! Halves the sides of images behind a binomial blur, and the gradient, one channel of one image at
//! a time.
//!
//! Mirrors CUT's `Downsample`: `ReflectionPad2d(1)`, then each channel with [1, 2, 1] / 4 along
//! both axes and stride 2. The sides are even, so only the first row and column see a border.

#![allow(clippy::indexing_slicing, reason = "inner loops over slices cut to one length")]

use super::{lanes::vectorised, threads};

/// Shares of a row or column, and of each neighbour.
const OWN: f32 = 0.5;
const BESIDE: f32 = 0.25;

/// Writes images `x` of channels of `height` x `width` pixels at half their sides to `y`.
pub fn shrink(x: &[f32], y: &mut [f32], [height, width]: [usize; 2]) {
    let plane = height * width;
    check(x, y, [height, width]);
    threads::pieces_with(
        y,
        plane / 4,
        || vec![0.0; width],
        |blend, channel, y| {
            let x = &x[channel * plane..][..plane];
            for (row, y) in y.chunks_exact_mut(width / 2).enumerate() {
                let [above, own, below] = rows(row).map(|row| &x[row * width..][..width]);
                mix(above, own, below, blend);
                gather(blend, y);
            }
        },
    );
}

/// Writes the gradient of [`shrink()`] to `dx`, from its output's gradient `gy`.
pub fn shrink_backward(gy: &[f32], dx: &mut [f32], [height, width]: [usize; 2]) {
    let plane = height * width;
    check(dx, gy, [height, width]);
    threads::pieces_with(
        dx,
        plane,
        || vec![0.0; width],
        |blend, channel, dx| {
            let gy = &gy[channel * plane / 4..][..plane / 4];
            dx.fill(0.0);
            for (row, gy) in gy.chunks_exact(width / 2).enumerate() {
                spread(gy, blend);
                for (row, share) in rows(row).into_iter().zip([BESIDE, OWN, BESIDE]) {
                    add(blend, share, &mut dx[row * width..][..width]);
                }
            }
        },
    );
}

fn check(large: &[f32], small: &[f32], [height, width]: [usize; 2]) {
    assert!(height.is_multiple_of(2) && width.is_multiple_of(2));
    assert!(large.len() == 4 * small.len() && large.len().is_multiple_of(height * width));
}

/// The rows that a row of the result is made of. Above the first is the second again.
fn rows(row: usize) -> [usize; 3] {
    let own = 2 * row;
    [if own == 0 { 1 } else { own - 1 }, own, own + 1]
}

vectorised! {
    fn mix(above: &[f32], own: &[f32], below: &[f32], out: &mut [f32]) {
        for (out, ((above, own), below)) in out.iter_mut().zip(above.iter().zip(own).zip(below)) {
            *out = OWN * own + BESIDE * (above + below);
        }
    }
}

vectorised! {
    /// A row at half the width.
    fn gather(row: &[f32], y: &mut [f32]) {
        y[0] = OWN * row[0] + 2.0 * BESIDE * row[1];
        for (y, three) in y[1..].iter_mut().zip(row[1..].windows(3).step_by(2)) {
            *y = OWN * three[1] + BESIDE * (three[0] + three[2]);
        }
    }
}

vectorised! {
    /// The adjoint of [`gather()`].
    fn spread(gy: &[f32], row: &mut [f32]) {
        let last = gy.len() - 1;
        let (pairs, _) = row.as_chunks_mut::<2>();
        for (pair, two) in pairs.iter_mut().zip(gy.windows(2)) {
            *pair = [OWN * two[0], BESIDE * (two[0] + two[1])];
        }
        pairs[last] = [OWN * gy[last], BESIDE * gy[last]];
        pairs[0][1] += BESIDE * gy[0];
    }
}

vectorised! {
    fn add(from: &[f32], part: f32, to: &mut [f32]) {
        for (to, from) in to.iter_mut().zip(from) {
            *to += part * from;
        }
    }
}
