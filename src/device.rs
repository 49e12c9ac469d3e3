//! Opens WebGPU or the CPU, and says what it found and why.
//!
//! WebGPU is used when there is a graphics card behind it; a software adapter and a browser
//! without WebGPU fall back to the CPU (Burn's Flex backend, with SIMD), unless WebGPU was asked
//! for by name. Natively WebGPU is Vulkan, Metal or DX12, with the same shaders.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData, Transaction};

use crate::{
    error::{Error, Result},
    weights::PICTURE_CHANNELS,
};

/// What to run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// WebGPU if there is a graphics card, else the CPU.
    Auto,
    /// WebGPU, even a software adapter; an error if there is none.
    WebGpu,
    /// The CPU.
    Cpu,
}

/// What it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// WebGPU.
    WebGpu,
    /// The CPU, one thread in the browser.
    Cpu,
}

/// Bytes of all tensors on a graphics card: WebGPU tells no one how much memory it has; this much
/// is on every card of ten years.
pub(crate) const MEMORY: u64 = 2 << 30;

/// How much the device holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the largest tensor.
    pub tensor: u64,
    /// Bytes of all tensors that live at once.
    pub memory: u64,
}

impl Limits {
    /// Without WebGPU's limits: wasm's memory ends at 4 GiB, of which the photo, the weights and
    /// the allocator's gaps take a part.
    const CPU: Self = Self { tensor: 1 << 30, memory: 2 << 30 };

    /// Tensors as large as the first layer's output that live at once: between 3.8 (ngf 32) and 4.9
    /// (ngf 64) by the growth of wasm's memory from 512 to 768 pixels.
    const LIVE: u64 = 5;

    /// Bytes of all tensors that live at once in half precision, for each pixel and channel.
    const LIVE_HALF: u64 = 15;

    /// Pixels of the largest input for a generator of width `ngf`: its first and last layers keep
    /// `ngf` float32 values a pixel (256 bytes at 64), and a picture its channels.
    pub fn pixels(&self, ngf: usize) -> u64 {
        let bytes = 4 * ngf.max(PICTURE_CHANNELS) as u64;
        self.tensor.min(self.memory / Self::LIVE) / bytes
    }

    /// The same in half precision. The images between the layers take 2 bytes a value then; what
    /// Winograd's filtering has transformed stays float32, 36 values for 16 pixels of a quarter of
    /// the side, and so does a picture. One of these two is the largest tensor.
    pub fn half_pixels(&self, ngf: usize) -> u64 {
        let (transformed, picture) = (9 * ngf.max(1) as u64, 4 * PICTURE_CHANNELS as u64);
        let tensor = (self.tensor.saturating_mul(4) / transformed).min(self.tensor / picture);
        tensor.min(self.memory / (Self::LIVE_HALF * ngf.max(PICTURE_CHANNELS) as u64))
    }
}

/// An open device, and what there is to say about it.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Where tensors are made.
    pub device: Device,
    /// What it is.
    pub kind: Kind,
    /// What it holds.
    pub limits: Limits,
    /// The adapter's own description; often empty, as browsers hide it.
    pub adapter: String,
    /// A software adapter without a graphics card.
    pub fallback: bool,
    /// It computes with float16 too (WebGPU's `shader-f16`).
    pub half: bool,
    /// Why it is the CPU although WebGPU would have been taken.
    pub reason: Option<Error>,
}

/// Whether tensors of `device` are in main memory, so that reading them costs nothing.
pub fn is_cpu(device: &Device) -> bool {
    device.clone().without_autodiff() == Device::flex()
}

/// Waits for a tensor, as [`read_all`] does.
///
/// # Errors
/// As there.
pub async fn read<const D: usize>(tensor: Tensor<D>) -> Result<TensorData> {
    let data = read_all(Transaction::default().register(tensor)).await?;
    data.into_iter().next().ok_or_else(|| Error::Usage("no tensor was read".into()))
}

/// Waits for tensors. Every read goes through here: work that the device refused before leaves a
/// tensor as it was, and reading that succeeds. And what [`Tensor::into_data_async`] gives is only
/// read natively when somebody looks at it, where nobody can tell any more why it fails.
///
/// # Errors
/// `gpu-lost` only for a device that is gone, else `out-of-memory` and `gpu-refused`.
pub async fn read_all(tensors: Transaction) -> Result<Vec<TensorData>> {
    let read = tensors.execute_async().await;
    let complaint = gpu::COMPLAINT.take();
    match read {
        Err(ExecutionError::DevicePoisoned { reason }) => Err(Error::GpuLost(reason)),
        Err(error) => Err(complaint.unwrap_or_else(|| Error::refused(error.to_string()))),
        Ok(read) => complaint.map_or(Ok(read), Err),
    }
}

