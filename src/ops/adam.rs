//! Adam (Kingma and Ba, arXiv 1412.6980), with the arithmetic of `torch.optim.Adam`: the bias
//! corrections are taken apart and ε is added to the corrected root.

use burn::tensor::Tensor;

/// The constants of one update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    /// Learning rate.
    pub rate: f64,
    /// Decay of the mean.
    pub beta1: f64,
    /// Decay of the mean square.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Updates so far, with this one: 1 for the first.
    pub time: u64,
}

impl AdamStep {
    /// Length of the step in units of `mean / root`, and what the root is divided by: both bias
    /// corrections.
    fn corrected(&self) -> (f64, f64) {
        let time = self.time as f64;
        let mean = 1.0 - libm::pow(self.beta1, time);
        let square = 1.0 - libm::pow(self.beta2, time);
        (self.rate / mean, square.sqrt())
    }
}

/// Moves `parameter` against `gradient`; returns it with its new mean and mean square, which start
/// at zero. All four have one shape.
pub fn adam<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    [mean, square]: [Tensor<D>; 2],
    step: &AdamStep,
) -> (Tensor<D>, [Tensor<D>; 2]) {
    let (length, root) = step.corrected();
    let mean = mean * step.beta1 + gradient.clone() * (1.0 - step.beta1);
    let square = square * step.beta2 + gradient.clone() * gradient * (1.0 - step.beta2);
    let divisor = square.clone().sqrt() / root + step.epsilon;
    let parameter = parameter - mean.clone() / divisor * length;
    (parameter, [mean, square])
}
