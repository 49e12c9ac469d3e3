//! One photo through one generator, at any size.
//!
//! [`plan`] decides the size of the result: the photo's proportions, never enlarged, and never
//! more than the device holds. [`translate`] then pads by reflection, runs the network and crops,
//! and if asked does so at several shifts of its lattice ([`Smooth`]).

mod shifts;

use burn::tensor::{Device, Tensor, TensorData};

use crate::{
    device::{Limits, read},
    error::{Error, Result},
    image::{self, Rgb},
    model::Generator,
};

pub use shifts::{Shift, Smooth, shifted_mean};

/// Both stridings halve the image, so its sides must be multiples of this.
const MULTIPLE: usize = 4;
/// The residual blocks see a quarter of each side and reflect one pixel, which takes two.
const SMALLEST: usize = 8;
/// Widest margin that [`translate`] accepts, in pixels.
pub const MAX_MARGIN: usize = 256;

/// The size that a translation will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
struct Padding {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Padding {
    /// `margin` all around; in front of it what the shifts need, behind it what the stridings do.
    fn new(width: usize, height: usize, margin: usize, shifts: &[Shift]) -> Self {
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

/// Translates `photo`, which has the size of its [`Plan`], with `margin` pixels of reflected
/// border (0 to [`MAX_MARGIN`]) that the network sees and the result lacks.
///
/// # Errors
/// `output-not-finite` when the network answers with NaN or infinity, those of
/// [`crate::device::read`], `engine-usage` for a margin out of range.
pub async fn translate(
    generator: &Generator,
    photo: &Rgb,
    margin: usize,
    smooth: Smooth,
    device: &Device,
) -> Result<Rgb> {
    let seen = Seen::new(photo, margin, smooth)?;
    let data = read(seen.through(generator, device, 0, &|_| ())).await?;
    seen.result(data)
}

/// A photo as the network sees it.
pub(crate) struct Seen {
    padded: Rgb,
    margin: usize,
    smooth: Smooth,
    /// Of the photo.
    width: usize,
    height: usize,
}

impl Seen {
    /// `photo` with `margin` pixels of border and what shifts and stridings need.
    ///
    /// # Errors
    /// `engine-usage` for a margin out of range.
    pub fn new(photo: &Rgb, margin: usize, smooth: Smooth) -> Result<Self> {
        if margin > MAX_MARGIN {
            return Err(Error::Usage(format!("a margin of {margin} pixels")));
        }
        let (width, height) = (photo.width, photo.height);
        let Padding { left, top, right, bottom } =
            Padding::new(width, height, margin, smooth.shifts());
        let padded = image::reflect_pad(photo, left, right, top, bottom);
        Ok(Self { padded, margin, smooth, width, height })
    }

    /// What the network makes of it: the photo with its margin, `[1, 3, H, W]`. As for `together`
    /// and `passed`, see [`shifts::mean`].
    pub fn through(
        &self,
        generator: &Generator,
        device: &Device,
        together: usize,
        passed: &dyn Fn(usize),
    ) -> Tensor<4> {
        let shape = [1, 3, self.padded.height, self.padded.width];
        let x = Tensor::from_data(TensorData::new(image::to_unit(&self.padded), shape), device);
        shifts::mean(generator, x, self.framed(), self.smooth.shifts(), together, passed)
    }

    /// Height and width of the photo with its margin.
    fn framed(&self) -> [usize; 2] {
        [self.height, self.width].map(|side| side + 2 * self.margin)
    }

    /// The picture in what [`Seen::through`] gave.
    ///
    /// # Errors
    /// `output-not-finite` for NaN or infinity.
    pub fn result(&self, output: TensorData) -> Result<Rgb> {
        let values = output.try_to_vec::<f32>().map_err(|other| Error::Usage(other.to_string()))?;
        let [height, width] = self.framed();
        let output = image::from_unit(&values, width, height)?;
        image::crop(&output, self.margin, self.margin, self.width, self.height)
    }
}
