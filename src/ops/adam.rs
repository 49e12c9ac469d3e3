//! Adam (Kingma and Ba, arXiv 1412.6980), with the arithmetic of `torch.optim.Adam`: the bias
//! corrections are taken apart and ε is added to the corrected root.

use burn::{backend::Flex, tensor::Tensor};
use burn_wgpu::CubeBackend;

use super::{cpu, gpu, layer::AdamStep};
use crate::device::is_cpu;

/// A parameter, its gradient, and mean and mean square of the gradients before it, which start at
/// zero. All four have one shape and are outside any graph.
#[derive(Debug)]
pub struct Learning {
    /// What learns.
    pub parameter: Tensor<4>,
    /// Of the loss.
    pub gradient: Tensor<4>,
    /// Mean and mean square.
    pub moments: [Tensor<4>; 2],
}

/// Moves each parameter against its gradient; returns it with its new moments.
///
/// On WebGPU all but the gradients are updated where they are: who shares them sees it.
pub fn adam(all: Vec<Learning>, step: &AdamStep) -> Vec<(Tensor<4>, [Tensor<4>; 2])> {
    match all.first() {
        Some(first) if is_cpu(&first.parameter.device()) => {
            all.into_iter().map(|learning| on_cpu(learning, step)).collect()
        }
        _ => on_gpu(all, step),
    }
}

/// One pass over memory, in place where nobody else holds it.
fn on_cpu(learning: Learning, step: &AdamStep) -> (Tensor<4>, [Tensor<4>; 2]) {
    let in_memory = |tensor: Tensor<4>| match tensor.try_into_primitive::<Flex>() {
        // A view of a larger memory is copied out of it.
        Ok(tensor) => tensor.to_contiguous(),
        Err(_) => unreachable!("its device is the CPU, and parameters are outside any graph"),
    };
    let Learning { parameter, gradient, moments } = learning;
    let [mut parameter, gradient] = [parameter, gradient].map(in_memory);
    let [mut mean, mut square] = moments.map(in_memory);
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

/// By a kernel.
fn on_gpu(all: Vec<Learning>, step: &AdamStep) -> Vec<(Tensor<4>, [Tensor<4>; 2])> {
    let in_memory = |tensor: Tensor<4>| match tensor.try_into_primitive::<CubeBackend>() {
        Ok(tensor) => gpu::arranged(tensor),
        Err(_) => unreachable!("its device is WebGPU, and parameters are outside any graph"),
    };
    let all: Vec<_> = all
        .into_iter()
        .map(|Learning { parameter, gradient, moments }| gpu::Learning {
            parameter: in_memory(parameter),
            gradient: in_memory(gradient),
            moments: moments.map(in_memory),
        })
        .collect();
    gpu::adam(&all, step);
    let tensor = Tensor::from_primitive::<CubeBackend>;
    all.into_iter()
        .map(|gpu::Learning { parameter, moments, .. }| (tensor(parameter), moments.map(tensor)))
        .collect()
}
