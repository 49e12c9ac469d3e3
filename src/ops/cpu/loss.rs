//! The losses and their gradients.

use crate::ops::layer::Distance;

/// The sum of `distance` over `x` `[batch, ..]`, in double precision.
pub fn loss(x: &[f32], other: &[f32], batch: usize, distance: Distance) -> f64 {
    let first = x.len() / batch.max(1) * distance.real();
    match distance {
        Distance::Absolute => x.iter().zip(other).map(|(x, y)| f64::from((x - y).abs())).sum(),
        Distance::Squared { .. } => targeted(x, first)
            .map(|(x, target)| {
                let error = f64::from(x - target);
                error * error
            })
            .sum(),
        Distance::Logistic { .. } => {
            targeted(x, first).map(|(x, target)| f64::from(softplus(signed(x, target)))).sum()
        }
    }
}

/// The gradient of that sum, times `scale`.
pub fn loss_backward(
    x: &[f32],
    other: &[f32],
    batch: usize,
    distance: Distance,
    scale: f32,
) -> Vec<f32> {
    let first = x.len() / batch.max(1) * distance.real();
    match distance {
        Distance::Absolute => {
            let sign = |(x, y): (&f32, &f32)| if x == y { 0.0 } else { (x - y).signum() };
            x.iter().zip(other).map(sign).map(|sign| scale * sign).collect()
        }
        Distance::Squared { .. } => {
            targeted(x, first).map(|(x, target)| scale * 2.0 * (x - target)).collect()
        }
        Distance::Logistic { .. } => targeted(x, first)
            .map(|(x, target)| scale * (1.0 / (1.0 + (-x).exp()) - target))
            .collect(),
    }
}

/// Pairs each element with its target: 1 for the `first` ones, then 0.
fn targeted(x: &[f32], first: usize) -> impl Iterator<Item = (f32, f32)> {
    x.iter().enumerate().map(move |(index, &x)| (x, if index < first { 1.0 } else { 0.0 }))
}

/// -log σ(x) is softplus(-x), -log(1 - σ(x)) is softplus(x).
fn signed(x: f32, target: f32) -> f32 {
    if target > 0.5 { -x } else { x }
}

/// log(1 + exp(x)) without overflow.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
