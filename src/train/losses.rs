//! The losses (paper, section 3; `GANLoss` in PyTorch's `models/networks.py`), each the mean over
//! everything it is given.

use burn::tensor::{Tensor, activation};

use super::GanLoss;

/// How far a discriminator's answers `[B, 1, H, W]` are from `real` or translated: [1].
pub fn gan(answers: Tensor<4>, real: bool, loss: GanLoss) -> Tensor<1> {
    match (loss, real) {
        (GanLoss::LeastSquares, true) => (answers - 1.0).square().mean(),
        (GanLoss::LeastSquares, false) => answers.square().mean(),
        // -log σ(x) and -log(1 - σ(x)), which is -log σ(-x).
        (GanLoss::NegativeLogLikelihood, true) => activation::log_sigmoid(answers).mean().neg(),
        (GanLoss::NegativeLogLikelihood, false) => {
            activation::log_sigmoid(answers.neg()).mean().neg()
        }
    }
}

/// Mean absolute difference of two tensors of one shape: [1].
pub fn l1(a: Tensor<4>, b: Tensor<4>) -> Tensor<1> {
    (a - b).abs().mean()
}

/// What a discriminator learns from: half the sum of its two errors, which slows it down against
/// the generators (paper, section 4).
pub fn discriminator(real: Tensor<4>, translated: Tensor<4>, loss: GanLoss) -> Tensor<1> {
    (gan(real, true, loss) + gan(translated, false, loss)) * 0.5
}
