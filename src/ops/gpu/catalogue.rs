//! All shaders, as text. A faulty shader fails silently when launched, so those of networks whose
//! widths are multiples of eight, as people use them, are compiled and the messages read before the
//! first use: those of a generator when a device is opened, the others when something is to be
//! trained. Those of other widths differ only in how they address rows, and in tiles.

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

/// What a generator launches in float32, or what half precision takes in addition.
pub fn generator_shaders(half: bool) -> Vec<Shader> {
    let known = if half { generator(&USUAL, false) } else { vec![] };
    texts(generator(&USUAL, half), known)
}

/// What training launches in addition: gradients, discriminators, losses, optimisers, scores.
pub fn training_shaders() -> Vec<Shader> {
    texts(training(&USUAL), generator(&USUAL, false))
}

/// Every kernel in every variant, for networks of any width.
pub fn shaders() -> Vec<Shader> {
    texts(generator(&ALL, false).into_iter().chain(training(&ALL)), [])
}

/// Every kernel in half precision in every variant.
pub fn half_shaders() -> Vec<Shader> {
    texts(generator(&ALL, true), generator(&ALL, false))
}

/// The texts of `kernels`, each once, without those of `known`.
fn texts(
    kernels: impl IntoIterator<Item = Kernel>,
    known: impl IntoIterator<Item = Kernel>,
) -> Vec<Shader> {
    let mut seen: HashSet<_> = known.into_iter().collect();
    let kernels = kernels.into_iter().filter(|kernel| seen.insert(kernel.clone()));
    kernels.map(|kernel| Shader { name: kernel.name(), text: kernel.text() }).collect()
}

/// Channels that stand for all others: up to four are computed by a tile of their own, and
/// multiples of four are read as such.
pub(super) const ALL: [usize; 4] = [2, 4, 6, 64];
pub(super) const USUAL: [usize; 1] = [64];
const PICTURE: usize = 3;

/// A convolution as in a network, and the activation after it if no normalisation follows.
#[derive(Clone, Copy)]
struct Layer {
    kernel: usize,
    stride: usize,
    border: Border,
    activation: Activation,
    transposed: bool,
}

impl Layer {
    const fn new(kernel: usize, stride: usize, border: Border) -> Self {
        Self { kernel, stride, border, activation: Activation::None, transposed: false }
    }

