//! Sums of gradients over several backward passes, and averages of weights over several steps.

use burn::{backend::Flex, tensor::Tensor};
use burn_wgpu::{CubeBackend, CubeTensor};

use super::{cpu, gpu};

/// Adds to each first tensor its second one, of the same shape and outside any graph. On WebGPU
/// that is done where the first one is, so nobody else may hold it.
pub fn add(pairs: Vec<[Tensor<4>; 2]>) -> Vec<Tensor<4>> {
    match on_gpu(&pairs) {
        Some(pairs) => {
            gpu::add(&pairs);
            firsts(pairs)
        }
        None => pairs.into_iter().map(|[sum, gradient]| sum + gradient).collect(),
    }
}

/// Takes each first tensor `1 - decay` of the way to its second one, of the same shape and outside
/// any graph. It happens where the first one is: on WebGPU who shares it sees it, on the CPU it is
/// copied for them.
pub fn average(pairs: Vec<[Tensor<4>; 2]>, decay: f64) -> Vec<Tensor<4>> {
    let share = 1.0 - decay;
    if let Some(pairs) = on_gpu(&pairs) {
        gpu::average(&pairs, share);
        return firsts(pairs);
    }
    let in_memory = |tensor: Tensor<4>| match tensor.try_into_primitive::<Flex>() {
        Ok(tensor) => tensor.to_contiguous(),
        Err(_) => unreachable!("its device is the CPU, and it is outside any graph"),
    };
    let averaged = |pair: [Tensor<4>; 2]| {
        let [mut average, weight] = pair.map(in_memory);
        cpu::average(average.storage_mut(), weight.storage(), share as f32);
        Tensor::from_primitive::<Flex>(average)
    };
    pairs.into_iter().map(averaged).collect()
}

fn on_gpu(pairs: &[[Tensor<4>; 2]]) -> Option<Vec<(CubeTensor, CubeTensor)>> {
    let arranged = |tensor: &Tensor<4>| {
        tensor.clone().try_into_primitive::<CubeBackend>().ok().map(gpu::arranged)
    };
    pairs.iter().map(|[first, second]| Some((arranged(first)?, arranged(second)?))).collect()
}

fn firsts(pairs: Vec<(CubeTensor, CubeTensor)>) -> Vec<Tensor<4>> {
    pairs.into_iter().map(|(first, _)| Tensor::from_primitive::<CubeBackend>(first)).collect()
}
