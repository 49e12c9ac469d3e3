//! Training: from two folders of photos to two generators.
//!
//! What a run is made of, in the order in which it meets it:
//!
//! 1. [`config`] is everything that decides a run, with the paper's values as defaults;
//! 2. [`data`] makes photos training pictures, pairs those of two sets at random and hands them out
//!    batch by batch;
//! 3. [`step`] is one step of CycleGAN on one screen: [`networks`] are what learns, [`passes`] what
//!    is computed before, [`repeater`] how that is played;
//! 4. [`learner`] is a network with its optimiser, [`losses`] what it learns by;
//! 5. [`image_pool`] keeps older translations for the discriminators, and [`mod@augment`] changes what
//!    these are shown;
//! 6. [`polish`] is the last phase, in which generators lose their grid;
//! 7. [`run`] is a run of all that, [`checkpoint`] the file in which it survives;
//! 8. [`scores`] say what came of it.
//!
//! [`crate::json`] is how all of them are read back from what was written.

pub mod augment;
pub mod checkpoint;
pub mod config;
pub mod data;
pub mod image_pool;
pub mod learner;
pub mod losses;
pub mod networks;
pub mod passes;
pub mod polish;
pub mod repeater;
pub mod run;
pub mod scores;
pub mod step;

pub use crate::choice::Choice;
pub use augment::Policy;
pub use checkpoint::Checkpoint;
pub use config::{
    Ablation, Adam, Config, CycleLoss, FINE_TUNING_RATE, GanLoss, MissingGenerator, Rule, Schedule,
    Terms, Unit, ema_for,
};
pub use data::{
    Batch, Dataset, Domain, Listed, Preprocess, PreprocessMode, Skipped, Source, View, whole,
};
pub use image_pool::{Draw, ImagePool};
pub use learner::Learner;
pub use networks::{CycleGan, Draws, Rates};
pub use polish::Polish;
pub use repeater::Repeater;
pub use run::{Losses, Role, Start, StepReport, Trainer, memory, report};
pub use scores::{Preview, preview};
