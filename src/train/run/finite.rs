//! Whether a run has come to NaN or infinity: then nothing it does makes sense any more.

use super::{
    polishing::Polishing,
    report::{Distances, StepReport},
};
use crate::{
    error::{Error, Result},
    model::Readback,
    ops,
    train::{learner::parameters, networks::CycleGan},
    weights::StateDict,
};

/// What is read back of [`ops::not_finite`].
const CHECKS: &str = "checks";

/// The names of all weights whose check is on its way.
pub(super) struct Weights(Vec<String>);

impl Weights {
    /// Adds to `readback` a number for each of the weights, which is 0 if they are finite.
    pub fn check(gan: &CycleGan, polishing: Option<&Polishing>, readback: &mut Readback) -> Self {
        let CycleGan { g_a, g_b, d_a, d_b, .. } = gan;
        let networks = [
            ("G_A", parameters(&g_a.network)),
            ("G_B", parameters(&g_b.network)),
            ("D_A", parameters(&d_a.network)),
            ("D_B", parameters(&d_b.network)),
        ];
        let polished = polishing.iter().flat_map(|polishing| &polishing.both);
        let polished = polished.map(|polish| ("polish", parameters(&polish.student().network)));
        let (mut names, mut tensors) = (Vec::new(), Vec::new());
        for (network, parameters) in networks.into_iter().chain(polished) {
            for (name, _, tensor) in parameters {
                names.push(format!("{network}.{name}"));
                tensors.push(tensor);
            }
        }
        if let Some(checks) = ops::not_finite(tensors) {
            readback.tensor(CHECKS.into(), checks);
        }
        Self(names)
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
    report.losses.named().into_iter().chain(report.distances.iter().flat_map(Distances::named))
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
