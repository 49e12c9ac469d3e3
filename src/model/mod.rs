//! The networks, written once against [`crate::ops`].

mod blocks;
mod classifier;
mod discriminator;
mod generator;
mod init;
mod parameters;
mod strips;

pub use classifier::DomainClassifier;
pub use discriminator::Discriminator;
pub use generator::Generator;
pub(crate) use generator::{MULTIPLE, SMALLEST};
pub use init::{Init, InitType};
pub use parameters::{Mapper, Network, Readback};
pub(crate) use strips::InStrips;
