//! Adam on WebGPU: one kernel for two parameters and their moments, as many as fit into the eight
//! storage buffers that every device has.

use burn_wgpu::CubeTensor;

use super::{
    kernel::{Kernel, spread, wgsl},
    layout,
};
use crate::ops::layer::AdamStep;

/// Parameters per launch.
const PARAMETERS: usize = 2;

/// The kernel for one or two parameters; `row` is a multiple of four if each one's elements are.
pub(super) fn stepping(parameters: usize, row: usize) -> Kernel {
    let names: [&[&'static str]; PARAMETERS] = [
        &["gradient_0", "parameter_0", "mean_0", "square_0"],
        &["gradient_1", "parameter_1", "mean_1", "square_1"],
    ];
    let kernel = Kernel::new("adam", wgsl!["adam"], [64, 1, 1])
        .with([("parameters", parameters as u32), ("uniform", 4 * parameters as u32)]);
    names.into_iter().take(parameters).fold(kernel, |kernel, names| kernel.wide(names, row))
}

/// Updates each parameter and its moments in place, using its gradient; returns all except the
/// gradient.
pub fn adam(all: Vec<[CubeTensor; 4]>, step: &AdamStep) -> Vec<[CubeTensor; 3]> {
    let all: Vec<_> = all.into_iter().map(|learning| learning.map(layout::parameter)).collect();
    let elements = |[parameter, ..]: &[CubeTensor; 4]| parameter.meta.shape().num_elements();
    let (length, root) = step.corrected();
    let floats =
        [step.beta1, step.beta2, 1.0 - step.beta1, 1.0 - step.beta2, step.epsilon, length, root];
    for some in all.chunks(PARAMETERS) {
        let mut info = [0; PARAMETERS].to_vec();
        for (size, learning) in info.iter_mut().zip(some) {
            *size = elements(learning) as u32;
        }
        info.extend(floats.map(|value| (value as f32).to_bits()));
        let gradients: Vec<_> = some.iter().map(|[_, gradient, ..]| gradient).collect();
        let updated: Vec<_> = some
            .iter()
            .flat_map(|[parameter, _, mean, square]| [parameter, mean, square])
            .collect();
        let row = some.iter().fold(0, |row, learning| row | elements(learning));
        let most = some.iter().map(elements).max().unwrap_or_default();
        let [x, y, _] = spread(most.div_ceil(4));
        let groups = [x, y, some.len()];
        stepping(some.len(), row).launch(&gradients, &updated, &info, groups);
    }
    all.into_iter().map(|[parameter, _, mean, square]| [parameter, mean, square]).collect()
}
