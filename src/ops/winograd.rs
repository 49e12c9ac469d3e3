//! 3x3 convolution with stride 1 on the CPU, by minimal filtering F(2x2, 3x3) (Winograd; Lavin and
//! Gray, arXiv 1509.09308).
//!
//! A tile of 2x2 outputs takes 16 multiplications a channel instead of 36: input tiles of 4x4 and
//! kernels are transformed by additions, multiplied position by position, and transformed back.
//! The products of one position over all channels and tiles are a matrix product, so nearly all of
//! the time is spent in 16 of them. The transforms lose less than a digit of float32.
//!
//! These convolutions are nine tenths of the generator. Tensors that carry gradients take the
//! ordinary way.

#![allow(clippy::indexing_slicing, reason = "inner loops over slices cut to one length")]

use burn::tensor::{Tensor, TensorData};

use super::{Border, Conv2d, on_cpu};

/// Positions of a transformed 4x4 tile.
const POSITIONS: usize = 16;
/// With fewer channels the transforms cost more than they save.
const FEWEST_CHANNELS: usize = 16;
/// Tiles that are worked on at once: what their matrices take stays in the processor's cache.
const TILES: usize = 512;

/// [`super::conv2d()`] without its activation, where this file can do it; else nothing.
pub(super) fn conv2d(
    x: &Tensor<4>,
    weight: &Tensor<4>,
    bias: &Tensor<1>,
    spec: &Conv2d,
) -> Option<Tensor<4>> {
    let [batch, channels, height, width] = x.dims();
    let outputs = weight.dims()[0];
    let fits = spec.kernel == 3
        && spec.stride == 1
        && !spec.transposed
        && matches!(spec.border, Border::Zero(1) | Border::Reflect(1))
        && channels.min(outputs) >= FEWEST_CHANNELS;
    if !fits {
        return None;
    }
    let x_data = on_cpu(x.clone())?;
    let weight = on_cpu(weight.clone())?;
    let bias = on_cpu(bias.clone())?;
    let bias = bias.as_slice::<f32>()?;

    let kernels = transform_kernels(weight.as_slice::<f32>()?, outputs * channels);
    let plane = height * width;
    let mut y = vec![0.0; batch * outputs * plane];
    let images = x_data.as_slice::<f32>()?.chunks_exact(channels * plane);
    for (image, y) in images.zip(y.chunks_exact_mut(outputs * plane)) {
        let shape = Shape { channels, outputs, height, width, border: spec.border };
        convolve(image, &kernels, bias, y, &shape);
    }
    let data = TensorData::new(y, [batch, outputs, height, width]);
    Some(Tensor::from_data(data, &x.device()))
}

/// One image's convolution.
struct Shape {
    channels: usize,
    outputs: usize,
    height: usize,
    width: usize,
    border: Border,
}

/// `kernels` are 3x3 each; returns `[position][kernel]`.
fn transform_kernels(kernels: &[f32], count: usize) -> Vec<f32> {
    let rows = |a: f32, b: f32, c: f32| [a, 0.5 * (a + b + c), 0.5 * (a - b + c), c];
    let mut transformed = vec![0.0; POSITIONS * count];
    for (index, kernel) in kernels.as_chunks::<9>().0.iter().enumerate() {
        let [a, b, c, d, e, f, g, h, i] = *kernel;
        let columns = [rows(a, d, g), rows(b, e, h), rows(c, f, i)];
        for row in 0..4 {
            let values = rows(columns[0][row], columns[1][row], columns[2][row]);
            for (column, value) in values.into_iter().enumerate() {
                transformed[(4 * row + column) * count + index] = value;
            }
        }
    }
    transformed
}

/// `image` `[C, H, W]` to `y` `[K, H, W]`, a few rows of tiles at a time.
fn convolve(image: &[f32], kernels: &[f32], bias: &[f32], y: &mut [f32], shape: &Shape) {
    let &Shape { channels, outputs, height, width, .. } = shape;
    let (down, across) = (height.div_ceil(2), width.div_ceil(2));
    let at_once = (TILES / across).clamp(1, down);
    let mut input = vec![0.0; POSITIONS * channels * at_once * across];
    let mut output = vec![0.0; POSITIONS * outputs * at_once * across];
    let mut strip = Strip::new(at_once, across);
    let mut half: [Vec<f32>; 4] = std::array::from_fn(|_| vec![0.0; across]);

    for first in (0..down).step_by(at_once) {
        let rows = at_once.min(down - first);
        let tiles = rows * across;
        for (channel, plane) in image.chunks_exact(height * width).enumerate() {
            strip.read(plane, first, rows, shape);
            for row in 0..rows {
                let at = channel * tiles + row * across;
                strip.transform(row, &mut input, at, channels * tiles);
            }
        }
        for position in 0..POSITIONS {
            multiply(
                &kernels[position * outputs * channels..][..outputs * channels],
                &input[position * channels * tiles..][..channels * tiles],
                &mut output[position * outputs * tiles..][..outputs * tiles],
                [outputs, channels, tiles],
            );
        }
        for (k, plane) in y.chunks_exact_mut(height * width).enumerate() {
            for row in 0..rows {
                let tiles_row = &output[k * tiles + row * across..];
                let two = &mut plane[2 * (first + row) * width..];
                untransform(tiles_row, outputs * tiles, &mut half, bias[k], two, width);
            }
        }
    }
}

/// Some rows of one channel with their border, even and odd columns apart, so that all arithmetic
/// on tiles runs over neighbours in memory.
struct Strip {
    columns: usize,
    even: Vec<f32>,
    odd: Vec<f32>,
    /// Rows of a tile after the vertical half of the transform.
    half: [Vec<f32>; 2],
}

