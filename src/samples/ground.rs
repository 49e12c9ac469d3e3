//! What the ground is made of: granite, talus, forest, meadow, snow.

use super::color::{Triple, mix, normalize, scale};
use super::noise::{fractal, noise, smoothstep};
use super::place::Place;
use super::weather::{Season, Weather};

/// Colours in linear light, as in photographs.
pub const GRANITE: Triple = [0.29, 0.27, 0.25];
pub const SNOW: Triple = [0.82, 0.85, 0.90];
const STAINED: Triple = [0.085, 0.082, 0.085];
const TAN: Triple = [0.36, 0.285, 0.20];
const SCRUB: Triple = [0.075, 0.075, 0.032];
const FOREST: Triple = [0.026, 0.040, 0.016];
const GRASS: Triple = [0.085, 0.115, 0.028];
const STRAW: Triple = [0.24, 0.20, 0.075];

/// A point of the ground.
pub struct Spot {
    /// Position, in kilometres.
    pub at: Triple,
    /// Surface normal, length 1.
    pub normal: Triple,
    /// Size of a pixel at that distance, in kilometres.
    pub pixel: f32,
}

/// The ground's colour at a spot, and its normal with the roughness that the height field is too
/// coarse for.
pub fn surface(place: &Place, weather: &Weather, spot: &Spot) -> (Triple, Triple) {
    let [_, y, z] = spot.at;
    let steep = 1.0 - spot.normal[1];
    let meadow =
        smoothstep(0.034, 0.012, y) * smoothstep(0.3, 0.12, steep) * smoothstep(2.2, 1.2, z);
    // Skips the one that would be invisible.
    if meadow >= 1.0 {
        return lowland(place, weather, spot);
    }
    let high = mountain(place, weather, spot);
    if meadow <= 0.0 {
        return high;
    }
    let low = lowland(place, weather, spot);
    (mix(high.0, low.0, meadow), normalize(mix(high.1, low.1, meadow)))
}

/// Grass, or a field of snow.
fn lowland(place: &Place, weather: &Weather, spot: &Spot) -> (Triple, Triple) {
    let ([x, _, z], seed, pixel) = (spot.at, place.seed, spot.pixel);
    let flowers = fractal(x, z, seed ^ 24, 0.12, pixel.max(0.012));
    // Blades stand up: seen from the side they are short along the view and long across it.
    let tufts = blades(place, spot);
    let tilt =
        |by: f32| normalize([spot.normal[0] + by * tufts, 1.0, spot.normal[2] - by * flowers]);
    if weather.season == Season::Winter {
        // Drifts, with a tuft of grass sticking out here and there.
        let drifts = fractal(x, z * 0.5, seed ^ 25, 0.02, pixel * z / place.eye * 0.5);
        let blades = smoothstep(0.55, 0.85, tufts * 0.8 + 0.4 * flowers);
        let normal = normalize([spot.normal[0] + 0.5 * drifts, 1.0, spot.normal[2] + 0.12 * tufts]);
        let snow = scale(SNOW, 1.0 + 0.08 * drifts + 0.05 * tufts);
        return (mix(snow, scale(STRAW, 0.6), 0.5 * blades), normal);
    }
    let dry = smoothstep(-0.45, 0.8, flowers + 0.4 * tufts);
    (scale(mix(GRASS, STRAW, dry), 1.0 + 0.75 * tufts), tilt(0.35))
}

/// Tufts and blades of grass, or drifts, down to a pixel in size.
fn blades(place: &Place, spot: &Spot) -> f32 {
    let ([x, _, z], seed) = (spot.at, place.seed ^ 23);
    // Blades stand up, so they must look as high as wide, although the low eye foreshortens the
    // ground under them by eye / z. This grows at about that rate over the meadow (a logarithm
    // would be exact, but differs between platforms).
    let away = -6.0 * place.eye / z.sqrt();
    let finest = 1.3 * spot.pixel;
    0.7 * fractal(x, away, seed, 0.0035, finest)
        + 0.75 * fractal(x, 0.6 * away, seed ^ 1, 0.0005, finest)
}

/// Cliffs, ledges and woods.
fn mountain(place: &Place, weather: &Weather, spot: &Spot) -> (Triple, Triple) {
    let ([x, y, z], seed, pixel) = (spot.at, place.seed, spot.pixel);
    let steep = 1.0 - spot.normal[1];
    // Faces are textured across and down, so that streaks run down them.
    let across = x * 0.83 + z * 0.61;
    let streaks = fractal(across, y * 0.16, seed ^ 20, 0.12, pixel * 2.0);
    let blocks = fractal(across, y * 0.75 + z * 0.3, seed ^ 21, 0.07, pixel * 1.5);
    let patches = fractal(x, z + y, seed ^ 22, 0.5, pixel.max(0.1));
    let joint = noise(across * 11.0 + 0.8 * blocks, y * 1.7, seed ^ 26).abs();

    let bare = steep + 0.10 * blocks + 0.12 * patches;
    let rock = mix(GRANITE, TAN, smoothstep(-0.1, 0.9, patches + 0.4 * streaks));
    let rock = mix(rock, STAINED, smoothstep(0.1, 0.7, streaks + 0.3 * blocks) * 0.9);
    let rock = scale(rock, (1.0 + 0.4 * blocks) * (0.62 + 0.38 * smoothstep(0.0, 0.07, joint)));

    let wooded = smoothstep(1.0, 0.4, y + 0.35 * patches);
    let green = mix(SCRUB, FOREST, wooded * smoothstep(-0.5, 0.2, blocks + patches));
    let summer = mix(scale(green, 1.0 + 0.6 * blocks), rock, smoothstep(0.26, 0.42, bare));

    // Roughness tilts the normal along the face.
    let tilt = 1.0 * blocks * smoothstep(0.12, 0.5, steep);
    let rough = |by: f32| {
        let [nx, ny, nz] = spot.normal;
        normalize([nx + by, ny + 0.35 * streaks * by.abs(), nz - 0.4 * by])
    };
    if weather.season == Season::Summer {
        return (summer, rough(tilt));
    }
    // Snow stays where it does not slide, lies deeper higher up, and drifts into cracks.
    let holds = 0.42 + 0.2 * smoothstep(0.1, 1.2, y) - 0.34 * blocks - 0.22 * streaks;
    let lies = smoothstep(holds + 0.10, holds - 0.08, steep);
    // Woods shed snow: dark trunks and shadows remain.
    let woods = wooded * smoothstep(0.34, 0.22, bare) * smoothstep(-0.3, 0.3, blocks);
    let wet = mix(summer, scale(rock, 0.7), 0.5);
    (mix(wet, SNOW, lies * (1.0 - 0.8 * woods)), rough(tilt * (1.0 - 0.7 * lies)))
}
