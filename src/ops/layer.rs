//! The vocabulary of the operations: kinds of layers, their shapes, and the constants of losses,
//! augmentation and optimiser. All of `ops/` may use it; nothing here computes an operation.

use burn::tensor::Tensor;

/// The activation at the end of an operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// max(0, x).
    Relu,
    /// x for x > 0, else 0.2 x: the slope of the PatchGAN (paper, appendix 7.2).
    LeakyRelu,
    /// The generator's last layer: values in (-1, 1).
    Tanh,
}

/// The pixels beyond the edges of the input, and how many are visible on each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    /// Zeros.
    Zero(usize),
    /// The image mirrored at its outermost pixel, which is not repeated. The width must be smaller
    /// than the image.
    Reflect(usize),
}

/// A kind of convolution, without its weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conv2d {
    /// Side of the square kernel.
    pub kernel: usize,
    /// Step between output pixels, or between input pixels when transposed.
    pub stride: usize,
    /// The border. A transposed convolution has none of its own: its output is exactly `stride`
    /// times as large as its input (PyTorch: padding 1, output padding 1).
    pub border: Border,
    /// Upsample instead of downsample. Its weight is `[C_in, C_out, k, k]`, as in PyTorch.
    pub transposed: bool,
    /// Applied to the result.
    pub activation: Activation,
}

impl Conv2d {
    /// The border of the larger image: the convolution whose adjoint a transposed one is has
    /// PyTorch's padding, half the kernel.
    pub fn image_border(&self) -> Border {
        if self.transposed { Border::Zero(self.kernel / 2) } else { self.border }
    }
}

/// Both convolutions of a residual block.
pub const RESIDUAL: Conv2d = Conv2d {
    kernel: 3,
    stride: 1,
    border: Border::Reflect(1),
    transposed: false,
    activation: Activation::None,
};

/// The dimensions of one convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Images.
    pub batch: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Rows of the input, without its border.
    pub height: usize,
    /// Columns of the input, without its border.
    pub width: usize,
    /// Side of the square kernel.
    pub kernel: usize,
    /// Step between outputs.
    pub stride: usize,
    /// The border of the input.
    pub border: Border,
}

impl Geometry {
    /// Rows of the output.
    pub fn rows(&self) -> usize {
        (self.height + 2 * width_of(self.border) - self.kernel) / self.stride + 1
    }

    /// Columns of the output.
    pub fn columns(&self) -> usize {
        (self.width + 2 * width_of(self.border) - self.kernel) / self.stride + 1
    }

    /// The dimensions of `spec` from the shapes of its input `[B, C_in, H, W]` and its weight. A
    /// transposed one is the adjoint of a convolution from its output to its input, and is
    /// described as that.
    pub fn new(x: [usize; 4], weight: [usize; 4], spec: &Conv2d) -> Self {
        let factor = if spec.transposed { spec.stride } else { 1 };
        Self {
            batch: x[0],
            channels: weight[1],
            outputs: weight[0],
            height: factor * x[2],
            width: factor * x[3],
            kernel: spec.kernel,
            stride: spec.stride,
            border: spec.image_border(),
        }
    }
}

/// Pixels of the border on each side.
pub fn width_of(border: Border) -> usize {
    match border {
        Border::Zero(width) | Border::Reflect(width) => width,
    }
}

/// How to double an image's sides. Mirrors PyTorch's `Upsample(scale_factor=2)`, `mode` nearest or
/// bilinear with `align_corners=False`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// Each pixel four times.
    Nearest,
    /// Three quarters of the nearest row and column plus a quarter of the next nearest; at the edge
    /// the outermost counts as the next.
    Bilinear,
}

/// What happens to an image before the convolution.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Before {
    /// Normalise it, with this activation.
    pub normalised: Option<Activation>,
    /// Then enlarge it.
    pub enlarged: Option<Interpolation>,
}

/// PyTorch's default ε of a normalisation.
pub const EPSILON: f64 = 1e-5;

/// Weight and bias `[C]` of an instance normalisation, PyTorch's `InstanceNorm2d(affine=True)`.
#[derive(Debug, Clone)]
pub struct Affine {
    /// Multiplies the normalised image.
    pub weight: Tensor<1>,
    /// Added after that.
    pub bias: Tensor<1>,
}

/// A normalisation whose statistics are known: each channel is multiplied and shifted.
#[derive(Debug, Clone)]
pub struct Scaling {
    /// `[C]`: multiplies the image.
    pub factor: Tensor<1>,
    /// `[C]`: added after that.
    pub constant: Tensor<1>,
}

/// What to average over the elements x of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// |x - y|, where y is the same element of another tensor. If they are equal the gradient is 0.
    Absolute,
    /// (x - t)², where the target t is 1 in the first images of the batch and 0 in the others.
    Squared {
        /// Number of images with target 1.
        real: usize,
    },
    /// -log σ(x) in the first images of the batch and -log(1 - σ(x)) in the others.
    Logistic {
        /// Number of first images.
        real: usize,
    },
}

