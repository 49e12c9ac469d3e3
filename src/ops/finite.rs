//! Whether a network has come to NaN or infinity.

use burn::tensor::Tensor;
use burn_wgpu::CubeBackend;

use super::gpu;

/// For each of the parameters, each outside any graph, a number that is 0 only if all of its elements
/// are finite: `[parameters]`. Of none, no tensor.
pub fn not_finite(parameters: Vec<Tensor<4>>) -> Option<Tensor<1>> {
    let on_gpu = |tensor: &Tensor<4>| tensor.clone().try_into_primitive::<CubeBackend>().ok();
    if let Some(tensors) = parameters.iter().map(on_gpu).collect::<Option<Vec<_>>>() {
        let counts = gpu::not_finite(&tensors)?;
        return Some(Tensor::from_primitive::<CubeBackend>(counts));
    }
    // A sum is finite if all of its terms are, and its difference from itself is then zero.
    let check = |tensor: Tensor<4>| {
        let sum = tensor.sum();
        sum.clone() - sum
    };
    let checks: Vec<_> = parameters.into_iter().map(check).collect();
    (!checks.is_empty()).then(|| Tensor::cat(checks, 0))
}
