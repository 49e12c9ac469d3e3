//! What the command line specifies: options, settings, photos, and the device.

pub mod compute;
pub mod network;
pub mod options;
pub mod sets;
pub mod settings;
