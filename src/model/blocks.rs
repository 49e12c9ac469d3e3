//! Layers with their weights: convolution, convolution with normalisation, residual block.

use burn::tensor::{Device, Tensor, TensorData};

use super::parameters::Mapper;
use crate::{
    error::{Error, Result},
    ops::{Activation, Conv2d, arranged, conv2d, instance_norm, normalised_conv2d, residual_block},
    weights::{HostTensor, StateDict},
};

/// A convolution and its parameters.
#[derive(Debug)]
pub(super) struct Conv {
    name: String,
    weight: Tensor<4>,
    bias: Tensor<1>,
    spec: Conv2d,
}

impl Conv {
    /// Takes `name.weight` and `name.bias` out of `state` and puts them on the device.
    pub fn take(state: &mut StateDict, name: &str, spec: Conv2d, device: &Device) -> Result<Self> {
        let weight = take::<4>(state, &format!("{name}.weight"), device)?;
        let bias = take::<1>(state, &format!("{name}.bias"), device)?;
        Ok(Self { name: name.into(), weight, bias, spec })
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        conv2d(x, self.weight.clone(), self.bias.clone(), self.spec)
    }

    /// The same behind an instance normalisation of `x` with `activation`.
    pub fn forward_normalised(&self, x: Tensor<4>, activation: Activation) -> Tensor<4> {
        let (weight, bias) = (self.weight.clone(), self.bias.clone());
        normalised_conv2d(x, activation, weight, bias, self.spec)
    }

    pub fn map(&self, mapper: &mut impl Mapper) -> Self {
        let Self { name, weight, bias, spec } = self;
        let weight = mapper.map(&format!("{name}.weight"), weight.clone());
        let bias = mapper.map(&format!("{name}.bias"), bias.clone());
        Self { name: name.clone(), weight, bias, spec: *spec }
    }

    /// [`Conv::map`] where an instance normalisation follows.
    pub fn map_normalised(&self, mapper: &mut impl Mapper) -> Self {
        let Self { name, weight, bias, spec } = self;
        let weight = mapper.map(&format!("{name}.weight"), weight.clone());
        let bias = mapper.map_idle_bias(&format!("{name}.bias"), bias.clone());
        Self { name: name.clone(), weight, bias, spec: *spec }
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
        instance_norm(self.conv.forward(x), self.activation, None)
    }

    pub fn map(&self, mapper: &mut impl Mapper) -> Self {
        Self { conv: self.conv.map_normalised(mapper), activation: self.activation }
    }
}

/// Two 3x3 convolutions around which the input is carried (paper: Rk).
#[derive(Debug)]
pub(super) struct ResidualBlock {
    convs: [Conv; 2],
}

impl ResidualBlock {
    pub fn new(first: Conv, second: Conv) -> Self {
        Self { convs: [first, second] }
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let parameters = self.convs.each_ref().map(|conv| (conv.weight.clone(), conv.bias.clone()));
        residual_block(x, parameters)
    }

    pub fn map(&self, mapper: &mut impl Mapper) -> Self {
        Self { convs: self.convs.each_ref().map(|conv| conv.map_normalised(mapper)) }
    }
}
