//! Instance normalisation, activation, skip connection.
//!
//! Mirrors PyTorch's `InstanceNorm2d(affine=False, track_running_stats=False)`: biased variance,
//! ε inside the root, no parameters, the same in training and in use. The statistics are of each
//! image and channel alone, so a batch changes nothing.

use burn::{backend::Dispatch, tensor::Tensor};

use super::{Activation, backend::Operations};

/// `activation((x - mean) / sqrt(var + ε)) + skip`, with mean and variance over H and W of each
/// channel of `x` `[B, C, H, W]`.
pub fn instance_norm(x: Tensor<4>, activation: Activation, skip: Option<Tensor<4>>) -> Tensor<4> {
    let x = x.into_dispatch();
    let (y, _) = match skip {
        Some(skip) => {
            <Dispatch as Operations>::normalise_and_add(x, skip.into_dispatch(), activation)
        }
        None => <Dispatch as Operations>::normalise(x, activation),
    };
    Tensor::from_dispatch(y)
}
