//! Conifers and broad-leaved trees, from specks on the far slopes to those that frame the view.
//!
//! A point of a tree is given in units of its height: `down` from its tip, `across` from its trunk;
//! `pixel` is the size of a pixel in the same unit.

use super::color::{Look, Triple, mix, normalize, scale};
use super::ground::SNOW;
use super::noise::{floor, fractal, hash, noise, smoothstep, unit};
use super::weather::Season;

const NEEDLES: Triple = [0.024, 0.040, 0.014];
const FRESH: Triple = [0.048, 0.066, 0.020];
const LEAVES: Triple = [0.055, 0.075, 0.016];
const GOLDEN: Triple = [0.16, 0.13, 0.025];
const TWIGS: Triple = [0.10, 0.075, 0.055];
const BARK: Triple = [0.06, 0.04, 0.028];

/// A fir or a pine.
pub fn conifer(season: Season, seed: u32, down: f32, across: f32, pixel: f32) -> Look {
    let own = |n: i32| unit(hash(n, 3, seed));
    let aside = across.abs();
    if aside > 0.04 + 0.32 * down {
        return Look { alpha: 0.0, color: NEEDLES, normal: [0.0, 1.0, 0.0] };
    }
    // Detail that is invisible on a distant tree.
    let near = smoothstep(0.07, 0.015, pixel);
    let side = if across < 0.0 { 7 } else { 8 };
    let needles = (0.7 * fractal(across, down * 1.3, seed, 0.06, pixel * 1.5)
        + 0.4 * noise(across * 0.3 / pixel.max(0.004), down * 0.4 / pixel.max(0.004), seed ^ 2))
        * (0.3 + 0.7 * near);
    // Branches droop: their outer parts belong to a tier that starts higher.
    let tier =
        (down - (0.15 + 0.3 * own(1)) * aside) * (13.0 + 9.0 * own(2)) + own(side) + 0.5 * needles;
    let number = floor(tier);
    let within = tier - number as f32;
    let long = 0.5 + 0.75 * unit(hash(number, side, seed));
    let slim = 0.12 + 0.09 * own(4);
    let spread = slim * down * (1.85 - 0.85 * down) + 0.004;
    let half = spread * (1.0 - near + near * long * (0.6 + 0.5 * within)) * (1.0 + 0.5 * needles);
    let crown = (0.5 + (half - aside) / pixel).clamp(0.0, 1.0)
        * smoothstep(0.985, 0.93, down + 0.05 * needles);
    // Light shines through where branches are thin.
    let gaps = near * smoothstep(0.1, 0.6, needles) * smoothstep(0.35, 1.0, aside / half.max(1e-4));
    let trunk = smoothstep(0.82, 0.94, down) * (0.5 + (0.010 - aside) / pixel).clamp(0.0, 1.0);

    let lean = (across / half.max(1e-4)).clamp(-1.0, 1.0);
    let normal = normalize([lean * 0.9 + needles, 0.3 + 0.3 * within, -0.5]);
    let green = scale(mix(NEEDLES, FRESH, own(5)), 1.0 + 0.45 * (own(6) - 0.5));
    let depth = 1.0 + near * (0.75 * within - 0.45) + 0.9 * needles;
    let color = mix(scale(green, depth.max(0.2)), BARK, trunk * (1.0 - crown));
    let alpha = (crown * (1.0 - 0.8 * gaps)).max(trunk);
    if season == Season::Summer {
        return Look { alpha, color, normal };
    }
    // Snow lies on the outer half of branches; wind and sun have removed some of it.
    let held = 0.75 * noise(across * 14.0, down * 11.0, seed ^ 5) + 0.5 * own(9) - 0.25;
    let rests =
        mix_number(0.12 + 0.3 * held, smoothstep(0.45, 0.95, within + held - needles), near);
    let color = mix(scale(color, 0.8), SNOW, (rests * 0.8).clamp(0.0, 1.0));
    Look { alpha, color, normal: normalize([normal[0], 0.35 + 0.5 * rests, normal[2]]) }
}

/// A broad-leaved tree or bush: a heap of leaves, or of twigs in winter.
pub fn bush(season: Season, seed: u32, down: f32, across: f32, pixel: f32) -> Look {
    let own = |n: i32| unit(hash(n, 4, seed));
    let leaves = fractal(across, down, seed, 0.35, pixel * 1.3);
    let wide = 0.42 + 0.35 * own(1);
    let (u, v) = (across / wide, (down - 0.55) / 0.5);
    let out = u * u + v * v * if v > 0.0 { 0.8 } else { 1.0 };
    let inside = 0.85 - out + 0.75 * leaves;
    let edge = (3.0 * pixel).max(0.02);
    let mut alpha = smoothstep(-edge, edge, inside);
    let normal = normalize([0.8 * u + 0.7 * leaves, 0.45 - 0.7 * v, -0.6]);
    let depth = 0.75 + 0.8 * leaves - 0.3 * v;
    if season == Season::Summer {
        let green = mix(LEAVES, GOLDEN, own(2) * own(3));
        return Look { alpha, color: scale(green, depth.max(0.15)), normal };
    }
    let twigs = noise(across * 34.0, down * 9.0, seed ^ 6);
    alpha *= 0.35 + 0.55 * smoothstep(-0.3, 0.3, twigs + leaves);
    let color =
        mix(scale(TWIGS, depth.max(0.2)), SNOW, 0.6 * smoothstep(0.1, 0.6, leaves - 0.5 * v));
    Look { alpha, color, normal }
}

fn mix_number(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}
