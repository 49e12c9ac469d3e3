//! The ResNet generator of CycleGAN, as the names and shapes of its tensors.
//!
//! Johnson's network as in the paper's appendix 7.2, numbered like PyTorch's `nn.Sequential` in
//! `ResnetGenerator` of junyanz/pytorch-CycleGAN-and-pix2pix. Paddings, norms and activations take
//! an index too, so the convolutions are at 1, 4 and 7, then there is one block per index from 10
//! on, then come +0, +3 and +7 after the blocks: 19, 22 and 26 with nine blocks. Where the image is
//! upsampled before a convolution ([`Up`]), the upsampling takes an index too, and so does the
//! convolution's padding if it mirrors.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::choice::Choice;

/// Channels of the input and output pictures, unless they are grey.
pub const PICTURE_CHANNELS: usize = 3;

/// How a generator halves an image's sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum Down {
    /// Convolutions with stride 2, as in the paper.
    #[default]
    Strided,
    /// Convolutions with stride 2 and mirrored borders: `padding_mode="reflect"` for all of them,
    /// as in aladdinpersson's Machine-Learning-Collection. Only its names show it.
    Mirrored,
    /// Convolutions with stride 1, then, after normalisation and ReLU, a binomial blur with
    /// stride 2: the default of CUT's generators (`Downsample` in its `networks.py`).
    Blurred,
}

/// How a generator doubles an image's sides on the way back.
///
/// Weights do not say how the image is interpolated before a convolution, but they do show whether
/// that convolution mirrors, because its padding then takes an index. The two published variants
/// differ in both, so one implies the other: mirrored means bilinear, zeros mean nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum Up {
    /// Transposed convolutions, as in the paper.
    #[default]
    Transpose,
    /// Bilinear interpolation, then a convolution with mirrored borders: PyTorch's authors
    /// recommend it against checkerboards (`docs/qa.md`).
    Bilinear,
    /// Nearest-neighbour interpolation, then a convolution with zero padding, as in PyTorch-GAN.
    Nearest,
    /// A binomial filter, then a convolution with zero padding, as in CUT (`Upsample` in its
    /// `networks.py`). The filter equals bilinear interpolation with replicated borders.
    Blurred,
}

impl Choice for Up {}

/// The learnt parameters of a generator's instance normalisations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum Norm {
    /// None: PyTorch's `InstanceNorm2d` as in `models/networks.py`.
    #[default]
    Instance,
    /// A weight and a bias per channel, as in the paper's own Torch code.
    InstanceAffine,
}

impl Choice for Norm {}

/// What distinguishes one generator from another; everything else follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Architecture {
    /// Channels of its input and output pictures: 3, or 1 if they are grey.
    pub pictures: usize,
    /// Channels after the first convolution: 64 in the paper.
    pub ngf: usize,
    /// Residual blocks: 9 for pictures of 256 pixels and more, 6 for 128.
    pub blocks: usize,
    /// Whether it was trained with dropout in its blocks. Translation never drops anything; dropout
    /// only shifts a name (`conv_block.6` instead of `conv_block.5`), which reading undoes.
    pub dropout: bool,
    /// How it halves an image's sides.
    pub down: Down,
    /// How it doubles an image's sides.
    pub up: Up,
    /// Whether its normalisations have parameters.
    pub norm: Norm,
}

/// A convolution of the generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// 7x7 from the picture to `ngf` channels.
    Stem,
    /// 3x3, halving the sides and doubling the channels: the first (0) and the second (1).
    Down(usize),
    /// 3x3 within a residual block, counted from 0: its first (0) or second (1) convolution.
    Block(usize, usize),
    /// 3x3, halving the channels, transposed with stride 2 or after upsampling: the first (0) and
    /// the second (1).
    Up(usize),
    /// 7x7 back to a picture.
    Head,
}

/// What distinguishes it, except for dropout in training.
impl fmt::Display for Architecture {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.blocks == 1 { "" } else { "s" };
        write!(out, "ngf {}, {} block{plural}", self.ngf, self.blocks)?;
        if self.pictures == 1 {
            out.write_str(", grey pictures")?;
        }
        out.write_str(match self.down {
            Down::Strided => "",
            Down::Mirrored => ", mirrored borders when downsampling",
            Down::Blurred => ", antialiased downsampling",
        })?;
        out.write_str(match self.up {
            Up::Transpose => "",
            Up::Bilinear => ", bilinear upsampling",
            Up::Nearest => ", nearest upsampling",
            Up::Blurred => ", antialiased upsampling",
        })?;
        out.write_str(match self.norm {
            Norm::Instance => "",
            Norm::InstanceAffine => ", affine instance norms",
        })
    }
}

