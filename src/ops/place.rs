//! Which backend has a tensor. In operations that may be in a graph Burn's dispatch finds that out
//! (`graph/operations.rs`); of all others nothing else asks.

use burn::{
    backend::{Flex, tensor::FloatTensor},
    tensor::{Device, Tensor},
};
use burn_wgpu::{CubeBackend, CubeTensor};

/// Whether tensors of `device` are in main memory, so that reading them costs nothing.
pub fn is_cpu(device: &Device) -> bool {
    device.clone().without_autodiff() == Device::flex()
}

/// The tensor, if it is on the graphics card and in no graph.
pub fn on_gpu<const D: usize>(tensor: &Tensor<D>) -> Option<CubeTensor> {
    tensor.clone().try_into_primitive::<CubeBackend>().ok()
}

/// A tensor of the graphics card's as one of any device.
pub fn from_gpu<const D: usize>(tensor: CubeTensor) -> Tensor<D> {
    Tensor::from_primitive::<CubeBackend>(tensor)
}

/// What `change` makes of a tensor on the graphics card; any other is given back.
pub fn changed_on_gpu<const D: usize>(
    tensor: Tensor<D>,
    change: impl FnOnce(CubeTensor) -> CubeTensor,
) -> Tensor<D> {
    match on_gpu(&tensor) {
        Some(on_gpu) => from_gpu(change(on_gpu)),
        None => tensor,
    }
}

/// What `on_cpu` makes of some tensors at a time in main memory, or `on_gpu` of all on the graphics
/// card. They are outside any graph and all on one device.
pub fn compute<const N: usize, const M: usize>(
    all: Vec<[Tensor<4>; N]>,
    on_cpu: impl Fn([FloatTensor<Flex>; N]) -> [FloatTensor<Flex>; M],
    on_gpu: impl FnOnce(Vec<[CubeTensor; N]>) -> Vec<[CubeTensor; M]>,
) -> Vec<[Tensor<4>; M]> {
    if all.iter().flatten().next().is_some_and(|first| is_cpu(&first.device())) {
        let there = |tensor: Tensor<4>| match tensor.try_into_primitive::<Flex>() {
            Ok(tensor) => tensor,
            Err(_) => unreachable!("its device is the CPU, and it is outside any graph"),
        };
        let compute = |some: [_; N]| on_cpu(some.map(there)).map(Tensor::from_primitive::<Flex>);
        all.into_iter().map(compute).collect()
    } else {
        let there = |tensor: Tensor<4>| match tensor.try_into_primitive::<CubeBackend>() {
            Ok(tensor) => tensor,
            Err(_) => unreachable!("its device is WebGPU, and it is outside any graph"),
        };
        let all = on_gpu(all.into_iter().map(|some| some.map(there)).collect());
        all.into_iter().map(|some| some.map(from_gpu)).collect()
    }
}
