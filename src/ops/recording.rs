//! Work that a graphics card repeats. Queueing a launch costs the CPU 10 to 20 µs with autodiff,
//! and a step of training has more than a thousand; repeating a recorded one costs 0.4 µs (in
//! Chromium).

use burn::tensor::Tensor;
use burn_wgpu::{CubeBackend, CubeTensor};

use super::gpu;
pub use super::gpu::{Recorder, Recording};

/// Begins a recording on the device of `tensor`, or says why there can be none.
///
/// # Errors
/// In words, that the device cannot record.
pub fn recorder<const D: usize>(tensor: &Tensor<D>) -> Result<Recorder, String> {
    match tensor.clone().try_into_primitive::<CubeBackend>() {
        Ok(tensor) => Recorder::prepare(&tensor),
        Err(_) => Err("only a graphics card records".into()),
    }
}

/// Does work whose tensors have the same sizes each time. On the graphics card of `tensor`, if it
/// has one, their memory is kept for the next time, and for nothing else, until
/// [`super::release()`].
pub fn apart<T, const D: usize>(tensor: &Tensor<D>, work: impl FnOnce() -> T) -> T {
    match tensor.clone().try_into_primitive::<CubeBackend>() {
        Ok(tensor) => gpu::apart(&tensor.client, work),
        Err(_) => work(),
    }
}

/// The tensor, which is outside any graph, as it is at this moment. On WebGPU, where parameters learn
/// in place and a repetition writes to the memory of the one before, that takes memory of its own; on
/// the CPU nobody writes where another one reads.
pub fn snapshot<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    match tensor.clone().try_into_primitive::<CubeBackend>() {
        Ok(on_gpu) => Tensor::from_primitive::<CubeBackend>(gpu::copied(on_gpu)),
        Err(_) => tensor,
    }
}

/// Copies an image or a parameter on WebGPU to `target`, a [`snapshot()`] of one of the same shape,
/// where that is: who shares it sees it.
pub fn copy<const D: usize>(source: Tensor<D>, target: &Tensor<D>) {
    assert_eq!(source.dims(), target.dims(), "they are of one shape");
    gpu::copy(on_gpu(source), &on_gpu(target.clone()));
}

fn on_gpu<const D: usize>(tensor: Tensor<D>) -> CubeTensor {
    match tensor.try_into_primitive::<CubeBackend>() {
        Ok(tensor) => tensor,
        Err(_) => unreachable!("who records has asked whether the device is WebGPU"),
    }
}
