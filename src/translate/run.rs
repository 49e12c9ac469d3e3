//! Pads a photo by reflection, runs the network, and crops.

use burn::tensor::{DType, Device, Int, Tensor, TensorData, Transaction};

use super::{
    plan::Padding,
    shifts::{self, Smooth},
};
use crate::{
    device::{floats, is_cpu, read_all},
    error::{Error, Result},
    image::{self, Rgb},
    model::Generator,
    ops,
};

/// Widest margin that [`translate`] accepts, in pixels.
pub const MAX_MARGIN: usize = 256;

/// Translates `photo`, which already has the size of its [`Plan`](super::plan::Plan). The network
/// also sees `margin` pixels of reflected border (0 to [`MAX_MARGIN`]), which are cropped from the
/// result. Fails with `output-not-finite` when the network returns NaN or infinity, those of
/// [`crate::device::read`], `engine-usage` for a margin out of range.
pub async fn translate(
    generator: &Generator,
    photo: &Rgb,
    margin: usize,
    smooth: Smooth,
    device: &Device,
) -> Result<Rgb> {
    let seen = Seen::new(photo, margin, smooth)?;
    let output = seen.through(generator, device, 0, &|_| ());
    let data = read_all(output.register(Transaction::default())).await?;
    seen.result(data)
}

/// What a generator makes of a picture, `[1, C, H, W]`.
pub(super) enum Output {
    /// On the CPU.
    Values(Tensor<4>),
    /// On a graphics card, from which they are read in a third of the time.
    Pixels(Tensor<2, Int>),
}

impl Output {
    /// Has it read.
    pub fn register(self, reading: Transaction) -> Transaction {
        match self {
            Self::Values(values) => reading.register(values),
            Self::Pixels(pixels) => reading.register(pixels),
        }
    }
}

/// A photo prepared as the network's input.
pub(super) struct Seen {
    padded: Rgb,
    margin: usize,
    pub smooth: Smooth,
    /// Size of the photo.
    width: usize,
    height: usize,
}

impl Seen {
    /// `photo` with `margin` pixels of border and the pixels that shifts and strides need. Fails
    /// with `engine-usage` for a margin out of range.
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

    /// The network's output for the photo with its margin. A generator of grey pictures sees the
    /// photo in grey. For `together` and `passed`, see [`shifts::mean`].
    pub fn through(
        &self,
        generator: &Generator,
        device: &Device,
        together: usize,
        passed: &dyn Fn(usize),
    ) -> Output {
        let x = input(generator, &self.padded, device);
        let y = shifts::mean(generator, x, self.framed(), self.smooth.shifts(), together, passed);
        if is_cpu(device) { Output::Values(y) } else { Output::Pixels(ops::to_pixels(y)) }
    }

    /// A part of the padded photo.
    pub fn part(&self, left: usize, top: usize, width: usize, height: usize) -> Result<Rgb> {
        image::crop(&self.padded, left, top, width, height)
    }

    /// Width and height of the padded photo.
    pub fn size(&self) -> (usize, usize) {
        (self.padded.width, self.padded.height)
    }

    /// Height and width of the photo with its margin.
    pub fn framed(&self) -> [usize; 2] {
        [self.height, self.width].map(|side| side + 2 * self.margin)
    }

    /// The picture in what was read first of the output of [`Seen::through`]. Fails with
    /// `output-not-finite` for NaN or infinity.
    pub fn result(&self, read: Vec<TensorData>) -> Result<Rgb> {
        let none = || Error::Usage("no output was read".into());
        let output = read.into_iter().next().ok_or_else(none)?;
        let [height, width] = self.framed();
        let framed = match output.dtype() {
            DType::F32 => image::from_unit(&floats(output)?, width, height)?,
            _ => image::from_opaque(output.as_bytes(), width, height)?,
        };
        self.cropped(&framed)
    }

    /// A picture without the margin.
    pub fn cropped(&self, framed: &Rgb) -> Result<Rgb> {
        image::crop(framed, self.margin, self.margin, self.width, self.height)
    }
}

/// A picture as the generator's input, `[1, C, H, W]`. One of grey pictures sees it in grey.
pub(super) fn input(generator: &Generator, picture: &Rgb, device: &Device) -> Tensor<4> {
    let Rgb { width, height, .. } = *picture;
    let channels = generator.architecture().pictures;
    if !is_cpu(device) {
        let pixels = TensorData::from_bytes_vec(picture.to_rgba(), [height, width], DType::U32);
        return ops::from_pixels(Tensor::from_data(pixels, (device, DType::U32)), channels);
    }
    let data = match channels {
        1 => {
            let mut values = image::to_unit(&picture.grey());
            values.truncate(width * height); // one of three equal channels
            TensorData::new(values, [1, 1, height, width])
        }
        _ => TensorData::new(image::to_unit(picture), [1, 3, height, width]),
    };
    Tensor::from_data(data, device)
}
