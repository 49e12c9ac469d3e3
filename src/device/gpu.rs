//! Opens WebGPU: finds the adapter, sets up Burn's runtime on it, checks the shaders of `ops/`.

use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::Device;
use burn_wgpu::{
    MemoryConfiguration, WgpuSetup,
    wgpu::{self, Features, Limits as GpuLimits},
};

use super::opened::{Kind, Limits, MEMORY, Opened, Work};
use crate::{
    error::{Error, Result},
    ops,
};

/// Most dispatches per submission. A few large submissions cost less than many small ones.
const TASKS_MAX: usize = 64;
/// The device's first complaint since the last query.
pub(super) static COMPLAINT: Complaint = Complaint(Mutex::new(None));

pub(super) struct Complaint(Mutex<Option<Error>>);

impl Complaint {
    pub fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Records errors that nobody waits for, on which Burn would exit the program.
    fn note(&self, error: &wgpu::Error) {
        log::error!("{error}");
        let complaint = match error {
            wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory,
            wgpu::Error::Validation { .. } | wgpu::Error::Internal { .. } => Error::GpuRefused,
        };
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| complaint(error.to_string()));
    }
}

pub(super) async fn open(software_too: bool, work: Work) -> Result<Opened> {
    let (instance, adapter) = adapter().await?;
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let fallback = info.device_type == wgpu::DeviceType::Cpu;
    if fallback && !software_too {
        return Err(Error::GpuSoftware(info.name));
    }
    check(&limits)?;
    let unsupported = |error: &dyn std::fmt::Display| Error::GpuUnsupported(error.to_string());
    let (gpu, queue) = adapter
        .request_device(&wgpu::DeviceDescriptor {
            required_features: adapter.features().difference(unused()),
            required_limits: limits.clone(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        })
        .await
        .map_err(|error| unsupported(&error))?;
    let card = ops::Card { instance: instance.clone(), device: gpu.clone(), queue: queue.clone() };
    let (device, backend) = (gpu.clone(), info.backend);
    let device = Device::wgpu_options()
        .setup(WgpuSetup { instance, adapter, device, queue, backend })
        .tasks_max(TASKS_MAX)
        // A buffer for each tensor, as in a browser, so that a shader can read one and write
        // another without both being parts of the same buffer.
        .memory_config(MemoryConfiguration::ExclusivePages)
        .init()
        .map_err(|error| unsupported(&error))?;
    gpu.on_uncaptured_error(Arc::new(|error| COMPLAINT.note(&error)));
    compile(&gpu, ops::generator_shaders(false)).await?;
    if work == Work::Training {
        compile(&gpu, ops::training_shaders()).await?;
    }
    let half = gpu.features().contains(Features::SHADER_F16)
        // If the compiler rejects these, only half precision is unavailable.
        && compile(&gpu, ops::generator_shaders(true)).await.is_ok();
    let tensor = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
    Ok(Opened {
        device,
        kind: Kind::WebGpu,
        limits: Limits { tensor, memory: MEMORY },
        adapter: info.name,
        fallback,
        half,
        reason: None,
        card: Some(card),
    })
}

impl Opened {
    /// To be awaited before something is trained on a device that was opened to translate. Fails
    /// with `gpu-unsupported`.
    pub async fn prepare_training(&self) -> Result<()> {
        match &self.card {
            Some(card) => compile(&card.device, ops::training_shaders()).await,
            None => Ok(()),
        }
    }
}

/// Features that nothing here needs. Timestamps are for measuring single launches, and many phones
/// and hardened browsers lack them; buffers mapped from both sides are for graphics that share the
/// processor's memory.
fn unused() -> Features {
    Features::TIMESTAMP_QUERY
        | Features::TIMESTAMP_QUERY_INSIDE_ENCODERS
        | Features::TIMESTAMP_QUERY_INSIDE_PASSES
        | Features::MAPPABLE_PRIMARY_BUFFERS
        | Features::all_experimental_mask()
}

/// Compiles each of `shaders` once and reads the compiler's messages, because a faulty shader fails
/// silently when it is launched.
async fn compile(device: &wgpu::Device, shaders: Vec<ops::Shader>) -> Result<()> {
    let mut compiled = Vec::new();
    for shader in shaders {
        // Otherwise Burn, which receives errors that nobody waits for, would exit the program.
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let _ = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(shader.name),
            source: wgpu::ShaderSource::Wgsl(shader.text.into()),
        });
        compiled.push((shader.name, scope.pop()));
    }
    for (name, error) in compiled {
        if let Some(error) = error.await {
            return Err(Error::GpuUnsupported(format!("{name}: {error}")));
        }
    }
    Ok(())
}

#[cfg(all(not(target_family = "wasm"), any(target_os = "linux", target_os = "windows")))]
pub(super) async fn memory() -> Option<u64> {
    let (_instance, adapter) = adapter().await.ok()?;
    // SAFETY: only queried; nothing is created or destroyed.
    let adapter = unsafe { adapter.as_hal::<wgpu::hal::api::Vulkan>() }?;
    let instance = adapter.shared_instance().raw_instance();
    let device = adapter.raw_physical_device();
    // SAFETY: the device belongs to this instance.
    let properties = unsafe { instance.get_physical_device_memory_properties(device) };
    let heaps = properties.memory_heaps.iter().take(properties.memory_heap_count as usize);
    // The first flag of a heap marks the card's own memory.
    heaps.filter(|heap| heap.flags.as_raw() & 1 == 1).map(|heap| heap.size).max()
}

/// The most powerful adapter.
async fn adapter() -> Result<(wgpu::Instance, wgpu::Adapter)> {
    #[cfg(target_family = "wasm")]
    if !wgpu::util::is_browser_webgpu_supported().await {
        return Err(Error::GpuUnavailable("the browser offers no WebGPU adapter".into()));
    }
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        // Vulkan, Metal, DX12, and WebGPU itself in a browser.
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let options = wgpu::RequestAdapterOptions {
        power_preference: wgpu::PowerPreference::HighPerformance,
        ..Default::default()
    };
    let adapter = instance
        .request_adapter(&options)
        .await
        .map_err(|error| Error::GpuUnavailable(error.to_string()))?;
    Ok((instance, adapter))
}

fn check(limits: &GpuLimits) -> Result<()> {
    // WebGPU's own defaults, which every conforming adapter supports.
    let wanted = GpuLimits::default();
    let enough = limits.max_storage_buffers_per_shader_stage
        >= wanted.max_storage_buffers_per_shader_stage
        && limits.max_compute_invocations_per_workgroup
            >= wanted.max_compute_invocations_per_workgroup
        && limits.max_storage_buffer_binding_size >= wanted.max_storage_buffer_binding_size;
    if enough {
        Ok(())
    } else {
        Err(Error::GpuUnsupported("limits below WebGPU's defaults".into()))
    }
}
