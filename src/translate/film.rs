//! A generator on pictures of one size, over and over, such as the frames of a film: on a graphics
//! card, where its launches are recorded once and then repeated.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::{
    error::Result,
    model::{Generator, Network as _},
    ops::{self, Recording},
};

/// The frames' way through a generator.
#[derive(Debug)]
pub struct Film {
    size: (usize, usize),
    generator: Generator,
    seen: Tensor<2, Int>,
    translated: Tensor<2, Int>,
    fits: Tensor<1>,
    /// What `fits` starts with.
    zero: Tensor<1>,
    /// `None` if it could not be recorded: each frame is then launched anew.
    recording: Option<Recording>,
}

impl Film {
    /// Takes frames of `width` x `height`, multiples of 4, at least 8, through `generator`, on whose
    /// `device`, a graphics card, it reserves memory until [`crate::ops::release`].
    pub fn new(generator: &Generator, (width, height): (usize, usize), device: &Device) -> Self {
        let generator = generator.shared();
        let [zero, fits] = [(); 2].map(|()| Tensor::<1>::from_data([0.0_f32], device));
        let blank =
            TensorData::from_bytes_vec(vec![0; 4 * width * height], [height, width], DType::U32);
        let seen = Tensor::<2, Int>::from_data(blank, (device, DType::U32));
        let translate = || translate(&generator, &seen, &fits);
        // The first time compiles.
        let mut translated = ops::apart(&zero, translate);
        let recording = ops::recorder(&zero).and_then(|recorder| {
            drop(recorder.rehearse(translate));
            recorder.record(translate)
        });
        let recording = match recording {
            Ok((recording, result)) => {
                translated = result;
                Some(recording)
            }
            Err(reason) => {
                log::warn!("translating a film was not recorded: {reason}");
                None
            }
        };
        Self { size: (width, height), generator, seen, translated, fits, zero, recording }
    }

    /// Width and height of its frames.
    pub fn size(&self) -> (usize, usize) {
        self.size
    }

    /// The pixels `[H, W]` that are translated next, to be written in place.
    pub fn seen(&self) -> &Tensor<2, Int> {
        &self.seen
    }

    /// Queues the translation of [`Film::seen`]. Fails with `gpu-lost` if the device is gone, otherwise
    /// `out-of-memory` and `gpu-refused`.
    pub fn translate(&mut self) -> Result<()> {
        ops::copy(self.zero.clone(), &self.fits);
        match &self.recording {
            // SAFETY: it reads `generator`, `seen` and `fits`, which are alive.
            Some(recording) => unsafe { recording.repeat() }?,
            None => self.translated = translate(&self.generator, &self.seen, &self.fits),
        }
        Ok(())
    }

    /// What the last translation changed.
    pub fn change(&self) -> ops::Change<'_> {
        let channels = self.generator.architecture().pictures;
        ops::Change { seen: &self.seen, made: &self.translated, channels }
    }

    /// The last translation, pixels as [`ops::to_pixels`] makes them.
    pub fn translated(&self) -> &Tensor<2, Int> {
        &self.translated
    }

    /// `[1]`: 0 if all numbers of the last translation fit the precision of the weights.
    pub fn fits(&self) -> &Tensor<1> {
        &self.fits
    }
}

fn translate(generator: &Generator, seen: &Tensor<2, Int>, fits: &Tensor<1>) -> Tensor<2, Int> {
    let channels = generator.architecture().pictures;
    ops::watched_by(fits, || {
        ops::to_pixels(generator.forward(ops::from_pixels(seen.clone(), channels)))
    })
}
