//! Which backend a tensor is on, for functions on tensors outside any graph. For all others Burn's
//! dispatch finds that out (`graph/operations.rs`).

use burn::{
    backend::{Flex, tensor::FloatTensor},
    tensor::{Device, Tensor},
};
use burn_wgpu::{CubeBackend, CubeTensor};

/// Whether tensors of `device` are in main memory, so that reading them is free.
pub fn is_cpu(device: &Device) -> bool {
    device.clone().without_autodiff() == Device::flex()
}

/// The backend's tensor, if it is on the graphics card and outside any graph.
pub fn on_gpu<const D: usize>(tensor: &Tensor<D>) -> Option<CubeTensor> {
    tensor.clone().try_into_primitive::<CubeBackend>().ok()
}

/// The reverse of [`on_gpu()`].
pub fn from_gpu<const D: usize>(tensor: CubeTensor) -> Tensor<D> {
    Tensor::from_primitive::<CubeBackend>(tensor)
}

/// The backend's tensor, of one in main memory and outside any graph.
pub fn on_cpu<const D: usize>(tensor: Tensor<D>) -> FloatTensor<Flex> {
    match tensor.try_into_primitive::<Flex>() {
        Ok(tensor) => tensor,
        Err(_) => unreachable!("its device is the CPU, and it is outside any graph"),
    }
}

/// Applies `change` to a tensor on the graphics card; returns any other one as it is.
pub fn changed_on_gpu<const D: usize>(
    tensor: Tensor<D>,
    change: impl FnOnce(CubeTensor) -> CubeTensor,
) -> Tensor<D> {
    match on_gpu(&tensor) {
        Some(on_gpu) => from_gpu(change(on_gpu)),
        None => tensor,
    }
}

/// Applies `by_cpu` to each group of tensors if they are in main memory, else `by_gpu` to all
/// groups together. The tensors are outside any graph and on one device.
pub fn compute<const N: usize, const M: usize>(
    all: Vec<[Tensor<4>; N]>,
    by_cpu: impl Fn([FloatTensor<Flex>; N]) -> [FloatTensor<Flex>; M],
    by_gpu: impl FnOnce(Vec<[CubeTensor; N]>) -> Vec<[CubeTensor; M]>,
) -> Vec<[Tensor<4>; M]> {
    if all.iter().flatten().next().is_some_and(|first| is_cpu(&first.device())) {
        let compute = |some: [_; N]| by_cpu(some.map(on_cpu)).map(Tensor::from_primitive::<Flex>);
        all.into_iter().map(compute).collect()
    } else {
        let there = |tensor: Tensor<4>| match tensor.try_into_primitive::<CubeBackend>() {
            Ok(tensor) => tensor,
            Err(_) => unreachable!("its device is WebGPU, and it is outside any graph"),
        };
        let all = by_gpu(all.into_iter().map(|some| some.map(there)).collect());
        all.into_iter().map(|some| some.map(from_gpu)).collect()
    }
}
