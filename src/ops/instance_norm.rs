//! Instance normalisation, activation, skip connection.
//!
//! Mirrors PyTorch's `InstanceNorm2d(track_running_stats=False)`, `affine` or not: biased variance, ε
//! inside the root, the same in training and in use. The statistics are of each image and channel
//! alone, so a batch changes nothing.

use burn::{backend::Dispatch, tensor::Tensor};

use super::{
    backend::Operations,
    layer::{Activation, Affine},
};

/// `activation(weight * (x - mean) / sqrt(var + ε) + bias) + skip`, with mean and variance over H and
/// W of each channel of `x` `[B, C, H, W]`; weight and bias only if `affine` has them.
pub fn instance_norm(
    x: Tensor<4>,
    affine: Option<Affine>,
    activation: Activation,
    skip: Option<Tensor<4>>,
) -> Tensor<4> {
    let (x, affine) = (x.into_dispatch(), affine.into());
    let (y, _) = match skip {
        Some(skip) => {
            let skip = skip.into_dispatch();
            <Dispatch as Operations>::normalise_and_add(x, skip, affine, activation)
        }
        None => <Dispatch as Operations>::normalise(x, affine, activation),
    };
    Tensor::from_dispatch(y)
}
