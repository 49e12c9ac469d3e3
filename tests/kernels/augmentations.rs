//! What discriminators are shown, and its gradient, on a device and on the CPU.

use burn::tensor::{Device, Tensor, TensorData};
use cyclegan_web::{
    ops::{Augmentation, augment, reference},
    random::Random,
    train::Policy,
};

use super::{both, compare, floats};

const POLICIES: [&str; 8] = [
    "",
    "color",
    "translation",
    "cutout",
    "color,translation",
    "color,cutout",
    "translation,cutout",
    "color,translation,cutout",
];

/// Every policy on pictures of even and odd sides, within one workgroup and over several, in a batch
/// with more pictures than draws: the result and the gradient of a picture whose result is weighed at
/// random are those of Burn's own operations, one picture at a time.
pub async fn augmentations(device: &Device) {
    let cpu = Device::flex();
    let mut random = Random::new(14);
    let mut changed = 0;
    for (shape, drawn) in [([2, 3, 24, 36], 1), ([4, 3, 31, 27], 2), ([1, 3, 130, 97], 1)] {
        for name in POLICIES {
            let policy = Policy::try_from(name.to_string()).unwrap();
            let drawn = policy.draw(drawn, &mut random);
            let draws = tensor(&drawn, device);
            let [x, x_cpu] = both(&mut random, shape, [device, &cpu]);
            let [weight, weight_cpu] = both(&mut random, shape, [device, &cpu]);
            let what = format!("{name:?} {shape:?}");

            let leaf = |x: Tensor<4>| x.autodiff().require_grad();
            let (x, x_cpu) = (leaf(x), leaf(x_cpu));
            let y = augment(x.clone(), draws.autodiff());
            let mut ours = (y.clone() * weight.autodiff()).sum().backward();
            let pictures = x_cpu.clone().split(1, 0).into_iter().zip(drawn.iter().cycle());
            let expected = pictures.map(|(x, drawn)| reference::augment(x, drawn)).collect();
            let expected = Tensor::cat(expected, 0);
            let mut theirs = (expected.clone() * weight_cpu.autodiff()).sum().backward();
            let (y, expected) = (y.inner(), expected.inner());
            if floats(expected.clone()).await != floats(x_cpu.clone().inner()).await {
                changed += 1;
            }
            compare(&what, y, expected).await;
            let ours = x.grad_remove(&mut ours).unwrap();
            compare(&format!("dx of {what}"), ours, x_cpu.grad_remove(&mut theirs).unwrap()).await;
        }
    }
    // All but the three of the policy that does nothing.
    assert!(changed >= 20, "{changed}");
}

fn tensor(drawn: &[Augmentation], device: &Device) -> Tensor<4> {
    let numbers: Vec<f32> = drawn.iter().flat_map(Augmentation::numbers).collect();
    Tensor::from_data(TensorData::new(numbers, [drawn.len(), Augmentation::NUMBERS, 1, 1]), device)
}
