//! 3x3 convolution with stride 1 by minimal filtering (Winograd; Lavin and Gray, arXiv 1509.09308),
//! forward and backward.
//!
//! With F(2x2, 3x3) a tile of 2x2 outputs takes 16 multiplications per channel instead of 36: input
//! tiles of 4x4 and kernels are transformed by additions, multiplied position by position, and
//! transformed back. The products of one position over all channels and tiles are a matrix product,
//! so nearly all of the time is spent in 16 matrix products. The transforms lose less than one digit
//! of float32.
//!
//! With F(4x4, 3x3) a tile of 4x4 outputs takes 36 multiplications instead of 144. Its results are
//! four times as far from exact ones as a plain sum's, 1e-6 of their deviation on average. That
//! changes at most 0.2 % of a picture's bytes, by one level, but a training takes another way: so it
//! is for convolutions without a gradient. The gradients are the exact adjoints of F(2x2, 3x3), with
//! as few multiplications.
//!
//! These convolutions are nine tenths of the generator's work.

#![allow(clippy::indexing_slicing, reason = "inner loops over slices cut to one length")]

use std::ops::Range;

use super::{
    lanes::LANES,
    large_tiles,
    lines::{Lines, Plane},
    matmul::{Matrix, multiply},
    threads, tiles,
    workspace::Buffer,
};
use crate::ops::layer::{Border, Geometry};

/// With fewer channels the transforms cost more than they save.
const FEWEST_CHANNELS: usize = 16;
/// Outputs of a channel that are computed at once, so that matrices stay in the processor's cache.
const OUTPUTS: usize = 1024;
/// Padding between rows of a matrix, so that equal columns do not share a cache line.
const GAP: usize = 16;

/// The size of tiles, and their transforms.
pub(super) struct Filtering {
    /// Side of a tile of outputs.
    side: usize,
    /// Transforms the kernels `[C, 3, 3]` of one output to `[position][C]`.
    kernels: fn(&[f32], &mut [f32]),
    /// Transforms so many rows of so many tiles.
    input: fn(&Lines, &mut [f32], usize, usize),
    /// Transforms tiles with a bias to so many rows of outputs of some width.
    output: fn(&[f32], f32, &mut [f32], usize, usize),
}

impl Filtering {
    /// F(2x2, 3x3).
    pub(super) const SMALL: Self = Self {
        side: tiles::SIDE,
        kernels: tiles::transform_kernels,
        input: tiles::transform_input,
        output: tiles::transform_output,
    };
    /// F(4x4, 3x3).
    pub(super) const LARGE: Self = Self {
        side: large_tiles::SIDE,
        kernels: large_tiles::transform_kernels,
        input: large_tiles::transform_input,
        output: large_tiles::transform_output,
    };

    /// Positions in a transformed tile.
    const fn positions(&self) -> usize {
        (self.side + 2).pow(2)
    }

    /// Distance between two outputs' transformed kernels.
    fn kernel_stride(&self, shape: &Geometry) -> usize {
        self.positions() * shape.channels + GAP
    }

    /// `[K][position][C]`.
    fn transform_kernels(&self, weight: &[f32], shape: &Geometry) -> Buffer {
        let stride = self.kernel_stride(shape);
        let mut kernels = Buffer::new(shape.outputs * stride);
        threads::pieces(&mut kernels, stride, |output, out| {
            (self.kernels)(&weight[output * shape.taps()..][..shape.taps()], out);
        });
        kernels
    }

    /// The transformed kernels of one position, `[K, C]`.
    fn kernel_matrix<'a>(
        &self,
        kernels: &'a [f32],
        position: usize,
        shape: &Geometry,
    ) -> Matrix<'a> {
        let size = [shape.outputs, shape.channels];
        Matrix::new(&kernels[position * shape.channels..], size, self.kernel_stride(shape))
    }
}

/// Whether this file can compute `shape`.
pub(super) fn fits(shape: &Geometry) -> bool {
    shape.kernel == 3
        && shape.stride == 1
        && matches!(shape.border, Border::Zero(1) | Border::Reflect(1))
        && shape.channels.min(shape.outputs) >= FEWEST_CHANNELS
}

/// Writes the convolution of `x` to `y`.
pub(super) fn forward(
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    y: &mut [f32],
    shape: &Geometry,
    filtering: &Filtering,
) {
    let Geometry { outputs, width, .. } = *shape;
    let map = shape.map();
    let work = TileRows::new(shape, filtering);
    let kernels = filtering.transform_kernels(weight, shape);
    let mut input = Buffer::new(shape.channels * work.stride);
    let mut output = Buffer::new(outputs * work.stride);
    for (x, y) in x.chunks_exact(shape.image()).zip(y.chunks_exact_mut(outputs * map)) {
        for rows in work.groups() {
            work.transform_input(x, &mut input, rows.clone());
            let products = work.products(rows.len(), |position, tiles| {
                let kernels = filtering.kernel_matrix(&kernels, position, shape);
                (kernels, matrix(&input, shape.channels, position, tiles, work.stride))
            });
            multiply(&products, &mut output, work.stride, false);
            threads::pieces(y, map, |channel, y| {
                let from = &output[channel * work.stride..][..work.stride];
                let y = &mut y[filtering.side * rows.start * width..];
                (filtering.output)(from, bias[channel], y, rows.len(), width);
            });
        }
    }
}

