//! A held-out photo and its round trip, to watch while a run is training.

use burn::tensor::{Device, Tensor, TensorData};

use crate::{
    device::{floats, read},
    error::Result,
    image::{self, Rgb},
    model::Generator,
    translate::{Smooth, shifted_mean},
};

/// A photo, its translation, and that translated back.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The photo as the network saw it.
    pub input: Rgb,
    /// Its translation.
    pub translated: Rgb,
    /// The translation translated back; the cycle loss wants it equal to the photo.
    pub back: Rgb,
    /// Mean absolute difference of `back` and `input` in the network's units, 0 to 2: the
    /// round-trip error, which is the cycle loss without its weight.
    pub error: f32,
}

/// Takes `photo`, whose sides are multiples of 4 and at least 8, through both generators, in each
/// direction with the mean of several passes if it is to be smooth. They also see `margin` pixels
/// of reflected border, a multiple of 4, which the pictures lack, because generators produce noise
/// at the edge of their input. Fails with `output-not-finite`, and those of [`read`].
pub async fn preview(
    there: &Generator,
    back: &Generator,
    photo: &Rgb,
    margin: usize,
    smooth: Smooth,
    device: &Device,
) -> Result<Preview> {
    let (width, height) = (photo.width, photo.height);
    let input = image::to_unit(photo);
    let padded = image::reflect_pad(photo, margin, margin, margin, margin);
    let data = TensorData::new(image::to_unit(&padded), [1, 3, padded.height, padded.width]);
    let through = |generator, x| shifted_mean(generator, x, smooth.shifts());
    let translated = through(there, Tensor::from_data(data, device)); // [1, 3, H + 2m, W + 2m]
    let returned = through(back, translated.clone());
    let both = Tensor::cat(vec![translated, returned], 0);
    let (rows, columns) = (margin..margin + height, margin..margin + width);
    let both = both.slice([0..2, 0..3, rows, columns]); // [2, 3, H, W]
    let values = floats(read(both).await?)?;
    let (translated, returned) = values.split_at(values.len() / 2);
    let distance = |(a, b): (&f32, &f32)| f64::from((a - b).abs());
    let error = returned.iter().zip(&input).map(distance).sum::<f64>() / input.len() as f64;
    Ok(Preview {
        input: photo.clone(),
        translated: image::from_unit(translated, width, height)?,
        back: image::from_unit(returned, width, height)?,
        error: error as f32,
    })
}
