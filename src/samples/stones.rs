//! Boulders on the meadow and along the shore.

use super::color::{Look, mix, normalize, scale};
use super::ground::{GRANITE, SNOW};
use super::noise::{fractal, hash, smoothstep, unit};
use super::weather::Season;

/// A boulder at a point, given in units of its height as for trees.
pub fn stone(season: Season, seed: u32, down: f32, across: f32, pixel: f32) -> Look {
    let own = |n: i32| unit(hash(n, 5, seed));
    let bumps = fractal(across, down, seed, 0.7, pixel * 1.3);
    let wide = 0.55 + 0.35 * own(1);
    // The upper half of an irregular ellipsoid.
    let (u, v) = (across / wide + 0.25 * (own(2) - 0.5) * (1.0 - down), 1.0 - down);
    let out = u * u + v * v + 0.35 * bumps;
    let edge = (3.0 * pixel).max(0.02);
    let alpha = smoothstep(edge, -edge, out - 0.9) * smoothstep(1.0, 0.9, down + 0.1 * bumps);
    let front = (1.0 - out).max(0.05).sqrt();
    let normal = normalize([u + 0.7 * bumps, v + 0.5 * bumps, -front]);
    let rock =
        scale(GRANITE, (0.75 + 0.3 * own(3)) * (1.0 + 0.5 * bumps) * (1.0 - 0.45 * down * down));
    if season == Season::Summer {
        return Look { alpha, color: rock, normal };
    }
    let cap = smoothstep(0.35, 0.6, v + 0.35 * bumps);
    Look {
        alpha,
        color: mix(scale(rock, 0.8), SNOW, cap),
        normal: mix(normal, [0.0, 1.0, 0.0], 0.6 * cap),
    }
}
