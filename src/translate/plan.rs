//! How large a translation becomes: the photo's proportions, never enlarged, and never more than the
//! device holds.

use serde::Serialize;

use super::shifts::{self, Shift, Smooth};
use crate::{device::Limits, image};

/// The size that a translation will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Plan {
    /// Width of the result in pixels.
    pub width: usize,
    /// Height of the result in pixels.
    pub height: usize,
    /// The device could not hold what was asked, so the result is smaller.
    pub reduced: bool,
}

/// Where the photo lies in what the network sees, of which each pass sees a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Padding {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Padding {
    /// `margin` all around; in front of it what the shifts need, behind it what the stridings do.
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

/// The size of a translation of a photo of `width` x `height` pixels whose longest side shall be
/// at most `longest` pixels (`None`: as it is), for a generator of width `ngf`.
pub fn plan(
    (width, height): (usize, usize),
    longest: Option<usize>,
    margin: usize,
    ngf: usize,
    limits: &Limits,
) -> Plan {
    plan_within((width, height), longest, margin, Smooth::One, limits.pixels(ngf))
}

/// [`plan`] where the photo, with all that the network sees around it, may have `most` pixels.
pub fn plan_within(
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
    // The largest longest side that fits, by bisection: padding makes the formula uneven.
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
