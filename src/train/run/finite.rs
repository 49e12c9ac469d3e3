//! Checks whether a run has reached NaN or infinity, after which nothing it does makes sense.

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

/// The name of [`ops::not_finite`]'s result when read back.
const CHECKS: &str = "checks";

/// The names of all weights being checked.
pub(super) struct Weights(Vec<String>);

impl Weights {
    /// Adds a number for each weight to `readback`, which is 0 if it is finite.
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

    /// The first weight that is not finite, according to the numbers read.
    pub fn wrong(&self, read: &StateDict) -> Option<&str> {
        let checks = read.get(CHECKS).map_or(&[] as &[f32], |checks| &checks.data);
        let mut wrong = self.0.iter().zip(checks).filter(|(_, check)| **check != 0.0);
        wrong.next().map(|(name, _)| name.as_str())
    }
}

/// All numbers that a step reported.
fn all(report: &StepReport) -> impl Iterator<Item = (&'static str, f32)> {
    report.losses.named().into_iter().chain(report.distances.iter().flat_map(Distances::named))
}

/// Refuses losses and a `weight` that are not finite; losses first, because they name the step.
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
