//! A training run: how it starts, proceeds, is scored, and what it writes.

pub mod bar;
pub mod beginning;
pub mod figures;
pub mod measure;
pub mod progress;
pub mod record;
pub mod session;
pub mod sheet;
