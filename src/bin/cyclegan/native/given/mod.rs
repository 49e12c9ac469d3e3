//! What the command line gives: options, settings, photos, and what to compute on.

pub mod compute;
pub mod options;
pub mod sets;
pub mod settings;
