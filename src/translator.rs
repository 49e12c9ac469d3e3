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
    device::{Opened, read_all},
    error::{Error, Result},
    image::Rgb,
    model::{Generator, Network as _},
    ops,
    translate::{Seen, translate},
    weights::{Architecture, StateDict},
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
            if Precision::on(opened, asked) == Precision::Float16 && fits(&state) {
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
        let result = self.attempt(photo, margin).await;
        if let Err(Error::OutOfMemory(_) | Error::GpuRefused(_)) = result {
            // A buffer that the device did not give would be taken for one that can be used again.
            ops::release(&self.device);
        }
        result
    }

    async fn attempt(&self, photo: &Rgb, margin: usize) -> Result<Rgb> {
        let mut generator = self.generator.borrow().shared();
        if self.precision() == Precision::Float16 {
            if let Some(picture) = watched(&generator, photo, margin, &self.device).await? {
                return Ok(picture);
            }
            if let Some(state) = self.exact.take() {
                let exact = Generator::from_state(self.architecture, state, &self.device)?;
                self.generator.replace(exact);
            }
            generator = self.generator.borrow().shared();
        }
        translate(&generator, photo, margin, &self.device).await
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

/// Whether float16 holds weights `[out, in, k, k]` well: none beyond its end, and no layer of which
/// much would be lost below its smallest normal number, 2^-14, where cards may write zeros.
fn fits(state: &StateDict) -> bool {
    let weights = state.values().filter(|tensor| tensor.shape.len() == 4);
    weights.into_iter().all(|tensor| {
        let largest = tensor.data.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        largest == 0.0 || (LEAST..=MOST).contains(&largest)
    })
}

/// The largest weight of a layer is at least this, so that what is lost is under a hundredth of it.
const LEAST: f32 = 1.0 / 128.0;
/// The largest number of float16.
const MOST: f32 = 65_504.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::HostTensor;

    #[test]
    fn weights_out_of_range_are_left_in_float32() {
        let of = |data: Vec<f32>| {
            let weight = HostTensor { shape: vec![data.len(), 1, 1, 1], data };
            // Biases stay float32 and may be anything.
            let bias = HostTensor { shape: vec![1], data: vec![1e9] };
            StateDict::from([("a.weight".into(), weight), ("a.bias".into(), bias)])
        };
        assert!(fits(&of(vec![0.02, -65_504.0])));
        assert!(fits(&of(vec![0.0, 0.0])));
        assert!(fits(&of(vec![1e-9, -0.01])));
        assert!(!fits(&of(vec![0.02, -65_505.0])));
        assert!(!fits(&of(vec![1e-3, -1e-3])));
    }
}
