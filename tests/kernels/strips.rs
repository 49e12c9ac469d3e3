//! The operations for images in strips against their definitions.

use burn::tensor::{Device, Tensor};
use cyclegan_web::{
    ops::{
        Activation, RESIDUAL, Scaling, arranged, moments, reference, residual_conv2d, scaled,
        stacked,
    },
    random::Random,
};

use super::{both, compare};

/// Sides of one pixel and of many, channels that fill no row of fours and those that do, and more
/// pixels than are summed at once.
const SHAPES: [[usize; 4]; 5] =
    [[1, 4, 3, 5], [1, 3, 7, 4], [1, 70, 9, 11], [1, 36, 40, 33], [1, 1, 1, 2]];

/// On WebGPU and on the CPU.
pub async fn strips(gpu: &Device) {
    for device in [gpu, &Device::flex()] {
        statistics(device).await;
        scalings(device).await;
        convolutions(device).await;
        stacks(device).await;
    }
}

async fn statistics(device: &Device) {
    let mut random = Random::new(21);
    for shape in SHAPES {
        let [x, x_cpu] = both(&mut random, shape, [device, &Device::flex()]);
        // Far from zero, as where a bias has grown.
        let [ours, expected] = [moments(x * 0.3 + 4.0), reference::moments(x_cpu * 0.3 + 4.0)];
        for (row, what) in ["means", "variances"].into_iter().enumerate() {
            let [ours, expected] = [&ours, &expected].map(|both| both.clone().narrow(0, row, 1));
            compare(&format!("{what} of {shape:?}"), ours, expected).await;
        }
    }
}

async fn scalings(device: &Device) {
    let mut random = Random::new(22);
    for shape in SHAPES {
        for activation in [Activation::None, Activation::Relu, Activation::LeakyRelu] {
            for with_skip in [false, true] {
                let mut pair = || both(&mut random, shape, [device, &Device::flex()]);
                let ([x, x_cpu], [skip, skip_cpu]) = (pair(), pair());
                let mut pair = || both(&mut random, [shape[1]], [device, &Device::flex()]);
                let ([factor, factor_cpu], [constant, constant_cpu]) = (pair(), pair());
                let scaling = Scaling { factor, constant };
                let scaling_cpu = Scaling { factor: factor_cpu, constant: constant_cpu };
                let y = scaled(x, &scaling, activation, with_skip.then_some(skip));
                let skip = with_skip.then_some(skip_cpu);
                let expected = reference::scaled(x_cpu, &scaling_cpu, activation, skip);
                compare(&format!("{shape:?} {activation:?} {with_skip}"), y, expected).await;
            }
        }
    }
}

/// By Winograd's filtering and without.
async fn convolutions(device: &Device) {
    let mut random = Random::new(23);
    for shape in [[1, 4, 2, 9], [1, 8, 17, 19], [1, 32, 16, 16], [1, 36, 6, 51], [1, 33, 20, 20]] {
        let channels = shape[1];
        let [x, x_cpu] = both(&mut random, shape, [device, &Device::flex()]);
        let [w, w_cpu] = both(&mut random, [channels, channels, 3, 3], [device, &Device::flex()]);
        let [b, b_cpu] = both(&mut random, [channels], [device, &Device::flex()]);
        let expected = reference::conv2d(x_cpu, w_cpu, b_cpu, RESIDUAL);
        let y = residual_conv2d(x, arranged(w), b);
        compare(&format!("convolution of {shape:?}"), y, expected).await;
    }
}

/// Strips of one row and of several, with and without rows of fours.
async fn stacks(device: &Device) {
    let mut random = Random::new(24);
    for (channels, width, heights) in
        [(4, 6, vec![2, 1, 3]), (3, 5, vec![1, 4]), (3, 4, vec![1, 1, 1, 2]), (5, 7, vec![3])]
    {
        let mut parts =
            |height| both(&mut random, [1, channels, height, width], [device, &Device::flex()]);
        let (ours, theirs): (Vec<_>, Vec<_>) =
            heights.iter().map(|&height| parts(height).into()).unzip();
        let expected: Tensor<4> = Tensor::cat(theirs, 2);
        compare(&format!("{heights:?} rows of {width}"), stacked(ours), expected).await;
    }
}
