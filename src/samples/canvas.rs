//! The camera and its film: projects points of the place into the picture and stores what is seen.

use super::color::{Triple, add, mix, normalize, scale};

/// One pixel of the film.
#[derive(Clone, Copy)]
pub struct Pixel {
    /// Linear light.
    pub color: Triple,
    /// Distance to what is seen, in kilometres; infinite for the sky.
    pub depth: f32,
    /// Whether it is the lake's surface.
    pub water: bool,
    /// 0 in the shade, 1 in the sun.
    pub sunny: f32,
}

/// A picture being painted.
pub struct Canvas {
    /// Size in pixels.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Row of the horizon, in pixels from the top.
    pub horizon: f32,
    /// Pixels per kilometre at a distance of one kilometre.
    pub focal: f32,
    pixels: Vec<Pixel>,
    /// How much of each pixel is painted, 0 to 1.
    painted: Vec<f32>,
}

impl Canvas {
    /// An empty picture. The vertical view is the same for every width, except in panoramas.
    pub fn new(width: usize, height: usize) -> Self {
        let focal = (1.2 * height as f32).max(0.55 * width as f32);
        let empty = Pixel { color: [0.0; 3], depth: f32::INFINITY, water: false, sunny: 1.0 };
        Self {
            width,
            height,
            horizon: 0.66 * height as f32,
            focal,
            pixels: vec![empty; width * height],
            painted: vec![0.0; width * height],
        }
    }

    /// Viewing direction through a pixel, length 1 (right, up, away).
    pub fn ray(&self, column: usize, row: usize) -> Triple {
        let up = (self.horizon - row as f32 - 0.5) / self.focal;
        normalize([self.slope(column as f32), up, 1.0])
    }

    /// x / z of a column.
    pub fn slope(&self, column: f32) -> f32 {
        (column + 0.5 - 0.5 * self.width as f32) / self.focal
    }

    /// The pixel, if it is inside.
    pub fn get(&self, column: usize, row: usize) -> Option<&Pixel> {
        self.pixels.get(row * self.width + column)
    }

    /// Paints up to `share` of a pixel's unpainted part: front to back.
    pub fn under(&mut self, column: usize, row: usize, pixel: Pixel, share: f32) {
        let i = row * self.width + column;
        if let (Some(there), Some(painted)) = (self.pixels.get_mut(i), self.painted.get_mut(i)) {
            let share = share.min(1.0 - *painted);
            let color = add(there.color, scale(pixel.color, share));
            *there =
                if *painted < 0.5 { Pixel { color, ..pixel } } else { Pixel { color, ..*there } };
            *painted += share;
        }
    }

    /// How much of a pixel is not yet painted.
    pub fn open(&self, column: usize, row: usize) -> f32 {
        1.0 - self.painted.get(row * self.width + column).copied().unwrap_or(1.0)
    }

    /// Lays a colour with opacity `alpha` over a painted pixel: back to front.
    pub fn over(&mut self, column: usize, row: usize, color: Triple, alpha: f32) {
        if let Some(there) = self.pixels.get_mut(row * self.width + column) {
            there.color = mix(there.color, color, alpha);
            there.water &= alpha < 0.5;
        }
    }

    /// All pixels, row by row.
    pub fn pixels(&self) -> &[Pixel] {
        &self.pixels
    }
}
