//! Noise at several scales, for rock, cloud, grass and bark.
//!
//! Gradient noise (Perlin 1985) on a hashed lattice. It uses only additions, multiplications and
//! exact conversions, so that wasm and native agree to the last bit.

/// Hashes a lattice point.
pub fn hash(x: i32, y: i32, seed: u32) -> u32 {
    stir(column(x, seed) ^ row(y))
}

/// A lattice column's part of the hash.
fn column(x: i32, seed: u32) -> u32 {
    (x as u32).wrapping_mul(0x9e37_79b1) ^ seed.wrapping_mul(0xc2b2_ae3d)
}

/// A lattice row's part of the hash.
fn row(y: i32) -> u32 {
    (y as u32).wrapping_mul(0x85eb_ca77).rotate_left(13)
}

/// Mixes the bits of the two parts.
fn stir(h: u32) -> u32 {
    let h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
    h ^ (h >> 14)
}

/// Random bits as a number in [0, 1).
pub fn unit(bits: u32) -> f32 {
    (bits >> 8) as f32 / 16_777_216.0
}

/// The integer below, for |x| < 2²²; at an integer it may be the previous one.
///
/// Adding 1.5 · 2²³ removes the fractional bits. `f32::floor` is a library call on some targets,
/// and this is the innermost loop.
pub fn floor(x: f32) -> i32 {
    ((x - 0.5 + 12_582_912.0).to_bits() as i32).wrapping_sub(0x4b40_0000)
}

/// 0 up to `from`, 1 beyond `to`, smooth between.
pub fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Noise of wavelength 1, about -1 to 1, with mean 0.
pub fn noise(x: f32, y: f32, seed: u32) -> f32 {
    let (ix, iy) = (floor(x), floor(y));
    let (fx, fy) = (x - ix as f32, y - iy as f32);
    let (left, right) = (column(ix, seed), column(ix.wrapping_add(1), seed));
    let (top, bottom) = (row(iy), row(iy.wrapping_add(1)));
    // All four corners at once, which the compiler vectorises.
    let [a, b, c, d] = [
        (left ^ top, fx, fy),
        (right ^ top, fx - 1.0, fy),
        (left ^ bottom, fx, fy - 1.0),
        (right ^ bottom, fx - 1.0, fy - 1.0),
    ]
    .map(|(lattice, dx, dy)| {
        // Two signed 16-bit numbers: the gradient.
        let h = stir(lattice) as i32;
        (h >> 16) as f32 * dx + (h << 16 >> 16) as f32 * dy
    });
    let fade = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let (u, v) = (fade(fx), fade(fy));
    let (top, bottom) = (a + u * (b - a), c + u * (d - c));
    (top + v * (bottom - top)) * (1.6 / 32_768.0)
}

/// Octaves of noise from `wavelength` down, each half as long and half as strong, until they are
/// shorter than `finest`; the last fades out, so that nothing pops as `finest` changes.
pub fn fractal(x: f32, y: f32, seed: u32, wavelength: f32, finest: f32) -> f32 {
    octaves(wavelength, finest, |frequency, octave| {
        noise(x * frequency, y * frequency, seed.wrapping_add(octave))
    })
}

/// As [`fractal`], folded into crests: 0 in the troughs, about 1 on the ridges.
pub fn ridges(x: f32, y: f32, seed: u32, wavelength: f32, finest: f32) -> f32 {
    0.55 * octaves(wavelength, finest, |frequency, octave| {
        let crest = 1.0 - noise(x * frequency, y * frequency, seed.wrapping_add(octave)).abs();
        crest * crest
    })
}

/// Sums octaves of `layer(frequency, number)`.
fn octaves(wavelength: f32, finest: f32, layer: impl Fn(f32, u32) -> f32) -> f32 {
    let (mut sum, mut strength, mut length) = (0.0, 1.0, wavelength);
    for octave in 0..9 {
        if length <= finest {
            break;
        }
        let fade = (length / finest - 1.0).min(1.0);
        sum += strength * fade * layer(1.0 / length, octave);
        strength *= 0.5;
        length *= 0.49;
    }
    sum
}
