//! Images with more pixels than one axis of a launch has workgroups, against the operations'
//! definitions.

use burn::tensor::Device;
use cyclegan_web::{
    ops::{Activation, Border, Conv2d, conv2d, instance_norm, reference},
    random::Random,
};

use super::{both, compare};

/// More than 65,535 tiles of 64 pixels.
pub async fn large_convolutions(gpu: &Device) {
    let cpu = Device::flex();
    let mut random = Random::new(13);
    for (channels, outputs, transposed) in [(1, 5, false), (5, 6, true)] {
        let (border, activation) = (Border::Zero(0), Activation::None);
        let spec = Conv2d { kernel: 1, stride: 1, border, transposed, activation };
        let [x, x_cpu] = both(&mut random, [1, channels, 2049, 2053], [gpu, &cpu]);
        let weight = if transposed { [channels, outputs] } else { [outputs, channels] };
        let [w, w_cpu] = both(&mut random, [weight[0], weight[1], 1, 1], [gpu, &cpu]);
        let [b, b_cpu] = both(&mut random, [outputs], [gpu, &cpu]);
        let expected = reference::conv2d(x_cpu, w_cpu, b_cpu, spec);
        compare(&format!("{spec:?}"), conv2d(x, w, b, spec), expected).await;
    }
}

/// More than 65,535 blocks of 256 pixels, there and back.
pub async fn large_normalisations(gpu: &Device) {
    let cpu = Device::flex();
    let mut random = Random::new(14);
    let shape = [1, 1, 4099, 4096];
    let [x, x_cpu] = both(&mut random, shape, [gpu, &cpu]);
    let [mask, mask_cpu] = both(&mut random, shape, [gpu, &cpu]);
    let [x, x_cpu] = [x, x_cpu].map(|x| x.autodiff().require_grad());
    let y = instance_norm(x.clone(), None, Activation::Relu, None);
    let expected = reference::instance_norm(x_cpu.clone(), None, Activation::Relu, None);
    compare("result", y.clone().inner(), expected.clone().inner()).await;
    let mut ours = (y * mask.autodiff()).sum().backward();
    let mut theirs = (expected * mask_cpu.autodiff()).sum().backward();
    let (ours, theirs) = (x.grad_remove(&mut ours), x_cpu.grad_remove(&mut theirs));
    compare("gradient", ours.unwrap(), theirs.unwrap()).await;
}
