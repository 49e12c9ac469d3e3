//! Reflected borders and cropping.
//!
//! The generator halves the picture twice, so its sides must be multiples of 4, and some weights
//! want a margin as well. Both are borders, added before the network and cropped off after it.

use super::rgb::Rgb;
use crate::error::{Error, Result};

/// `image` with reflected borders of the given widths, in pixels.
///
/// The edge pixel is the mirror and is not repeated, as in numpy's `reflect` and PyTorch's
/// `ReflectionPad2d`. Like numpy's and unlike PyTorch's, a border may be wider than the picture,
/// which is then reflected repeatedly. A side of one pixel is repeated.
pub fn reflect_pad(image: &Rgb, left: usize, right: usize, top: usize, bottom: usize) -> Rgb {
    let (width, height) = (image.width + left + right, image.height + top + bottom);
    let columns: Vec<usize> = reflected(image.width, left, width).collect();
    let mut pixels = Vec::with_capacity(width * height * 3);
    let (all, _) = image.pixels.as_chunks::<3>();
    for y in reflected(image.height, top, height) {
        let row = all.get(y * image.width..(y + 1) * image.width).unwrap_or_default();
        let at = |&x: &usize| row.get(x).copied().unwrap_or_default();
        pixels.extend(columns.iter().flat_map(at));
    }
    Rgb { width, height, pixels }
}

/// The source positions of `total` places, starting `before` places before 0.
fn reflected(side: usize, before: usize, total: usize) -> impl Iterator<Item = usize> {
    // Back and forth without repeating the ends: 0 1 2 3 2 1 | 0 1 2 …
    let last = side.saturating_sub(1);
    let period = (2 * last).max(1);
    let start = (period - before % period) % period;
    (start..start + total).map(move |place| {
        let phase = place % period;
        phase.min(period - phase).min(last)
    })
}

/// The rectangle of `width` × `height` pixels with its upper left corner at (`x`, `y`). Fails with
/// [`Error::Usage`] when it is empty or crosses the edge.
pub fn crop(image: &Rgb, x: usize, y: usize, width: usize, height: usize) -> Result<Rgb> {
    let inside = |from: usize, len: usize, side: usize| {
        len > 0 && from.checked_add(len).is_some_and(|end| end <= side)
    };
    if !inside(x, width, image.width) || !inside(y, height, image.height) {
        return Err(Error::Usage(format!(
            "{width} × {height} pixels at ({x}, {y}) are not inside {} × {}",
            image.width, image.height
        )));
    }
    let mut pixels = Vec::with_capacity(width * height * 3);
    for row in image.pixels.chunks_exact(image.width * 3).skip(y).take(height) {
        pixels.extend_from_slice(row.get(x * 3..(x + width) * 3).unwrap_or_default());
    }
    Ok(Rgb { width, height, pixels })
}
