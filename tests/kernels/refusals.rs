//! What a device refuses, and what is said then: only one that is gone is called lost.

use std::{cell::Cell, collections::BTreeSet};

use burn::{
    backend::wgpu::{
        CubeBackend, KernelSource, SourceKernel, SourceTemplate, WgpuSetup,
        wgpu::{self, Features},
    },
    tensor::{Device, Tensor},
};
use cubecl::{
    ir::attributes::BufferIOAttr,
    prelude::{CubeCount, CubeDim, KernelId},
    server::KernelArguments,
};
use cyclegan_web::{
    device::{Limits, Opened, read},
    image::resize_bicubic,
    samples::{Season, paint},
    translate::{Manner, Precision, Translator},
    weights::Architecture,
};

use super::in_strips::weights;

async fn code<const D: usize>(tensor: Tensor<D>) -> &'static str {
    match read(tensor).await {
        Ok(_) => "",
        Err(error) => {
            println!("{error}");
            error.code()
        }
    }
}

/// A tensor larger than any buffer, then one that is not.
pub async fn too_large(gpu: &Device) {
    assert_eq!(code(Tensor::<1>::ones([1_usize << 34], gpu) + 1.0).await, "out-of-memory");
    goes_on(gpu).await;
}

/// What nobody waits for is said with the next result, which may be missing its work, once.
pub async fn refused_work(gpu: &Device) {
    let x = Tensor::<1>::ones([64], gpu);
    launch_in(&x, 70_000);
    assert_eq!(code(x).await, "gpu-refused");
    goes_on(gpu).await;
}

async fn goes_on(gpu: &Device) {
    let x = Tensor::<1>::ones([64], gpu);
    launch_in(&x, 1);
    let x = read(x).await.unwrap().try_to_vec::<f32>().unwrap();
    assert_eq!(x, [2.0; 64]);
}

/// A photo that is refused as a whole is tried with half the memory, and goes through in strips.
pub async fn less_memory(opened: &Opened) {
    let limits = Limits { memory: 128 << 20, ..opened.limits };
    let opened = Opened { limits, ..opened.clone() };
    let (architecture, float32) = (Architecture::new(4, 1), Precision::Float32);
    let translator =
        Translator::new(architecture, weights(&architecture), Some(float32), &opened).unwrap();
    let (width, manner) = (1000, Manner::default());
    let height = limits.pixels(4) as usize * 3 / 4 / width;
    let photo = resize_bicubic(&paint(Season::Summer, 1, 64, 64), width, height);
    let planned = translator.plan((width, height), &manner);
    assert!(!planned.reduced);

    launch_in(&Tensor::<1>::ones([64], &opened.device), 70_000);
    let shares = Cell::new(0);
    let counted = |_| shares.set(shares.get() + 1);
    let made = translator.translate(&photo, &manner, &counted).await.unwrap();
    assert_eq!(made.plan, planned, "nothing is lost");
    // A graphics card tells of its progress only then.
    assert_eq!(shares.get(), 3 + 2 + 2, "the passes over the strips");
    let levels: BTreeSet<_> = made.after.pixels.iter().collect();
    assert!(levels.len() > 16, "a picture: {levels:?}");
}

/// A device that was asked for without timestamps computes; when it is gone it is lost.
pub async fn lost_device() {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapter = instance.request_adapter(&Default::default()).await.unwrap();
    let (gpu, queue) = adapter
        .request_device(&wgpu::DeviceDescriptor {
            required_limits: adapter.limits(),
            ..Default::default()
        })
        .await
        .unwrap();
    assert!(!gpu.features().contains(Features::TIMESTAMP_QUERY));
    let backend = adapter.get_info().backend;
    let setup = WgpuSetup { instance, adapter, device: gpu.clone(), queue, backend };
    let device = Device::wgpu_options().setup(setup).init().unwrap();
    goes_on(&device).await;
    let x = Tensor::<1>::ones([64], &device) * 2.0;
    gpu.destroy();
    gpu.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    assert_eq!(code(x).await, "gpu-lost");
}

/// Adds one to the elements of `x`, in so many workgroups for each.
fn launch_in(x: &Tensor<1>, groups: u32) {
    #[derive(Debug, Clone)]
    struct AddOne;
    impl KernelSource for AddOne {
        fn source(&self) -> SourceTemplate {
            SourceTemplate::new(
                "@group(0) @binding(0) var<storage, read_write> x: array<f32>;
                @compute @workgroup_size(64)
                fn main(@builtin(local_invocation_index) i: u32) { x[i] += 1.0; }",
            )
        }
        fn id(&self) -> KernelId {
            KernelId::new::<Self>()
        }
        fn lang(&self) -> &'static str {
            "wgsl"
        }
    }
    let tensor = x.clone().try_into_primitive::<CubeBackend>().unwrap();
    let binding = tensor.handle.clone().binding();
    let arguments = KernelArguments::new().with_buffer_io(binding, BufferIOAttr::ReadWrite);
    let kernel = SourceKernel::new(AddOne, CubeDim::new_3d(64, 1, 1));
    tensor.client.launch(Box::new(kernel), CubeCount::Static(groups, 1, 1), arguments);
}
