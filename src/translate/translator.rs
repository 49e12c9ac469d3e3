//! A generator in use: plans, resizes and translates. In half precision every translation is
//! checked: at the first number that float16 cannot hold, the model switches to float32, starting
//! with that photo.

use std::cell::{Cell, RefCell};

use burn::tensor::{Device, Transaction};

use super::{
    film::Film,
    plan::{Plan, Room, plan},
    precision::{Precision, fits},
    run::Seen,
    shifts::Smooth,
};
use crate::{
    device::{Limits, Opened, is_cpu, read_all},
    error::{Error, Result},
    image::{self, Rgb},
    model::{Generator, Network as _},
    ops,
    weights::{Architecture, StateDict},
};

/// Most pixels of passes that go through a graphics card together, four of 256 x 256: larger ones
/// keep it busy alone.
const TOGETHER: u64 = 1 << 18;

/// The least memory, in bytes, with which a refused photo is tried again.
const LEAST_MEMORY: u64 = 64 << 20;

/// A photo and its translation.
#[derive(Debug)]
pub struct Translated {
    /// The photo at the result's size, in colour even if the network saw it in grey.
    pub before: Rgb,
    /// The translation.
    pub after: Rgb,
    /// How large both are, and what the network saw.
    pub plan: Plan,
}

/// How to translate photos.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// The longest side of the result in pixels; `None` for the photo's own.
    pub longest: Option<usize>,
    /// The longest side of what the network sees, if it is less than that: its change is carried
    /// over to the result, which keeps the photo's own detail ([`image::carry`]). `None` for the
    /// result's own.
    pub network: Option<usize>,
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
    limits: Cell<Limits>,
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
        Ok(Self { architecture, generator, exact, device, limits: Cell::new(opened.limits) })
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
        plan(photo, manner, self.room(manner.smooth))
    }

    /// Translates a photo of any size. The network sees less than requested if the device cannot
    /// hold that in the precision that is used in the end, or refuses it. On the CPU, and wherever
    /// a photo goes through in strips, `passed` is called with the number of passes that are done,
    /// the current one in part. Fails as [`crate::translate::translate`] does.
    pub async fn translate(
        &self,
        photo: &Rgb,
        manner: &Manner,
        passed: &dyn Fn(f64),
    ) -> Result<Translated> {
        loop {
            // A size that fits in float16 may be too large for float32.
            let plan = self.plan((photo.width, photo.height), manner);
            // In PyTorch's order: grey, then resized.
            let grey = (self.architecture.pictures == 1).then(|| photo.grey());
            let guide = grey.as_ref().unwrap_or(photo);
            let seen = image::resize_bicubic(guide, plan.seen_width, plan.seen_height);
            let after = match self.attempt(&seen, manner, passed).await {
                Ok(Some(after)) => after,
                Ok(None) => continue,
                Err(error @ (Error::OutOfMemory(_) | Error::GpuRefused(_))) => {
                    // A buffer that the device refused would be taken for one that can be reused.
                    ops::release(&self.device);
                    if self.content_with_less() {
                        continue;
                    }
                    return Err(error);
                }
                Err(error) => return Err(error),
            };
            let before = image::resize_bicubic(photo, plan.width, plan.height);
            let is_as_seen = (plan.width, plan.height) == (plan.seen_width, plan.seen_height);
            let after = match grey {
                _ if is_as_seen => after,
                Some(_) => image::carry(&before.grey(), &seen, &after)?,
                None => image::carry(&before, &seen, &after)?,
            };
            return Ok(Translated { before, after, plan });
        }
    }

    /// From now on, plans with half the memory. Returns `false`, and changes nothing, if that would
    /// be less than [`LEAST_MEMORY`].
    fn content_with_less(&self) -> bool {
        let limits = self.limits.get();
        let memory = limits.memory / 2;
        if memory < LEAST_MEMORY {
            return false;
        }
        self.limits.set(Limits { memory, ..limits });
        true
    }

    /// Translates in the current precision. `None` if there were numbers that float16 cannot hold;
    /// from now on the precision is float32.
    async fn attempt(
        &self,
        photo: &Rgb,
        manner: &Manner,
        passed: &dyn Fn(f64),
    ) -> Result<Option<Rgb>> {
        let Manner { margin, smooth, .. } = *manner;
        let seen = Seen::new(photo, margin, smooth)?;
        let generator = self.generator.borrow().shared();
        let half = self.precision() == Precision::Float16;
        let room = self.room(smooth);
        if !room.holds_whole(seen.size()) {
            let picture = seen.in_strips(&generator, &self.device, room.whole, passed).await;
            if half && matches!(picture, Ok(None) | Err(Error::OutputNotFinite)) {
                self.widen()?;
                return Ok(None);
            }
            return picture;
        }
        let on_cpu = is_cpu(&self.device);
        let most = if on_cpu { 0 } else { room.whole.min(TOGETHER) };
        let whole = |passes: usize| passed(passes as f64);
        let passed: &dyn Fn(usize) = if on_cpu { &whole } else { &|_| () };
        let through = || seen.through(&generator, &self.device, most as usize, passed);
        if !half {
            let reading = through().register(Transaction::default());
            return seen.result(read_all(reading).await?).map(Some);
        }
        let (output, too_large) = ops::watched(&self.device, through);
        let reading = output.register(Transaction::default()).register(too_large);
        let both = read_all(reading).await?;
        let notes = both.last().map(|notes| notes.try_to_vec::<f32>());
        let fits = notes.is_some_and(|notes| notes.is_ok_and(|notes| notes == [0.0]));
        match seen.result(both) {
            Ok(picture) if fits => return Ok(Some(picture)),
            Err(other) if fits && !matches!(other, Error::OutputNotFinite) => return Err(other),
            _ => {}
        }
        self.widen()?;
        Ok(None)
    }

    /// Translates a frame, which the network sees at `width` x `height`, multiples of 4 and at least
    /// 8. The result has the frame's size: its own detail with the network's change
    /// ([`image::add_change`]). Fails as [`Translator::translate`].
    pub async fn translate_frame(
        &self,
        frame: &Rgb,
        (width, height): (usize, usize),
    ) -> Result<Rgb> {
        let grey = (self.architecture.pictures == 1).then(|| frame.grey());
        let frame = grey.as_ref().unwrap_or(frame);
        let seen = image::resize_bicubic(frame, width, height);
        let made = self.translate(&seen, &Manner::default(), &|_| ()).await?;
        image::add_change(frame, &seen, &made.after)
    }

    /// The way of frames of `width` x `height`, multiples of 4 and at least 8, in the current
    /// precision. Fails with `out-of-memory` if the device cannot hold it as a whole.
    pub fn film(&self, (width, height): (usize, usize)) -> Result<Film> {
        if !self.room(Smooth::One).holds_whole((width, height)) {
            return Err(Error::OutOfMemory(format!("frames of {width} x {height} pixels")));
        }
        Ok(Film::new(&self.generator.borrow(), (width, height), &self.device))
    }

    /// From now on, float32. Fails as [`Generator::from_state`].
    pub fn widen(&self) -> Result<()> {
        if let Some(state) = self.exact.take() {
            let exact = Generator::from_state(self.architecture, state, &self.device)?;
            self.generator.replace(exact);
        }
        Ok(())
    }

    /// What the network may see in the current precision.
    fn room(&self, smooth: Smooth) -> Room {
        self.precision().room(&self.limits.get(), &self.architecture, smooth)
    }
}
