//! Adam on WebGPU: one kernel for a parameter and its moments.

use burn::backend::wgpu::CubeTensor;

use super::kernel::{Kernel, spread, wgsl};
use crate::ops::AdamStep;

/// The kernel for parameters of `elements` elements.
pub(super) fn stepping(elements: usize) -> Kernel {
    Kernel::new("adam", wgsl!["adam"], [64, 1, 1])
        .wide(&["gradient", "parameter", "mean", "square"], elements)
}

/// Updates `parameter` and its moments in place. All four lie alike in memory, without gaps.
pub fn adam(
    parameter: &CubeTensor,
    gradient: &CubeTensor,
    [mean, square]: [&CubeTensor; 2],
    step: &AdamStep,
) {
    let elements = parameter.meta.shape().num_elements();
    let (length, root) = step.corrected();
    let floats =
        [step.beta1, step.beta2, 1.0 - step.beta1, 1.0 - step.beta2, step.epsilon, length, root];
    let mut info = vec![elements as u32];
    info.extend(floats.map(|value| (value as f32).to_bits()));
    let groups = spread(elements.div_ceil(4));
    stepping(elements).launch(&[gradient], &[parameter, mean, square], &info, groups);
}
