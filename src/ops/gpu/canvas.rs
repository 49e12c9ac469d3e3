//! A browser's canvas and its bitmaps, for `screen.rs`.

use burn_wgpu::wgpu;

use super::screen::{Change, FORMAT, Screen};
use crate::error::{Error, Result};

/// A canvas to draw frames on.
#[derive(Debug)]
pub struct Canvas(wgpu::Surface<'static>);

impl Canvas {
    /// Takes a canvas that has no context yet. Fails with `gpu-unsupported`.
    pub fn new(screen: &Screen, target: wgpu::SurfaceTarget<'static>) -> Result<Self> {
        let surface = screen.card.instance.create_surface(target);
        surface.map(Self).map_err(|error| Error::GpuUnsupported(error.to_string()))
    }

    /// Gives it another size, in pixels.
    pub fn resize(&self, screen: &Screen, width: u32, height: u32) {
        let configuration = wgpu::SurfaceConfiguration {
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
            format: FORMAT,
            color_space: wgpu::SurfaceColorSpace::Srgb,
            width,
            height,
            present_mode: wgpu::PresentMode::Fifo,
            desired_maximum_frame_latency: 1,
            alpha_mode: wgpu::CompositeAlphaMode::Opaque,
            view_formats: vec![],
        };
        self.0.configure(&screen.card.device, &configuration);
    }

    /// Draws a frame with a change on the canvas. Fails as [`Screen::show`].
    pub fn show(&self, screen: &Screen, frame: &wgpu::Texture, change: &Change) -> Result<()> {
        use wgpu::CurrentSurfaceTexture::{Suboptimal, Success};
        let target = match self.0.get_current_texture() {
            Success(target) | Suboptimal(target) => target,
            other => return Err(Error::GpuRefused(format!("a canvas: {other:?}"))),
        };
        screen.show(frame, change, &target.texture)?;
        screen.card.queue.present(target);
        Ok(())
    }
}

impl Screen {
    /// Copies a bitmap to a texture of its size.
    pub fn copy(&self, source: wgpu::ExternalImageSource, frame: &wgpu::Texture) {
        let source = wgpu::CopyExternalImageSourceInfo {
            source,
            origin: wgpu::Origin2d::ZERO,
            flip_y: false,
        };
        let target = frame.as_image_copy().to_tagged(wgpu::PredefinedColorSpace::Srgb, false);
        self.card.queue.copy_external_image_to_texture(&source, target, frame.size());
    }
}
