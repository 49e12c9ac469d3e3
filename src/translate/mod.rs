//! One photo through one generator, at any size.
//!
//! 1. [`plan()`] decides the size of the result;
//! 2. [`translate`] pads by reflection, runs the network and crops, and if asked does so at several
//!    shifts of its lattice ([`Smooth`]);
//! 3. [`Precision`] is how weights and images are kept meanwhile;
//! 4. a [`Translator`] does all of it, photo by photo.

mod plan;
mod precision;
mod run;
mod shifts;
mod translator;

pub use plan::{Plan, plan, plan_within};
pub use precision::Precision;
pub use run::{MAX_MARGIN, translate};
pub use shifts::{Shift, Smooth, shifted_mean};
pub use translator::{Manner, Translated, Translator};
