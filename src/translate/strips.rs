//! A photo through a generator in strips, where it is too large to go through as a whole.

use std::ops::Range;

use burn::tensor::Device;

use super::{
    run::{Seen, input},
    shifts::{self, Shift},
};
use crate::{
    error::Result,
    image::{self, Rgb},
    model::{Generator, InStrips, MULTIPLE},
    weights::Architecture,
};

/// Values of the first layer's result in a strip, 64 MiB of float32: enough to keep a graphics card
/// busy, little beside what is kept of the whole photo.
const STRIP: usize = 1 << 24;
/// Least rows of a strip.
pub(super) const LEAST_ROWS: usize = 4 * MULTIPLE;
/// How many rows beyond its own a strip depends on, above and below, from the photo to the first
/// image that is kept: 3 for the first layer, and at most 3 and 6 for those that halve.
pub(super) const BEYOND: usize = 12;

/// Rows of a strip of a photo of this width, of which the device can hold `most` pixels.
fn rows(architecture: &Architecture, width: usize, most: u64) -> usize {
    let pixels = most.min((STRIP / architecture.ngf.max(1)) as u64) as usize;
    let rows = (pixels / width.max(1)).saturating_sub(2 * BEYOND);
    (rows / MULTIPLE * MULTIPLE).max(LEAST_ROWS)
}

impl Seen {
    /// What [`Seen::through`] and [`Seen::result`] do, on a device that can hold `most` pixels of a
    /// picture as a whole. `None` if there were numbers that the precision of the weights cannot
    /// hold. `passed` is called with the number of passes that are done, the current one in part.
    /// Fails as these two, and as [`crate::device::read`].
    pub async fn in_strips(
        &self,
        generator: &Generator,
        device: &Device,
        most: u64,
        passed: &dyn Fn(f64),
    ) -> Result<Option<Rgb>> {
        let shifts = self.smooth.shifts();
        let [height, width] = self.framed();
        let [lead_rows, lead_columns] = shifts::farthest(shifts);
        let channels = generator.architecture().pictures;
        let mut mean = Mean::new(channels, height, width, shifts.len());
        for (behind, &(down, right)) in shifts.iter().enumerate() {
            let (top, left) = (lead_rows - down, lead_columns - right);
            let columns = shifts::seen(width, right);
            let cut = |rows: Range<usize>| {
                let part = self.part(left, top + rows.start, columns, rows.len())?;
                Ok(input(generator, &part, device))
            };
            let how = InStrips {
                height: shifts::seen(height, down),
                rows: rows(generator.architecture(), columns, most),
                image: &cut,
                take: &mut |rows, values| mean.add(rows, columns, (down, right), &values),
                done: &|share| passed(behind as f64 + share),
                device,
            };
            if !generator.forward_in_strips(how).await? {
                return Ok(None);
            }
        }
        self.cropped(&mean.picture()?).map(Some)
    }
}

/// The mean of passes that arrive strip by strip.
struct Mean {
    height: usize,
    width: usize,
    passes: usize,
    /// `[C, height, width]` if there is more than one pass, else empty.
    sum: Vec<f32>,
    /// The rows of the picture so far, if there is only one.
    pixels: Vec<u8>,
}

impl Mean {
    fn new(channels: usize, height: usize, width: usize, passes: usize) -> Self {
        // At once, because a vector that grows takes up to three times as much.
        let (sums, levels) = match passes {
            1 => (0, 3 * height * width),
            _ => (channels * height * width, 0),
        };
        let (sum, pixels) = (vec![0.0; sums], Vec::with_capacity(levels));
        Self { height, width, passes, sum, pixels }
    }

    /// Adds a strip of a pass, `[C, rows, columns]`, which was moved by `shift`.
    fn add(
        &mut self,
        rows: Range<usize>,
        columns: usize,
        (down, right): Shift,
        values: &[f32],
    ) -> Result<()> {
        let Self { height, width, passes, .. } = *self;
        let kept = rows.start.max(down)..rows.end.min(down + height);
        let mut lines = Vec::new();
        for (c, channel) in values.chunks_exact(rows.len() * columns).enumerate() {
            let all = channel.chunks_exact(columns).zip(rows.clone());
            for (line, y) in all.filter(|(_, y)| kept.contains(y)) {
                let line = line.get(right..right + width).unwrap_or_default();
                if passes == 1 {
                    lines.extend_from_slice(line);
                    continue;
                }
                let at = (c * height + y - down) * width;
                let sums = self.sum.get_mut(at..at + width).unwrap_or_default();
                sums.iter_mut().zip(line).for_each(|(sum, value)| *sum += value);
            }
        }
        if !lines.is_empty() {
            self.pixels.extend(image::from_unit(&lines, width, kept.len())?.pixels);
        }
        Ok(())
    }

    fn picture(mut self) -> Result<Rgb> {
        if self.passes == 1 {
            return Rgb::new(self.width, self.height, self.pixels);
        }
        let passes = self.passes as f32;
        self.sum.iter_mut().for_each(|sum| *sum /= passes);
        image::from_unit(&self.sum, self.width, self.height)
    }
}