impl Strip {
    fn new(rows: usize, across: usize) -> Self {
        let columns = across + 1;
        let empty = || vec![0.0; (2 * rows + 2) * columns];
        let half = [vec![0.0; columns], vec![0.0; columns]];
        Self { columns, even: empty(), odd: empty(), half }
    }

    /// Reads what the tile rows `first..first + rows` see of `plane` `[H, W]`.
    fn read(&mut self, plane: &[f32], first: usize, rows: usize, shape: &Shape) {
        let &Shape { height, width, border, .. } = shape;
        let lines = self.even.chunks_exact_mut(self.columns);
        let lines = lines.zip(self.odd.chunks_exact_mut(self.columns)).take(2 * rows + 2);
        for (line, (even, odd)) in lines.enumerate() {
            let Some(y) = source(2 * first + line, height, border) else {
                even.fill(0.0);
                odd.fill(0.0);
                continue;
            };
            let from = &plane[y * width..][..width];
            let at = |column| source(column, width, border).map_or(0.0, |x| from[x]);
            // Column n of the bordered line is column n - 1 of the image.
            let (pairs, _) = from[1..].as_chunks::<2>();
            even[0] = at(0);
            odd[0] = from[0];
            for ((even, odd), [a, b]) in even[1..].iter_mut().zip(&mut odd[1..]).zip(pairs) {
                (*even, *odd) = (*a, *b);
            }
            for pair in pairs.len() + 1..self.columns {
                even[pair] = at(2 * pair);
                odd[pair] = at(2 * pair + 1);
            }
        }
    }

    /// Transforms the tiles of one row into `out[position * stride + at..]`.
    fn transform(&mut self, row: usize, out: &mut [f32], at: usize, stride: usize) {
        let n = self.columns;
        let across = n - 1;
        // Rows of the 4x4 tile that are combined: first, second, sign of the second.
        const ROWS: [(usize, usize, f32); 4] =
            [(0, 2, -1.0), (1, 2, 1.0), (2, 1, -1.0), (1, 3, -1.0)];
        for (line, (first, second, sign)) in ROWS.into_iter().enumerate() {
            for (half, lines) in self.half.iter_mut().zip([&self.even, &self.odd]) {
                let a = &lines[(2 * row + first) * n..][..n];
                let b = &lines[(2 * row + second) * n..][..n];
                for ((half, a), b) in half.iter_mut().zip(a).zip(b) {
                    *half = a + sign * b;
                }
            }
            let [even, odd] = &self.half;
            let (a, b, c, d) = (&even[..across], &odd[..across], &even[1..], &odd[1..]);
            let mut column = |index: usize, x: &[f32], y: &[f32], sign: f32| {
                let out = &mut out[(4 * line + index) * stride + at..][..across];
                for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
                    *out = x + sign * y;
                }
            };
            column(0, a, c, -1.0);
            column(1, b, c, 1.0);
            column(2, c, b, -1.0);
            column(3, b, d, -1.0);
        }
    }
}

/// The row or column of the image behind number `bordered` of its bordered form; none for zeros.
fn source(bordered: usize, side: usize, border: Border) -> Option<usize> {
    match (border, bordered) {
        (_, n) if (1..=side).contains(&n) => Some(n - 1),
        (Border::Reflect(_), 0) => Some(1),
        (Border::Reflect(_), n) if n == side + 1 => Some(side - 2),
        // A zero border, or the column that an odd side leaves over in its last tile.
        _ => None,
    }
}

/// `c = a · b` with `a` `[m, k]`, `b` `[k, n]`, `c` `[m, n]`, all row-major.
fn multiply(a: &[f32], b: &[f32], c: &mut [f32], [m, k, n]: [usize; 3]) {
    assert!(a.len() == m * k && b.len() == k * n && c.len() == m * n);
    // SAFETY: the three slices have exactly the extents that the strides below span.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.as_ptr(),
            1,
            k as isize,
            b.as_ptr(),
            1,
            n as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Transforms one row of tiles back into two rows of the image; the last row of an odd height is
/// one. `tiles` holds position p at `p * stride`; `half` is for `across` values of each column.
fn untransform(
    tiles: &[f32],
    stride: usize,
    half: &mut [Vec<f32>; 4],
    bias: f32,
    rows: &mut [f32],
    width: usize,
) {
    let across = width.div_ceil(2);
    for (line, row) in rows.chunks_mut(width).take(2).enumerate() {
        // Rows of the tile that are combined: line, line + 1, line + 2, the last two by this sign.
        let sign = if line == 0 { 1.0 } else { -1.0 };
        for (column, half) in half.iter_mut().enumerate() {
            let at = |line: usize| &tiles[(4 * line + column) * stride..][..across];
            let three = at(line).iter().zip(at(line + 1)).zip(at(line + 2));
            for (half, ((a, b), c)) in half.iter_mut().zip(three) {
                *half = a + sign * (b + c);
            }
        }
        let [a, b, c, d] = half;
        let columns = a.iter().zip(&*b).zip(c.iter().zip(&*d));
        let (pairs, rest) = row.as_chunks_mut::<2>();
        for (pair, ((a, b), (c, d))) in pairs.iter_mut().zip(columns) {
            *pair = [*a + *b + *c + bias, *b - *c - *d + bias];
        }
        if let [last] = rest {
            let tile = across - 1;
            *last = a[tile] + b[tile] + c[tile] + bias;
        }
    }
}
