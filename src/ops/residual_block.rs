//! A residual block of the generator (paper, appendix 7.2: Rk; `ResnetBlock` in PyTorch's
//! `models/networks.py`): two 3x3 convolutions with mirrored borders around which the input is
//! carried, each normalised, the first one with a ReLU. There is none after the sum.

use burn::{
    backend::{Dispatch, wgpu::CubeBackend},
    tensor::{Device, Tensor},
};

use super::{Activation, Border, Conv2d, conv2d, gpu, instance_norm, whole_block::WholeBlock};
use crate::device::is_cpu;

/// Both convolutions.
pub(super) const SPEC: Conv2d = Conv2d {
    kernel: 3,
    stride: 1,
    border: Border::Reflect(1),
    transposed: false,
    activation: Activation::None,
};

/// The weight `[C, C, 3, 3]` and bias `[C]` of one convolution.
pub type Parameters = (Tensor<4>, Tensor<1>);

/// Applies the block to `x` `[B, C, H, W]`.
///
/// On WebGPU larger ones are computed as a whole by Winograd's filtering, whose results differ from
/// the plain one's by about 1e-5 of the largest; in a graph, if H and W are multiples of 4.
pub fn residual_block(x: Tensor<4>, [first, second]: [Parameters; 2]) -> Tensor<4> {
    if let Some(y) = outside_graphs(&x, [&first, &second]) {
        y
    } else if takes_winograd(x.dims(), &x.device()) {
        whole_residual_block(x, [first, second])
    } else {
        step_by_step(x, [first, second])
    }
}

/// Whether a block in a graph, on images `[B, C, H, W]`, is computed by Winograd's filtering.
pub fn takes_winograd(image: [usize; 4], device: &Device) -> bool {
    !is_cpu(device) && gpu::whole_block_pays(image)
}

fn step_by_step(x: Tensor<4>, [first, second]: [Parameters; 2]) -> Tensor<4> {
    let y = conv2d(x.clone(), first.0, first.1, SPEC);
    let y = instance_norm(y, Activation::Relu, None);
    let y = conv2d(y, second.0, second.1, SPEC);
    instance_norm(y, Activation::None, Some(x))
}

/// [`residual_block()`] as one operation of a graph, on any device and whether it pays or not. On
/// WebGPU C, H and W must be multiples of 4.
pub fn whole_residual_block(x: Tensor<4>, [first, second]: [Parameters; 2]) -> Tensor<4> {
    let y = <Dispatch as WholeBlock>::whole_block(
        x.into_dispatch(),
        first.0.into_dispatch(),
        first.1.into_dispatch(),
        second.0.into_dispatch(),
        second.1.into_dispatch(),
    );
    Tensor::from_dispatch(y)
}

fn outside_graphs(x: &Tensor<4>, parameters: [&Parameters; 2]) -> Option<Tensor<4>> {
    let x = x.clone().try_into_primitive::<CubeBackend>().ok()?;
    let mut on_gpu = Vec::with_capacity(2);
    for (weight, bias) in parameters {
        let weight = weight.clone().try_into_primitive::<CubeBackend>().ok()?;
        on_gpu.push((weight, bias.clone().try_into_primitive::<CubeBackend>().ok()?));
    }
    let y = gpu::residual_block(x, on_gpu.try_into().ok()?)?;
    Some(Tensor::from_primitive::<CubeBackend>(y))
}