/// Opens a device.
///
/// # Errors
/// When WebGPU was asked for by name: `gpu-unavailable` or `gpu-unsupported`.
pub async fn open(choice: Choice) -> Result<Opened> {
    let refused = match choice {
        Choice::Cpu => return Ok(cpu(None)),
        Choice::WebGpu | Choice::Auto => match gpu::open(choice == Choice::WebGpu).await {
            Ok(opened) => return Ok(opened),
            Err(refused) => refused,
        },
    };
    match choice {
        Choice::WebGpu => Err(refused),
        Choice::Auto | Choice::Cpu => Ok(cpu(Some(refused))),
    }
}

/// Bytes of a graphics card's own memory, where it tells: natively, by Vulkan. WebGPU tells no one.
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
    }
}

mod gpu {
    use std::sync::{Arc, Mutex, PoisonError};

    use burn::tensor::Device;
    use burn_wgpu::{
        MemoryConfiguration, WgpuSetup,
        wgpu::{self, Features, Limits as GpuLimits},
    };

    use super::{Error, Kind, Limits, MEMORY, Opened, Result};
    use crate::ops;

    /// Dispatches that one submission may hold. A few large submissions cost less than many small.
    const TASKS_MAX: usize = 64;
    /// The first of what the device complained about since it was last asked.
    pub static COMPLAINT: Complaint = Complaint(Mutex::new(None));

    pub struct Complaint(Mutex<Option<Error>>);

    impl Complaint {
        pub fn take(&self) -> Option<Error> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
        }

        /// Of errors that nobody waits for. Burn would end the program.
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

    pub async fn open(software_too: bool) -> Result<Opened> {
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
        let (device, backend) = (gpu.clone(), info.backend);
        let device = Device::wgpu_options()
            .setup(WgpuSetup { instance, adapter, device, queue, backend })
            .tasks_max(TASKS_MAX)
            // A buffer for each tensor, as in a browser: a shader may then read one and write
            // another without both being parts of the same.
            .memory_config(MemoryConfiguration::ExclusivePages)
            .init()
            .map_err(|error| unsupported(&error))?;
        gpu.on_uncaptured_error(Arc::new(|error| COMPLAINT.note(&error)));
        compile(&gpu, ops::shaders()).await?;
        let half = gpu.features().contains(Features::SHADER_F16)
            // A compiler that fails at these only costs the half precision.
            && compile(&gpu, ops::half_shaders()).await.is_ok();
        let tensor = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        Ok(Opened {
            device,
            kind: Kind::WebGpu,
            limits: Limits { tensor, memory: MEMORY },
            adapter: info.name,
            fallback,
            half,
            reason: None,
        })
    }

    /// Features that nothing here needs. Timestamps are for who measures single launches, and many
    /// phones and hardened browsers have none; buffers that both sides map are for graphics that
    /// share the processor's memory.
    fn unused() -> Features {
        Features::TIMESTAMP_QUERY
            | Features::TIMESTAMP_QUERY_INSIDE_ENCODERS
            | Features::TIMESTAMP_QUERY_INSIDE_PASSES
            | Features::MAPPABLE_PRIMARY_BUFFERS
            | Features::all_experimental_mask()
    }

    /// Compiles each of `shaders` once and reads what the compiler says, since an error in one is
    /// silent where it is launched.
    async fn compile(device: &wgpu::Device, shaders: Vec<ops::Shader>) -> Result<()> {
        let mut compiled = Vec::new();
        for shader in shaders {
            // Else the error would also end the program: Burn takes every one that nobody waits
            // for.
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
    pub async fn memory() -> Option<u64> {
        let (_instance, adapter) = adapter().await.ok()?;
        // SAFETY: only asked for what it is; nothing of it is made or destroyed.
        let adapter = unsafe { adapter.as_hal::<wgpu::hal::api::Vulkan>() }?;
        let instance = adapter.shared_instance().raw_instance();
        let device = adapter.raw_physical_device();
        // SAFETY: the device is one of this instance's.
        let properties = unsafe { instance.get_physical_device_memory_properties(device) };
        let heaps = properties.memory_heaps.iter().take(properties.memory_heap_count as usize);
        // The first flag of a heap says that it is the card's own.
        heaps.filter(|heap| heap.flags.as_raw() & 1 == 1).map(|heap| heap.size).max()
    }

    /// The adapter with the most power.
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
        // WebGPU's own defaults, which every conforming adapter reaches.
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
}
