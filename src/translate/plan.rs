//! The size of a translation, and of what the network sees: the photo's proportions, never enlarged.
//! The network never sees more than the device can hold.

use serde::Serialize;

use super::{
    shifts::{self, Shift},
    strips::{BEYOND, LEAST_ROWS},
    translator::Manner,
};
use crate::image;

/// The longest side of what the network sees where its change is carried over, unless something
/// else is asked for: the most at which published networks show what they have learned.
pub const CARRIED_FROM: usize = 1024;

/// The size of a translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Plan {
    /// Width of the result in pixels.
    pub width: usize,
    /// Height of the result in pixels.
    pub height: usize,
    /// Width of the picture that the network sees. Where that is less than the result's, its change
    /// is carried over.
    pub seen_width: usize,
    /// Height of the picture that the network sees.
    pub seen_height: usize,
    /// Whether the network sees less than requested, because the device could not hold more.
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

    /// Width and height of a photo with everything around it.
    pub fn around(&self, (width, height): (usize, usize)) -> (usize, usize) {
        (self.left + width + self.right, self.top + height + self.bottom)
    }
}

/// The pictures that a device can hold in a generator, with everything around them.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Most pixels of a picture that goes through as a whole.
    pub whole: u64,
    /// Most pixels of one that goes through in strips.
    pub strips: u64,
}

impl Room {
    /// Whether a picture can go through as a whole.
    pub(super) fn holds_whole(&self, (width, height): (usize, usize)) -> bool {
        width as u64 * height as u64 <= self.whole
    }

    fn holds(&self, size: (usize, usize)) -> bool {
        let (width, height) = (size.0 as u64, size.1 as u64);
        let strip = width * (LEAST_ROWS + 2 * BEYOND) as u64;
        self.holds_whole(size) || (width * height <= self.strips && strip <= self.whole)
    }
}

/// Plans the translation of a photo of `width` x `height` pixels, on a device that has `room` for
/// what the network sees and everything around it.
pub fn plan((width, height): (usize, usize), manner: &Manner, room: Room) -> Plan {
    let Manner { longest, network, margin, smooth } = *manner;
    let result = image::fit(width, height, longest);
    let asked = image::fit(width, height, [longest, network].into_iter().flatten().min());
    let holds = |(width, height): (usize, usize)| {
        let padding = Padding::new(width, height, margin, smooth.shifts());
        room.holds(padding.around((width, height)))
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
    let seen = image::fit(width, height, Some(fits));
    Plan {
        width: result.0,
        height: result.1,
        seen_width: seen.0,
        seen_height: seen.1,
        reduced: seen != asked,
    }
}
