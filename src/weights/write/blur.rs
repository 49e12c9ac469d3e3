//! The filters of CUT's antialiased layers (`get_filter` in its `networks.py`), which are part of
//! its files although nothing in them is learnt.

use crate::weights::architecture::{Architecture, Down, Layer, Up};

/// A filter on each channel of an image.
#[derive(Debug)]
pub(super) struct Blur {
    /// Its index in the `nn.Sequential`.
    pub index: usize,
    /// Channels of the image.
    pub channels: usize,
    /// Side of its kernel.
    pub side: usize,
    /// `[channels, 1, side, side]`.
    pub numbers: Vec<f32>,
}

impl Blur {
    /// The filter that belongs to a convolution: before it where it enlarges, after it, behind
    /// normalisation and ReLU, where it reduces.
    pub fn of(architecture: &Architecture, layer: Layer) -> Option<Self> {
        let index = index(architecture, layer)?;
        let (inputs, outputs) = architecture.channels(layer);
        match layer {
            Layer::Down(_) if architecture.down == Down::Blurred => {
                Some(Self::new(index + 3, outputs, [1.0, 2.0, 1.0], 1.0))
            }
            // Each pixel becomes four.
            Layer::Up(_) if architecture.up == Up::Blurred => {
                Some(Self::new(index.checked_sub(1)?, inputs, [1.0, 3.0, 3.0, 1.0], 4.0))
            }
            _ => None,
        }
    }

    fn new<const N: usize>(index: usize, channels: usize, line: [f32; N], sum: f32) -> Self {
        let total = line.iter().sum::<f32>().powi(2);
        let kernel = line.iter().flat_map(|y| line.map(|x| x * y / total * sum));
        let kernel: Vec<f32> = kernel.collect();
        Self { index, channels, side: N, numbers: kernel.repeat(channels) }
    }

    /// Its name in a state dict.
    pub fn name(&self) -> String {
        format!("model.{}.filt", self.index)
    }

    /// Its shape.
    pub fn shape(&self) -> Vec<usize> {
        vec![self.channels, 1, self.side, self.side]
    }
}

/// A convolution's index in the `nn.Sequential`.
fn index(architecture: &Architecture, layer: Layer) -> Option<usize> {
    architecture.key(layer).strip_prefix("model.")?.parse().ok()
}
