//! Paints the ground, column by column from the horizon to the viewer's feet.
//!
//! The height field is sampled on a fan: one ray per column, at distances that grow by a constant
//! factor, so that a step is about as long as a pixel is wide. Neighbouring samples give the
//! normals for free.

use super::canvas::{Canvas, Pixel};
use super::color::{Triple, normalize};
use super::ground::{Spot, surface};
use super::noise::smoothstep;
use super::place::Place;
use super::weather::Weather;

/// Nearest and farthest ground, in kilometres.
const NEAR: f32 = 0.007;
const FAR: f32 = 15.0;

/// Heights on the fan.
struct Fan {
    /// Distances of the steps, in kilometres.
    depths: Vec<f32>,
    /// `[width / 2 + 3, depths]`: every second column is enough, because no relief is that narrow.
    heights: Vec<f32>,
}

impl Fan {
    fn new(place: &Place, canvas: &Canvas) -> Self {
        let steps = (canvas.height as f32 * 1.2).clamp(120.0, 1600.0);
        // (FAR / NEAR)^(1 / steps) to first and second order of ln(FAR / NEAR) = 7.67.
        let log = 7.67 / steps;
        let factor = 1.0 + log * (1.0 + 0.5 * log);
        // The meadow is smooth, so longer steps suffice.
        let next = |&z: &f32| Some(if z < 0.7 { z + 3.0 * (factor - 1.0) * z } else { z * factor });
        let depths: Vec<f32> =
            std::iter::successors(Some(NEAR), next).take_while(|&z| z < FAR).collect();
        let mut heights = Vec::with_capacity((canvas.width / 2 + 3) * depths.len());
        for column in 0..canvas.width / 2 + 3 {
            let slope = canvas.slope(2.0 * column as f32 - 1.0);
            let finest = 1.6 * log.max(1.0 / canvas.focal);
            heights.extend(depths.iter().map(|&z| place.height(z * slope, z, finest * z)));
        }
        Self { depths, heights }
    }

    /// Distances, heights, and slopes across, along a column of the canvas.
    fn column(&self, column: usize) -> impl Iterator<Item = (f32, f32, f32)> {
        let steps = self.depths.len();
        let ray = |i: usize| self.heights.get(i * steps..(i + 1) * steps).unwrap_or_default();
        // Ray i runs through canvas column 2 i - 1: odd columns are on a ray, even ones in between.
        let left = column.div_ceil(2);
        let t = if column.is_multiple_of(2) { 0.5 } else { 0.0 };
        let heights = ray(left).iter().zip(ray(left + 1));
        let mixed = move |(&z, (&a, &b)): (&f32, (&f32, &f32))| (z, a + (b - a) * t, b - a);
        self.depths.iter().zip(heights).map(mixed)
    }
}

/// Heights on a coarse square grid, to find what casts shadows.
pub struct Shade {
    heights: Vec<f32>,
}

/// Size of a grid cell in kilometres, and number of cells.
const CELL: f32 = 0.12;
const ACROSS: usize = 112;
const AWAY: usize = 112;

impl Shade {
    /// Samples the place.
    pub fn new(place: &Place) -> Self {
        let cell = |i: usize| {
            let (x, z) = ((i % ACROSS) as f32 - 0.5 * ACROSS as f32, (i / ACROSS) as f32 - 8.0);
            place.height(x * CELL, (z * CELL).max(0.2), CELL)
        };
        Self { heights: (0..ACROSS * AWAY).map(cell).collect() }
    }

    /// Approximate height of the ground; -1 outside the grid.
    pub fn height(&self, x: f32, z: f32) -> f32 {
        let (x, z) = (x / CELL + 0.5 * ACROSS as f32, z / CELL + 8.0);
        if x < 0.0 || z < 0.0 || x >= (ACROSS - 1) as f32 || z >= (AWAY - 1) as f32 {
            return -1.0;
        }
        let (column, row) = (x as usize, z as usize);
        let (fx, fz) = (x - column as f32, z - row as f32);
        let line = |row: usize| {
            let pair = self.heights.get(row * ACROSS + column..);
            pair.and_then(|cells| cells.first_chunk()).map_or(-1.0, |[a, b]| a + (b - a) * fx)
        };
        let (near, far) = (line(row), line(row + 1));
        near + (far - near) * fz
    }

    /// 1 in the sun, 0 in the shade, values in between at the edge.
    pub fn sunny(&self, at: Triple, sun: Triple) -> f32 {
        let mut clear: f32 = 1.0;
        let mut far = 0.11;
        while far < 2.6 {
            let y = at[1] + sun[1] * far;
            let over = y - self.height(at[0] + sun[0] * far, at[2] + sun[2] * far);
            clear = clear.min(0.75 + 9.0 * over / far.max(0.25));
            if clear <= 0.0 {
                return 0.0;
            }
            far *= 1.36;
        }
        smoothstep(0.0, 1.0, clear)
    }
}

/// Paints the ground over the sky.
pub fn paint(canvas: &mut Canvas, place: &Place, weather: &Weather, shade: &Shade) {
    let fan = Fan::new(place, canvas);
    for column in 0..canvas.width {
        let slope = canvas.slope(column as f32);
        // The lowest row that is still sky or farther ground, counted down from the top edge.
        let mut top = canvas.height as f32;
        let mut before: Option<(f32, f32, Triple)> = None; // z, height, normal
        for (z, height, rise) in fan.column(column) {
            let y = height.max(0.0);
            let pixel = z / canvas.focal;
            let across = rise / (2.0 * pixel);
            let along = before.map_or(0.0, |(z0, h0, _)| (y - h0.max(0.0)) / (z - z0));
            let normal = normalize([-across, 1.0, -(along - across * slope)]);
            let row = canvas.horizon - canvas.focal * (y - place.eye) / z;
            if row < top {
                let (z0, h0, n0) = before.unwrap_or((z, height, normal));
                let y0 = h0.max(0.0);
                let hidden = canvas.horizon - canvas.focal * (y0 - place.eye) / z0;
                let from = row.max(0.0);
                for r in (from as usize..canvas.height).take_while(|&r| (r as f32) < top) {
                    // Where this row is between the two steps.
                    let t = ((r as f32 + 0.5 - row) / (hidden - row).max(1e-3)).clamp(0.0, 1.0);
                    let lerp = |a: f32, b: f32| a + (b - a) * t;
                    let (at_z, at_y) = (lerp(z, z0), lerp(y, y0));
                    let at = [at_z * slope, at_y, at_z];
                    // A step over a cliff is all cliff: the meadow's normal hardly reaches up.
                    let bend = t * (3.0 / (hidden - row).max(3.0));
                    let normal = normalize(super::color::mix(normal, n0, bend));
                    let covered = (top.min(r as f32 + 1.0) - row.max(r as f32)).clamp(0.0, 1.0);
                    let ray = canvas.ray(column, r);
                    let water = lerp(height, h0) < 0.0;
                    let sunny = shade.sunny(at, weather.sun);
                    let color = if water {
                        // The lake itself is painted last, when there is something to mirror.
                        super::water::shore(weather, sunny)
                    } else {
                        let (color, normal) = surface(place, weather, &Spot { at, normal, pixel });
                        let light = weather.shine(color, normal, sunny);
                        weather.through_air(light, ray, at_z, at_y)
                    };
                    canvas.under(column, r, Pixel { color, depth: at_z, water, sunny }, covered);
                }
                top = row;
            }
            before = Some((z, height, normal));
        }
    }
}
