//! The size of a translation: the photo's proportions, never enlarged, and never more than the
//! device can hold.

use serde::Serialize;

use super::shifts::{self, Shift, Smooth};
use crate::image;

/// The size of a translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Plan {
    /// Width of the result in pixels.
    pub width: usize,
    /// Height of the result in pixels.
    pub height: usize,
    /// Whether the result is smaller than requested, because the device could not hold more.
    pub reduced: bool,
}

/// The photo's position in the network's input, of which each pass sees a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Padding {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Padding {
    /// `margin` on all sides; before it pixels for the shifts, after it pixels for the strides.
    pub fn new(width: usize, height: usize, margin: usize, shifts: &[Shift]) -> Self {
        let [down, right] = shifts::farthest(shifts);
        let behind = |side: usize, along: fn(&Shift) -> usize| {
            let side = side + 2 * margin;
            let beyond = shifts.iter().map(along).map(|by| shifts::seen(side, by) - by - side);
            margin + beyond.max().unwrap_or_default()
        };
        Self {
            left: margin + right,
            top: margin + down,
            right: behind(width, |shift| shift.1),
            bottom: behind(height, |shift| shift.0),
        }
    }
}

/// The size of a translation of a photo of `width` x `height` pixels, with a longest side of at
/// most `longest` pixels (`None`: as it is), and at most `most` pixels for the photo and everything
/// around it.
pub fn plan(
    (width, height): (usize, usize),
    longest: Option<usize>,
    margin: usize,
    smooth: Smooth,
    most: u64,
) -> Plan {
    let asked = image::fit(width, height, longest);
    let holds = |(width, height): (usize, usize)| {
        let Padding { left, top, right, bottom } =
            Padding::new(width, height, margin, smooth.shifts());
        let pixels = (left + width + right) as u64 * (top + height + bottom) as u64;
        pixels <= most
    };
    // The largest longest side that fits, by bisection, because padding makes the formula uneven.
    let (mut fits, mut too_large) = (1, asked.0.max(asked.1) + 1);
    while too_large - fits > 1 {
        let middle = fits.midpoint(too_large);
        if holds(image::fit(width, height, Some(middle))) {
            fits = middle;
        } else {
            too_large = middle;
        }
    }
    let (width, height) = image::fit(width, height, Some(fits));
    Plan { width, height, reduced: (width, height) != asked }
}