/// Adds the gradient of the input to `dx` and writes that of the weights to `dw`.
pub(super) fn backward(
    x: &[f32],
    weight: &[f32],
    gy: &[f32],
    mut dx: Option<&mut [f32]>,
    dw: Option<&mut [f32]>,
    shape: &Geometry,
) {
    let Geometry { channels, outputs, .. } = *shape;
    let filtering = &Filtering::SMALL;
    let work = TileRows::new(shape, filtering);
    let kernels = dx.as_ref().map(|_| filtering.transform_kernels(weight, shape));
    let kernel_stride = filtering.kernel_stride(shape);
    let mut kernel_gradient = dw.as_ref().map(|_| Buffer::zeros(outputs * kernel_stride));
    let mut input = Buffer::new(channels * work.stride);
    let mut gradient = Buffer::new(outputs * work.stride);
    for (image, gy) in gy.chunks_exact(outputs * shape.map()).enumerate() {
        let image = image * shape.image()..(image + 1) * shape.image();
        for rows in work.groups() {
            work.transform_gradient(gy, &mut gradient, rows.clone());
            if let Some(out) = &mut kernel_gradient {
                work.transform_input(&x[image.clone()], &mut input, rows.clone());
                let products = work.products(rows.len(), |position, tiles| {
                    let input = matrix(&input, channels, position, tiles, work.stride);
                    let gradient = matrix(&gradient, outputs, position, tiles, work.stride);
                    (gradient, input.transposed())
                });
                multiply(&products, out, kernel_stride, true);
            }
            if let (Some(dx), Some(kernels)) = (&mut dx, &kernels) {
                let products = work.products(rows.len(), |position, tiles| {
                    let kernels = filtering.kernel_matrix(kernels, position, shape);
                    let gradient = matrix(&gradient, outputs, position, tiles, work.stride);
                    (kernels.transposed(), gradient)
                });
                multiply(&products, &mut input, work.stride, false);
                work.add_to_input(&input, &mut dx[image.clone()], rows.clone());
            }
        }
    }
    if let (Some(dw), Some(from)) = (dw, kernel_gradient) {
        threads::pieces(dw, shape.taps(), |output, dw| {
            let from = &from[output * kernel_stride..][..kernel_stride];
            tiles::transform_kernels_adjoint(from, dw);
        });
    }
}

/// One position of transformed tiles, `[channels, tiles]`.
fn matrix(
    from: &[f32],
    channels: usize,
    position: usize,
    tiles: usize,
    stride: usize,
) -> Matrix<'_> {
    Matrix::new(&from[position * tiles..], [channels, tiles], stride)
}

/// The tiling of an image.
struct TileRows<'a> {
    filtering: &'a Filtering,
    plane: Plane,
    /// Rows and columns of tiles.
    down: usize,
    across: usize,
    /// Rows of tiles processed at once.
    at_once: usize,
    /// Distance between two channels' transformed tiles.
    stride: usize,
}

impl<'a> TileRows<'a> {
    fn new(shape: &Geometry, filtering: &'a Filtering) -> Self {
        let side = filtering.side;
        let (down, across) = (shape.height.div_ceil(side), shape.width.div_ceil(side));
        let most = (OUTPUTS / (side * side * across)).max(1);
        let at_once = down.div_ceil(down.div_ceil(most));
        let stride = filtering.positions() * at_once * across + GAP;
        Self { filtering, plane: shape.plane(), down, across, at_once, stride }
    }

    /// Groups of rows of tiles to process one after the other.
    fn groups(&self) -> impl Iterator<Item = Range<usize>> {
        let (down, size) = (self.down, self.at_once);
        (0..down).step_by(size).map(move |first| first..down.min(first + size))
    }

    /// One product per position, of matrices that `of` builds from index and number of tiles.
    fn products<'b>(
        &self,
        rows: usize,
        of: impl Fn(usize, usize) -> (Matrix<'b>, Matrix<'b>),
    ) -> Vec<(Matrix<'b>, Matrix<'b>)> {
        let positions = 0..self.filtering.positions();
        positions.map(|position| of(position, rows * self.across)).collect()
    }

    fn lines(&self, rows: usize) -> Lines {
        Lines::new(rows, self.filtering.side, self.across.next_multiple_of(LANES) + 1)
    }

    fn transform_input(&self, x: &[f32], out: &mut [f32], rows: Range<usize>) {
        let size = self.plane.height * self.plane.width;
        let side = self.filtering.side;
        let seen = side * rows.len() + 2;
        threads::pieces_with(
            out,
            self.stride,
            || self.lines(seen),
            |lines, channel, out| {
                lines.read(&x[channel * size..][..size], self.plane, side * rows.start, seen);
                (self.filtering.input)(lines, out, rows.len(), self.across);
            },
        );
    }

    /// The adjoint of [`Self::transform_input()`].
    fn add_to_input(&self, from: &[f32], dx: &mut [f32], rows: Range<usize>) {
        let size = self.plane.height * self.plane.width;
        let seen = tiles::SIDE * rows.len() + 2;
        threads::pieces_with(
            dx,
            size,
            || self.lines(seen),
            |lines, channel, dx| {
                lines.clear();
                let from = &from[channel * self.stride..][..self.stride];
                tiles::transform_input_adjoint(from, lines, rows.len(), self.across);
                lines.add_to(dx, self.plane, tiles::SIDE * rows.start, seen);
            },
        );
    }

    /// The adjoint of the output's transform.
    fn transform_gradient(&self, gy: &[f32], out: &mut [f32], rows: Range<usize>) {
        let plane = Plane { border: Border::Zero(0), ..self.plane };
        let size = plane.height * plane.width;
        let seen = tiles::SIDE * rows.len();
        threads::pieces_with(
            out,
            self.stride,
            || self.lines(seen),
            |lines, channel, out| {
                lines.read(&gy[channel * size..][..size], plane, tiles::SIDE * rows.start, seen);
                tiles::transform_output_adjoint(lines, out, rows.len(), self.across);
            },
        );
    }
}
