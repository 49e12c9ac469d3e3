//! A generator in use, in half precision where that does no harm.
//!
//! Half precision is float16 in memory and float32 in every computation: half the memory of images
//! and weights, and half of what is read and written of them. Float16 has 11 bits and ends at
//! 65,504, so it is used only where the device has it and the weights fit, and every translation is
//! watched: from the first number that does not fit the model goes on in float32, beginning with
//! that very photo.

use std::cell::RefCell;

use burn::tensor::{Device, Transaction};

use crate::{
    device::{Limits, Opened, is_cpu, read, read_all},
    error::{Error, Result},
    image::{self, Rgb},
    model::{Generator, Network as _},
    ops,
    translate::{Plan, Seen, Smooth, plan_within},
    weights::{Architecture, HostTensor, Layer, StateDict, Up},
};

/// How weights, and the images between layers, are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// As in training.
    Float32,
    /// Half precision.
    Float16,
}

impl Precision {
    /// Its name, as it is asked for and reported: `float32` or `float16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::Float16 => "float16",
        }
    }

    /// What a name stands for; none: whatever the device does best.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Float32, Self::Float16].into_iter().find(|precision| precision.name() == name)
    }

    /// What translations on a device begin with. What was `asked` for counts where the device has
    /// it; unasked it is float16 on graphics cards, but not on emulated ones, where converting is
    /// work like any other.
    pub fn on(opened: &Opened, asked: Option<Self>) -> Self {
        match asked {
            Some(Self::Float32) => Self::Float32,
            _ if !opened.half => Self::Float32,
            Some(Self::Float16) => Self::Float16,
            None if opened.fallback => Self::Float32,
            None => Self::Float16,
        }
    }

    /// Pixels of the largest input for such a generator that a device of these limits holds.
    pub fn pixels(self, limits: &Limits, architecture: &Architecture, smooth: Smooth) -> u64 {
        let Architecture { ngf, up, .. } = *architecture;
        let (most, bytes) = match self {
            Self::Float32 => (limits.pixels(ngf), 4),
            Self::Float16 => (limits.half_pixels(ngf), 2),
        };
        let pixels = match up {
            Up::Transpose => most,
            // The enlarged image has twice as many channels as the first layer's result.
            Up::Bilinear | Up::Nearest => most.min(limits.tensor / (2 * bytes * ngf.max(1) as u64)),
        };
        match smooth {
            Smooth::One => pixels,
            // Beside each pass there are the photo and the sum.
            _ => limits.memory / (limits.memory / pixels.max(1) + PICTURES),
        }
    }
}

/// A photo as the network saw it, and what it made of it.
#[derive(Debug)]
pub struct Translated {
    /// The photo at the result's size.
    pub before: Rgb,
    /// The translation.
    pub after: Rgb,
    /// The device could not hold what was asked, so the result is smaller.
    pub reduced: bool,
}

/// How photos are to be translated.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// The longest side of the result in pixels; none: the photo's own.
    pub longest: Option<usize>,
    /// Pixels of reflected border that the network sees and the result lacks.
    pub margin: usize,
    /// How many passes it is the mean of.
    pub smooth: Smooth,
}

/// A generator that translates photos.
#[derive(Debug)]
pub struct Translator {
    architecture: Architecture,
    generator: RefCell<Generator>,
    /// The weights as they were given, as long as the generator has them in float16.
    exact: RefCell<Option<StateDict>>,
    device: Device,
    limits: Limits,
}

impl Translator {
    /// Puts checked weights on the device, in the precision that was `asked` for as far as device
    /// and weights allow it.
    ///
    /// # Errors
    /// As [`Generator::from_state`].
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

    /// Width and depth of the generator.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// How the next translation will be computed; behind one, how that was.
    pub fn precision(&self) -> Precision {
        if self.exact.borrow().is_some() { Precision::Float16 } else { Precision::Float32 }
    }

    /// The size that a photo's translation has in the present precision.
    pub fn plan(&self, photo: (usize, usize), manner: &Manner) -> Plan {
        let Manner { longest, margin, smooth } = *manner;
        plan_within(photo, longest, margin, smooth, self.most(smooth))
    }

    /// Translates a photo of any size, smaller where the device does not hold what was asked for in
    /// the precision that is used in the end. On the CPU `passed` is told how many of several
    /// passes are behind; a graphics card has them all at once.
    ///
    /// # Errors
    /// As [`crate::translate::translate`].
    pub async fn translate(
        &self,
        photo: &Rgb,
        manner: &Manner,
        passed: &dyn Fn(usize),
    ) -> Result<Translated> {
        loop {
            // What float16 holds may be too much in float32.
            let Plan { width, height, reduced } = self.plan((photo.width, photo.height), manner);
            let before = image::resize_bicubic(photo, width, height);
            let result = self.attempt(&before, manner, passed).await;
            if let Err(Error::OutOfMemory(_) | Error::GpuRefused(_)) = result {
                // A buffer that the device did not give would be taken for one that can be used
                // again.
                ops::release(&self.device);
            }
            if let Some(after) = result? {
                return Ok(Translated { before, after, reduced });
            }
        }
    }

