//! Adam (Kingma and Ba, arXiv 1412.6980), as PyTorch computes it.

use super::{
    lanes::vectorised,
    threads::{self, PIECE},
};
use crate::ops::layer::AdamStep;

/// One step's constants, each rounded once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Constants {
    betas: [f32; 2],
    /// 1 - β.
    rest: [f32; 2],
    epsilon: f32,
    /// lr / (1 - β1^t).
    step_size: f32,
    /// sqrt(1 - β2^t).
    correction: f32,
}

impl Constants {
    fn new(step: &AdamStep) -> Self {
        let (step_size, correction) = step.corrected();
        let betas = [step.beta1, step.beta2];
        Self {
            betas: betas.map(|beta| beta as f32),
            rest: betas.map(|beta| (1.0 - beta) as f32),
            epsilon: step.epsilon as f32,
            step_size: step_size as f32,
            correction: correction as f32,
        }
    }
}

/// One step: updates parameters and both moments in place.
pub fn adam(
    parameters: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
    gradient: &[f32],
    step: &AdamStep,
) {
    let constants = Constants::new(step);
    assert!([first.len(), second.len(), gradient.len()] == [parameters.len(); 3]);
    let mut pieces: Vec<_> = parameters
        .chunks_mut(PIECE)
        .zip(first.chunks_mut(PIECE).zip(second.chunks_mut(PIECE)))
        .zip(gradient.chunks(PIECE))
        .collect();
    threads::pieces(&mut pieces, 1, |_, pieces| {
        for ((parameters, (first, second)), gradient) in pieces {
            update(parameters, first, second, gradient, constants);
        }
    });
}

vectorised! {
    fn update(p: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32], adam: Constants) {
        for ((p, (m, v)), g) in p.iter_mut().zip(m.iter_mut().zip(v)).zip(g) {
            *m = adam.betas[0] * *m + adam.rest[0] * g;
            *v = adam.betas[1] * *v + adam.rest[1] * g * g;
            *p -= adam.step_size * (*m / (v.sqrt() / adam.correction + adam.epsilon));
        }
    }
}
