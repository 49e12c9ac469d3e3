//! The short way of a film's frames: from a texture to pixels for a network, and with the change that
//! it made to a texture, such as a canvas's, without leaving the graphics card.
//!
//! CubeCL knows no textures, so these two programs are wgpu's own. They use the device, the queue and
//! the buffers of CubeCL, whose launches are only queued when it flushes them.

use std::borrow::Cow;

use burn_wgpu::{AutoCompiler, CubeTensor, wgpu};
use cubecl::wgpu::{WgpuResource, WgpuServer};
use wgpu::util::DeviceExt as _;

use super::{pixels::sides, recording::refusal};
use crate::error::{Error, Result};

/// Invocations of a workgroup along each axis of the frame.
const WORKGROUP: u32 = 8;
/// Of frames and of what is drawn on: bytes in the order of pixels, not linear light.
pub(super) const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// The graphics card that a device is on, for what Burn does not do.
#[derive(Debug, Clone)]
pub struct Card {
    /// Creates surfaces.
    pub instance: wgpu::Instance,
    /// Shared with Burn.
    pub device: wgpu::Device,
    /// Shared with Burn, whose work is only there once it was flushed.
    pub queue: wgpu::Queue,
}

/// The programs on one device.
#[derive(Debug)]
pub struct Screen {
    pub(super) card: Card,
    takes: wgpu::ComputePipeline,
    shows: wgpu::RenderPipeline,
    linear: wgpu::Sampler,
}

/// What a network saw, and what it made of it: pixels `[H, W]` of one size.
#[derive(Debug)]
pub struct Change {
    /// What it saw.
    pub seen: CubeTensor,
    /// What it made of it.
    pub made: CubeTensor,
    /// Channels of its pictures: 3, or 1 if they are grey.
    pub channels: usize,
}

impl Screen {
    /// Compiles both programs. Fails with `gpu-unsupported` if the device refuses them.
    pub async fn open(card: Card) -> Result<Self> {
        let device = &card.device;
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let module = |label, text| {
            let source = wgpu::ShaderSource::Wgsl(Cow::Borrowed(text));
            device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(label), source })
        };
        let take = module("take_frame", include_str!("../wgsl/take_frame.wgsl"));
        let show = module("show_frame", include_str!("../wgsl/show_frame.wgsl"));
        let takes = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("take_frame"),
            layout: None,
            module: &take,
            entry_point: None,
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let shows = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("show_frame"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &show,
                entry_point: None,
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &show,
                entry_point: None,
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                targets: &[Some(FORMAT.into())],
            }),
            multiview_mask: None,
            cache: None,
        });
        match scope.pop().await {
            Some(error) => Err(Error::GpuUnsupported(error.to_string())),
            None => {
                let filter = wgpu::FilterMode::Linear;
                let linear = card.device.create_sampler(&wgpu::SamplerDescriptor {
                    mag_filter: filter,
                    min_filter: filter,
                    ..Default::default()
                });
                Ok(Self { card, takes, shows, linear })
            }
        }
    }

    /// A texture that a frame can be copied to.
    pub fn frame(&self, width: u32, height: u32) -> wgpu::Texture {
        self.card.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("frame"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            // What a copy from a video requires.
            usage: wgpu::TextureUsages::TEXTURE_BINDING
                | wgpu::TextureUsages::COPY_DST
                | wgpu::TextureUsages::RENDER_ATTACHMENT,
            view_formats: &[],
        })
    }

    /// Resizes a frame to `pixels` `[H, W]`, in place. Fails with `gpu-lost` if the device is gone,
    /// otherwise `gpu-refused`.
    pub fn take(&self, frame: &wgpu::Texture, pixels: &CubeTensor) -> Result<()> {
        let [height, width] = sides(pixels).map(|side| side as u32);
        let view = frame.create_view(&wgpu::TextureViewDescriptor::default());
        let (to, size) = (resource(pixels)?, self.uniform(&[width, height]));
        let resources = [
            wgpu::BindingResource::TextureView(&view),
            to.as_wgpu_bind_resource(),
            size.as_entire_binding(),
        ];
        let group = self.bound(&self.takes.get_bind_group_layout(0), resources);
        self.submit(pixels, |encoder| {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&self.takes);
            pass.set_bind_group(0, &group, &[]);
            pass.dispatch_workgroups(width.div_ceil(WORKGROUP), height.div_ceil(WORKGROUP), 1);
        })
    }

    /// Draws a frame with the change that a network made, opaque, on a target in the format of
    /// [`Screen::frame`], as [`crate::image::add_change`]; a frame of another size than the target's
    /// is averaged or enlarged to it. Fails as [`Screen::take`].
    pub fn show(
        &self,
        frame: &wgpu::Texture,
        change: &Change,
        target: &wgpu::Texture,
    ) -> Result<()> {
        let Change { seen, made, channels } = change;
        let [height, width] = sides(seen).map(|side| side as u32);
        let sizes = [width, height, target.width(), target.height(), *channels as u32, 0];
        let view = wgpu::TextureViewDescriptor::default();
        let (view, target) = (frame.create_view(&view), target.create_view(&view));
        let (before, after, sizes) = (resource(seen)?, resource(made)?, self.uniform(&sizes));
        let resources = [
            wgpu::BindingResource::TextureView(&view),
            wgpu::BindingResource::Sampler(&self.linear),
            before.as_wgpu_bind_resource(),
            after.as_wgpu_bind_resource(),
            sizes.as_entire_binding(),
        ];
        let group = self.bound(&self.shows.get_bind_group_layout(0), resources);
        self.submit(made, |encoder| {
            let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view: &target,
                    depth_slice: None,
                    resolve_target: None,
                    ops: wgpu::Operations::default(),
                })],
                ..Default::default()
            });
            pass.set_pipeline(&self.shows);
            pass.set_bind_group(0, &group, &[]);
            pass.draw(0..3, 0..1);
        })
    }

    fn uniform(&self, words: &[u32]) -> wgpu::Buffer {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.card.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("sizes"),
            contents: &bytes,
            usage: wgpu::BufferUsages::UNIFORM,
        })
    }

    /// The resources in the order of their bindings.
    fn bound<const N: usize>(
        &self,
        layout: &wgpu::BindGroupLayout,
        resources: [wgpu::BindingResource<'_>; N],
    ) -> wgpu::BindGroup {
        let entry = |(binding, resource)| wgpu::BindGroupEntry { binding, resource };
        let entries: Vec<_> = (0..).zip(resources).map(entry).collect();
        let entries = entries.as_slice();
        let descriptor = wgpu::BindGroupDescriptor { label: None, layout, entries };
        self.card.device.create_bind_group(&descriptor)
    }

    /// Submits what `encode` encodes, behind what computes `pixels` or still reads those of before.
    fn submit(
        &self,
        pixels: &CubeTensor,
        encode: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<()> {
        let mut encoder =
            self.card.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encode(&mut encoder);
        pixels.client.flush().map_err(|error| refusal(&error))?;
        self.card.queue.submit([encoder.finish()]);
        Ok(())
    }
}

/// The buffer of pixels, theirs as long as they are alive.
fn resource(pixels: &CubeTensor) -> Result<WgpuResource> {
    let found = pixels.client.get_resource::<WgpuServer<AutoCompiler>>(pixels.handle.clone());
    found.map(|managed| managed.resource().clone()).map_err(|error| refusal(&error))
}
