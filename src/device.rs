//! Opens WebGPU or the CPU, and says what it found and why.
//!
//! WebGPU is used if there is a graphics card. With a software adapter or without WebGPU, the CPU
//! is used instead (Burn's Flex backend, with SIMD), unless WebGPU was requested explicitly.
//! Natively WebGPU is Vulkan, Metal or DX12, with the same shaders.

mod gpu;
mod opened;

use burn::tensor::{Device, ExecutionError, Tensor, TensorData, Transaction};

use crate::error::{Error, Result};

pub use crate::ops::is_cpu;
#[cfg(all(test, not(target_family = "wasm")))]
pub(crate) use opened::MEMORY;
pub use opened::{Kind, Limits, Opened, Preference, Work};

/// Waits for a tensor, and fails, as [`read_all`] does.
pub async fn read<const D: usize>(tensor: Tensor<D>) -> Result<TensorData> {
    let data = read_all(Transaction::default().register(tensor)).await?;
    data.into_iter().next().ok_or_else(|| Error::Usage("no tensor was read".into()))
}

/// The numbers of a float32 tensor that was read. Fails with `engine-usage` for any other.
pub(crate) fn floats(data: TensorData) -> Result<Vec<f32>> {
    data.try_into_vec().map_err(|error| Error::Usage(error.to_string()))
}

/// Waits for tensors. Every read must go through here: after work that the device refused, reading
/// succeeds but returns the old contents. And natively, [`Tensor::into_data_async`] only reads when
/// the data is accessed, where the cause of a failure is no longer known. Fails with `gpu-lost`
/// only if the device is gone, otherwise `out-of-memory` and `gpu-refused`.
pub async fn read_all(tensors: Transaction) -> Result<Vec<TensorData>> {
    let read = tensors.execute_async().await;
    let complaint = gpu::COMPLAINT.take();
    match read {
        Err(ExecutionError::DevicePoisoned { reason }) => Err(Error::GpuLost(reason)),
        Err(error) => Err(complaint.unwrap_or_else(|| Error::refused(error.to_string()))),
        Ok(read) => complaint.map_or(Ok(read), Err),
    }
}

/// Opens a device for `work`. Fails if WebGPU was requested explicitly: `gpu-unavailable` or
/// `gpu-unsupported`.
pub async fn open(preference: Preference, work: Work) -> Result<Opened> {
    if preference == Preference::Cpu {
        return Ok(cpu(None));
    }
    match gpu::open(preference == Preference::WebGpu, work).await {
        Err(refused) if preference == Preference::Auto => Ok(cpu(Some(refused))),
        opened => opened,
    }
}

/// Bytes of a graphics card's own memory, if known: natively, through Vulkan. WebGPU hides it.
#[cfg(all(not(target_family = "wasm"), any(target_os = "linux", target_os = "windows")))]
pub async fn card_memory() -> Option<u64> {
    gpu::memory().await
}

fn cpu(reason: Option<Error>) -> Opened {
    Opened {
        device: Device::flex(),
        kind: Kind::Cpu,
        limits: Limits::CPU,
        adapter: String::new(),
        fallback: false,
        half: false,
        reason,
        card: None,
    }
}
