//! Whether a run has come to NaN or infinity: then nothing it does makes sense any more.

use burn::tensor::Tensor;

use super::{learner::four, networks::CycleGan, polishing::Polishing, report::StepReport};
use crate::{
    error::{Error, Result},
    model::{Mapper, Network as _, Readback},
    ops,
    weights::StateDict,
};

/// What is read back of [`ops::not_finite`].
const CHECKS: &str = "checks";

/// The names of all weights whose check is on its way.
pub(super) struct Weights(Vec<String>);

impl Weights {
    /// Adds to `readback` a number for each of the weights, which is 0 if they are finite.
    pub fn check(gan: &CycleGan, polishing: Option<&Polishing>, readback: &mut Readback) -> Self {
        struct All(&'static str, Vec<String>, Vec<Tensor<4>>);
        impl Mapper for All {
            fn map<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Tensor<D> {
                self.1.push(format!("{}.{name}", self.0));
                self.2.push(four(tensor.clone()));
                tensor
            }
        }
        let CycleGan { g_a, g_b, d_a, d_b, .. } = gan;
        let mut all = All("G_A", Vec::new(), Vec::new());
        let _ = g_a.network.map(&mut all);
        all.0 = "G_B";
        let _ = g_b.network.map(&mut all);
        all.0 = "D_A";
        let _ = d_a.network.map(&mut all);
        all.0 = "D_B";
        let _ = d_b.network.map(&mut all);
        for polish in polishing.iter().flat_map(|polishing| &polishing.both) {
            all.0 = "polish";
            let _ = polish.student().network.map(&mut all);
        }
        if let Some(checks) = ops::not_finite(all.2) {
            readback.tensor(CHECKS.into(), checks);
        }
        Self(all.1)
    }

    /// The first that are not finite, by what was read.
    pub fn wrong(&self, read: &StateDict) -> Option<&str> {
        let checks = read.get(CHECKS).map_or(&[] as &[f32], |checks| &checks.data);
        let mut wrong = self.0.iter().zip(checks).filter(|(_, check)| **check != 0.0);
        wrong.next().map(|(name, _)| name.as_str())
    }
}

/// All numbers that a step was told by.
fn all(report: &StepReport) -> impl Iterator<Item = (&'static str, f32)> {
    report.losses.named().into_iter().chain(report.distances.named())
}

/// Refuses losses that are not finite, and a `weight` that is not; a loss first, since it
/// names the step.
pub(super) fn check(reports: &[StepReport], weight: Option<&str>) -> Result<()> {
    let last = reports.last().map_or(0, |report| report.step);
    for report in reports {
        if let Some((name, value)) = all(report).find(|(_, value)| !value.is_finite()) {
            let tensor = weight.map_or(String::new(), |weight| format!(", weights {weight}"));
            let detail = format!("step {}: the loss {name} is {value}{tensor}", report.step);
            return Err(Error::TrainingNotFinite(detail));
        }
    }
    match weight {
        Some(weight) => Err(Error::TrainingNotFinite(format!("step {last}: the weights {weight}"))),
        None => Ok(()),
    }
}
