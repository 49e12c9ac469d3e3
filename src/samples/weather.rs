//! The light of a season: sun, sky, haze, and where the snow lies.

use serde::Deserialize;

use super::canvas::{Canvas, Pixel};
use super::color::{Triple, add, dot, fade_out, mix, normalize, scale, times};
use super::noise::{fractal, smoothstep};
use super::random::Random;
use crate::choice::Choice;

/// The two looks that the default models translate between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum Season {
    /// Green forest, open water, high sun.
    Summer,
    /// Snow on ledges and branches, ice, low sun, pale sky.
    Winter,
}

impl Choice for Season {}

/// The state of air and sun.
pub struct Weather {
    /// Which season it is.
    pub season: Season,
    /// Towards the sun.
    pub sun: Triple,
    /// Sunlight on a surface facing the sun.
    pub sunlight: Triple,
    /// Skylight on a surface facing up.
    pub skylight: Triple,
    /// The sky overhead, and at the horizon, where it is also the colour of the haze.
    zenith: Triple,
    horizon: Triple,
    /// Distance in kilometres at which haze hides two thirds.
    clear: f32,
    /// Cloud cover, 0 to 1.
    clouds: f32,
    seed: u32,
}

impl Weather {
    /// The weather of this seed in this season.
    pub fn new(season: Season, seed: u64) -> Self {
        // A different stream from the place's, so that the season moves no stone.
        let mut random = Random::new(seed ^ 0x5ea5_0000_0000_0000);
        let side = random.sign();
        let ahead = random.between(-0.55, 0.25);
        let high = random.between(0.0, 1.0);
        let clouds = random.between(0.25, 0.8);
        let seed = random.bits();
        match season {
            Season::Summer => Self {
                season,
                sun: normalize([side, 0.55 + 0.4 * high, ahead]),
                sunlight: [3.3, 2.95, 2.35],
                skylight: [0.42, 0.58, 0.85],
                zenith: [0.075, 0.2, 0.52],
                horizon: [0.5, 0.64, 0.8],
                clear: 15.0,
                clouds,
                seed,
            },
            Season::Winter => Self {
                season,
                sun: normalize([side, 0.28 + 0.2 * high, ahead]),
                sunlight: [2.5, 1.95, 1.35],
                skylight: [0.52, 0.63, 0.82],
                zenith: [0.25, 0.40, 0.64],
                horizon: [0.80, 0.84, 0.90],
                clear: 9.0,
                clouds: 0.35 + 0.5 * clouds,
                seed,
            },
        }
    }

    /// Paints the sky behind everything already painted.
    pub fn paint(&self, canvas: &mut Canvas) {
        for row in 0..canvas.height {
            for column in 0..canvas.width {
                let open = canvas.open(column, row);
                if open > 0.0 {
                    let color = self.sky(canvas.ray(column, row));
                    let sky = Pixel { color, depth: f32::INFINITY, water: false, sunny: 1.0 };
                    canvas.under(column, row, sky, open);
                }
            }
        }
    }

    /// The sky in direction `ray`, of length 1.
    fn sky(&self, ray: Triple) -> Triple {
        let up = ray[1].max(0.0);
        let towards = dot(ray, self.sun).max(0.0);
        let towards4 = towards * towards * towards * towards;
        let glow = towards4 * towards4;
        let blue = mix(self.horizon, self.zenith, (up * 1.9).min(1.0).sqrt());
        let clear = add(blue, scale(self.sunlight, 0.10 * towards4 + 0.25 * glow));
        // Clouds lie on a plane overhead, so they shrink towards the horizon.
        let far = 1.0 / (up + 0.3);
        let (x, z) = (ray[0] * far, ray[2] * far * 1.6);
        let shape = |x: f32, z: f32, finest: f32| fractal(x, z, self.seed, 1.1, finest * far);
        let density = shape(x, z, 0.02) + 1.1 * self.clouds - 0.52;
        let cover = smoothstep(0.0, 0.38, density) * smoothstep(0.0, 0.12, up);
        if cover == 0.0 {
            return clear;
        }
        // Thick parts are grey below; the side towards the sun is lit.
        let thinner = density
            - shape(x + self.sun[0] * 0.22, z + self.sun[2] * 0.22, 0.06)
            - 1.1 * self.clouds
            + 0.52;
        let lit = (0.62 + 0.7 * thinner - 0.28 * smoothstep(0.2, 1.0, density)).clamp(0.22, 1.1);
        let cloud = add(scale(self.sunlight, 0.36 * lit), scale(self.skylight, 0.42));
        mix(clear, cloud, cover * 0.94)
    }

    /// `color` seen through `distance` kilometres of air, `height` kilometres above the lake.
    pub fn through_air(&self, color: Triple, ray: Triple, distance: f32, height: f32) -> Triple {
        let thick = 0.55 + 0.9 * fade_out(height.max(0.0) * 3.0);
        let left = fade_out(distance / self.clear * thick);
        let towards = dot(ray, self.sun).max(0.0);
        let veil = add(
            mix(self.horizon, self.zenith, 0.3),
            scale(self.sunlight, 0.12 * towards * towards),
        );
        mix(scale(veil, 0.9), color, left)
    }

    /// Light leaving a surface of this colour. `sunny` is 0 in the shade, 1 in the sun.
    pub fn shine(&self, surface: Triple, normal: Triple, sunny: f32) -> Triple {
        let direct = scale(self.sunlight, dot(normal, self.sun).max(0.0) * sunny);
        let sky = scale(self.skylight, 0.5 + 0.5 * normal[1]);
        // Light reflected onto walls by the sunlit ground.
        let bounce = scale(self.sunlight, 0.07 * (1.0 - normal[1]));
        times(surface, add(direct, add(sky, bounce)))
    }
}
