//! The networks, written once against [`crate::ops`].

mod blocks;
mod generator;
mod init;

pub use generator::Generator;
pub use init::Init;
