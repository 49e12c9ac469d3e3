//! Pixels on a graphics card, `[H, W]`: RGBA in 32 bits each, red in the lowest byte. The CPU converts
//! pictures in [`crate::image`].

use burn::tensor::{Int, Tensor};
use burn_wgpu::{CubeBackend, CubeTensor, wgpu::Texture};

#[cfg(target_family = "wasm")]
use super::Canvas;
use super::{
    Screen, gpu,
    place::{from_gpu, on_gpu},
};
use crate::error::Result;

/// Pixels as a network's input, `[1, C, H, W]` in [-1, 1], as [`crate::image::to_unit`], but for the
/// last bit of a division. C is 3, or 1 for their shade of grey. Opacity is ignored.
pub fn from_pixels(pixels: Tensor<2, Int>, channels: usize) -> Tensor<4> {
    from_gpu(gpu::from_pixels(there(pixels), channels))
}

/// A network's output `[1, C, H, W]`, outside any graph, as pixels, to the bit as
/// [`crate::image::from_unit`]. Those that have a value that is not finite are transparent black.
pub fn to_pixels(picture: Tensor<4>) -> Tensor<2, Int> {
    let Some(picture) = on_gpu(&picture) else { unreachable!("pixels are on a graphics card") };
    Tensor::from_primitive::<CubeBackend>(gpu::to_pixels(picture))
}

/// Resizes a frame to `pixels`, in place, as [`crate::image::resize_bicubic`] but for the rounding
/// between its two passes. Fails with `gpu-lost` if the device is gone, otherwise `gpu-refused`.
pub fn take(screen: &Screen, frame: &Texture, pixels: &Tensor<2, Int>) -> Result<()> {
    screen.take(frame, &there(pixels.clone()))
}

/// What a network saw, and what it made of it: pixels of one size, and the channels of its pictures.
#[derive(Debug)]
pub struct Change<'a> {
    /// What it saw.
    pub seen: &'a Tensor<2, Int>,
    /// What it made of it.
    pub made: &'a Tensor<2, Int>,
    /// 3, or 1 if its pictures are grey.
    pub channels: usize,
}

impl Change<'_> {
    fn there(&self) -> gpu::Change {
        let Self { seen, made, channels } = *self;
        gpu::Change { seen: there(seen.clone()), made: there(made.clone()), channels }
    }
}

/// Draws a frame with a change, opaque, on a target, as [`crate::image::add_change`]; a frame of
/// another size than the target's is averaged or enlarged to it. Fails as [`take()`].
pub fn show(screen: &Screen, frame: &Texture, change: &Change<'_>, target: &Texture) -> Result<()> {
    screen.show(frame, &change.there(), target)
}

/// [`show()`] on a canvas.
#[cfg(target_family = "wasm")]
pub fn show_on(
    screen: &Screen,
    frame: &Texture,
    change: &Change<'_>,
    canvas: &Canvas,
) -> Result<()> {
    canvas.show(screen, frame, &change.there())
}

fn there(pixels: Tensor<2, Int>) -> CubeTensor {
    match pixels.try_into_primitive::<CubeBackend>() {
        Ok(pixels) => pixels,
        Err(_) => unreachable!("pixels are on a graphics card"),
    }
}
