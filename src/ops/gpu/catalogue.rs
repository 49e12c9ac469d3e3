//! All shaders, as text. A faulty shader fails silently when launched, so each is compiled and its
//! messages are read before the first use.

use std::collections::HashSet;

use super::{
    adam, augment,
    conv2d::{self, Tile, Way},
    copy, enlarge, finite, instance_norm,
    kernel::Kernel,
    loss, pixels, shrink, sum, winograd, winograd_backward,
};
use crate::ops::layer::{Activation, Border, Distance, Geometry, Interpolation};

/// The text of one kernel.
#[derive(Debug, Clone)]
pub struct Shader {
    /// Its name, for messages.
    pub name: &'static str,
    /// WGSL.
    pub text: String,
}

/// Every kernel in every variant that the networks use: for rows of any width, and of fours.
pub fn shaders() -> Vec<Shader> {
    let mut kernels = Vec::new();
    for channels in [3, 64] {
        for activation in [Activation::None, Activation::Relu, Activation::LeakyRelu] {
            for affine in [false, true] {
                for skip in [false, true] {
                    kernels.extend(instance_norm::forward(channels, affine, activation, skip));
                    kernels.push(instance_norm::scaling(channels, activation, skip));
                }
                kernels.extend(instance_norm::backward(channels, affine, activation));
            }
        }
        for by in [Interpolation::Nearest, Interpolation::Bilinear] {
            kernels.extend(enlarge::ways(channels, by));
        }
        kernels.extend(shrink::ways(channels));
        for activation in [Activation::LeakyRelu, Activation::Tanh] {
            kernels.push(instance_norm::activating(channels, activation));
        }
        kernels.extend([1, 2].map(|parameters| adam::stepping(parameters, channels)));
        kernels.extend([1, 2, 3, 4].map(|pairs| sum::adding(pairs, channels)));
        kernels.extend([1, 2, 3, 4].map(|pairs| sum::averaging(pairs, channels)));
        kernels.push(copy::copying(channels));
        kernels.push(copy::joining(channels));
        let distances =
            [Distance::Absolute, Distance::Squared { real: 1 }, Distance::Logistic { real: 1 }];
        for distance in distances {
            kernels.push(loss::summing(channels, distance));
            kernels.push(loss::sloping(channels, distance));
        }
        for outputs in [1, 64] {
            convolutions(channels, outputs, &mut kernels);
        }
    }
    kernels.extend([1, 3].map(pixels::entering));
    kernels.extend([1, 3].map(pixels::leaving));
    kernels.push(loss::totalling());
    kernels.extend([false, true].map(augment::averaging));
    kernels.extend([false, true].map(augment::moving));
    kernels.push(conv2d::summing());
    kernels.push(instance_norm::undoing());
    kernels.extend((1..=7).map(finite::counting));
    kernels.push(winograd::weighing());
    kernels.push(winograd::entering(false, false, Activation::None));
    for affine in [false, true] {
        kernels.push(winograd::entering(true, affine, Activation::Relu));
        let entering = |activation| winograd_backward::entering(affine, activation);
        kernels.extend([Activation::None, Activation::Relu].map(entering));
    }
    kernels.push(winograd::leaving());
    kernels.extend([false, true].map(winograd_backward::leaving));
    kernels.push(winograd_backward::multiplying(64));
    kernels.push(winograd_backward::summing());
    for tile in [Tile::Large, Tile::Small] {
        kernels.extend([Way::Forward, Way::Backward].map(|way| conv2d::multiplying(64, tile, way)));
    }
    texts(kernels)
}

/// Every kernel of a generator in half precision, for devices with `shader-f16`.
pub fn half_shaders() -> Vec<Shader> {
    let mut kernels = Vec::new();
    for channels in [3, 64] {
        for to_half in [false, true] {
            kernels.push(copy::converting(channels, to_half));
        }
        kernels.push(copy::joining(channels).half(copy::JOINED, true));
        for activation in [Activation::None, Activation::Relu, Activation::LeakyRelu] {
            for (affine, skip) in [(false, false), (false, true), (true, false), (true, true)] {
                let both = instance_norm::forward(channels, affine, activation, skip);
                kernels.extend(both.map(|kernel| kernel.half(instance_norm::IMAGES, true)));
                let scaling = instance_norm::scaling(channels, activation, skip);
                kernels.push(scaling.half(instance_norm::IMAGES, true));
            }
        }
        for by in [Interpolation::Nearest, Interpolation::Bilinear] {
            let [kernel, _] = enlarge::ways(channels, by);
            kernels.push(kernel.half(enlarge::IMAGES, true));
        }
        let [kernel, _] = shrink::ways(channels);
        kernels.push(kernel.half(shrink::IMAGES, true));
        for outputs in [1, 64] {
            let mut gathering = Vec::new();
            convolutions(channels, outputs, &mut gathering);
            gathering.retain(|kernel| kernel.name().starts_with("convolution"));
            for kernel in gathering {
                for (source, weight) in [(false, true), (true, true), (true, false)] {
                    let kernel = kernel.clone().half(&["source"], source);
                    kernels.push(kernel.half(&["weight", "result"], weight));
                }
            }
        }
    }
    kernels.push(winograd::weighing().half(winograd::WEIGHTS, true));
    for (normalise, affine) in [(false, false), (true, false), (true, true)] {
        let activation = if normalise { Activation::Relu } else { Activation::None };
        let entering = winograd::entering(normalise, affine, activation);
        kernels.push(entering.half(winograd::ENTERED, true));
    }
    kernels.push(winograd::leaving().half(winograd::LEFT, true));
    texts(kernels)
}

/// Removes duplicates.
fn texts(mut kernels: Vec<Kernel>) -> Vec<Shader> {
    let mut seen = HashSet::new();
    kernels.retain(|kernel| seen.insert(kernel.clone()));
    let shader = |kernel: Kernel| Shader { name: kernel.name(), text: kernel.text() };
    kernels.into_iter().map(shader).collect()
}

/// The layers of both networks, one direction with a bias and the other without.
fn convolutions(channels: usize, outputs: usize, kernels: &mut Vec<Kernel>) {
    use Activation::{LeakyRelu, None, Tanh};
    use Way::{Backward, Forward};
    let layers = [
        (7, 1, Border::Reflect(3), Tanh, [Forward, Backward]),
        (3, 2, Border::Zero(1), None, [Forward, Backward]),
        // Only forward: no such generator is trained.
        (3, 2, Border::Reflect(1), None, [Forward, Forward]),
        // A transposed one.
        (3, 2, Border::Zero(1), None, [Backward, Forward]),
        (3, 1, Border::Reflect(1), None, [Forward, Backward]),
        (3, 1, Border::Zero(1), None, [Forward, Backward]),
        (4, 2, Border::Zero(1), LeakyRelu, [Forward, Backward]),
        (4, 1, Border::Zero(1), None, [Forward, Backward]),
    ];
    for (kernel, stride, border, activation, ways) in layers {
        let (height, width) = (64, 64);
        let geometry =
            Geometry { batch: 1, channels, outputs, height, width, kernel, stride, border };
        for (way, biased, activation) in [(ways[0], true, activation), (ways[1], false, None)] {
            let results = if way == Forward { outputs } else { channels };
            let tiles: &[Tile] =
                if results <= 4 { &[Tile::Narrow] } else { &[Tile::Large, Tile::Small] };
            for &tile in tiles {
                kernels.push(conv2d::gathering(&geometry, way, tile, biased, activation));
            }
        }
        kernels.push(conv2d::weighing(&geometry));
    }
}
