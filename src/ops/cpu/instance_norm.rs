//! Instance normalisation, activation, skip connection, and their gradient.
//!
//! Mirrors PyTorch's `InstanceNorm2d(track_running_stats=False)`, `affine` or not: biased variance,
//! ε inside the root. A channel of one image fits the processor's cache, so each is processed on
//! its own, with one pass over main memory.

use super::{
    activation::slope_of,
    lanes::{LANES, Lanes, RUN, lanewise, sums, vectorised},
    threads,
};
use crate::ops::layer::{Activation, EPSILON};

/// Writes `activation(weight (x - mean) / sqrt(var + ε) + bias) + skip` to `y`, with mean and
/// variance over each channel of `plane` elements; `affine` is weight and bias `[C]`, if any.
pub fn instance_norm(
    x: &[f32],
    affine: Option<[&[f32]; 2]>,
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
        let skip = skip.unwrap_or_default();
        match affine {
            None => normalise(x, skip, y, slope),
            Some(affine) => {
                let [weight, bias] = of_channel(affine, channel);
                normalise_affine(x, skip, y, slope, weight, bias);
            }
        }
    });
}

/// Writes mean and variance of each channel of one image.
pub fn moments(x: &[f32], means: &mut [f32], variances: &mut [f32], plane: usize) {
    assert!(x.len() == means.len() * plane && means.len() == variances.len());
    threads::pieces_beside(means, 1, variances, |channel, mean, variance| {
        if let (Some(x), [mean]) = (x.get(channel * plane..(channel + 1) * plane), mean) {
            moments_of(x, mean, variance);
        }
    });
}

/// Writes `activation(x * factor + constant) + skip` to `y`; `scaling` is factor and constant of
/// each channel of one image.
pub fn scale(
    x: &[f32],
    scaling: [&[f32]; 2],
    skip: Option<&[f32]>,
    y: &mut [f32],
    plane: usize,
    activation: Activation,
) {
    assert!(x.len() == y.len() && skip.is_none_or(|skip| skip.len() == x.len()));
    let slope = slope_of(activation);
    threads::pieces(y, plane, |channel, y| {
        let range = channel * plane..(channel + 1) * plane;
        let (Some(x), skip) = (x.get(range.clone()), skip.and_then(|skip| skip.get(range))) else {
            return;
        };
        let [factor, constant] = of_channel(scaling, channel);
        scale_channel(x, skip.unwrap_or_default(), y, slope, factor, constant);
    });
}

/// Weight and bias of a channel, counted over all images.
fn of_channel(affine: [&[f32]; 2], channel: usize) -> [f32; 2] {
    affine.map(|values| values.get(channel % values.len()).copied().unwrap_or_default())
}

/// Writes the gradient of [`instance_norm()`] without `affine` to `dx`, from its output's gradient
/// `gy`. The skip connection's gradient is `gy` itself.
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

/// [`instance_norm_backward()`] with weight and bias; returns their gradients `[C]`.
pub fn affine_norm_backward(
    x: &[f32],
    affine: [&[f32]; 2],
    gy: &[f32],
    dx: &mut [f32],
    plane: usize,
    activation: Activation,
) -> [Vec<f32>; 2] {
    assert!(x.len() == dx.len() && x.len() == gy.len() && x.len().is_multiple_of(plane));
    let slope = slope_of(activation);
    let mut sums = vec![[0.0_f64; 2]; x.len() / plane];
    threads::pieces_beside(dx, plane, &mut sums, |channel, dx, sums| {
        let range = channel * plane..(channel + 1) * plane;
        if let (Some(x), Some(gy)) = (x.get(range.clone()), gy.get(range)) {
            let [weight, bias] = of_channel(affine, channel);
            normalise_affine_backward(x, gy, dx, slope, weight, bias, sums);
        }
    });
    let [weight, _] = affine;
    let channels = weight.len();
    let over_images = |which: fn(&[f64; 2]) -> f64| {
        let sum = |channel| sums.iter().skip(channel).step_by(channels).map(which).sum::<f64>();
        (0..channels).map(|channel| sum(channel) as f32).collect()
    };
    [over_images(|[_, products]| *products), over_images(|[sum, _]| *sum)]
}

