//! One file per command: its arguments, and what it does.

pub mod ablate;
pub mod export;
pub mod inspect;
pub mod polish;
pub mod samples;
pub mod score;
pub mod train;
pub mod translate;
