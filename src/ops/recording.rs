//! Work that a graphics card repeats. Queueing a launch costs the CPU 10 to 20 µs with autodiff,
//! and a step of training has more than a thousand; repeating a recorded one costs 0.4 µs (in
//! Chromium).

use burn::tensor::Tensor;

use super::{
    gpu::{self, Recorder},
    place::{changed_on_gpu, on_gpu},
};

/// Begins a recording on the device of `tensor`, or says why there can be none.
///
/// # Errors
/// In words, that the device cannot record.
pub fn recorder<const D: usize>(tensor: &Tensor<D>) -> Result<Recorder, String> {
    let tensor = on_gpu(tensor).ok_or("only a graphics card records")?;
    Recorder::prepare(&tensor)
}

/// Does work whose tensors have the same sizes each time. On the graphics card of `tensor`, if it
/// has one, their memory is kept for the next time, and for nothing else, until
/// [`super::release()`].
pub fn apart<T, const D: usize>(tensor: &Tensor<D>, work: impl FnOnce() -> T) -> T {
    match on_gpu(tensor) {
        Some(tensor) => gpu::apart(&tensor.client, work),
        None => work(),
    }
}

/// The tensor, which is outside any graph, as it is at this moment. On WebGPU, where parameters learn
/// in place and a repetition writes to the memory of the one before, that takes memory of its own; on
/// the CPU nobody writes where another one reads.
pub fn snapshot<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    changed_on_gpu(tensor, gpu::copied)
}

/// Copies an image or a parameter on WebGPU to `target`, a [`snapshot()`] of one of the same shape,
/// where that is: who shares it sees it.
pub fn copy<const D: usize>(source: Tensor<D>, target: &Tensor<D>) {
    assert_eq!(source.dims(), target.dims(), "they are of one shape");
    match (on_gpu(&source), on_gpu(target)) {
        (Some(source), Some(target)) => gpu::copy(source, &target),
        _ => unreachable!("who records has asked whether the device is WebGPU"),
    }
}
