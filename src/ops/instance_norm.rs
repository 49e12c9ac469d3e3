//! Instance normalisation, activation, skip connection.
//!
//! Mirrors PyTorch's `InstanceNorm2d(affine=False, track_running_stats=False)`: biased variance,
//! ε inside the root, no parameters, the same in training and in use. The statistics are of each
//! image and channel alone, so a batch changes nothing.

use burn::{backend::Dispatch, tensor::Tensor};

use super::{Activation, backend::Operations};
use crate::device::is_cpu;

/// PyTorch's default ε.
const EPSILON: f64 = 1e-5;

/// `activation((x - mean) / sqrt(var + ε)) + skip`, with mean and variance over H and W of each
/// channel of `x` `[B, C, H, W]`.
pub fn instance_norm(x: Tensor<4>, activation: Activation, skip: Option<Tensor<4>>) -> Tensor<4> {
    if is_cpu(&x.device()) {
        let x = x.into_dispatch();
        return Tensor::from_dispatch(match skip {
            Some(skip) => {
                let skip = skip.into_dispatch();
                <Dispatch as Operations>::normalise_and_add(x, skip, activation)
            }
            None => <Dispatch as Operations>::normalise(x, activation),
        });
    }
    reference(x, activation, skip)
}

/// [`instance_norm()`], composed of Burn's own operations.
pub(super) fn reference(
    x: Tensor<4>,
    activation: Activation,
    skip: Option<Tensor<4>>,
) -> Tensor<4> {
    let [b, c, h, w] = x.dims();
    let x = x.reshape([b, c, h * w]);
    let centred = x.clone() - x.mean_dim(2); // [B, C, HW] - [B, C, 1]
    let variance = centred.clone().powi_scalar(2).mean_dim(2); // [B, C, 1]
    let y = centred * (variance + EPSILON).sqrt().recip();
    let y = activation.apply(y.reshape([b, c, h, w]));
    match skip {
        Some(skip) => y + skip,
        None => y,
    }
}
