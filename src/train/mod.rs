//! Training: from two folders of photos to two generators.
//!
//! The parts of a run, in the order in which it uses them:
//!
//! 1. [`config`] is everything that determines a run, with the paper's values as defaults;
//! 2. [`data`] turns photos into training pictures, pairs those of two sets at random and delivers
//!    them batch by batch;
//! 3. [`step`] is one step of CycleGAN on one screen: [`networks`] are trained, [`passes`] computes
//!    their gradients, [`repeater`] runs that or repeats a recording;
//! 4. [`learner`] is a network with its optimiser, [`losses`] has the losses;
//! 5. [`image_pool`] keeps older translations for the discriminators, and [`mod@augment`] changes
//!    what they see;
//! 6. [`polish`] is the last phase, in which generators lose their grid;
//! 7. [`run`] is a whole run, [`checkpoint`] the file that stores it;
//! 8. [`scores`] measures the result.

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

pub use augment::Policy;
pub use checkpoint::Checkpoint;
pub use config::{
    Ablation, Adam, Config, CycleLoss, FINE_TUNING_RATE, GanLoss, MissingGenerator, Rule, Schedule,
    Terms, Unit, ema_for, trains,
};
pub use data::{
    Batch, Dataset, Domain, Listed, Preprocess, PreprocessMode, Skipped, Source, View, whole,
};
pub use image_pool::{Draw, ImagePool};
pub use learner::Learner;
pub use networks::{CycleGan, Draws, Rates};
pub use polish::Polish;
pub use repeater::Repeater;
pub use run::{Losses, Role, Start, StepReport, Trainer, handed_out, memory, report};
