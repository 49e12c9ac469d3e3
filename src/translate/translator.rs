//! A generator in use: plans, resizes and translates. In half precision every translation is
//! checked: at the first number that float16 cannot hold, the model switches to float32, starting
//! with that photo.

use std::cell::RefCell;

use burn::tensor::{Device, Transaction};

use super::{
    plan::{Plan, plan},
    precision::{Precision, fits},
    run::Seen,
    shifts::Smooth,
};
use crate::{
    device::{Limits, Opened, is_cpu, read, read_all},
    error::{Error, Result},
    image::{self, Rgb},
    model::{Generator, Network as _},
    ops,
    weights::{Architecture, StateDict},
};

/// Most pixels of passes that go through a graphics card together, four of 256 x 256: larger ones
/// keep it busy alone.
const TOGETHER: u64 = 1 << 18;

/// A photo as the network saw it, and its translation.
#[derive(Debug)]
pub struct Translated {
    /// The photo at the result's size, in colour even if the network saw it in grey.
    pub before: Rgb,
    /// The translation.
    pub after: Rgb,
    /// Whether the result is smaller than requested, because the device could not hold more.
    pub reduced: bool,
}

/// How to translate photos.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// The longest side of the result in pixels; `None` for the photo's own.
    pub longest: Option<usize>,
    /// Pixels of reflected border that the network sees and the result lacks.
    pub margin: usize,
    /// How many passes to average.
    pub smooth: Smooth,
}

/// A generator that translates photos.
#[derive(Debug)]
pub struct Translator {
    architecture: Architecture,
    generator: RefCell<Generator>,
    /// The original weights, as long as the generator has them in float16.
    exact: RefCell<Option<StateDict>>,
    device: Device,
    limits: Limits,
}

impl Translator {
    /// Puts checked weights on the device, in the precision `asked` for if device and weights allow
    /// it. Fails as [`Generator::from_state`] does.
    pub fn new(
        architecture: Architecture,
        state: StateDict,
        asked: Option<Precision>,
        opened: &Opened,
    ) -> Result<Self> {
        let device = opened.device.clone();
        let (generator, exact) =
            if Precision::on(opened, asked) == Precision::Float16 && fits(&architecture, &state) {
                let exact = Some(state.clone());
                (Generator::half_from_state(architecture, state, &device)?, exact)
            } else {
                (Generator::from_state(architecture, state, &device)?, None)
            };
        let (generator, exact) = (RefCell::new(generator), RefCell::new(exact));
        Ok(Self { architecture, generator, exact, device, limits: opened.limits })
    }

    /// Width, depth and variants of the generator.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The precision of the next translation; right after one, the precision it used.
    pub fn precision(&self) -> Precision {
        if self.exact.borrow().is_some() { Precision::Float16 } else { Precision::Float32 }
    }

    /// The size of a photo's translation in the current precision.
    pub fn plan(&self, photo: (usize, usize), manner: &Manner) -> Plan {
        let Manner { longest, margin, smooth } = *manner;
        plan(photo, longest, margin, smooth, self.most(smooth))
    }

    /// Translates a photo of any size. The result is smaller if the device cannot hold the
    /// requested size in the precision that is used in the end. On the CPU `passed` is called with
    /// the number of completed passes; a graphics card has them all at once. Fails as
    /// [`crate::translate::translate`] does.
    pub async fn translate(
        &self,
        photo: &Rgb,
        manner: &Manner,
        passed: &dyn Fn(usize),
    ) -> Result<Translated> {
        loop {
            // A size that fits in float16 may be too large for float32.
            let Plan { width, height, reduced } = self.plan((photo.width, photo.height), manner);
            let before = image::resize_bicubic(photo, width, height);
            let result = if self.architecture.pictures == 1 {
                // In PyTorch's order: grey, then resized.
                let seen = image::resize_bicubic(&photo.grey(), width, height);
                self.attempt(&seen, manner, passed).await
            } else {
                self.attempt(&before, manner, passed).await
            };
            if let Err(Error::OutOfMemory(_) | Error::GpuRefused(_)) = result {
                // A buffer that the device refused would be taken for one that can be reused.
                ops::release(&self.device);
            }
            if let Some(after) = result? {
                return Ok(Translated { before, after, reduced });
            }
        }
    }

    /// Translates in the current precision. `None` if there were numbers that float16 cannot hold;
    /// from now on the precision is float32.
    async fn attempt(
        &self,
        photo: &Rgb,
        manner: &Manner,
        passed: &dyn Fn(usize),
    ) -> Result<Option<Rgb>> {
        let Manner { margin, smooth, .. } = *manner;
        let seen = Seen::new(photo, margin, smooth)?;
        let generator = self.generator.borrow().shared();
        let half = self.precision() == Precision::Float16;
        let on_cpu = is_cpu(&self.device);
        let most = if on_cpu { 0 } else { self.most(smooth).min(TOGETHER) };
        let passed: &dyn Fn(usize) = if on_cpu { passed } else { &|_| () };
        let through = || seen.through(&generator, &self.device, most as usize, passed);
        if !half {
            return seen.result(read(through()).await?).map(Some);
        }
        let (output, too_large) = ops::watched(&self.device, through);
        let both = read_all(Transaction::default().register(output).register(too_large)).await?;
        let [output, too_large] = <[_; 2]>::try_from(both)
            .map_err(|other| Error::Usage(format!("{} tensors instead of two", other.len())))?;
        let fits = too_large.try_to_vec::<f32>().is_ok_and(|notes| notes == [0.0]);
        match seen.result(output) {
            Ok(picture) if fits => return Ok(Some(picture)),
            Err(other) if fits && !matches!(other, Error::OutputNotFinite) => return Err(other),
            _ => {}
        }
        drop(generator);
        if let Some(state) = self.exact.take() {
            let exact = Generator::from_state(self.architecture, state, &self.device)?;
            self.generator.replace(exact);
        }
        Ok(None)
    }

    /// Pixels that the network may see at once in the current precision.
    fn most(&self, smooth: Smooth) -> u64 {
        self.precision().pixels(&self.limits, &self.architecture, smooth)
    }
}
