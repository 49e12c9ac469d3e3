//! Training: from two folders of photos to two generators.
//!
//! What a run is made of, in the order in which it meets it:
//!
//! 1. [`config`] is everything that decides a run, with the paper's values as defaults;
//! 2. [`preprocess`] makes a photo a training picture: resize, crop, flip;
//! 3. [`dataset`] pairs the photos of two sets at random and hands them out batch by batch;
//! 4. [`schedule`] says how the learning rate falls;
//! 5. [`image_pool`] keeps older translations for the discriminators;
//! 6. [`mod@augment`] changes what discriminators are shown;
//! 7. [`memory`] says, before the first step, what all that takes;
//! 8. [`polish`] is its last phase, in which generators lose their grid;
//! 9. [`checkpoint`] is the file in which a run survives.
//!
//! [`crate::json`] is how all of them are read back from what was written.

pub mod augment;
pub mod checkpoint;
mod classifier;
pub mod config;
pub mod dataset;
mod finite;
pub mod grid;
pub mod image_pool;
mod learn_on;
pub mod learner;
pub mod losses;
pub mod memory;
pub mod networks;
mod parts;
pub mod passes;
pub mod polish;
mod polishing;
pub mod preprocess;
pub mod preview;
pub mod repeater;
pub mod report;
mod resume;
mod save;
pub mod schedule;
pub mod scores;
mod start;
pub mod step;
mod steps;
pub mod trainer;

pub use crate::choice::Choice;
pub use augment::Policy;
pub use checkpoint::Checkpoint;
pub use config::{
    Ablation, Adam, Config, CycleLoss, FINE_TUNING_RATE, GanLoss, MissingGenerator, Terms, ema_for,
};
pub use dataset::{Batch, Dataset, Domain, Listed, Skipped, Source};
pub use image_pool::{Draw, ImagePool};
pub use learner::Learner;
pub use networks::{CycleGan, Draws, Rates};
pub use polish::Polish;
pub use preprocess::{Preprocess, PreprocessMode, View, whole};
pub use preview::{Preview, preview};
pub use repeater::Repeater;
pub use report::{Losses, StepReport};
pub use schedule::{Rule, Schedule, Unit};
pub use start::Start;
pub use trainer::{Role, Trainer};
