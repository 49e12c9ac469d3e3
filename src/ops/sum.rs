//! Sums of gradients over several backward passes.

use burn::{backend::wgpu::CubeBackend, tensor::Tensor};

use super::gpu;

/// Adds to each first tensor its second one, of the same shape and outside any graph. On WebGPU
/// that is done where the first one is, so nobody else may hold it.
pub fn add(pairs: Vec<[Tensor<4>; 2]>) -> Vec<Tensor<4>> {
    let on_gpu = |tensor: &Tensor<4>| {
        tensor.clone().try_into_primitive::<CubeBackend>().ok().map(gpu::arranged)
    };
    let pair = |[sum, gradient]: &[Tensor<4>; 2]| Some((on_gpu(sum)?, on_gpu(gradient)?));
    let Some(tensors) = pairs.iter().map(pair).collect::<Option<Vec<_>>>() else {
        return pairs.into_iter().map(|[sum, gradient]| sum + gradient).collect();
    };
    gpu::add(&tensors);
    tensors.into_iter().map(|(sum, _)| Tensor::from_primitive::<CubeBackend>(sum)).collect()
}
