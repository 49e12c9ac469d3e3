//! The losses (paper, section 3; `GANLoss` in PyTorch's `models/networks.py`): each is the mean
//! over its input, times a weight: `[1]`.

use burn::tensor::Tensor;

use super::config::GanLoss;
use crate::ops::{self, Distance};

/// How far a discriminator's answers `[B, 1, H, W]` are from real, or from translated.
pub fn gan(answers: Tensor<4>, real: bool, loss: GanLoss, weight: f64) -> Tensor<1> {
    let [batch, ..] = answers.dims();
    judged(answers, if real { batch } else { 0 }, loss, weight)
}

/// The same for answers of which the first `real` are about real pictures, the others about
/// translated ones.
fn judged(answers: Tensor<4>, real: usize, loss: GanLoss, weight: f64) -> Tensor<1> {
    let distance = match loss {
        GanLoss::LeastSquares => Distance::Squared { real },
        GanLoss::NegativeLogLikelihood => Distance::Logistic { real },
    };
    // The second tensor is ignored.
    ops::loss(answers.clone(), answers, distance, weight)
}

/// Mean absolute difference of `a` from `b`, a constant without gradient.
pub fn l1(a: Tensor<4>, b: Tensor<4>, weight: f64) -> Tensor<1> {
    ops::loss(a, b, Distance::Absolute, weight)
}

/// A discriminator's loss, from its answers about real pictures followed by as many about
/// translated ones. It is half the sum of both errors, which slows it down against the generators
/// (paper, section 4).
pub fn discriminator(answers: Tensor<4>, loss: GanLoss) -> Tensor<1> {
    let [batch, ..] = answers.dims();
    // Both halves are equally large, so half the sum of their means is the mean over all.
    judged(answers, batch / 2, loss, 1.0)
}
