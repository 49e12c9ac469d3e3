//! The operations of both networks, their losses and their optimiser.
//!
//! - [`conv2d()`]: convolution with zero or reflected borders, strided or transposed, with an
//!   activation if no normalisation follows.
//! - [`instance_norm()`]: normalise, activate, add a skip connection.
//! - [`prepared_conv2d()`]: a normalisation or upsampling and the convolution after it.
//! - [`shrink()`]: halves an image's sides behind a blur.
//! - [`residual_block()`]: two of each, as one.
//! - [`moments()`] and [`scaled()`]: both halves of a normalisation, for images in strips.
//! - [`augment()`]: changes a discriminator's input.
//! - [`loss()`]: the losses.
//! - [`adam()`]: one step of the optimiser.
//!
//! Only this folder knows how operations are computed; everything else is written against these
//! functions. Each operation has its options in `layer.rs`, its definition in
//! [`reference`](mod@reference), composed of Burn's own tensor operations, its node for autodiff in
//! `graph/`, and its implementations, forward and backward, in `cpu/` and in `gpu/` with `wgsl/`.

mod cpu;
mod gpu;
mod graph;
mod layer;
mod learning;
mod pixels;
mod place;
mod recording;
pub mod reference;
mod strips;

use burn::{
    backend::Dispatch,
    tensor::{DType, Device, Tensor},
};
use burn_wgpu::CubeBackend;

use self::{
    graph::{
        operations::{Operations, Skip},
        passes::{Block, BlockConv, Passes},
    },
    place::{changed_on_gpu, from_gpu, on_gpu},
};

pub use burn_wgpu::wgpu::Texture;
#[cfg(target_family = "wasm")]
pub use burn_wgpu::wgpu::{ExternalImageSource, SurfaceTarget};
#[cfg(target_family = "wasm")]
pub use gpu::Canvas;
pub use gpu::{
    Card, Recorder, Recording, Screen, Shader, generator_shaders, half_shaders, shaders,
    training_shaders,
};
pub use layer::{
    Activation, AdamStep, Affine, Augmentation, Before, Border, Conv2d, Distance, EPSILON,
    Interpolation, RESIDUAL, Scaling,
};
pub use learning::{Learning, adam, add, average, not_finite};
#[cfg(target_family = "wasm")]
pub use pixels::show_on;
pub use pixels::{Change, from_pixels, show, take, to_pixels};
pub use place::is_cpu;
pub use recording::{apart, copy, recorder, snapshot};
pub use strips::{moments, residual_conv2d, scaled, stacked};

/// Applies `spec` to `x` `[B, C_in, H, W]` with `weight` `[C_out, C_in, k, k]` (transposed:
/// `[C_in, C_out, k, k]`) and `bias` `[C_out]`.
///
/// Mirrors PyTorch's `ReflectionPad2d` + `Conv2d`, `Conv2d` with zero padding, and
/// `ConvTranspose2d` with output padding, as `models/networks.py` uses them.
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, spec: Conv2d) -> Tensor<4> {
    prepared_conv2d(x, Before::default(), None, weight, bias, spec)
}

/// [`conv2d()`] of `x` prepared by `before`; `affine` belongs to the normalisation.
pub fn prepared_conv2d(
    x: Tensor<4>,
    before: Before,
    affine: Option<Affine>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    spec: Conv2d,
) -> Tensor<4> {
    let ([x, weight], bias) = ([x, weight].map(Tensor::into_dispatch), bias.into_dispatch());
    Tensor::from_dispatch(Dispatch::convolve(x, before, affine.into(), weight, bias, spec))
}

/// `activation(weight * (x - mean) / sqrt(var + ε) + bias) + skip`, with mean and variance over H
/// and W of each channel of `x` `[B, C, H, W]`; weight and bias only if `affine` has them.
///
/// Mirrors PyTorch's `InstanceNorm2d(track_running_stats=False)`, `affine` or not: biased variance,
/// ε inside the root, the same in training and in use. Statistics are computed per image and
/// channel, so they do not depend on the batch.
pub fn instance_norm(
    x: Tensor<4>,
    affine: Option<Affine>,
    activation: Activation,
    skip: Option<Tensor<4>>,
) -> Tensor<4> {
    let skip = skip.map_or(Skip::None, |skip| Skip::Some(skip.into_dispatch()));
    let y = Dispatch::normalise(x.into_dispatch(), affine.into(), activation, skip);
    Tensor::from_dispatch(y)
}

/// Blurs each channel of `x` `[B, C, H, W]`, sides even, and halves its sides: `[B, C, H/2, W/2]`.
///
/// Mirrors the `Downsample` of CUT's `models/networks.py` (Park et al., arXiv 2007.15651) with
/// `filt_size=3`: `ReflectionPad2d(1)`, then [1, 2, 1] / 4 along both axes with stride 2. Fewer
/// patterns finer than the new pixels become coarse ones (Zhang, arXiv 1904.11486).
pub fn shrink(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::shrink(x.into_dispatch()))
}

/// The weight `[C, C, 3, 3]` and bias `[C]` of one convolution.
pub type Parameters = (Tensor<4>, Tensor<1>);

