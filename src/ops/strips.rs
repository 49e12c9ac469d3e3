//! Operations for images in strips of rows, outside any graph: a normalisation in two halves, between
//! which the statistics of all strips come together, and a convolution without one.

#![allow(clippy::indexing_slicing, reason = "axes of shapes of four")]

use burn::{backend::Flex, tensor::Tensor};

use super::{
    cpu, gpu,
    layer::{Activation, RESIDUAL, Scaling},
    place::{from_gpu, on_cpu, on_gpu},
};

/// Mean and biased variance over H and W of each channel of an image `[1, C, H, W]`: `[2, C]`.
pub fn moments(x: Tensor<4>) -> Tensor<2> {
    let [_, channels, height, width] = x.dims();
    let Some(on_gpu) = on_gpu(&x) else {
        return Tensor::from_primitive::<Flex>(cpu::moments(on_cpu(x)));
    };
    // Sums of differences from the first pixel, and of their squares.
    let sums: Tensor<4> = from_gpu(gpu::sums(&on_gpu)); // [1, blocks, 2, C]
    let means = sums.sum_dim(1).reshape([2, channels]) / (height * width) as f64;
    let first = x.slice([0..1, 0..channels, 0..1, 0..1]);
    let first = super::doubled(first).reshape([1, channels]);
    let shift = means.clone().slice([0..1, 0..channels]);
    let squares = means.slice([1..2, 0..channels]);
    let variance = (squares - shift.clone() * shift.clone()).clamp_min(0.0);
    Tensor::cat(vec![first + shift, variance], 0)
}

/// `activation(x * factor + constant) + skip` for an image `x` `[1, C, H, W]`, in its precision.
pub fn scaled(
    x: Tensor<4>,
    scaling: &Scaling,
    activation: Activation,
    skip: Option<Tensor<4>>,
) -> Tensor<4> {
    let Scaling { factor, constant } = scaling.clone();
    match (on_gpu(&x), on_gpu(&factor), on_gpu(&constant)) {
        (Some(x), Some(factor), Some(constant)) => {
            let skip = skip.as_ref().and_then(on_gpu);
            from_gpu(gpu::scaled(x, [factor, constant], activation, skip))
        }
        _ => {
            let scaling = [factor, constant].map(on_cpu);
            let y = cpu::scaled(on_cpu(x), scaling, activation, skip.map(on_cpu));
            Tensor::from_primitive::<Flex>(y)
        }
    }
}

/// A convolution of a residual block, on images `[B, C, H, W]`. On WebGPU larger ones are computed
/// by Winograd's filtering, as in [`super::residual_block()`].
pub fn residual_conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    match (on_gpu(&x), on_gpu(&weight), on_gpu(&bias)) {
        (Some(x), Some(weight), Some(bias)) if gpu::takes_winograd(&x) => {
            from_gpu(gpu::residual_conv2d(x, weight, bias))
        }
        _ => super::conv2d(x, weight, bias, RESIDUAL),
    }
}

/// Images `[1, C, H, W]` of one width, at least one, each below the one before.
pub fn stacked(parts: Vec<Tensor<4>>) -> Tensor<4> {
    let on_gpu: Option<Vec<_>> = parts.iter().map(on_gpu).collect();
    match on_gpu.and_then(|parts| parts.into_iter().reduce(gpu::stack)) {
        Some(image) => from_gpu(image),
        None => Tensor::cat(parts, 2),
    }
}
