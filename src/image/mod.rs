//! Pictures as bytes, before and after the network.
//!
//! The browser delivers and displays straight-alpha RGBA; everything in between is [`Rgb`]. The
//! network sees what PyTorch's data pipeline would show it: resized as Pillow does
//! ([`resize_bicubic`]) and scaled to [-1, 1] as torchvision does ([`to_unit`]). Its output becomes
//! bytes as in PyTorch's `test.py` ([`from_unit`]).
//!
//! The browser decodes files, not this module. [`jpeg`] checks whether a file is whole, on which
//! decoders disagree.

mod border;
mod carry;
pub mod jpeg;
mod resize;
mod rgb;
mod shrink;
mod unit;

pub use border::{crop, reflect_pad};
pub use carry::{add_change, carry};
pub use resize::{fit, resize_bicubic};
pub use rgb::{MAX_PIXELS, MAX_SIDE, Rgb};
pub use shrink::Shrink;
pub use unit::{from_opaque, from_unit, to_unit};