impl Distance {
    /// Number of images at the beginning of the batch with target 1.
    pub fn real(self) -> usize {
        match self {
            Self::Absolute => 0,
            Self::Squared { real } | Self::Logistic { real } => real,
        }
    }
}

/// The constants of one update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    /// Learning rate.
    pub rate: f64,
    /// Decay of the mean.
    pub beta1: f64,
    /// Decay of the mean square.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Number of this update: 1 for the first.
    pub time: u64,
}

impl AdamStep {
    /// Length of the step in units of `mean / root`, and the divisor of the root: both bias
    /// corrections.
    pub fn corrected(&self) -> (f64, f64) {
        let time = self.time as f64;
        let mean = 1.0 - libm::pow(self.beta1, time);
        let square = 1.0 - libm::pow(self.beta2, time);
        (self.rate / mean, square.sqrt())
    }
}

/// Random numbers for one picture. They are independent of its size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Augmentation {
    /// Added to every value.
    pub brightness: f32,
    /// Scales each value's distance from the mean of its pixel.
    pub saturation: f32,
    /// Scales each value's distance from the mean of the picture.
    pub contrast: f32,
    /// Sides of the square that is cut out, relative to the picture's; 0 for none.
    pub cut: f32,
    /// Shift down and to the right: from 0, an eighth of the side back, to 1, an eighth forward.
    pub shift: [f32; 2],
    /// Position of the square's centre, from 0, the first row and column, to 1.
    pub place: [f32; 2],
}

impl Augmentation {
    /// Numbers per augmentation.
    pub const NUMBERS: usize = 8;

    /// Leaves the picture unchanged.
    pub const NONE: Self = Self {
        brightness: 0.0,
        saturation: 1.0,
        contrast: 1.0,
        cut: 0.0,
        shift: [0.5; 2],
        place: [0.5; 2],
    };

    /// As one picture's part of a tensor.
    pub fn numbers(&self) -> [f32; Self::NUMBERS] {
        let Self { brightness, saturation, contrast, cut, shift: [down, right], place } = *self;
        [brightness, saturation, contrast, cut, down, right, place[0], place[1]]
    }

    /// The inverse of [`Augmentation::numbers`].
    pub fn from_numbers(numbers: [f32; Self::NUMBERS]) -> Self {
        let [brightness, saturation, contrast, cut, down, right, top, left] = numbers;
        let (shift, place) = ([down, right], [top, left]);
        Self { brightness, saturation, contrast, cut, shift, place }
    }

    /// Shift and square along one axis of a picture, 0 for the rows and 1 for the columns, of
    /// `side` pixels: by how many pixels rows or columns move, and which of the result are zero
    /// where both axes' ranges meet. `augment.wgsl` does the same.
    pub fn along(&self, axis: usize, side: usize) -> (isize, std::ops::Range<isize>) {
        // An eighth and the square's side are rounded as in the paper's code.
        let reach = (side + 4) / 8;
        let of = |pair: [f32; 2]| pair.get(axis).copied().unwrap_or(0.5);
        let shift = whole(of(self.shift), 2 * reach + 1) - reach as isize;
        let cut = (side as f32 * self.cut + 0.5) as usize;
        let start = whole(of(self.place), side + 1 - cut % 2) - (cut / 2) as isize;
        (shift, start..start + cut as isize)
    }
}

/// Maps a number from 0 to 1 to an integer from 0 to `count` - 1, in float32 as on a graphics card.
fn whole(part: f32, count: usize) -> isize {
    ((part * count as f32) as usize).min(count - 1) as isize
}

#[cfg(test)]
mod tests {
    use super::Augmentation;

    /// From the paper's code: `int(side * 0.125 + 0.5)` either way, and a square of
    /// `int(side * 0.5 + 0.5)` around any row, or between any two.
    #[test]
    fn shifts_and_squares_reach_as_far_as_in_the_papers_code() {
        for side in [1, 3, 24, 27, 31, 64, 100, 256, 4096] {
            let most = (side as f64 * 0.125 + 0.5) as isize;
            let cut = (side as f64 * 0.5 + 0.5) as isize;
            let last = side as isize - cut % 2;
            for (part, shift, middle) in
                [(0.0, -most, 0), (0.5, 0, (last + 1) / 2), (1.0, most, last)]
            {
                let drawn = Augmentation {
                    cut: 0.5,
                    shift: [part, 0.5],
                    place: [part, 0.5],
                    ..Augmentation::NONE
                };
                let (found, square) = drawn.along(0, side);
                assert_eq!(found, shift, "{side}");
                assert_eq!(square, middle - cut / 2..middle - cut / 2 + cut, "{side}");
            }
        }
        assert!(Augmentation::NONE.along(1, 64).1.is_empty());
    }
}
