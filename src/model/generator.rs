//! The ResNet generator (paper, appendix 7.2; `ResnetGenerator` in PyTorch's `models/networks.py`).
//!
//! With 9 blocks: c7s1-64, d128, d256, R256 x9, u128, u64, c7s1-3. Two strided convolutions, or two
//! convolutions with a blur behind ([`Down`]), halve the image twice, the residual blocks transform
//! it at that size, and two transposed convolutions, or two convolutions of an enlarged image
//! ([`Up`]), bring it back.

use burn::tensor::{Device, Tensor};

use super::{
    blocks::{Conv, ResidualBlock},
    init::Init,
    parameters::{Mapper, Network},
};
use crate::{
    error::Result,
    ops::{Activation, Border, Conv2d, Interpolation, halved, instance_norm, shrink},
    weights::{Architecture, Down, Layer, StateDict, Up},
};

/// The image is halved twice, so its sides must be multiples of this.
pub(crate) const MULTIPLE: usize = 4;
/// The residual blocks see a quarter of each side and reflect one pixel, which requires two.
pub(crate) const SMALLEST: usize = 8;

/// Translates images of one domain into the other.
#[derive(Debug)]
pub struct Generator {
    // Boxed, because tensors are large values, networks are moved often, and wasm's stack is small.
    architecture: Architecture,
    /// An instance normalisation and a ReLU follow each of these, and each of `up`.
    pub(super) down: Box<[Conv; 3]>,
    pub(super) blocks: Vec<ResidualBlock>,
    pub(super) up: Box<[Conv; 2]>,
    pub(super) head: Box<Conv>,
}

impl Generator {
    /// Puts checked weights (see [`crate::weights::generator_from`]) on `device`. Fails with
    /// `weights-missing-tensor` and `weights-wrong-shape`, if they were not checked.
    pub fn from_state(
        architecture: Architecture,
        state: StateDict,
        device: &Device,
    ) -> Result<Self> {
        Self::build(architecture, state, device, false)
    }

    /// [`Generator::from_state`] in half precision. On a graphics card, the weights and therefore
    /// the images between layers are float16; the last layer's weights, and therefore the result,
    /// stay float32. Biases that a normalisation cancels are left out. The generator can translate
    /// ([`crate::translate`] handles overflow) but not learn. Fails as [`Generator::from_state`].
    pub fn half_from_state(
        architecture: Architecture,
        state: StateDict,
        device: &Device,
    ) -> Result<Self> {
        Self::build(architecture, state, device, true)
    }

    fn build(
        architecture: Architecture,
        mut state: StateDict,
        device: &Device,
        half: bool,
    ) -> Result<Self> {
        let plain = |kernel, stride, border| Conv2d {
            kernel,
            stride,
            border,
            transposed: false,
            activation: Activation::None,
        };
        let stem = plain(7, 1, Border::Reflect(3));
        let strided = plain(3, 2, Border::Zero(1));
        let keep = plain(3, 1, Border::Reflect(1));
        let zeros = plain(3, 1, Border::Zero(1));
        let halve = match architecture.down {
            Down::Strided => strided,
            Down::Mirrored => Conv2d { border: Border::Reflect(1), ..strided },
            Down::Blurred => zeros,
        };
        let (double, enlarged) = match architecture.up {
            Up::Transpose => (Conv2d { transposed: true, ..strided }, None),
            Up::Bilinear => (keep, Some(Interpolation::Bilinear)),
            Up::Nearest => (zeros, Some(Interpolation::Nearest)),
            // CUT's transposed [1, 3, 3, 1] / 4 with stride 2 is the same interpolation.
            Up::Blurred => (zeros, Some(Interpolation::Bilinear)),
        };
        let head = Conv2d { activation: Activation::Tanh, ..stem };

        let mut conv = |layer, spec| -> Result<Conv> {
            let conv = Conv::take(&mut state, &architecture.key(layer), spec, device)?;
            // One after the other, so that each can reuse the memory of the previous one.
            let conv = if half && layer != Layer::Head { conv.map(&mut Halve) } else { conv };
            conv.with_norm(&mut state, architecture.norm_key(layer), device)
        };
        let down =
            [conv(Layer::Stem, stem)?, conv(Layer::Down(0), halve)?, conv(Layer::Down(1), halve)?];
        let mut blocks = Vec::with_capacity(architecture.blocks);
        for block in 0..architecture.blocks {
            let [first, second] = [0, 1].map(|index| conv(Layer::Block(block, index), keep));
            blocks.push(ResidualBlock::new(first?, second?));
        }
        let up = [conv(Layer::Up(0), double)?, conv(Layer::Up(1), double)?];
        let up = up.map(|conv| conv.enlarging(enlarged));
        let head = Box::new(conv(Layer::Head, head)?);
        Ok(Self { architecture, down: Box::new(down), blocks, up: Box::new(up), head })
    }

    /// A generator with random weights drawn from `seed`.
    pub fn random(
        architecture: Architecture,
        init: Init,
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        let state = init.state(&architecture.tensors(), seed);
        Self::from_state(architecture, state, device)
    }

    /// Its width, depth and variants.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Translates `x` `[B, C, H, W]` in [-1, 1], where C is the architecture's `pictures`, to the
    /// same shape and range. H and W must be multiples of 4 and at least 8.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        // Each layer returns its result before normalisation, and the next one normalises it, so
        // that the normalised image need not be kept for the backward pass.
        let [stem, halve, halve_again] = &*self.down;
        let normalise = |conv: &Conv, x| instance_norm(x, conv.affine(), Activation::Relu, None);
        let x = stem.forward(x); // [B, ngf, H, W]
        let x = halve.forward_behind(stem, x);
        let x = match self.architecture.down {
            Down::Strided | Down::Mirrored => {
                normalise(halve_again, halve_again.forward_behind(halve, x))
            }
            Down::Blurred => {
                let x = shrink(normalise(halve, x)); // [B, 2 ngf, H/2, W/2] from twice the sides
                shrink(normalise(halve_again, halve_again.forward(x)))
            }
        }; // [B, 4 ngf, H/4, W/4]
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        let [double, double_again] = &*self.up;
        let x = double_again.forward_behind(double, double.forward(x)); // [B, ngf, H, W]
        self.head.forward_behind(double_again, x)
    }
}

/// Converts weights to float16 and drops biases: the normalisation after them cancels them, but a
/// large bias would use up most of float16's 11 bits.
struct Halve;

impl Mapper for Halve {
    fn map<const D: usize>(&mut self, _: &str, tensor: Tensor<D>) -> Tensor<D> {
        if D == 4 { halved(tensor) } else { tensor.zeros_like() }
    }
}

impl Network for Generator {
    fn map(&self, mapper: &mut impl Mapper) -> Self {
        let Self { architecture, down, blocks, up, head } = self;
        let down = Box::new(down.each_ref().map(|layer| layer.map_normalised(mapper)));
        let blocks = blocks.iter().map(|block| block.map(mapper)).collect();
        let up = Box::new(up.each_ref().map(|layer| layer.map_normalised(mapper)));
        let head = Box::new(head.map(mapper));
        Self { architecture: *architecture, down, blocks, up, head }
    }
}
