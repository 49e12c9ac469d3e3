//! Adam (Kingma and Ba, arXiv 1412.6980), with the arithmetic of `torch.optim.Adam`: the bias
//! corrections are taken apart and ε is added to the corrected root.

use burn::{
    backend::{Flex, wgpu::CubeBackend},
    tensor::Tensor,
};

use super::{cpu, gpu};
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
    pub(super) fn corrected(&self) -> (f64, f64) {
        let time = self.time as f64;
        let mean = 1.0 - libm::pow(self.beta1, time);
        let square = 1.0 - libm::pow(self.beta2, time);
        (self.rate / mean, square.sqrt())
    }
}

/// Moves `parameter` against `gradient`; returns it with its new mean and mean square, which start
/// at zero. All four have one shape.
///
/// On WebGPU all but the gradient are updated where they are: who shares them sees it.
pub fn adam<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    [mean, square]: [Tensor<D>; 2],
    step: &AdamStep,
) -> (Tensor<D>, [Tensor<D>; 2]) {
    let tensors = [parameter, gradient, mean, square];
    if is_cpu(&tensors[0].device()) { on_cpu(tensors, step) } else { on_gpu(tensors, step) }
}

/// [`adam()`] in one pass over memory, in place where nobody else holds it.
fn on_cpu<const D: usize>(tensors: [Tensor<D>; 4], step: &AdamStep) -> (Tensor<D>, [Tensor<D>; 2]) {
    let in_memory = |tensor: Tensor<D>| match tensor.try_into_primitive::<Flex>() {
        // A view of a larger memory is copied out of it.
        Ok(tensor) => tensor.to_contiguous(),
        Err(_) => unreachable!("its device is the CPU, and parameters are outside any graph"),
    };
    let [mut parameter, gradient, mut mean, mut square] = tensors.map(in_memory);
    cpu::adam(
        parameter.storage_mut(),
        mean.storage_mut(),
        square.storage_mut(),
        gradient.storage(),
        step,
    );
    let tensor = Tensor::from_primitive::<Flex>;
    (tensor(parameter), [tensor(mean), tensor(square)])
}

/// [`adam()`] by a kernel.
fn on_gpu<const D: usize>(tensors: [Tensor<D>; 4], step: &AdamStep) -> (Tensor<D>, [Tensor<D>; 2]) {
    let in_memory = |tensor: Tensor<D>| match tensor.try_into_primitive::<CubeBackend>() {
        Ok(tensor) => gpu::arranged(tensor),
        Err(_) => unreachable!("its device is WebGPU, and parameters are outside any graph"),
    };
    let [parameter, gradient, mean, square] = tensors.map(in_memory);
    gpu::adam(&parameter, &gradient, [&mean, &square], step);
    let tensor = Tensor::from_primitive::<CubeBackend>;
    (tensor(parameter), [tensor(mean), tensor(square)])
}
