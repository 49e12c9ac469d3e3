//! The last phase of a run, after its schedule: both generators are
//! [polished](crate::train::polish), each on photos of the set that it translates. Nothing else is
//! trained, so the run can later continue from where it was, including moments, pools and
//! discriminators.

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    parts::{damaged, generator},
    report::Distances,
};
use crate::{
    error::{Error, Result},
    json::{self, fraction},
    model::{Generator, Network as _},
    train::{
        checkpoint::pieces::Tensors,
        config::Config,
        data::Domain,
        learner::Entry,
        polish::{Latest, Polish},
    },
};

/// The names of both generators' parts in a checkpoint.
const NAMES: [&str; 2] = ["polish_A", "polish_B"];

/// The state of the phase, except its tensors.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    steps: u64,
    #[serde(rename = "A")]
    a: Value,
    #[serde(rename = "B")]
    b: Value,
}

/// The same for one generator.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StudentState {
    updates: u64,
    #[serde(deserialize_with = "fraction")]
    polished: f64,
    #[serde(deserialize_with = "fraction")]
    unpolished: f64,
}

/// The name of a generator's polished copy in a checkpoint with this state of a run, if that is
/// better than the generator. Fails with `checkpoint-damaged`.
pub(super) fn better(domain: Domain, run: &Value) -> Result<Option<&'static str>> {
    let Some(state) = run.get("polish").filter(|state| !state.is_null()) else {
        return Ok(None);
    };
    let State { a, b, .. } = json::read(state, Error::CheckpointDamaged)?;
    let state: StudentState = json::read(domain.pick([&a, &b]), Error::CheckpointDamaged)?;
    Ok((state.polished < state.unpolished).then(|| domain.pick(NAMES)))
}

/// Both generators being polished.
#[derive(Debug)]
pub(super) struct Polishing {
    /// From A to B, and from B to A.
    pub both: [Polish; 2],
    /// Completed steps.
    pub steps: u64,
}

impl Polishing {
    /// Starts with these generators, from A to B and from B to A.
    pub fn new([a, b]: [&Generator; 2], device: &Device) -> Self {
        Self { both: [a, b].map(|teacher| Polish::new(teacher.shared(), device)), steps: 0 }
    }

    /// The generator from `domain` to the other one.
    pub fn generator(&self, domain: Domain) -> &Generator {
        domain.pick(self.both.each_ref()).generator()
    }

    /// The next step, of `total`, on a batch of A and one of B. The distances are in the order of
    /// [`Distances::named`]. Fails as [`Polish::step`] does.
    pub fn step(&mut self, [a, b]: [Tensor<4>; 2], total: u64) -> Result<[Tensor<1>; 4]> {
        let [of_a, of_b] = &mut self.both;
        let step = self.steps + 1;
        let [polish_a, unpolished_a] = of_a.step(a, step, total)?;
        let [polish_b, unpolished_b] = of_b.step(b, step, total)?;
        self.steps = step;
        Ok([polish_a, polish_b, unpolished_a, unpolished_b])
    }

    /// Records the distances of a step, once they are read.
    pub fn note(&mut self, distances: &Distances) {
        let [a, b] = &mut self.both;
        a.note([distances.polish_a, distances.unpolished_a]);
        b.note([distances.polish_b, distances.unpolished_b]);
    }

    /// All tensors, by their names in a checkpoint.
    pub fn parts(&self) -> Vec<Entry> {
        let all = self.both.iter().zip(NAMES);
        all.flat_map(|(polish, name)| polish.student().parts(name)).collect()
    }

    /// Everything that is not a tensor.
    pub fn state(&self) -> Value {
        let [a, b] = self.both.each_ref().map(|polish| {
            let Latest { polished, unpolished } = polish.distances;
            json::write(&StudentState { updates: polish.student().time(), polished, unpolished })
        });
        json::write(&State { steps: self.steps, a, b })
    }

    /// Continues from a checkpoint, with the generators as they were when the phase began. Fails
    /// with `checkpoint-damaged`, and those of `tensors`.
    pub async fn restore(
        state: &Value,
        teachers: [&Generator; 2],
        tensors: &mut impl Tensors,
        device: &Device,
    ) -> Result<Self> {
        let State { steps, a, b } = json::read(state, Error::CheckpointDamaged)?;
        // The copies are averaged even if training was without averages.
        let config = Config { ema: 0.5, ..Config::default() };
        let mut both = Vec::new();
        for ((part, state), teacher) in NAMES.into_iter().zip([a, b]).zip(teachers) {
            let StudentState { updates, polished, unpolished } =
                json::read(&state, Error::CheckpointDamaged)?;
            let distances = Latest { polished, unpolished };
            let student = generator(part, updates, &config, tensors, device).await?;
            if student.network.architecture() != teacher.architecture() {
                return Err(damaged(&format!(
                    "{part} is another network than {}",
                    part.replace("polish", "G")
                )));
            }
            both.push(Polish::of(teacher.shared(), student, distances, device));
        }
        let both = both.try_into().map_err(|_| damaged("polish"))?;
        Ok(Self { both, steps })
    }
}
