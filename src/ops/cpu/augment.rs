//! Differentiable augmentation and its gradient. Pictures have only three channels, so plain loops
//! are fast enough.

#![allow(clippy::indexing_slicing, reason = "pixels of pictures whose extents were checked")]

use std::ops::Range;

use crate::ops::layer::Augmentation;

/// One picture's extents and its augmentation.
struct Places {
    channels: usize,
    height: usize,
    width: usize,
    shift: [isize; 2],
    cut: [Range<isize>; 2],
}

impl Places {
    fn new([channels, height, width]: [usize; 3], augmentation: &Augmentation) -> Self {
        let [(down, rows), (right, columns)] =
            [augmentation.along(0, height), augmentation.along(1, width)];
        Self { channels, height, width, shift: [down, right], cut: [rows, columns] }
    }

    /// The pixels that stay visible: source and target of each.
    fn kept(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let [down, right] = self.shift;
        let (height, width) = (self.height as isize, self.width as isize);
        let [rows, columns] = &self.cut;
        let inside = |range: Range<isize>, shift: isize, side: isize| {
            (range.start.max(-shift))..(range.end.min(side - shift))
        };
        inside(0..height, down, height).flat_map(move |row| {
            let row_to = row + down;
            inside(0..width, right, width).filter_map(move |column| {
                let to = column + right;
                let is_cut = rows.contains(&row_to) && columns.contains(&to);
                let at = |row: isize, column: isize| (row * width + column) as usize;
                (!is_cut).then(|| (at(row, column), at(row_to, to)))
            })
        })
    }
}

/// Writes the augmented picture `x` `[C, H, W]` to `y`, which is zero.
pub fn augment(x: &[f32], y: &mut [f32], shape: [usize; 3], augmentation: &Augmentation) {
    let Augmentation { brightness, saturation, contrast, .. } = *augmentation;
    let offset = (1.0 - contrast) * mean(x) + brightness;
    let places = Places::new(shape, augmentation);
    for (from, to) in places.kept() {
        let color = color_of(x, from, &places);
        for channel in 0..places.channels {
            let plane = channel * places.height * places.width;
            let value = contrast * (saturation * x[plane + from] + (1.0 - saturation) * color);
            y[plane + to] = value + offset;
        }
    }
}

/// Writes the gradient of [`augment()`] to `dx`, which is zero, from the output's gradient `dy`.
pub fn augment_backward(
    dy: &[f32],
    dx: &mut [f32],
    shape: [usize; 3],
    augmentation: &Augmentation,
) {
    let Augmentation { saturation, contrast, .. } = *augmentation;
    let places = Places::new(shape, augmentation);
    let mut sum = 0.0_f64;
    for (from, to) in places.kept() {
        let color = color_of(dy, to, &places);
        sum += f64::from(color) * places.channels as f64;
        for channel in 0..places.channels {
            let plane = channel * places.height * places.width;
            let value = saturation * dy[plane + to] + (1.0 - saturation) * color;
            dx[plane + from] = contrast * value;
        }
    }
    let offset = (1.0 - contrast) * (sum / dy.len() as f64) as f32;
    dx.iter_mut().for_each(|value| *value += offset);
}

/// The mean of a pixel's channels.
fn color_of(x: &[f32], pixel: usize, places: &Places) -> f32 {
    let plane = places.height * places.width;
    let sum: f32 = x.iter().skip(pixel).step_by(plane).sum();
    sum / places.channels as f32
}

fn mean(x: &[f32]) -> f32 {
    (x.iter().copied().map(f64::from).sum::<f64>() / x.len() as f64) as f32
}
