//! Layers with their weights: convolution, convolution with normalisation, residual block.

use burn::tensor::{Device, Tensor, TensorData};

use super::parameters::Mapper;
use crate::{
    error::{Error, Result},
    ops::{
        Activation, Affine, Before, Conv2d, Interpolation, RESIDUAL, arranged, instance_norm,
        prepared_conv2d, residual_block, residual_conv2d,
    },
    weights::{HostTensor, StateDict},
};

/// A convolution and its parameters.
#[derive(Debug)]
pub(super) struct Conv {
    name: String,
    weight: Tensor<4>,
    bias: Tensor<1>,
    spec: Conv2d,
    /// How the image is enlarged before the convolution.
    enlarged: Option<Interpolation>,
    /// Learnt parameters of the normalisation after it.
    norm: Option<Norm>,
}

/// The parameters of an affine normalisation.
#[derive(Debug)]
struct Norm {
    name: String,
    affine: Affine,
}

impl Norm {
    fn map(&self, mapper: &mut impl Mapper) -> Self {
        let Self { name, affine: Affine { weight, bias } } = self;
        let weight = mapper.map(&format!("{name}.weight"), weight.clone());
        let bias = mapper.map(&format!("{name}.bias"), bias.clone());
        Self { name: name.clone(), affine: Affine { weight, bias } }
    }
}

/// How rows of a layer's result depend on rows of its input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// How many times the result is lower than the input.
    pub down: usize,
    /// How many times it is higher.
    pub up: usize,
    /// Rows of the input above and below its own that it needs. Where a stride leaves out rows, a
    /// multiple of it, so that the same rows are left out as in the whole image.
    pub beside: usize,
}

impl Reach {
    /// Rows of the result of an input of `height` rows.
    pub fn height(self, height: usize) -> usize {
        height * self.up / self.down
    }
}

impl Conv {
    /// Takes `name.weight` and `name.bias` out of `state` and puts them on the device.
    pub fn take(state: &mut StateDict, name: &str, spec: Conv2d, device: &Device) -> Result<Self> {
        let weight = take::<4>(state, &format!("{name}.weight"), device)?;
        let bias = take::<1>(state, &format!("{name}.bias"), device)?;
        Ok(Self { name: name.into(), weight, bias, spec, enlarged: None, norm: None })
    }

    /// [`Conv::take`] with the parameters of the normalisation after it, `name.weight` and
    /// `name.bias` in `state`, unless there is no `name`.
    pub fn with_norm(
        self,
        state: &mut StateDict,
        name: Option<String>,
        device: &Device,
    ) -> Result<Self> {
        let Some(name) = name else { return Ok(self) };
        let weight = take::<1>(state, &format!("{name}.weight"), device)?;
        let bias = take::<1>(state, &format!("{name}.bias"), device)?;
        Ok(Self { norm: Some(Norm { name, affine: Affine { weight, bias } }), ..self })
    }

    /// The same convolution, of an image enlarged first.
    pub fn enlarging(self, enlarged: Option<Interpolation>) -> Self {
        Self { enlarged, ..self }
    }

    /// Learnt parameters of the normalisation after it.
    pub fn affine(&self) -> Option<Affine> {
        self.norm.as_ref().map(|norm| norm.affine.clone())
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let (weight, bias) = (self.weight.clone(), self.bias.clone());
        let before = Before { normalised: None, enlarged: self.enlarged };
        prepared_conv2d(x, before, None, weight, bias, self.spec)
    }

    /// Convolves the result of `front` after normalising it and applying a ReLU.
    pub fn forward_behind(&self, front: &Self, x: Tensor<4>) -> Tensor<4> {
        let (weight, bias) = (self.weight.clone(), self.bias.clone());
        let before = Before { normalised: Some(Activation::Relu), enlarged: self.enlarged };
        prepared_conv2d(x, before, front.affine(), weight, bias, self.spec)
    }

    /// [`Conv::forward`] of some rows of an image `[1, C, H, W]`.
    pub fn forward_rows(&self, x: Tensor<4>) -> Tensor<4> {
        if self.spec == RESIDUAL && self.enlarged.is_none() {
            return residual_conv2d(x, self.weight.clone(), self.bias.clone());
        }
        self.forward(x)
    }

    /// How rows of the result depend on rows of the input.
    pub fn reach(&self) -> Reach {
        let (down, up, beside) = match (self.spec, self.enlarged) {
            (Conv2d { transposed: true, stride, .. }, _) => (1, stride, 1),
            (_, Some(_)) => (1, 2, 2),
            (Conv2d { stride: 1, kernel, .. }, _) => (1, 1, kernel / 2),
            (Conv2d { stride, .. }, _) => (stride, 1, stride),
        };
        Reach { down, up, beside }
    }

    pub fn map(&self, mapper: &mut impl Mapper) -> Self {
        let weight = mapper.map(&format!("{}.weight", self.name), self.weight.clone());
        let bias = mapper.map(&format!("{}.bias", self.name), self.bias.clone());
        self.of(weight, bias, None)
    }

    /// [`Conv::map`] for a convolution followed by an instance normalisation.
    pub fn map_normalised(&self, mapper: &mut impl Mapper) -> Self {
        let weight = mapper.map(&format!("{}.weight", self.name), self.weight.clone());
        let bias = mapper.map_idle_bias(&format!("{}.bias", self.name), self.bias.clone());
        let norm = self.norm.as_ref().map(|norm| norm.map(mapper));
        self.of(weight, bias, norm)
    }

    /// The same convolution with other parameters.
    fn of(&self, weight: Tensor<4>, bias: Tensor<1>, norm: Option<Norm>) -> Self {
        let Self { name, spec, enlarged, .. } = self;
        Self { name: name.clone(), weight, bias, spec: *spec, enlarged: *enlarged, norm }
    }
}

fn take<const D: usize>(state: &mut StateDict, name: &str, device: &Device) -> Result<Tensor<D>> {
    let HostTensor { shape, data } =
        state.remove(name).ok_or_else(|| Error::WeightsMissingTensor(name.into()))?;
    if shape.len() != D {
        return Err(Error::WeightsWrongShape(format!("{name} {shape:?}")));
    }
    Ok(arranged(Tensor::from_data(TensorData::new(data, shape), device)))
}

/// Convolution, instance normalisation, activation: the discriminator's Ck.
#[derive(Debug)]
pub(super) struct ConvNorm {
    pub conv: Conv,
    pub activation: Activation,
}

impl ConvNorm {
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        instance_norm(self.conv.forward(x), self.conv.affine(), self.activation, None)
    }

    pub fn map(&self, mapper: &mut impl Mapper) -> Self {
        Self { conv: self.conv.map_normalised(mapper), activation: self.activation }
    }
}

/// Two 3x3 convolutions with a skip connection around them (paper: Rk).
#[derive(Debug)]
pub(super) struct ResidualBlock {
    convs: [Conv; 2],
}

impl ResidualBlock {
    pub fn new(first: Conv, second: Conv) -> Self {
        Self { convs: [first, second] }
    }

    /// The first convolution and the second.
    pub fn convs(&self) -> &[Conv; 2] {
        &self.convs
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let parameters = self.convs.each_ref().map(|conv| (conv.weight.clone(), conv.bias.clone()));
        let affine = match self.convs.each_ref().map(Conv::affine) {
            [Some(first), Some(second)] => Some([first, second]),
            _ => None,
        };
        residual_block(x, parameters, affine)
    }

    pub fn map(&self, mapper: &mut impl Mapper) -> Self {
        Self { convs: self.convs.each_ref().map(|conv| conv.map_normalised(mapper)) }
    }
}
