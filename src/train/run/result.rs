//! The networks in a checkpoint, without the run.

use serde_json::Value;

use super::{
    parts::{damaged, weights},
    polishing,
    trainer::Role,
};
use crate::{
    error::Result,
    train::{checkpoint::pieces::Tensors, data::Domain, learner::averages},
    weights::StateDict,
};

impl Role {
    /// All networks, in PyTorch's order.
    pub const ALL: [Self; 4] =
        [Self::GeneratorA, Self::GeneratorB, Self::DiscriminatorA, Self::DiscriminatorB];

    /// PyTorch's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::GeneratorA => "G_A",
            Self::GeneratorB => "G_B",
            Self::DiscriminatorA => "D_A",
            Self::DiscriminatorB => "D_B",
        }
    }
}

/// Takes the weights of a network out of a checkpoint with this `state`; for a generator, those
/// that the run hands out: polished, or else averaged, if it has been ([`super::Trainer::state`]).
/// Fails with `checkpoint-damaged`, and those of `tensors`.
pub async fn handed_out(
    role: Role,
    state: &Value,
    tensors: &mut impl Tensors,
) -> Result<StateDict> {
    let name = role.name();
    let mut candidates = Vec::new();
    if let Some(domain) = match role {
        Role::GeneratorA => Some(Domain::A),
        Role::GeneratorB => Some(Domain::B),
        Role::DiscriminatorA | Role::DiscriminatorB => None,
    } {
        if let Some(polished) = polishing::better(domain, state)? {
            candidates.extend([averages(polished), polished.to_string()]);
        }
        candidates.push(averages(name));
    }
    candidates.push(name.to_string());
    for candidate in candidates {
        let found = weights(&candidate, tensors).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Err(damaged(&format!("{name} is missing")))
}