    const fn with(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// The kernels that map `channels` to `outputs`.
    fn forward(self, channels: usize, outputs: usize) -> impl Iterator<Item = Kernel> {
        let way = if self.transposed { Way::Backward } else { Way::Forward };
        self.gathering(self.geometry(channels, outputs), way, true)
    }

    /// The kernels of its gradients.
    fn backward(self, channels: usize, outputs: usize) -> impl Iterator<Item = Kernel> {
        let way = if self.transposed { Way::Forward } else { Way::Backward };
        let geometry = self.geometry(channels, outputs);
        let weighing = conv2d::weighing(&geometry);
        self.with(Activation::None).gathering(geometry, way, false).chain([weighing])
    }

    /// All that training launches.
    fn both(self, channels: usize, outputs: usize) -> impl Iterator<Item = Kernel> {
        self.forward(channels, outputs).chain(self.backward(channels, outputs))
    }

    fn geometry(self, channels: usize, outputs: usize) -> Geometry {
        let Self { kernel, stride, border, .. } = self;
        let (height, width) = (64, 64);
        // Of a transposed convolution, the one whose gradient it is.
        let [channels, outputs] =
            if self.transposed { [outputs, channels] } else { [channels, outputs] };
        Geometry { batch: 1, channels, outputs, height, width, kernel, stride, border }
    }

    fn gathering(self, geometry: Geometry, way: Way, biased: bool) -> impl Iterator<Item = Kernel> {
        let results = if way == Way::Forward { geometry.outputs } else { geometry.channels };
        let tiles: &[Tile] =
            if results <= 4 { &[Tile::Narrow] } else { &[Tile::Large, Tile::Small] };
        let kernel = move |tile| conv2d::gathering(&geometry, way, tile, biased, self.activation);
        tiles.iter().copied().map(kernel)
    }
}

const STEM: Layer = Layer::new(7, 1, Border::Reflect(3));
const HEAD: Layer = STEM.with(Activation::Tanh);
/// Between stem and head.
const INNER: [Layer; 4] = [
    Layer::new(3, 2, Border::Zero(1)),
    Layer { transposed: true, ..Layer::new(3, 2, Border::Zero(1)) },
    Layer::new(3, 1, Border::Reflect(1)),
    Layer::new(3, 1, Border::Zero(1)),
];
/// Only forward: no such generator is trained.
const MIRRORED: Layer = Layer::new(3, 2, Border::Reflect(1));

/// Activations after a normalisation, and whether something is added: within a generator, and at
/// the end of a residual block.
const NORMALISED: [(Activation, bool); 2] = [(Activation::Relu, false), (Activation::None, true)];

fn pairs(widths: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    widths.iter().flat_map(|&channels| widths.iter().map(move |&outputs| (channels, outputs)))
}

/// The kernels of a generator of these `widths`, all that can be in half precision if `half`.
pub(super) fn generator(widths: &[usize], half: bool) -> Vec<Kernel> {
    let mut kernels = Vec::new();
    for &channels in widths {
        let images = |kernel: Kernel| kernel.half(instance_norm::IMAGES, half);
        for (activation, skip) in NORMALISED {
            for affine in [false, true] {
                let both = instance_norm::forward(channels, affine, activation, skip);
                kernels.extend(both.map(images));
            }
            kernels.push(images(instance_norm::scaling(channels, activation, skip)));
        }
        for by in [Interpolation::Nearest, Interpolation::Bilinear] {
            let [kernel, _] = enlarge::ways(channels, by);
            kernels.push(kernel.half(enlarge::IMAGES, half));
        }
        let [kernel, _] = shrink::ways(channels);
        kernels.push(kernel.half(shrink::IMAGES, half));
        kernels.push(copy::joining(channels).half(copy::JOINED, half));
        // Pictures are always float32.
        let stem = STEM.forward(PICTURE, channels);
        kernels.extend(stem.map(|kernel| kernel.half(conv2d::WRITTEN, half)));
        let head = HEAD.forward(channels, PICTURE);
        kernels.extend(head.map(|kernel| kernel.half(conv2d::READ, half)));
    }
    for (channels, outputs) in pairs(widths) {
        for layer in INNER.into_iter().chain([MIRRORED]) {
            let layer = layer.forward(channels, outputs);
            let both = |kernel: Kernel| kernel.half(conv2d::READ, half).half(conv2d::WRITTEN, half);
            kernels.extend(layer.map(both));
        }
    }
    for elements in [1, 4] {
        kernels.push(copy::copying(elements));
        if half {
            kernels.extend([false, true].map(|to_half| copy::converting(elements, to_half)));
        }
    }
    for channels in [1, PICTURE] {
        kernels.extend([pixels::entering(channels), pixels::leaving(channels)]);
    }
    kernels.push(winograd::weighing().half(winograd::WEIGHTS, half));
    let mut entering = |normalise, affine, activation| {
        let kernel = winograd::entering(normalise, affine, activation);
        kernels.push(kernel.half(winograd::ENTERED, half));
    };
    entering(false, false, Activation::None);
    entering(true, false, Activation::Relu);
    entering(true, true, Activation::Relu);
    kernels.push(winograd::leaving().half(winograd::LEFT, half));
    kernels.extend(products(Way::Forward));
    kernels
}

fn products(way: Way) -> [Kernel; 2] {
    [Tile::Large, Tile::Small].map(|tile| conv2d::multiplying(64, tile, way))
}

/// The kernels of training networks of these `widths`, except a generator's own.
pub(super) fn training(widths: &[usize]) -> Vec<Kernel> {
    let mut kernels = Vec::new();
    for &channels in widths {
        for affine in [false, true] {
            for activation in [Activation::None, Activation::Relu] {
                kernels.extend(instance_norm::backward(channels, affine, activation));
            }
        }
        // A discriminator's are never affine.
        let judged = Activation::LeakyRelu;
        kernels.extend(instance_norm::forward(channels, false, judged, false));
        kernels.extend(instance_norm::backward(channels, false, judged));
        for by in [Interpolation::Nearest, Interpolation::Bilinear] {
            let [_, kernel] = enlarge::ways(channels, by);
            kernels.push(kernel);
        }
        let [_, kernel] = shrink::ways(channels);
        kernels.push(kernel);
        kernels.extend(STEM.backward(PICTURE, channels));
        kernels.extend(HEAD.backward(channels, PICTURE));
        // As in PyTorch, and as in the paper's own code.
        for border in [1, 2].map(Border::Zero) {
            let first = Layer::new(4, 2, border).with(Activation::LeakyRelu);
            kernels.extend(first.both(PICTURE, channels));
            kernels.extend(Layer::new(4, 1, border).both(channels, 1));
        }
        // The last of the scores' classifier.
        kernels.extend(Layer::new(1, 1, Border::Zero(0)).both(channels, 1));
    }
    for (channels, outputs) in pairs(widths) {
        for layer in INNER {
            kernels.extend(layer.backward(channels, outputs));
        }
        for border in [1, 2].map(Border::Zero) {
            for stride in [2, 1] {
                kernels.extend(Layer::new(4, stride, border).both(channels, outputs));
            }
        }
        // The classifier has no normalisations.
        let judging = Layer::new(4, 2, Border::Zero(1)).with(Activation::LeakyRelu);
        kernels.extend(judging.forward(channels, outputs));
    }
    // Of parameters and pictures, of any number of elements.
    for elements in [1, 4] {
        for activation in [Activation::LeakyRelu, Activation::Tanh] {
            kernels.push(instance_norm::activating(elements, activation));
        }
        kernels.extend([1, 2].map(|parameters| adam::stepping(parameters, elements)));
        kernels.extend([1, 2, 3, 4].map(|pairs| sum::adding(pairs, elements)));
        kernels.extend([1, 2, 3, 4].map(|pairs| sum::averaging(pairs, elements)));
        kernels.push(copy::joining(elements));
        let distances =
            [Distance::Absolute, Distance::Squared { real: 1 }, Distance::Logistic { real: 1 }];
        for distance in distances {
            kernels.push(loss::summing(elements, distance));
            kernels.push(loss::sloping(elements, distance));
        }
    }
    kernels.push(loss::totalling());
    kernels.extend([false, true].map(augment::averaging));
    kernels.extend([false, true].map(augment::moving));
    kernels.push(conv2d::summing());
    kernels.push(instance_norm::undoing());
    kernels.extend((1..=7).map(finite::counting));
    for affine in [false, true] {
        let entering = |activation| winograd_backward::entering(affine, activation);
        kernels.extend([Activation::None, Activation::Relu].map(entering));
    }
    kernels.extend([false, true].map(winograd_backward::leaving));
    kernels.push(winograd_backward::multiplying(64));
    kernels.push(winograd_backward::summing());
    kernels.extend(products(Way::Backward));
    kernels
}
