//! Translates one photo with one generator, at any size.
//!
//! 1. [`plan()`] determines the size of the result;
//! 2. [`translate`] pads by reflection, runs the network and crops, if asked at several shifts of
//!    its lattice ([`Smooth`]);
//! 3. [`Precision`] is how weights and images are stored;
//! 4. a [`Translator`] does all of it, photo by photo.

mod plan;
mod precision;
mod run;
mod shifts;
mod strips;
mod translator;

pub use plan::{Plan, Room, plan};
pub use precision::Precision;
pub use run::{MAX_MARGIN, translate};
pub use shifts::{Shift, Smooth, shifted_mean};
pub use translator::{Manner, Translated, Translator};
