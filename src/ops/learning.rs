//! What a training step does with parameters: outside any graph, for all of them in one call.

use burn::tensor::Tensor;

use super::{
    cpu, gpu,
    layer::AdamStep,
    place::{self, from_gpu, on_gpu},
};

/// A parameter, its gradient, and mean and mean square of earlier gradients, which start at zero.
/// All four have the same shape and are outside any graph.
#[derive(Debug)]
pub struct Learning {
    /// The parameter.
    pub parameter: Tensor<4>,
    /// Its gradient.
    pub gradient: Tensor<4>,
    /// Mean and mean square.
    pub moments: [Tensor<4>; 2],
}

/// Moves each parameter against its gradient, by Adam (Kingma and Ba, arXiv 1412.6980) with the
/// arithmetic of `torch.optim.Adam`; returns it with its new moments.
///
/// On WebGPU all except the gradients are updated in place, visible to everyone who shares them.
pub fn adam(all: Vec<Learning>, step: &AdamStep) -> Vec<(Tensor<4>, [Tensor<4>; 2])> {
    let tensors = |Learning { parameter, gradient, moments: [mean, square] }| {
        [parameter, gradient, mean, square]
    };
    let all = all.into_iter().map(tensors).collect();
    let all = place::compute(all, |some| cpu::adam(some, step), |all| gpu::adam(all, step));
    all.into_iter().map(|[parameter, mean, square]| (parameter, [mean, square])).collect()
}

/// Adds to each first tensor its second one, of the same shape and outside any graph. On WebGPU
/// this happens in place, so nobody else may hold the first one.
pub fn add(pairs: Vec<[Tensor<4>; 2]>) -> Vec<Tensor<4>> {
    firsts(place::compute(pairs, cpu::add, gpu::add))
}

/// Moves each first tensor `1 - decay` of the way to its second one, of the same shape and outside
/// any graph. On WebGPU this happens in place, visible to everyone who shares it; on the CPU a
/// shared tensor is copied.
pub fn average(pairs: Vec<[Tensor<4>; 2]>, decay: f64) -> Vec<Tensor<4>> {
    let share = 1.0 - decay;
    let on_cpu = |pair| cpu::average(pair, share);
    firsts(place::compute(pairs, on_cpu, |pairs| gpu::average(pairs, share)))
}

fn firsts(all: Vec<[Tensor<4>; 1]>) -> Vec<Tensor<4>> {
    all.into_iter().flatten().collect()
}

/// For each of the parameters, which are outside any graph, a number that is 0 only if all its
/// elements are finite: `[parameters]`. No tensor if there are no parameters.
pub fn not_finite(parameters: Vec<Tensor<4>>) -> Option<Tensor<1>> {
    if let Some(tensors) = parameters.iter().map(on_gpu).collect::<Option<Vec<_>>>() {
        return gpu::not_finite(&tensors).map(from_gpu);
    }
    // A sum is finite if all its terms are, and then its difference from itself is zero.
    let check = |tensor: Tensor<4>| {
        let sum = tensor.sum();
        sum.clone() - sum
    };
    let checks: Vec<_> = parameters.into_iter().map(check).collect();
    (!checks.is_empty()).then(|| Tensor::cat(checks, 0))
}
