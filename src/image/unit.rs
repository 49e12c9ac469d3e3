//! Conversion between levels 0 to 255 and the network's -1 to 1, as PyTorch computes it.

use super::rgb::{Rgb, check};
use crate::error::{Error, Result};

/// `image` as the network's input, `[3, height, width]` in [-1, 1].
///
/// Bit-equal to torchvision's `ToTensor` and `Normalize(0.5, 0.5)`: `(x / 255 - 0.5) / 0.5` in
/// float32, in this order.
pub fn to_unit(image: &Rgb) -> Vec<f32> {
    let table: [f32; 256] = std::array::from_fn(|level| (level as f32 / 255.0 - 0.5) / 0.5);
    let level = |&x: &u8| table.get(usize::from(x)).copied().unwrap_or_default();
    let channel = |c: usize| image.pixels.iter().skip(c).step_by(3).map(level);
    (0..3).flat_map(channel).collect()
}

/// The network's output, `[3, height, width]` or `[1, height, width]` in tanh's range, as a picture;
/// a single channel is drawn in shades of grey.
///
/// As PyTorch's `test.py` (`tensor2im`): `(x + 1) / 2 * 255` in float32, then *truncated*, not
/// rounded. So it is not quite the inverse of [`to_unit`]: as in PyTorch, levels 1 to 63 come back
/// one lower, all others unchanged. Values outside [-1, 1] are clamped first. Fails with
/// [`Error::OutputNotFinite`] for NaN or infinity; as [`Rgb::new`] when the length of `values` does
/// not match the size.
pub fn from_unit(values: &[f32], width: usize, height: usize) -> Result<Rgb> {
    let channels = if width.checked_mul(height) == Some(values.len()) { 1 } else { 3 };
    check(width, height, channels, values.len())?;
    if !values.iter().all(|x| x.is_finite()) {
        return Err(Error::OutputNotFinite);
    }
    let mut pixels = vec![0; 3 * width * height];
    let channels = values.chunks_exact(width * height).cycle().take(3);
    for (c, channel) in channels.enumerate() {
        for (level, &x) in pixels.iter_mut().skip(c).step_by(3).zip(channel) {
            *level = ((x.clamp(-1.0, 1.0) + 1.0) / 2.0 * 255.0) as u8;
        }
    }
    Ok(Rgb { width, height, pixels })
}

/// A picture of pixels as [`crate::ops::to_pixels`] makes them, `[height, width, 4]`. Fails with
/// [`Error::OutputNotFinite`] if one is transparent; as [`Rgb::new`].
pub fn from_opaque(rgba: &[u8], width: usize, height: usize) -> Result<Rgb> {
    check(width, height, 4, rgba.len())?;
    if rgba.chunks_exact(4).any(|pixel| pixel.last() == Some(&0)) {
        return Err(Error::OutputNotFinite);
    }
    Rgb::from_rgba(rgba, width, height)
}
