//! Instance normalisation, activation, skip connection, and their gradient.
//!
//! Mirrors PyTorch's `InstanceNorm2d(affine=False, track_running_stats=False)`: biased variance, ε
//! inside the root. A channel of one image fits the processor's cache, so each is worked on alone
//! and main memory sees one pass.

use super::{
    super::Activation,
    activation::slope_of,
    lanes::{Lanes, each, sum, sum_two, vectorised},
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
fn statistics(x: &[f32]) -> [f32; 2] {
    let Some(&first) = x.first() else { return [0.0; 2] };
    // Relative to one of its values a constant channel sums to zero exactly.
    let mean = f64::from(first) + sum(x, |x| x - Lanes::splat(first)) / x.len() as f64;
    let mean = mean as f32;
    let variance = sum(x, |x| {
        let centred = x - Lanes::splat(mean);
        centred * centred
    }) / x.len() as f64;
    [mean, (1.0 / (variance + EPSILON).sqrt()) as f32]
}

vectorised! {
    /// One channel; `skip` may be empty.
    fn normalise(x: &[f32], skip: &[f32], y: &mut [f32], slope: f32) {
        let [mean, scale] = statistics(x).map(Lanes::splat);
        let value = |x: Lanes| ((x - mean) * scale).leak(slope);
        if skip.is_empty() {
            each([x], y, |[x]| value(x));
        } else {
            each([x, skip], y, |[x, skip]| value(x) + skip);
        }
    }
}

vectorised! {
    /// One channel. With ŷ the normalised values and g the gradient behind the activation:
    /// (g - mean(g) - ŷ mean(g ŷ)) / sqrt(var + ε).
    fn normalise_backward(x: &[f32], gy: &[f32], dx: &mut [f32], slope: f32) {
        let [mean, scale] = statistics(x).map(Lanes::splat);
        let normal = |x: Lanes| (x - mean) * scale;
        let count = x.len() as f64;
        let [g, gy_sum] = sum_two(x, gy, |x, gy| {
            let y = normal(x);
            let g = gy.leak_by(y, slope);
            [g, g * y]
        });
        let (g_mean, gy_mean) = (Lanes::splat((g / count) as f32), Lanes::splat((gy_sum / count) as f32));
        each([x, gy], dx, |[x, gy]| {
            let y = normal(x);
            (gy.leak_by(y, slope) - g_mean - y * gy_mean) * scale
        });
    }
}
