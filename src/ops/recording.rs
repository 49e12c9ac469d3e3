//! Work that a graphics card repeats. Queueing a launch costs the CPU 10 to 20 µs with autodiff,
//! and a training step has more than a thousand; repeating a recorded one costs 0.4 µs (in
//! Chromium).

use burn::tensor::Tensor;

use super::{
    gpu::{self, Recorder},
    place::{changed_on_gpu, on_gpu},
};

/// Starts a recording on the device of `tensor`, or says why it cannot record.
pub fn recorder<const D: usize>(tensor: &Tensor<D>) -> Result<Recorder, String> {
    let tensor = on_gpu(tensor).ok_or("only a graphics card records")?;
    Recorder::prepare(&tensor)
}

/// Runs work whose tensors have the same sizes each time. On a graphics card, their memory is
/// reserved for the next such run until [`super::release()`].
pub fn apart<T, const D: usize>(tensor: &Tensor<D>, work: impl FnOnce() -> T) -> T {
    match on_gpu(tensor) {
        Some(tensor) => gpu::apart(&tensor.client, work),
        None => work(),
    }
}

/// A tensor, outside any graph, with its current contents. On WebGPU, where parameters are updated
/// in place and a repetition overwrites the results of the previous one, this is a copy; on the CPU
/// nobody writes to memory that others read.
pub fn snapshot<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    changed_on_gpu(tensor, gpu::copied)
}

/// On WebGPU, copies an image or a parameter into `target`, a [`snapshot()`] of the same shape, in
/// place: everyone who shares it sees it.
pub fn copy<const D: usize>(source: Tensor<D>, target: &Tensor<D>) {
    assert_eq!(source.dims(), target.dims(), "they are of one shape");
    match (on_gpu(&source), on_gpu(target)) {
        (Some(source), Some(target)) => gpu::copy(source, &target),
        _ => unreachable!("who records has asked whether the device is WebGPU"),
    }
}
