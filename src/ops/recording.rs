//! Work that a graphics card repeats. Queueing a launch costs the CPU 10 to 20 µs with autodiff,
//! and a step of training has more than a thousand; repeating a recorded one costs 0.4 µs (in
//! Chromium).

use burn::{
    backend::wgpu::{CubeBackend, CubeTensor},
    tensor::Tensor,
};

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

/// Fills a tensor on WebGPU with `data`, where it is: who shares it sees that. It lies in memory in
/// the order of its axes, as one that was just uploaded.
pub fn fill<const D: usize>(tensor: &Tensor<D>, data: Vec<f32>) {
    debug_assert_eq!(tensor.shape().num_elements(), data.len());
    gpu::fill(&on_gpu(tensor.clone()), data);
}

/// A tensor on WebGPU with the content of `source` and memory of its own.
pub fn copied<const D: usize>(source: Tensor<D>) -> Tensor<D> {
    Tensor::from_primitive::<CubeBackend>(gpu::copied(on_gpu(source)))
}

/// Copies `source` to `target`, which [`copied()`] made, where it is.
pub fn copy<const D: usize>(source: Tensor<D>, target: &Tensor<D>) {
    gpu::copy(on_gpu(source), &on_gpu(target.clone()));
}

/// `older` if the number in `is_older` `[1]` is not 0, else `fresh`; both are images on WebGPU.
pub fn choose(fresh: Tensor<4>, older: Tensor<4>, is_older: &Tensor<1>) -> Tensor<4> {
    let [fresh, older] = [fresh, older].map(on_gpu);
    let chosen = gpu::choose(fresh, older, &on_gpu(is_older.clone()));
    Tensor::from_primitive::<CubeBackend>(chosen)
}

fn on_gpu<const D: usize>(tensor: Tensor<D>) -> CubeTensor {
    match tensor.try_into_primitive::<CubeBackend>() {
        Ok(tensor) => tensor,
        Err(_) => unreachable!("who records has asked whether the device is WebGPU"),
    }
}
