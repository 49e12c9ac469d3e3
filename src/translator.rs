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
    device::{Limits, Opened, read_all},
    error::{Error, Result},
    image::{self, Rgb},
    model::{Generator, Network as _},
    ops,
    translate::{Seen, plan_within, translate},
    weights::{Architecture, HostTensor, Layer, StateDict},
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

    /// Pixels of the largest input that a device of these limits holds.
    pub fn pixels(self, limits: &Limits, ngf: usize) -> u64 {
        match self {
            Self::Float32 => limits.pixels(ngf),
            Self::Float16 => limits.half_pixels(ngf),
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

/// A generator that translates photos.
#[derive(Debug)]
pub struct Translator {
    architecture: Architecture,
    generator: RefCell<Generator>,
    /// The weights as they were given, as long as the generator has them in float16.
    exact: RefCell<Option<StateDict>>,
    device: Device,
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
        Ok(Self { architecture, generator, exact, device })
    }

    /// Width and depth of the generator.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// How the next translation will be computed; behind one, how that was.
    pub fn precision(&self) -> Precision {
        if self.exact.borrow().is_some() { Precision::Float16 } else { Precision::Float32 }
    }

    /// [`translate()`] with this generator.
    ///
    /// # Errors
    /// As there.
    pub async fn translate(&self, photo: &Rgb, margin: usize) -> Result<Rgb> {
        loop {
            if let Some(picture) = self.attempt(photo, margin).await? {
                return Ok(picture);
            }
        }
    }

    /// Translates a photo of any size, its longest side at most `longest` pixels (`None`: as it
    /// is), smaller where the device does not hold that in the precision that is used in the end.
    ///
    /// # Errors
    /// As [`translate()`].
    pub async fn translate_within(
        &self,
        limits: &Limits,
        photo: Rgb,
        longest: Option<usize>,
        margin: usize,
    ) -> Result<Translated> {
        if self.precision() == Precision::Float16 {
            let (before, reduced) = self.resized(limits, &photo, longest, margin);
            if let Some(after) = self.attempt(&before, margin).await? {
                return Ok(Translated { before, after, reduced });
            }
        }
        // What float16 holds may be too much in float32.
        let (before, reduced) = self.resized(limits, &photo, longest, margin);
        drop(photo);
        let after = self.translate(&before, margin).await?;
        Ok(Translated { before, after, reduced })
    }

    /// The photo at the size of its translation, and whether the device holds no larger one.
    fn resized(
        &self,
        limits: &Limits,
        photo: &Rgb,
        longest: Option<usize>,
        margin: usize,
    ) -> (Rgb, bool) {
        let most = self.precision().pixels(limits, self.architecture.ngf);
        let plan = plan_within((photo.width, photo.height), longest, margin, most);
        (image::resize_bicubic(photo, plan.width, plan.height), plan.reduced)
    }

    /// Translates in the present precision. None: there were numbers that float16 does not hold,
    /// and from now on it is float32.
    async fn attempt(&self, photo: &Rgb, margin: usize) -> Result<Option<Rgb>> {
        let result = self.tried(photo, margin).await;
        if let Err(Error::OutOfMemory(_) | Error::GpuRefused(_)) = result {
            // A buffer that the device did not give would be taken for one that can be used again.
            ops::release(&self.device);
        }
        result
    }

    async fn tried(&self, photo: &Rgb, margin: usize) -> Result<Option<Rgb>> {
        let generator = self.generator.borrow().shared();
        if self.precision() == Precision::Float32 {
            return translate(&generator, photo, margin, &self.device).await.map(Some);
        }
        if let Some(picture) = watched(&generator, photo, margin, &self.device).await? {
            return Ok(Some(picture));
        }
        drop(generator);
        if let Some(state) = self.exact.take() {
            let exact = Generator::from_state(self.architecture, state, &self.device)?;
            self.generator.replace(exact);
        }
        Ok(None)
    }
}

/// Translates in half precision; none, if there were numbers that it does not hold.
async fn watched(
    generator: &Generator,
    photo: &Rgb,
    margin: usize,
    device: &Device,
) -> Result<Option<Rgb>> {
    let seen = Seen::new(photo, margin)?;
    let (output, too_large) = ops::watched(device, || generator.forward(seen.input(device)));
    let both = read_all(Transaction::default().register(output).register(too_large)).await?;
    let [output, too_large] = <[_; 2]>::try_from(both)
        .map_err(|other| Error::Usage(format!("{} tensors instead of two", other.len())))?;
    let fits = too_large.try_to_vec::<f32>().is_ok_and(|notes| notes == [0.0]);
    if !fits {
        return Ok(None);
    }
    match seen.result(output) {
        Err(Error::OutputNotFinite) => Ok(None),
        result => result.map(Some),
    }
}

/// Whether float16 holds weights well: no number is beyond its end, and of no channel much would be
/// lost below its smallest normal number, where cards may write zeros. The normalisation behind a
/// layer makes each channel as large as the others, so each is looked at alone; the last layer's
/// weights stay float32.
fn fits(architecture: &Architecture, state: &StateDict) -> bool {
    let holds = |tensor: &HostTensor| tensor.data.iter().all(|value| value.abs() <= MOST);
    let keeps = |layer| {
        let weight = state.get(&format!("{}.weight", architecture.key(layer)));
        weight.is_none_or(|weight| keeps_channels(weight, matches!(layer, Layer::Up(_))))
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

    const ARCHITECTURE: Architecture = Architecture { ngf: 2, blocks: 1, dropout: false };

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
