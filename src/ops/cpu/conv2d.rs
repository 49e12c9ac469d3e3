//! Convolution and transposed convolution with their gradients: chooses the algorithm.
//!
//! Mirrors PyTorch's `ReflectionPad2d` + `Conv2d`, `Conv2d` with zero padding, `ConvTranspose2d`.

use super::{
    columns,
    lanes::{LANES, Lanes, RUN, sums},
    narrow, threads,
    winograd::{self, Filtering},
};
use crate::ops::layer::Geometry;

/// With stride 1, up to this many outputs are computed by `narrow.rs`.
const NARROW: usize = 4;

/// Where to write a convolution's gradients; those not wanted cost nothing.
#[derive(Debug, Default)]
pub struct Gradients<'a> {
    /// Shaped like the input.
    pub input: Option<&'a mut [f32]>,
    /// Shaped like the weight.
    pub weight: Option<&'a mut [f32]>,
    /// `[C_out]`.
    pub bias: Option<&'a mut [f32]>,
}

/// Writes the convolution of `x` with `weight` `[K, C, k, k]` and `bias` `[K]` to `y`.
pub fn conv2d(x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32], shape: &Geometry) {
    by(&Filtering::SMALL, x, weight, bias, y, shape);
}

/// [`conv2d()`] where no gradient follows: faster, and rounded a little more.
pub fn conv2d_without_graph(
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    y: &mut [f32],
    shape: &Geometry,
) {
    by(&Filtering::LARGE, x, weight, bias, y, shape);
}

fn by(
    filtering: &Filtering,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    y: &mut [f32],
    shape: &Geometry,
) {
    shape.check(x, weight, y);
    assert_eq!(bias.len(), shape.outputs);
    if winograd::fits(shape) {
        winograd::forward(x, weight, bias, y, shape, filtering);
        return;
    }
    fill(y, bias, shape.map());
    if is_narrow(shape) {
        narrow::forward(x, weight, y, shape);
    } else {
        columns::forward(x, weight, y, shape);
    }
}

/// Writes the gradients of [`conv2d()`] from its output's gradient `gy`.
pub fn conv2d_backward(
    x: &[f32],
    weight: &[f32],
    gy: &[f32],
    gradients: Gradients<'_>,
    shape: &Geometry,
) {
    shape.check(x, weight, gy);
    let Gradients { mut input, weight: mut dw, bias } = gradients;
    if let Some(dx) = &mut input {
        assert_eq!(dx.len(), x.len());
        fill(dx, &[0.0], shape.height * shape.width);
    }
    assert!(dw.as_ref().is_none_or(|dw| dw.len() == weight.len()));
    if let Some(db) = bias {
        bias_gradient(gy, db, shape.map());
    }
    if input.is_none() && dw.is_none() {
        return;
    }
    if winograd::fits(shape) {
        winograd::backward(x, weight, gy, input, dw, shape);
    } else if is_narrow(shape) {
        narrow::backward(x, weight, gy, input, dw, shape);
    } else {
        if let Some(dx) = &mut input {
            columns::backward_input(weight, gy, dx, shape);
        }
        if let Some(dw) = &mut dw {
            columns::backward_weight(x, gy, dw, shape);
        }
    }
}

/// Writes the transposed convolution of `x` with `weight` `[C_in, C_out, k, k]` and `bias`
/// `[C_out]` to `y`.
///
/// `shape` describes the convolution whose adjoint this is, so its input is `y` and its output is
/// `x`: for PyTorch's kernel 3, stride 2, padding 1, output padding 1, `height` and `width` are
/// twice those of `x` and the border is `Zero(1)`.
pub fn conv_transpose2d(x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32], shape: &Geometry) {
    shape.check(y, weight, x);
    assert_eq!(bias.len(), shape.channels);
    fill(y, bias, shape.height * shape.width);
    columns::backward_input(weight, x, y, shape);
}

/// Writes the gradients of [`conv_transpose2d()`] from its output's gradient `gy`.
pub fn conv_transpose2d_backward(
    x: &[f32],
    weight: &[f32],
    gy: &[f32],
    gradients: Gradients<'_>,
    shape: &Geometry,
) {
    shape.check(gy, weight, x);
    if let Some(db) = gradients.bias {
        bias_gradient(gy, db, shape.height * shape.width);
    }
    if let Some(dx) = gradients.input {
        assert_eq!(dx.len(), x.len());
        fill(dx, &[0.0], shape.map());
        columns::forward(gy, weight, dx, shape);
    }
    if let Some(dw) = gradients.weight {
        assert_eq!(dw.len(), weight.len());
        columns::backward_weight(gy, x, dw, shape);
    }
}

fn is_narrow(shape: &Geometry) -> bool {
    shape.stride == 1 && shape.outputs <= NARROW
}

/// Fills each channel with its value; the values repeat.
fn fill(y: &mut [f32], values: &[f32], plane: usize) {
    threads::pieces(y, plane, |index, y| {
        y.fill(values.get(index % values.len()).copied().unwrap_or_default());
    });
}

/// Sums each channel of `gy` over pixels and images.
fn bias_gradient(gy: &[f32], db: &mut [f32], plane: usize) {
    let channels = db.len();
    threads::pieces(db, 1, |channel, db| {
        let planes = gy.chunks_exact(plane).skip(channel).step_by(channels);
        let sum = planes.map(|gy| sums!(1, (gy) => [gy])[0]).sum::<f64>();
        db.fill(sum as f32);
    });
}