/// A residual block of the generator (paper, appendix 7.2: Rk; `ResnetBlock` in PyTorch's
/// `models/networks.py`) on `x` `[B, C, H, W]`: two 3x3 convolutions with mirrored borders and a
/// skip connection around them, each normalised, the first followed by a ReLU. There is none after
/// the sum. `affine` has the learnt parameters of the normalisations.
///
/// On WebGPU larger blocks are computed as a whole by Winograd's filtering, whose results differ by
/// about 1e-5 of the largest; in a graph only if H and W are multiples of 4. On the CPU it is rounded
/// a little more outside a graph.
pub fn residual_block(
    x: Tensor<4>,
    convs: [Parameters; 2],
    affine: Option<[Affine; 2]>,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::residual_block(block(x, convs, affine)))
}

/// [`residual_block()`] as one operation of a graph, on any device and whether it pays or not. On
/// WebGPU C, H and W must be multiples of 4.
pub fn whole_residual_block(
    x: Tensor<4>,
    convs: [Parameters; 2],
    affine: Option<[Affine; 2]>,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::whole_block(block(x, convs, affine)))
}

fn block(x: Tensor<4>, convs: [Parameters; 2], affine: Option<[Affine; 2]>) -> Block<Dispatch> {
    let conv = |(weight, bias): Parameters, affine: Option<Affine>| BlockConv {
        weight: weight.into_dispatch(),
        bias: bias.into_dispatch(),
        affine: affine.into(),
    };
    let [first, second] = convs;
    let [of_first, of_second] = affine.map_or([None, None], |both| both.map(Some));
    let (first, second) = (conv(first, of_first), conv(second, of_second));
    Block { x: x.into_dispatch(), first, second }
}

/// Whether a block in a graph, on images `[B, C, H, W]`, is computed by Winograd's filtering.
pub fn takes_winograd(image: [usize; 4], device: &Device) -> bool {
    !is_cpu(device) && CubeBackend::block_pays(image, true)
}

/// Averages `distance` over `x` `[B, C, H, W]`, and multiplies by `weight`: `[1]`. `other`, of the
/// same shape and without a gradient, is what [`Distance::Absolute`] compares with; the other
/// distances ignore it (paper, section 3; `GANLoss` and `L1Loss` in PyTorch's `models/`).
pub fn loss(x: Tensor<4>, other: Tensor<4>, distance: Distance, weight: f64) -> Tensor<1> {
    let [x, other] = [x, other].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::loss(x, other, distance, weight as f32))
}

/// Augments the pictures `x` `[B, C, H, W]` according to their [`Augmentation::numbers`] in `draws`
/// `[D, 8, 1, 1]`. If `x` has more pictures, they start again at the first.
///
/// This is differentiable augmentation (Zhao et al., arXiv 2006.10738, section 3.3;
/// `DiffAugment_pytorch.py` in its code): a discriminator's input is randomly recoloured, shifted
/// and cut out, and gradients flow back through all of it. The order is the paper's: brightness,
/// saturation, contrast, then a shift filled up with zeros, then a square of zeros. All of it is
/// affine in the picture, given the mean colour of each pixel and the mean of the picture, so the
/// backward pass is the adjoint and needs no picture. The draws are a tensor, so that a recorded
/// step can be repeated with other ones.
pub fn augment(x: Tensor<4>, draws: Tensor<4>) -> Tensor<4> {
    let [x, draws] = [x, draws].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::augment(x, draws))
}

/// A parameter, outside any graph, in the memory layout of its device's operations, so that they
/// need not rearrange it at each call. Shape and values stay the same.
pub fn arranged<const D: usize>(parameter: Tensor<D>) -> Tensor<D> {
    changed_on_gpu(parameter, gpu::parameter)
}

/// Images outside any graph, in the memory layout of their device's operations, so that these need
/// not rearrange them. Shape and values stay the same.
pub fn image(image: Tensor<4>) -> Tensor<4> {
    changed_on_gpu(image, gpu::image)
}

/// Concatenates the images of both, `[B, C, H, W]` and outside any graph, starting with `first`.
pub fn join(first: Tensor<4>, second: Tensor<4>) -> Tensor<4> {
    match (on_gpu(&first), on_gpu(&second)) {
        (Some(first), Some(second)) => from_gpu(gpu::join(first, second)),
        _ => Tensor::cat(vec![first, second], 0),
    }
}

/// A tensor on the graphics card, outside any graph, converted to float16; operations still compute
/// in float32 (see `gpu/watch.rs`). The CPU has no float16 and returns the tensor unchanged.
pub fn halved<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    changed_on_gpu(tensor, |tensor| gpu::converted(tensor, DType::F16))
}

/// Converts a tensor made by [`halved()`], or the result of an operation on one, to float32.
pub fn doubled<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    changed_on_gpu(tensor, |tensor| gpu::converted(tensor, DType::F32))
}

/// Runs `work`; returns its result and `[1]`: 0 if everything that it wrote in float16 fits.
pub fn watched<T>(device: &Device, work: impl FnOnce() -> T) -> (T, Tensor<1>) {
    let watch = Tensor::from_data([0.0_f32], device);
    (watched_by(&watch, work), watch)
}

/// Runs `work`, which leaves `watch` `[1]` as it is, at 0, if everything that it writes in float16
/// fits.
pub fn watched_by<T>(watch: &Tensor<1>, work: impl FnOnce() -> T) -> T {
    gpu::watched(on_gpu(watch), work)
}

/// Frees the memory that operations on `device` keep for later ones.
pub fn release(device: &Device) {
    cpu::release();
    device.memory_cleanup();
}
