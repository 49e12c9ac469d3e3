//! The lake: in summer it mirrors what is behind it, in winter it lies under ice and snow.

use super::canvas::Canvas;
use super::color::{Triple, mix, scale};
use super::ground::SNOW;
use super::noise::{fractal, smoothstep};
use super::place::Place;
use super::weather::{Season, Weather};

/// Clear mountain water over its dark bed.
const DEEP: Triple = [0.012, 0.035, 0.032];
const ICE: Triple = [0.36, 0.45, 0.52];

/// Paints the lake on the canvas's water pixels.
pub fn paint(canvas: &mut Canvas, place: &Place, weather: &Weather) {
    let shores = shores(canvas);
    for (column, &shore) in shores.iter().enumerate() {
        let start = (0..canvas.height).find(|&row| is_water(canvas, column, row));
        for row in start.unwrap_or(canvas.height)..canvas.height {
            let Some(there) = canvas.get(column, row).filter(|pixel| pixel.water) else { continue };
            let z = there.depth;
            let x = z * canvas.slope(column as f32);
            let pixel = z / canvas.focal;
            // Ripples lie flat: long across the view, short along it.
            let ripple = fractal(x, z * 0.35, place.seed ^ 60, 0.02, pixel * 0.7)
                + 0.6 * fractal(x, z, place.seed ^ 61, 0.2, pixel.max(0.02));
            let calm =
                0.010 + 0.012 * smoothstep(0.0, 0.12, (row as f32 - shore) / canvas.height as f32);
            let below = (row as f32 - shore).max(0.0) * 1.04 + 0.5;
            let wave = ripple * calm * canvas.height as f32;
            let mirrored = (shore - below + wave).min(shore - 1.0).max(0.0);
            let sideways = column as f32 + 0.25 * wave;
            let image = sample(canvas, sideways, mirrored);
            // The more steeply one looks down, the less is mirrored.
            let down = -canvas.ray(column, row)[1];
            let mirror = 0.88 - 0.62 * smoothstep(0.03, 0.42, down);
            let water = mix(DEEP, scale(image, 0.92), mirror);
            let color = match weather.season {
                Season::Summer => water,
                Season::Winter => frozen(place, weather, water, [x, z], there.sunny),
            };
            canvas.over(column, row, color, 1.0);
        }
    }
}

/// The colour of a pixel that is only partly lake.
pub fn shore(weather: &Weather, sunny: f32) -> Triple {
    match weather.season {
        Season::Summer => [0.04, 0.05, 0.035],
        Season::Winter => weather.shine(SNOW, [0.0, 1.0, 0.0], sunny),
    }
}

/// Snow on ice, with open patches kept clear by the wind.
fn frozen(place: &Place, weather: &Weather, water: Triple, at: [f32; 2], sunny: f32) -> Triple {
    let [x, z] = at;
    let drift = fractal(x, z * 0.6, place.seed ^ 62, 0.11, 0.002);
    let up = [0.0, 1.0, 0.0];
    let snow = weather.shine(scale(SNOW, 1.0 + 0.05 * drift), up, sunny);
    let ice = mix(weather.shine(ICE, up, 0.7 * sunny), water, 0.55);
    mix(ice, snow, smoothstep(-0.28, 0.02, drift))
}

fn is_water(canvas: &Canvas, column: usize, row: usize) -> bool {
    canvas.get(column, row).is_some_and(|pixel| pixel.water)
}

/// The row at which each column mirrors: its far shore, smoothed, because a jagged mirror would cut
/// up the mountains.
fn shores(canvas: &Canvas) -> Vec<f32> {
    let (width, height) = (canvas.width, canvas.height);
    let top = |column: usize| (0..height).find(|&row| is_water(canvas, column, row));
    let tops: Vec<Option<usize>> = (0..width).map(top).collect();
    let reach = width / 24 + 1;
    let even = |column: usize| {
        let near = tops.iter().skip(column.saturating_sub(reach)).take(2 * reach + 1).flatten();
        let (sum, count) = near.fold((0.0, 0.0), |(s, n), &row| (s + row as f32, n + 1.0));
        if count > 0.0 { sum / count } else { height as f32 }
    };
    (0..width).map(even).collect()
}

/// The picture, interpolated between pixels.
fn sample(canvas: &Canvas, x: f32, y: f32) -> Triple {
    let x = x.clamp(0.0, canvas.width as f32 - 1.0);
    let y = y.clamp(0.0, canvas.height as f32 - 1.0);
    let (column, row) = (x as usize, y as usize);
    let at = |dc: usize, dr: usize| {
        let (c, r) = ((column + dc).min(canvas.width - 1), (row + dr).min(canvas.height - 1));
        canvas.get(c, r).map_or(DEEP, |pixel| pixel.color)
    };
    let (fx, fy) = (x - column as f32, y - row as f32);
    mix(mix(at(0, 0), at(1, 0), fx), mix(at(0, 1), at(1, 1), fx), fy)
}
