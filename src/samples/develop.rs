//! From linear light to bytes: exposure, a film's curve, grain.

use super::canvas::Canvas;
use super::noise::{hash, unit};
use super::weather::Season;
use crate::image::Rgb;

/// Develops the film.
pub fn develop(canvas: &Canvas, season: Season, seed: u32) -> Rgb {
    let exposure = match season {
        Season::Summer => 0.92,
        Season::Winter => 0.98,
    };
    let (width, height) = (canvas.width, canvas.height);
    let mut pixels = Vec::with_capacity(width * height * 3);
    for (i, pixel) in canvas.pixels().iter().enumerate() {
        let (column, row) = ((i % width) as i32, (i / width) as i32);
        let grain = unit(hash(column, row, seed)) + unit(hash(row, column, seed ^ 1)) - 1.0;
        let byte = |light: f32| {
            let level = film(light * exposure).sqrt() * 255.0 + 2.2 * grain;
            level.clamp(0.0, 255.0) as u8
        };
        pixels.extend(pixel.color.map(byte));
    }
    Rgb { width, height, pixels }
}

/// A film's response: deep shadows, soft highlights (Narkowicz's fit of the ACES curve).
fn film(light: f32) -> f32 {
    let x = light.max(0.0) * 0.62;
    ((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14)).clamp(0.0, 1.0)
}
