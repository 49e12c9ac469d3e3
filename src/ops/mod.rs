//! The operations that both networks are made of, and the one that they learn by.
//!
//! [`conv2d()`]: convolution with zero or reflected borders, strided or transposed, with an
//! activation where no normalisation follows. [`instance_norm()`]: normalise, activate, add a skip
//! connection. [`prepared_conv2d()`]: a convolution behind one, of an enlarged image or not.
//! [`residual_block()`]: two of each, as one. [`augment()`]: what a discriminator is shown.
//! [`loss()`]: what is learned from. [`adam()`]: one step of the optimiser.
//!
//! This folder is the only place that knows how an operation is computed; everything else is
//! written against these functions. [`reference`](mod@reference) has them composed of Burn's own
//! tensor operations. What runs is ours, forward and backward: `cpu/` on the CPU, `gpu/` with the
//! shaders of `wgsl/` on WebGPU; `backend.rs` tells Burn so.

mod adam;
mod affine;
mod augment;
mod backend;
mod conv2d;
mod cpu;
mod enlarge;
mod finite;
mod flex;
mod gpu;
mod instance_norm;
mod layer;
mod loss;
mod prepared;
mod recording;
pub mod reference;
mod residual_block;
mod sum;
mod whole_block;

use burn::tensor::{DType, Device, Tensor};
use burn_wgpu::CubeBackend;

pub use adam::{Learning, adam};
pub use augment::augment;
pub use conv2d::conv2d;
pub use finite::not_finite;
pub use gpu::{Shader, half_shaders, shaders};
pub use instance_norm::instance_norm;
pub use layer::{
    Activation, AdamStep, Affine, Augmentation, Before, Border, Conv2d, Distance, Interpolation,
};
pub use loss::loss;
pub use prepared::prepared_conv2d;
pub use recording::{Recorder, Recording, apart, copy, recorder, snapshot};
pub use residual_block::{Parameters, residual_block, takes_winograd, whole_residual_block};
pub use sum::{add, average};

/// A parameter, outside any graph, as its device's operations want it in memory: then they need not
/// arrange it at each call. Its shape and its values stay the same.
pub fn arranged<const D: usize>(parameter: Tensor<D>) -> Tensor<D> {
    match parameter.clone().try_into_primitive::<CubeBackend>() {
        Ok(tensor) => Tensor::from_primitive::<CubeBackend>(gpu::arranged(tensor)),
        Err(_) => parameter,
    }
}

/// Gives back the memory that operations on `device` keep for the next ones.
pub fn release(device: &Device) {
    cpu::release();
    device.memory_cleanup();
}

/// The images of both, `[B, C, H, W]` and outside any graph, as one batch with `first` in front.
pub fn join(first: Tensor<4>, second: Tensor<4>) -> Tensor<4> {
    let [on_gpu, too] =
        [&first, &second].map(|images| images.clone().try_into_primitive::<CubeBackend>().ok());
    match (on_gpu, too) {
        (Some(first), Some(second)) => {
            Tensor::from_primitive::<CubeBackend>(gpu::join(first, second))
        }
        _ => Tensor::cat(vec![first, second], 0),
    }
}

/// Images outside any graph, as their device's operations want them in memory: then they need not
/// be arranged by each operation that reads them. Shape and values stay the same.
pub fn image(image: Tensor<4>) -> Tensor<4> {
    match image.clone().try_into_primitive::<CubeBackend>() {
        Ok(tensor) => Tensor::from_primitive::<CubeBackend>(gpu::image(tensor)),
        Err(_) => image,
    }
}

/// A tensor on the graphics card, outside any graph, in float16: the operations then compute in
/// float32 all the same (see `gpu/watch.rs`). On the CPU there is no such thing, and the tensor is
/// given back.
pub fn halved<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    converted(tensor, DType::F16)
}

/// A tensor that [`halved()`] made, or an operation on such, in float32.
pub fn doubled<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    converted(tensor, DType::F32)
}

fn converted<const D: usize>(tensor: Tensor<D>, dtype: DType) -> Tensor<D> {
    match tensor.clone().try_into_primitive::<CubeBackend>() {
        Ok(tensor) => Tensor::from_primitive::<CubeBackend>(gpu::converted(tensor, dtype)),
        Err(_) => tensor,
    }
}

/// What `work` launches, and `[1]`: 0 if all that it wrote in float16 fits there.
pub fn watched<T>(device: &Device, work: impl FnOnce() -> T) -> (T, Tensor<1>) {
    let watch = Tensor::<1>::from_data([0.0_f32], device);
    let on_gpu = watch.clone().try_into_primitive::<CubeBackend>().ok();
    (gpu::watched(on_gpu, work), watch)
}
