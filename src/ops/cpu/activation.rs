//! Activations that follow a convolution directly, in place, and their gradients.

use super::{
    lanes::{LANES, Lanes, lanewise, vectorised},
    threads::{self, PIECE},
};
use crate::ops::layer::Activation;

/// Applies `activation` to `y` in place.
pub fn activate(y: &mut [f32], activation: Activation) {
    match activation {
        Activation::None => {}
        Activation::Relu | Activation::LeakyRelu => {
            threads::pieces(y, PIECE, |_, y| leak(y, slope_of(activation)));
        }
        Activation::Tanh => threads::pieces(y, PIECE, |_, y| {
            y.iter_mut().for_each(|y| *y = y.tanh());
        }),
    }
}

/// Writes the gradient of [`activate()`] to `dx`, from its output `y` and the output's gradient
/// `gy`.
pub fn activate_backward(y: &[f32], gy: &[f32], dx: &mut [f32], activation: Activation) {
    assert!(y.len() == dx.len() && gy.len() == dx.len());
    threads::pieces(dx, PIECE, |index, dx| {
        let range = index * PIECE..index * PIECE + dx.len();
        let (Some(y), Some(gy)) = (y.get(range.clone()), gy.get(range)) else { return };
        if activation == Activation::Tanh {
            tanh_backward(y, gy, dx);
        } else {
            leak_backward(y, gy, dx, slope_of(activation));
        }
    });
}

/// The slope below zero of the piecewise linear activations.
pub(super) fn slope_of(activation: Activation) -> f32 {
    match activation {
        Activation::None => 1.0,
        Activation::Relu => 0.0,
        Activation::LeakyRelu => 0.2,
        Activation::Tanh => {
            unreachable!("tanh is not made of two lines; nothing normalises before it")
        }
    }
}

vectorised! {
    fn leak(y: &mut [f32], slope: f32) {
        for y in y {
            *y = if *y > 0.0 { *y } else { slope * *y };
        }
    }
}

vectorised! {
    fn leak_backward(y: &[f32], gy: &[f32], dx: &mut [f32], slope: f32) {
        lanewise!((y, gy) => dx, gy.leak_by(y, slope));
    }
}

vectorised! {
    fn tanh_backward(y: &[f32], gy: &[f32], dx: &mut [f32]) {
        lanewise!((y, gy) => dx, gy * (Lanes::splat(1.0) - y * y));
    }
}
