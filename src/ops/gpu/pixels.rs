//! Pixels in and out of a graphics card: a third of the bytes of the same picture in float32.

use burn::tensor::DType;
use burn_wgpu::{CubeTensor, into_contiguous};

use super::{
    kernel::{Kernel, spread, wgsl},
    layout,
};

/// The kernel that makes a picture with this number of channels of pixels.
pub(super) fn entering(channels: usize) -> Kernel {
    Kernel::new("from_pixels", wgsl!["from_pixels"], [64, 1, 1])
        .with([("channels", channels as u32)])
}

/// The kernel that makes pixels of a picture with this number of channels.
pub(super) fn leaving(channels: usize) -> Kernel {
    Kernel::new("to_pixels", wgsl!["numbers", "to_pixels"], [64, 1, 1])
        .with([("channels", channels as u32)])
}

/// `[1, C, H, W]` of pixels `[H, W]`.
pub fn from_pixels(pixels: CubeTensor, channels: usize) -> CubeTensor {
    let pixels = into_contiguous(pixels);
    let [height, width] = sides(&pixels);
    let image = layout::empty_image(&pixels, [1, channels, height, width]);
    let count = height * width;
    entering(channels).launch(&[&pixels], &[&image], &[count as u32, 0], spread(count));
    image
}

/// Pixels `[H, W]` of the first picture of `[B, C, H, W]`.
pub fn to_pixels(image: CubeTensor) -> CubeTensor {
    let image = layout::image(image);
    let [_, channels, height, width] = layout::extents(&image);
    let pixels = layout::empty_of(&image, [height, width], DType::U32);
    let count = height * width;
    leaving(channels).launch(&[&image], &[&pixels], &[count as u32, 0], spread(count));
    pixels
}

/// Height and width of pixels.
pub(super) fn sides(pixels: &CubeTensor) -> [usize; 2] {
    let shape = pixels.meta.shape();
    [shape[0], shape[1]]
}
