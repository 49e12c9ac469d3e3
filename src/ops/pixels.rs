//! Pixels on a graphics card, `[H, W]`: RGBA in 32 bits each, red in the lowest byte. The CPU converts
//! pictures in [`crate::image`].

use burn::tensor::{Int, Tensor};
use burn_wgpu::{
    CubeBackend, CubeTensor,
    wgpu::{Texture, TextureView},
};

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

/// Draws pixels, opaque, on a target of their size. Fails as [`take()`].
pub fn show(screen: &Screen, pixels: &Tensor<2, Int>, target: &TextureView) -> Result<()> {
    screen.show(&there(pixels.clone()), target)
}

/// Draws pixels, opaque, on a canvas of their size. Fails as [`take()`].
#[cfg(target_family = "wasm")]
pub fn show_on(screen: &Screen, pixels: &Tensor<2, Int>, canvas: &Canvas) -> Result<()> {
    canvas.show(screen, &there(pixels.clone()))
}

fn there(pixels: Tensor<2, Int>) -> CubeTensor {
    match pixels.try_into_primitive::<CubeBackend>() {
        Ok(pixels) => pixels,
        Err(_) => unreachable!("pixels are on a graphics card"),
    }
}
