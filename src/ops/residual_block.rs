//! A residual block of the generator (paper, appendix 7.2: Rk; `ResnetBlock` in PyTorch's
//! `models/networks.py`): two 3x3 convolutions with mirrored borders around which the input is
//! carried, each normalised, the first one with a ReLU. There is none after the sum.

use burn::{
    backend::Dispatch,
    tensor::{Device, Tensor},
};
use burn_wgpu::{CubeBackend, CubeTensor};

use super::{
    affine::AffineOf,
    conv2d, gpu, instance_norm,
    layer::{Activation, Affine, RESIDUAL},
    whole_block::{AffinePair, WholeBlock},
};
use crate::device::is_cpu;

/// The weight `[C, C, 3, 3]` and bias `[C]` of one convolution.
pub type Parameters = (Tensor<4>, Tensor<1>);

/// Applies the block to `x` `[B, C, H, W]`; `affine` is what its normalisations have learnt.
///
/// On WebGPU larger ones are computed as a whole by Winograd's filtering, whose results differ from
/// the plain one's by about 1e-5 of the largest; in a graph, if H and W are multiples of 4.
pub fn residual_block(
    x: Tensor<4>,
    convs: [Parameters; 2],
    affine: Option<[Affine; 2]>,
) -> Tensor<4> {
    if let Some(y) = outside_graphs(&x, &convs, affine.as_ref()) {
        y
    } else if takes_winograd(x.dims(), &x.device()) {
        whole_residual_block(x, convs, affine)
    } else {
        step_by_step(x, convs, affine)
    }
}

/// Whether a block in a graph, on images `[B, C, H, W]`, is computed by Winograd's filtering.
pub fn takes_winograd(image: [usize; 4], device: &Device) -> bool {
    !is_cpu(device) && gpu::whole_block_pays(image)
}

fn step_by_step(
    x: Tensor<4>,
    [first, second]: [Parameters; 2],
    affine: Option<[Affine; 2]>,
) -> Tensor<4> {
    let [of_first, of_second] = affine.map_or([None, None], |both| both.map(Some));
    let y = conv2d(x.clone(), first.0, first.1, RESIDUAL);
    let y = instance_norm(y, of_first, Activation::Relu, None);
    let y = conv2d(y, second.0, second.1, RESIDUAL);
    instance_norm(y, of_second, Activation::None, Some(x))
}

/// [`residual_block()`] as one operation of a graph, on any device and whether it pays or not. On
/// WebGPU C, H and W must be multiples of 4.
pub fn whole_residual_block(
    x: Tensor<4>,
    [first, second]: [Parameters; 2],
    affine: Option<[Affine; 2]>,
) -> Tensor<4> {
    let affine = affine.map_or(AffinePair::None, |[first, second]| {
        let [w1, b1] = [first.weight, first.bias].map(Tensor::into_dispatch);
        let [w2, b2] = [second.weight, second.bias].map(Tensor::into_dispatch);
        AffinePair::Some(w1, b1, w2, b2)
    });
    let y = <Dispatch as WholeBlock>::whole_block(
        x.into_dispatch(),
        first.0.into_dispatch(),
        first.1.into_dispatch(),
        second.0.into_dispatch(),
        second.1.into_dispatch(),
        affine,
    );
    Tensor::from_dispatch(y)
}

fn outside_graphs(
    x: &Tensor<4>,
    convs: &[Parameters; 2],
    affine: Option<&[Affine; 2]>,
) -> Option<Tensor<4>> {
    fn on_gpu<const D: usize>(tensor: &Tensor<D>) -> Option<CubeTensor> {
        tensor.clone().try_into_primitive::<CubeBackend>().ok()
    }
    let x = on_gpu(x)?;
    let [first, second] =
        convs.each_ref().map(|(weight, bias)| Some((on_gpu(weight)?, on_gpu(bias)?)));
    let affine = match affine {
        None => [AffineOf::None, AffineOf::None],
        Some(both) => {
            let [first, second] = both
                .each_ref()
                .map(|one| Some(AffineOf::Some(on_gpu(&one.weight)?, on_gpu(&one.bias)?)));
            [first?, second?]
        }
    };
    let y = gpu::residual_block(x, [first?, second?], affine)?;
    Some(Tensor::from_primitive::<CubeBackend>(y))
}
