//! A run: how it begins, goes on step by step, tells what happened, and survives in a checkpoint.

mod finite;
mod learn_on;
pub mod memory;
mod parts;
mod polishing;
pub mod report;
mod resume;
mod save;
mod start;
mod steps;
mod trainer;

pub use report::{Losses, StepReport};
pub use start::Start;
pub use trainer::{Role, Trainer};