/// Mean and variance of one channel.
#[inline(always)]
fn mean_and_variance(x: &[f32]) -> (Lanes, f64) {
    let Some(&first) = x.first() else { return (Lanes::ZERO, 0.0) };
    let count = x.len() as f64;
    // Relative to one of its values, a constant channel sums to exactly zero.
    let [sum] = sums!(1, (x) => [x - Lanes::splat(first)]);
    let mean = Lanes::splat((f64::from(first) + sum / count) as f32);
    let [sum] = sums!(1, (x) => [(x - mean) * (x - mean)]);
    (mean, sum / count)
}

/// Mean and 1 / sqrt(var + ε) of one channel.
#[inline(always)]
fn statistics(x: &[f32]) -> [Lanes; 2] {
    let (mean, variance) = mean_and_variance(x);
    [mean, Lanes::splat((1.0 / (variance + EPSILON).sqrt()) as f32)]
}

vectorised! {
    /// One channel.
    fn moments_of(x: &[f32], mean: &mut f32, variance: &mut f32) {
        let (lanes, of) = mean_and_variance(x);
        let [first, ..] = lanes.0;
        *mean = first;
        *variance = of as f32;
    }
}

vectorised! {
    /// One channel; `skip` may be empty.
    fn scale_channel(x: &[f32], skip: &[f32], y: &mut [f32], slope: f32, factor: f32, constant: f32) {
        let [factor, constant] = [factor, constant].map(Lanes::splat);
        if skip.is_empty() {
            lanewise!((x) => y, (x * factor + constant).leak(slope));
        } else {
            lanewise!((x, skip) => y, (x * factor + constant).leak(slope) + skip);
        }
    }
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
        // The gradient is stored first: the compiler does not vectorise a loop that has both a
        // condition and a sum.
        lanewise!((x, gy) => dx, gy.leak_by((x - mean) * scale, slope));
        let g = &*dx;
        let sums = sums!(2, (x, g) => [g, g * ((x - mean) * scale)]);
        let [g_mean, gy_mean] = sums.map(|sum| Lanes::splat((sum / x.len() as f64) as f32));
        lanewise!((x) => dx, (dx - g_mean - ((x - mean) * scale) * gy_mean) * scale);
    }
}

vectorised! {
    /// [`normalise()`] with a channel's weight and bias.
    fn normalise_affine(x: &[f32], skip: &[f32], y: &mut [f32], slope: f32, weight: f32, bias: f32) {
        let [mean, scale] = statistics(x);
        let [weight, bias] = [weight, bias].map(Lanes::splat);
        if skip.is_empty() {
            lanewise!((x) => y, ((x - mean) * scale * weight + bias).leak(slope));
        } else {
            lanewise!((x, skip) => y, ((x - mean) * scale * weight + bias).leak(slope) + skip);
        }
    }
}

vectorised! {
    /// [`normalise_backward()`] with a channel's weight and bias; `totals` are the sums of g and of
    /// g ŷ, which are the gradients of bias and weight.
    fn normalise_affine_backward(
        x: &[f32],
        gy: &[f32],
        dx: &mut [f32],
        slope: f32,
        weight: f32,
        bias: f32,
        totals: &mut [f64; 2],
    ) {
        let [mean, scale] = statistics(x);
        let [weight, bias] = [weight, bias].map(Lanes::splat);
        lanewise!((x, gy) => dx, gy.leak_by((x - mean) * scale * weight + bias, slope));
        let g = &*dx;
        *totals = sums!(2, (x, g) => [g, g * ((x - mean) * scale)]);
        let [g_mean, gy_mean] = totals.map(|sum| Lanes::splat((sum / x.len() as f64) as f32));
        let outer = scale * weight;
        lanewise!((x) => dx, (dx - g_mean - ((x - mean) * scale) * gy_mean) * outer);
    }
}