impl Architecture {
    /// The paper's generator of this width and depth, without dropout.
    pub const fn new(ngf: usize, blocks: usize) -> Self {
        Self {
            pictures: PICTURE_CHANNELS,
            ngf,
            blocks,
            dropout: false,
            down: Down::Strided,
            up: Up::Transpose,
            norm: Norm::Instance,
        }
    }

    /// The convolutions in the order of the forward pass.
    pub fn layers(&self) -> Vec<Layer> {
        let blocks =
            (0..self.blocks).flat_map(|block| [Layer::Block(block, 0), Layer::Block(block, 1)]);
        [Layer::Stem, Layer::Down(0), Layer::Down(1)]
            .into_iter()
            .chain(blocks)
            .chain([Layer::Up(0), Layer::Up(1), Layer::Head])
            .collect()
    }

    /// The name before `.weight` and `.bias`, numbered without dropout: `model.10.conv_block.1`.
    pub fn key(&self, layer: Layer) -> String {
        // Convolution, normalisation and ReLU, and a blur where there is one.
        let down = match self.down {
            Down::Strided | Down::Mirrored => 3,
            Down::Blurred => 4,
        };
        let first_block = 4 + 2 * down;
        let behind_blocks = first_block + self.blocks;
        match layer {
            Layer::Stem => "model.1".into(),
            Layer::Down(step) => format!("model.{}", 4 + down * step),
            Layer::Block(block, conv) => {
                format!("model.{}.conv_block.{}", first_block + block, 1 + 4 * conv)
            }
            Layer::Up(step) => {
                let (first, apart) = self.up_indices();
                format!("model.{}", behind_blocks + first + apart * step)
            }
            Layer::Head => {
                // After two such groups and its own padding.
                let (_, apart) = self.up_indices();
                format!("model.{}", behind_blocks + 2 * apart + 1)
            }
        }
    }

    /// Relative to the end of the blocks: the index of the first upsampling convolution, and the
    /// distance between the two.
    fn up_indices(&self) -> (usize, usize) {
        match self.up {
            Up::Transpose => (0, 3),
            Up::Bilinear => (2, 5),
            Up::Nearest | Up::Blurred => (1, 4),
        }
    }

    /// The name before `.weight` and `.bias` of the normalisation after a convolution, if it has
    /// parameters.
    pub fn norm_key(&self, layer: Layer) -> Option<String> {
        if self.norm == Norm::Instance || layer == Layer::Head {
            return None;
        }
        let key = self.key(layer);
        let (group, index) = key.rsplit_once('.')?;
        Some(format!("{group}.{}", index.parse::<usize>().ok()? + 1))
    }

    /// Input and output channels of a convolution.
    pub fn channels(&self, layer: Layer) -> (usize, usize) {
        let ngf = self.ngf;
        match layer {
            Layer::Stem => (self.pictures, ngf),
            Layer::Down(step) => (ngf << step, ngf << (step + 1)),
            Layer::Block(..) => (4 * ngf, 4 * ngf),
            Layer::Up(step) => ((4 * ngf) >> step, (2 * ngf) >> step),
            Layer::Head => (ngf, self.pictures),
        }
    }

    /// Whether a convolution is transposed.
    pub fn is_transposed(&self, layer: Layer) -> bool {
        matches!(layer, Layer::Up(_)) && self.up == Up::Transpose
    }

    /// Shape of a convolution's weight: `[out, in, kH, kW]`, or `[in, out, kH, kW]` if transposed.
    pub fn weight_shape(&self, layer: Layer) -> [usize; 4] {
        let (input, output) = self.channels(layer);
        match layer {
            Layer::Stem | Layer::Head => [output, input, 7, 7],
            _ if self.is_transposed(layer) => [input, output, 3, 3],
            Layer::Down(_) | Layer::Block(..) | Layer::Up(_) => [output, input, 3, 3],
        }
    }

    /// Name and shape of every tensor in network order: weight before bias, and a convolution
    /// before its normalisation.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let of_layer = |layer| {
            let key = self.key(layer);
            let bias = vec![self.channels(layer).1];
            let weight = self.weight_shape(layer).to_vec();
            let norm = self.norm_key(layer).map(|key| {
                [(format!("{key}.weight"), bias.clone()), (format!("{key}.bias"), bias.clone())]
            });
            let conv = [(format!("{key}.weight"), weight), (format!("{key}.bias"), bias.clone())];
            conv.into_iter().chain(norm.into_iter().flatten())
        };
        self.layers().into_iter().flat_map(of_layer).collect()
    }

    /// Number of parameters: 11,378,179 with 9 blocks and `ngf` 64.
    pub fn parameters(&self) -> usize {
        let shapes = self.tensors().into_iter().map(|(_, shape)| shape);
        shapes.map(|shape| shape.iter().product::<usize>()).sum()
    }
}
