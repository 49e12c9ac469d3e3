//! A run: how it starts, proceeds step by step, reports, and is stored in a checkpoint.

mod finite;
mod learn_on;
pub mod memory;
mod parts;
mod polishing;
pub mod report;
mod result;
mod resume;
mod save;
mod start;
mod steps;
mod trainer;

pub use report::{Losses, StepReport};
pub use result::handed_out;
pub use start::Start;
pub use trainer::{Role, Trainer};
