//! Translates one photo with one generator, at any size.
//!
//! 1. [`plan()`] determines the size of the result, and of what the network sees;
//! 2. [`translate`] pads by reflection, runs the network and crops, if asked at several shifts of
//!    its lattice ([`Smooth`]); `strips.rs` does that for photos too large to go through as a whole;
//! 3. [`crate::image::carry`] carries the change over to the photo where the network saw less;
//! 4. [`Precision`] is how weights and images are stored;
//! 5. a [`Translator`] does all of it, photo by photo;
//! 6. a [`Film`] takes frames of one size through a generator without leaving the graphics card.

mod film;
mod plan;
mod precision;
mod run;
mod shifts;
mod strips;
mod translator;

pub use film::Film;
pub use plan::{CARRIED_FROM, Plan, Room, plan};
pub use precision::Precision;
pub use run::{MAX_MARGIN, translate};
pub use shifts::{Shift, Smooth, shifted_mean};
pub use translator::{Manner, Translated, Translator};
