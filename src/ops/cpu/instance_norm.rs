//! Instance normalisation, activation, skip connection, and their gradient.
//!
//! Mirrors PyTorch's `InstanceNorm2d(affine=False, track_running_stats=False)`: biased variance, ε
//! inside the root. A channel of one image fits the processor's cache, so each is worked on alone
//! and main memory sees one pass.

use super::{
    super::Activation,
    activation::slope_of,
    lanes::{LANES, Lanes, RUN, lanewise, sums, vectorised},
    threads,
};

/// PyTorch's default ε.
const EPSILON: f64 = 1e-5;

/// Writes `activation((x - mean) / sqrt(var + ε)) + skip` to `y`, with mean and variance over each
/// channel of `plane` elements.
pub fn instance_norm(
    x: &[f32],
    skip: Option<&[f32]>,
    y: &mut [f32],
    plane: usize,
    activation: Activation,
) {
    assert!(x.len() == y.len() && x.len().is_multiple_of(plane));
    assert!(skip.is_none_or(|skip| skip.len() == x.len()));
    let slope = slope_of(activation);
    threads::pieces(y, plane, |channel, y| {
        let range = channel * plane..(channel + 1) * plane;
        let (Some(x), skip) = (x.get(range.clone()), skip.and_then(|skip| skip.get(range))) else {
            return;
        };
        normalise(x, skip.unwrap_or_default(), y, slope);
    });
}

/// Writes what an upstream gradient `gy` of [`instance_norm()`] means for `x` to `dx`. For the skip
/// connection it means itself.
pub fn instance_norm_backward(
    x: &[f32],
    gy: &[f32],
    dx: &mut [f32],
    plane: usize,
    activation: Activation,
) {
    assert!(x.len() == dx.len() && x.len() == gy.len() && x.len().is_multiple_of(plane));
    let slope = slope_of(activation);
    threads::pieces(dx, plane, |channel, dx| {
        let range = channel * plane..(channel + 1) * plane;
        if let (Some(x), Some(gy)) = (x.get(range.clone()), gy.get(range)) {
            normalise_backward(x, gy, dx, slope);
        }
    });
}

/// Mean and 1 / sqrt(var + ε) of one channel.
#[inline(always)]
fn statistics(x: &[f32]) -> [Lanes; 2] {
    let Some(&first) = x.first() else { return [Lanes::ZERO; 2] };
    let count = x.len() as f64;
    // Relative to one of its values a constant channel sums to zero exactly.
    let [sum] = sums!(1, (x) => [x - Lanes::splat(first)]);
    let mean = Lanes::splat((f64::from(first) + sum / count) as f32);
    let [sum] = sums!(1, (x) => [(x - mean) * (x - mean)]);
    [mean, Lanes::splat((1.0 / (sum / count + EPSILON).sqrt()) as f32)]
}

vectorised! {
    /// One channel; `skip` may be empty.
    fn normalise(x: &[f32], skip: &[f32], y: &mut [f32], slope: f32) {
        let [mean, scale] = statistics(x);
        if skip.is_empty() {
            lanewise!((x) => y, ((x - mean) * scale).leak(slope));
        } else {
            lanewise!((x, skip) => y, ((x - mean) * scale).leak(slope) + skip);
        }
    }
}

vectorised! {
    /// One channel. With ŷ the normalised values and g the gradient before the activation:
    /// (g - mean(g) - ŷ mean(g ŷ)) / sqrt(var + ε).
    fn normalise_backward(x: &[f32], gy: &[f32], dx: &mut [f32], slope: f32) {
        let [mean, scale] = statistics(x);
        // The gradient first goes into memory: a condition in a loop that sums is too much for the
        // compiler's vectoriser.
        lanewise!((x, gy) => dx, gy.leak_by((x - mean) * scale, slope));
        let g = &*dx;
        let sums = sums!(2, (x, g) => [g, g * ((x - mean) * scale)]);
        let [g_mean, gy_mean] = sums.map(|sum| Lanes::splat((sum / x.len() as f64) as f32));
        lanewise!((x) => dx, (dx - g_mean - ((x - mean) * scale) * gy_mean) * scale);
    }
}
