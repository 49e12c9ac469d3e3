//! Finds tensors with elements that are not finite.

use burn_wgpu::CubeTensor;

use super::{
    kernel::{Kernel, wgsl},
    layout,
};

/// Tensors per launch: with the counts, the eight storage buffers that every device has.
const TENSORS: usize = 7;

/// The kernel for this number of tensors.
pub(super) fn counting(tensors: usize) -> Kernel {
    Kernel::new("not_finite", wgsl!["lanes", "not_finite"], [256, 1, 1])
        .with([("tensors", tensors as u32), ("uniform", tensors as u32 + 1)])
}

/// For each tensor, the number of elements that are infinite or NaN. They must have no gaps.
pub fn not_finite(tensors: &[CubeTensor]) -> Option<CubeTensor> {
    let counts = layout::empty(tensors.first()?, [tensors.len()]);
    for (index, some) in tensors.chunks(TENSORS).enumerate() {
        let mut sizes = [0; TENSORS + 1];
        sizes[0] = (index * TENSORS) as u32;
        for (size, tensor) in sizes[1..].iter_mut().zip(some) {
            *size = tensor.meta.shape().num_elements() as u32;
        }
        let read: Vec<_> = some.iter().collect();
        counting(some.len()).launch(&read, &[&counts], &sizes, [some.len(), 1, 1]);
    }
    Some(counts)
}
