//! Adam (Kingma and Ba, arXiv 1412.6980), with the arithmetic of `torch.optim.Adam`: the bias
//! corrections are taken apart and ε is added to the corrected root.

use burn::{
    backend::{Flex, TensorMetadata, tensor::FloatTensor},
    tensor::Tensor,
};

use super::cpu;
use crate::device::is_cpu;

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
    let tensors = [parameter, gradient, mean, square];
    if is_cpu(&tensors[0].device()) { on_cpu(tensors, step) } else { reference(tensors, step) }
}

/// [`adam()`], composed of Burn's own operations.
fn reference<const D: usize>(
    [parameter, gradient, mean, square]: [Tensor<D>; 4],
    step: &AdamStep,
) -> (Tensor<D>, [Tensor<D>; 2]) {
    let (length, root) = step.corrected();
    let mean = mean * step.beta1 + gradient.clone() * (1.0 - step.beta1);
    let square = square * step.beta2 + gradient.clone() * gradient * (1.0 - step.beta2);
    let divisor = square.clone().sqrt() / root + step.epsilon;
    let parameter = parameter - mean.clone() / divisor * length;
    (parameter, [mean, square])
}

/// [`adam()`] in one pass over memory, in place where nobody else holds it.
fn on_cpu<const D: usize>(tensors: [Tensor<D>; 4], step: &AdamStep) -> (Tensor<D>, [Tensor<D>; 2]) {
    let whole = |tensor: FloatTensor<Flex>| {
        // A view of a larger memory would be updated beside its elements.
        let whole = tensor.bytes().len() == size_of::<f32>() * tensor.shape().num_elements();
        if whole {
            tensor.to_contiguous()
        } else {
            FloatTensor::<Flex>::from_data(tensor.into_data())
        }
    };
    let in_memory = |tensor: Tensor<D>| match tensor.try_into_primitive::<Flex>() {
        Ok(tensor) => whole(tensor),
        Err(_) => unreachable!("its device is the CPU, and parameters are outside any graph"),
    };
    let [mut parameter, gradient, mut mean, mut square] = tensors.map(in_memory);
    let betas = [step.beta1, step.beta2];
    let constants = cpu::Adam::new(step.rate, betas, step.epsilon, step.time as u32);
    cpu::adam(
        parameter.storage_mut(),
        mean.storage_mut(),
        square.storage_mut(),
        gradient.storage(),
        constants,
    );
    let tensor = Tensor::from_primitive::<Flex>;
    (tensor(parameter), [tensor(mean), tensor(square)])
}
