//! Pillow's `BICUBIC`, bit for bit.
//!
//! Training images went through `Image.resize`, so the network's input must too: a canvas differs
//! by 1.5 levels on average. Pillow's rules (`Resample.c`): Keys' cubic with a = -0.5, widened by
//! the scale when shrinking to avoid aliasing; weights rounded to 22 fractional bits; two passes
//! with a picture *rounded and clipped to bytes* between them; a direction that does not change is
//! skipped. The order of the passes is visible, by up to 20 levels at hard edges: see
//! [`columns_first`].

use super::rgb::Rgb;

/// Fractional bits of a weight: 32, minus 8 for the pixel, minus 2 for sign and overshoot.
const PRECISION_BITS: u32 = 32 - 8 - 2;

/// One half in the weights' fixed point, added before the shift so that it rounds.
const HALF: i32 = 1 << (PRECISION_BITS - 1);

/// Half the width of the cubic, in pixels of the smaller picture.
const SUPPORT: f64 = 2.0;

/// The size of a picture limited to `longest`, with its proportions kept.
///
/// Never enlarges: `None`, or a `longest` that is not exceeded, leaves the size unchanged.
/// Otherwise the longer side becomes `longest` and the other is rounded to the nearest integer,
/// halves up. Each side is at least 1.
pub fn fit(width: usize, height: usize, longest: Option<usize>) -> (usize, usize) {
    let (width, height) = (width.max(1), height.max(1));
    let side = width.max(height);
    let longest = longest.unwrap_or(side).clamp(1, side);
    // u64, because the product of two sides overflows wasm's 32-bit usize.
    let (side, longest) = (side as u64, longest as u64);
    let scale = |s: usize| ((2 * s as u64 * longest + side) / (2 * side)).max(1) as usize;
    (scale(width), scale(height))
}

/// `image` at `width` × `height`, exactly as `PIL.Image.resize((width, height), BICUBIC)`.
///
/// Any size to any size, without keeping proportions. A side of 0 is taken as 1.
pub fn resize_bicubic(image: &Rgb, width: usize, height: usize) -> Rgb {
    let (width, height) = (width.max(1), height.max(1));
    match (width != image.width, height != image.height) {
        (false, false) => image.clone(),
        (true, false) => resize_rows(image, width),
        (false, true) => resize_columns(image, height),
        _ if columns_first((image.width, image.height), (width, height)) => {
            resize_rows(&resize_columns(image, height), width)
        }
        _ => resize_columns(&resize_rows(image, width), height),
    }
}

/// Whether Pillow does the vertical pass first: when the height loses more than twice as many
/// pixels as the width. This is since Pillow 13.0; before, the horizontal pass always came first.
/// Among photos that keep their proportions, only tall ones of about 1 : 2 and beyond are affected.
pub(super) fn columns_first(from: (usize, usize), to: (usize, usize)) -> bool {
    let lost = |from: usize, to: usize| from as i64 - to as i64;
    let rows = lost(from.1, to.1);
    rows > 0 && rows > 2 * lost(from.0, to.0)
}

/// The source pixels of one target pixel: the index of the first, and a weight for each.
struct Window {
    first: usize,
    weights: Vec<i32>,
}

/// Keys' cubic convolution with a = -0.5, in Pillow's order of operations.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

/// The windows of all target pixels in one direction.
fn windows(from: usize, to: usize) -> Vec<Window> {
    let scale = from as f64 / to as f64;
    let widening = scale.max(1.0);
    let support = SUPPORT * widening;
    let window = |target: usize| {
        let center = (target as f64 + 0.5) * scale;
        // Casting truncates and saturates negatives at 0, which matches Pillow's clipping.
        let first = (center - support + 0.5) as usize;
        let end = ((center + support + 0.5) as usize).min(from);
        let weight = |x: usize| cubic((x as f64 - center + 0.5) * (1.0 / widening));
        let weights: Vec<f64> = (first..end).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        Window { first, weights: weights.iter().map(|w| fixed(w / sum)).collect() }
    };
    (0..to).map(window).collect()
}

/// A weight in fixed point, halves rounded away from zero.
fn fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1_u32 << PRECISION_BITS);
    (scaled + if weight < 0.0 { -0.5 } else { 0.5 }) as i32
}

/// Turns a sum of weighted pixels back into a byte.
fn clip(sum: i32) -> u8 {
    (sum >> PRECISION_BITS).clamp(0, 255) as u8
}

/// The horizontal pass: every row to `width` pixels.
fn resize_rows(image: &Rgb, width: usize) -> Rgb {
    let windows = windows(image.width, width);
    let mut pixels = vec![0; width * image.height * 3];
    let sources = image.pixels.chunks_exact(image.width * 3);
    for (source, target) in sources.zip(pixels.chunks_exact_mut(width * 3)) {
        let (source, _) = source.as_chunks::<3>();
        let (target, _) = target.as_chunks_mut::<3>();
        for (pixel, window) in target.iter_mut().zip(&windows) {
            let mut sum = [HALF; 3];
            // One bounds check per window instead of one per pixel.
            let under = source.get(window.first..).unwrap_or_default();
            for (&[r, g, b], &weight) in under.iter().zip(&window.weights) {
                sum = [
                    sum[0] + i32::from(r) * weight,
                    sum[1] + i32::from(g) * weight,
                    sum[2] + i32::from(b) * weight,
                ];
            }
            *pixel = sum.map(clip);
        }
    }
    Rgb { width, height: image.height, pixels }
}

/// The vertical pass: every column to `height` pixels, a whole row of sums at a time.
fn resize_columns(image: &Rgb, height: usize) -> Rgb {
    let row = image.width * 3;
    let mut pixels = vec![0; row * height];
    let mut sums = vec![0_i32; row];
    for (target, window) in pixels.chunks_exact_mut(row).zip(windows(image.height, height)) {
        sums.fill(HALF);
        let sources = image.pixels.chunks_exact(row).skip(window.first);
        for (source, weight) in sources.zip(window.weights) {
            for (sum, &level) in sums.iter_mut().zip(source) {
                *sum += i32::from(level) * weight;
            }
        }
        for (level, &sum) in target.iter_mut().zip(&sums) {
            *level = clip(sum);
        }
    }
    Rgb { width: image.width, height, pixels }
}
