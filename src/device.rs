//! Opens WebGPU or the CPU, and says what it found and why.
//!
//! WebGPU is used when there is a graphics card behind it; a software adapter and a browser
//! without WebGPU fall back to the CPU (Burn's Flex backend, with SIMD), unless WebGPU was asked
//! for by name. Natively WebGPU is Vulkan, Metal or DX12, with the same shaders.

use burn::tensor::Device;

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

    /// Pixels of the largest input for a generator of width `ngf`: its first and last layers keep
    /// `ngf` float32 values a pixel (256 bytes at 64), and a picture its channels.
    pub fn pixels(&self, ngf: usize) -> u64 {
        let bytes = 4 * ngf.max(PICTURE_CHANNELS) as u64;
        self.tensor.min(self.memory / Self::LIVE) / bytes
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

/// Opens a device. WebGPU may be opened once in a program's life.
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
    use burn::{
        backend::wgpu::{
            MemoryConfiguration, WgpuInitError,
            wgpu::{self, Features, Limits as GpuLimits},
        },
        tensor::Device,
    };

    use super::{Error, Kind, Limits, MEMORY, Opened, Result};
    use crate::ops;

    /// Dispatches that one submission may hold. A few large submissions cost less than many small.
    const TASKS_MAX: usize = 64;
    pub async fn open(software_too: bool) -> Result<Opened> {
        let (info, features, limits) = inspect().await?;
        let fallback = info.device_type == wgpu::DeviceType::Cpu;
        if fallback && !software_too {
            return Err(Error::GpuSoftware(info.name));
        }
        check(features, &limits)?;
        let options = Device::wgpu_options()
            .tasks_max(TASKS_MAX)
            // A buffer for each tensor, as in a browser: a shader may then read one and write
            // another without both being parts of the same.
            .memory_config(MemoryConfiguration::ExclusivePages);
        let (device, setup) =
            options.init_with_setup_async().await.map_err(|error| match error {
                WgpuInitError::AdapterUnavailable { message, .. } => Error::GpuUnavailable(message),
                other => Error::GpuUnsupported(other.to_string()),
            })?;
        compile(&setup.device, ops::shaders()).await?;
        let half = setup.device.features().contains(Features::SHADER_F16)
            // A compiler that fails at these only costs the half precision.
            && compile(&setup.device, ops::half_shaders()).await.is_ok();
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

    /// Looks at the adapter before Burn takes a device from it: what is missing there would end
    /// in a panic later.
    async fn inspect() -> Result<(wgpu::AdapterInfo, Features, GpuLimits)> {
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
        Ok((adapter.get_info(), adapter.features(), adapter.limits()))
    }

    fn check(features: Features, limits: &GpuLimits) -> Result<()> {
        // CubeCL times its streams with it and panics where it is missing.
        if !features.contains(Features::TIMESTAMP_QUERY) {
            return Err(Error::GpuUnsupported("timestamp-query".into()));
        }
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