    /// Translates in the present precision. None: there were numbers that float16 does not hold,
    /// and from now on it is float32.
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

    /// Pixels that the network may see at once in the present precision.
    fn most(&self, smooth: Smooth) -> u64 {
        self.precision().pixels(&self.limits, &self.architecture, smooth)
    }
}

/// Pixels of passes that go through a graphics card together, four of 256 x 256: what is larger
/// keeps it busy alone.
const TOGETHER: u64 = 1 << 18;
/// Bytes that a photo and a sum of translations take for each of their pixels.
const PICTURES: u64 = 2 * (3 * size_of::<f32>()) as u64;

/// Whether float16 holds weights well: no number is beyond its end, and of no channel much would be
/// lost below its smallest normal number, where cards may write zeros. The normalisation behind a
/// layer makes each channel as large as the others, so each is looked at alone; the last layer's
/// weights stay float32.
fn fits(architecture: &Architecture, state: &StateDict) -> bool {
    let holds = |tensor: &HostTensor| tensor.data.iter().all(|value| value.abs() <= MOST);
    let keeps = |layer| {
        let weight = state.get(&format!("{}.weight", architecture.key(layer)));
        weight.is_none_or(|weight| keeps_channels(weight, architecture.is_transposed(layer)))
    };
    let mut narrow = architecture.layers().into_iter().filter(|layer| *layer != Layer::Head);
    state.values().all(holds) && narrow.all(keeps)
}

/// Whether of no channel that comes out of a layer with this weight more than a hundredth is lost.
fn keeps_channels(weight: &HostTensor, transposed: bool) -> bool {
    let [outputs, inputs, height, width] = *weight.shape else { return false };
    // Elements of an output in a row, and outputs.
    let (run, outputs) =
        if transposed { (height * width, inputs) } else { (inputs * height * width, outputs) };
    let mut squares = vec![[0.0_f64; 2]; outputs];
    for (index, values) in weight.data.chunks(run.max(1)).enumerate() {
        let Some([all, lost]) = squares.get_mut(index % outputs.max(1)) else { continue };
        for square in values.iter().map(|value| f64::from(value * value)) {
            *all += square;
            *lost += if square < LEAST * LEAST { square } else { 0.0 };
        }
    }
    squares.into_iter().all(|[all, lost]| lost <= 1e-4 * all)
}

/// The smallest normal number of float16.
const LEAST: f64 = 1.0 / 16_384.0;
/// The largest number of float16.
const MOST: f32 = 65_504.0;

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHITECTURE: Architecture = Architecture::new(2, 1);

    /// Weights of 0.02 and biases of 1, but for what `change` makes of the tensor `name`.
    fn fits_with(name: &str, change: impl Fn(&mut [f32])) -> bool {
        let tensors = ARCHITECTURE.tensors().into_iter();
        let mut state: StateDict = tensors
            .map(|(name, shape)| {
                let value = if shape.len() == 4 { 0.02 } else { 1.0 };
                let data = vec![value; shape.iter().product()];
                (name, HostTensor { shape, data })
            })
            .collect();
        change(&mut state.get_mut(name).unwrap().data);
        fits(&ARCHITECTURE, &state)
    }

    #[test]
    fn numbers_beyond_float16_are_left_in_float32() {
        let tensors = ARCHITECTURE.tensors();
        assert!(tensors.len() > 12);
        for (name, _) in tensors {
            assert!(fits_with(&name, |data| data[0] = -65_504.0), "{name}");
            for beyond in [65_505.0, -1e9, f32::INFINITY, f32::NAN] {
                assert!(!fits_with(&name, |data| data[1] = beyond), "{name} with {beyond}");
            }
        }
    }

    #[test]
    fn channels_of_which_much_would_be_lost_are_left_in_float32() {
        // [4, 2, 3, 3], [8, 8, 3, 3], and [8, 4, 3, 3] with outputs on the second axis.
        for (name, first_output) in [
            ("model.4.weight", (0..18).collect::<Vec<_>>()),
            ("model.10.conv_block.1.weight", (0..72).collect()),
            ("model.11.weight", (0..8).flat_map(|input| input * 36..input * 36 + 9).collect()),
        ] {
            let with = |value: f32| {
                fits_with(name, |data| first_output.iter().for_each(|&at| data[at] = value))
            };
            assert!(with(1e-4) && with(0.0), "{name}");
            assert!(!with(5e-5) && !with(1e-9), "{name}");
            assert!(fits_with(name, |data| data[0] = 1e-9), "{name}: little is lost");
        }
        // The last layer's stay float32.
        assert!(fits_with("model.18.weight", |data| data.fill(1e-9)));
        assert!(fits_with("model.10.conv_block.1.bias", |data| data.fill(1e-9)));
    }
}
