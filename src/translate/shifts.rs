//! A generator's mean over several shifts of its lattice: cycle spinning (Coifman and Donoho,
//! "Translation-Invariant De-Noising", 1995).
//!
//! The strides lay a lattice of 4 pixels over a picture, and many of a generator's errors repeat
//! with it: a grid. If the picture is moved by a pixel or two, its content comes out the same but
//! the grid is elsewhere. Moved back, the results' mean keeps the content, and the grid cancels.

use std::ops::Range;

use burn::tensor::{Tensor, ops::PadMode};

use crate::{
    error::{Error, Result},
    model::{Generator, MULTIPLE, SMALLEST},
    ops,
};

/// How far a picture is moved over the lattice: rows down and columns to the right, each 0 to 3.
pub type Shift = (usize, usize);

/// The most rows or columns of a shift.
const FARTHEST: usize = MULTIPLE - 1;

/// How many passes to average for a translation. Time grows with their number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Smooth {
    /// One, without a shift, as in PyTorch.
    #[default]
    One,
    /// Four, which use every row and every column of the lattice once.
    Four,
    /// All sixteen positions of the lattice.
    Sixteen,
}

impl Smooth {
    /// All values, from the fastest to the smoothest.
    pub const ALL: [Self; 3] = [Self::One, Self::Four, Self::Sixteen];

    /// The value with this number of passes. Fails with `engine-usage` for a number other than 1, 4
    /// and 16.
    pub fn of(passes: usize) -> Result<Self> {
        let mut all = Self::ALL.into_iter();
        let refusal = || Error::Usage(format!("smooth is 1, 4 or 16, not {passes}"));
        all.find(|smooth| smooth.passes() == passes).ok_or_else(refusal)
    }

    /// The number of passes.
    pub fn passes(self) -> usize {
        self.shifts().len()
    }

    /// The shift of each pass.
    #[rustfmt::skip]
    pub fn shifts(self) -> &'static [Shift] {
        match self {
            Self::One => &[(0, 0)],
            Self::Four => &[(0, 0), (1, 2), (2, 1), (3, 3)],
            Self::Sixteen => &[
                (0, 0), (0, 1), (0, 2), (0, 3),
                (1, 0), (1, 1), (1, 2), (1, 3),
                (2, 0), (2, 1), (2, 2), (2, 3),
                (3, 0), (3, 1), (3, 2), (3, 3),
            ],
        }
    }
}

/// The mean of [`Generator::forward`] over at least one shift, each moved back. `x` `[B, C, H, W]`
/// is as there, outside any graph. The border that a shift needs is reflected, so that it moves the
/// lattice and not the content. With `[(0, 0)]` this is `forward`.
pub fn shifted_mean(generator: &Generator, x: Tensor<4>, shifts: &[Shift]) -> Tensor<4> {
    let [.., height, width] = x.dims();
    let [down, right] = farthest(shifts);
    let x = match down.max(right) {
        0 => x,
        _ => x.pad((right, FARTHEST, down, FARTHEST), PadMode::Reflect),
    };
    mean(generator, x, [height, width], shifts, 0, &|_| ())
}

/// The most rows and columns of any of `shifts`.
pub(super) fn farthest(shifts: &[Shift]) -> [usize; 2] {
    let most = |side: fn(&Shift) -> usize| shifts.iter().map(side).max().unwrap_or_default();
    [most(|shift| shift.0), most(|shift| shift.1)]
}

/// The rows or columns that a pass sees of a side of `side`, moved by `shift`.
pub(super) fn seen(side: usize, shift: usize) -> usize {
    (side + shift).max(SMALLEST).next_multiple_of(MULTIPLE)
}

/// [`shifted_mean()`] of the `[height, width]` pixels in `framed`, which start after as many rows
/// and columns as the [`farthest()`] shift needs and are followed by enough for what each pass has
/// [`seen()`]. Passes of the same size go through the generator together as long as they have no
/// more than `together` pixels. `passed` is called with the number of completed passes, but not
/// after the last.
pub(super) fn mean(
    generator: &Generator,
    framed: Tensor<4>,
    [height, width]: [usize; 2],
    shifts: &[Shift],
    together: usize,
    passed: &dyn Fn(usize),
) -> Tensor<4> {
    let [batch, ..] = framed.dims();
    let [lead_rows, lead_columns] = farthest(shifts);
    let size = |&(down, right): &Shift| [seen(height, down), seen(width, right)];
    let mut sum: Option<Tensor<4>> = None;
    let mut behind = 0;
    for alike in shifts.chunk_by(|one, next| size(one) == size(next)) {
        let [rows, columns] = alike.first().map(size).unwrap_or_default();
        let at_once = together / (batch * rows * columns).max(1);
        for some in alike.chunks(at_once.max(1)) {
            let cuts = some.iter().map(|&(down, right)| {
                let (y, x) = (lead_rows - down, lead_columns - right);
                window(framed.clone(), 0..batch, y..y + rows, x..x + columns)
            });
            let Some(cuts) = cuts.reduce(ops::join) else { continue };
            let passes = generator.forward(cuts); // [some B, C, rows, columns]
            for (place, &(down, right)) in some.iter().enumerate() {
                let images = place * batch..(place + 1) * batch;
                let pass =
                    window(passes.clone(), images, down..down + height, right..right + width);
                sum = Some(match sum {
                    None => pass,
                    Some(sum) => sum + pass,
                });
            }
            behind += some.len();
            if behind < shifts.len() {
                passed(behind);
            }
        }
    }
    match sum {
        Some(sum) if shifts.len() > 1 => sum / shifts.len() as f64,
        Some(sum) => sum,
        None => framed,
    }
}

/// A window of some images.
fn window(
    images: Tensor<4>,
    some: Range<usize>,
    rows: Range<usize>,
    columns: Range<usize>,
) -> Tensor<4> {
    let [batch, channels, height, width] = images.dims();
    if [&some, &rows, &columns] == [&(0..batch), &(0..height), &(0..width)] {
        return images;
    }
    images.slice([some, 0..channels, rows, columns])
}
