//! NaN and infinity must arrive at the end: an operation that makes an ordinary number of them hides
//! that a photo or a run is spoilt.

use burn::tensor::{Device, Tensor, TensorData};
use cyclegan_web::{
    ops::{Activation, Border, Conv2d, Distance, conv2d, instance_norm, loss, residual_block},
    random::Random,
};

use super::{floats, values};

const NAN: [f32; 2] = [f32::NAN, -f32::NAN];
pub const WRONG: [f32; 4] = [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

/// Random numbers, but for the one at `at`.
fn with<const D: usize>(shape: [usize; D], at: usize, wrong: f32, device: &Device) -> Tensor<D> {
    let mut data = values(&mut Random::new(3), shape.iter().product());
    data[at] = wrong;
    Tensor::from_data(TensorData::new(data, shape), device)
}

fn sound<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let data = values(&mut Random::new(4), shape.iter().product());
    Tensor::from_data(TensorData::new(data, shape), device)
}

/// All operations of the networks, on data with one NaN or infinity.
pub async fn poison(gpu: &Device) {
    for device in [gpu, &Device::flex()] {
        activations(device).await;
        normalisations(device).await;
        residual_blocks(device).await;
        losses(device).await;
    }
}

/// A convolution reads it by its tap in the middle of a pixel, and all channels there are spoilt.
async fn activations(device: &Device) {
    use Activation::{LeakyRelu, None, Relu, Tanh};
    for (outputs, transposed) in [(8, false), (3, false), (8, true), (3, true)] {
        for activation in [None, Relu, LeakyRelu, Tanh] {
            for wrong in NAN {
                let border = Border::Zero(0);
                let spec = Conv2d { kernel: 1, stride: 1, border, transposed, activation };
                // Pixel 7 of channel 1.
                let x = with([1, 4, 5, 6], 37, wrong, device);
                let weight = if transposed { [4, outputs] } else { [outputs, 4] };
                let weight = sound([weight[0], weight[1], 1, 1], device);
                let y = floats(conv2d(x, weight, sound([outputs], device), spec)).await;
                for (at, y) in y.into_iter().enumerate() {
                    assert_eq!(y.is_nan(), at % 30 == 7, "{spec:?}, {outputs} outputs: {at}: {y}");
                }
            }
        }
    }
}

/// One pixel spoils its channel, and no other.
async fn normalisations(device: &Device) {
    for activation in [Activation::None, Activation::Relu, Activation::LeakyRelu] {
        for (wrong, at) in WRONG.into_iter().flat_map(|wrong| [(wrong, 60), (wrong, 75)]) {
            let x = with([1, 5, 5, 6], at, wrong, device);
            let skip = sound([1, 5, 5, 6], device);
            for skip in [None, Some(skip)] {
                let y = floats(instance_norm(x.clone(), None, activation, skip)).await;
                for (at, y) in y.into_iter().enumerate() {
                    let spoilt = at / 30 == 2;
                    assert_eq!(y.is_nan(), spoilt, "{activation:?} of {wrong}: {at}: {y}");
                }
            }
        }
    }
}

/// Input, weights or biases spoil all channels, step by step and by Winograd's filtering.
async fn residual_blocks(device: &Device) {
    for (channels, side) in [(8, 8), (32, 16)] {
        for (which, wrong) in (0..5).flat_map(|which| WRONG.map(|wrong| (which, wrong))) {
            let at = |this: usize| if this == which { wrong } else { 0.5 };
            let x = with([1, channels, side, side], 130, at(0), device);
            let kernel = [channels, channels, 3, 3];
            let first = (with(kernel, 99, at(1), device), with([channels], 3, at(2), device));
            let second = (with(kernel, 99, at(3), device), with([channels], 3, at(4), device));
            let y = floats(residual_block(x, [first, second], None)).await;
            let spoilt = y.chunks(side * side).filter(|channel| channel.iter().all(|y| y.is_nan()));
            // What comes of the last convolution's weights and biases is one channel.
            let expected = if which < 3 { channels } else { 1 };
            assert_eq!(spoilt.count(), expected, "{channels} channels, {wrong} at {which}");
        }
    }
}

/// A loss is spoilt by one element, and the gradient there too.
async fn losses(device: &Device) {
    for distance in [
        Distance::Absolute,
        Distance::Squared { real: 1 },
        Distance::Logistic { real: 1 },
        Distance::Logistic { real: 0 },
    ] {
        for wrong in NAN {
            let x = with([1, 3, 7, 5], 50, wrong, device).autodiff().require_grad();
            let y = sound([1, 3, 7, 5], device).autodiff();
            let loss = loss(x.clone(), y, distance, 0.7);
            let mut gradients = loss.backward();
            assert!(floats(loss.inner()).await[0].is_nan(), "{distance:?}");
            let dx = floats(x.grad_remove(&mut gradients).unwrap()).await;
            for (at, dx) in dx.into_iter().enumerate() {
                assert_eq!(dx.is_nan(), at == 50, "{distance:?}: {at}: {dx}");
            }
        }
    }
}
