//! How a run starts: from scratch, from weights, or from the checkpoint of an earlier one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cyclegan_web::{
    device::Opened,
    error::Error,
    random::Random,
    train::{
        Ablation, Config, Dataset, Start, Trainer,
        checkpoint::{disk, pieces::Reader},
        ema_for, memory, polish,
    },
};
use pollster::block_on;

use super::session::Session;
use crate::native::{
    files::CHECKPOINT,
    given::{
        compute::room,
        options::Options,
        sets::{Photos, Sets},
    },
    stop,
};

/// Bytes of photos kept in memory: four thousand at 286 pixels.
const CACHE: usize = 1 << 30;

/// A run that has not started.
pub struct Beginning<'a> {
    options: &'a Options,
    out: PathBuf,
    ablation: Option<Ablation>,
    origin: Origin,
}

/// Whether `out` has a checkpoint, or, as after a power cut, only the previous one.
pub fn has_checkpoint(out: &Path) -> bool {
    let path = out.join(CHECKPOINT);
    path.exists() || disk::previous(&path).exists()
}

/// The checkpoint of an earlier run.
type Saved = Reader<disk::OnDisk>;

/// What it starts from.
enum Origin {
    New(Box<(Config, Start)>),
    Saved(Box<Saved>),
}

impl<'a> Beginning<'a> {
    /// Reads the checkpoint in `out` if the run is to `resume`, otherwise the weights given in the
    /// options. Fails with whatever is wrong with the options, the weights or the checkpoint;
    /// `file-not-written` when an existing checkpoint would be lost.
    pub fn new(
        options: &'a Options,
        out: PathBuf,
        resume: bool,
        ablation: Option<Ablation>,
    ) -> stop::Result<Self> {
        let path = out.join(CHECKPOINT);
        let origin = if resume {
            if !has_checkpoint(&out) {
                let path = path.display();
                let detail = format!("{path}: there is none yet; without --resume the run begins");
                return Err(Error::FileNotRead(detail).into());
            }
            Origin::Saved(Box::new(checkpoint(&path)?))
        } else if has_checkpoint(&out) {
            let path = path.display();
            let detail = format!("{path}: it holds a run already, which --resume goes on with");
            return Err(Error::FileNotWritten(detail).into());
        } else {
            let start = options.settings.start()?;
            let config = ablated(options.config(&start)?, ablation);
            Origin::New(Box::new((config, start)))
        };
        Ok(Self { options, out, ablation, origin })
    }

    /// Starts the run. Fails with whatever is wrong with settings, weights or checkpoint.
    pub fn begin<'b>(self, sets: &'b Sets, opened: &'b Opened) -> stop::Result<Session<'b>> {
        let Self { options, out, ablation, origin } = self;
        let (a, b) = (sets.a.source(), sets.b.source());
        let room = room(opened);
        let mut trainer: Trainer<Photos> = match origin {
            Origin::New(new) => {
                let (mut config, start) = *new;
                let random = Random::new(config.seed);
                let dataset = Dataset::new(a, b, config.preprocess, random, CACHE)?;
                let steps = config.schedule.steps(dataset.batches(config.batch_size));
                if options.settings.averages_by_itself() {
                    config.ema = ema_for(steps);
                }
                // An ablation follows the paper's procedure.
                if ablation.is_none() && options.settings.proposes_polish(&start) {
                    config.polish = polish::proposed(steps);
                }
                memory::check(&config, opened.kind, &room)?;
                Trainer::new(config, start, dataset, &opened.device)?
            }
            Origin::Saved(checkpoint) => {
                let resumed = Trainer::resume_from(*checkpoint, (a, b), CACHE, &opened.device);
                let (mut trainer, exact) = block_on(resumed)?;
                if !exact {
                    eprintln!("the number of photos has changed, so the epoch begins anew");
                }
                options.settings.learn_on(&mut trainer)?;
                let config = ablated(options.config_to_go_on(*trainer.config())?, ablation);
                trainer.change(|present| *present = config)?;
                let (step, total) = (trainer.step(), trainer.total());
                if trainer.is_over() {
                    eprintln!("all {total} steps are done; with --steps N it goes on until step N");
                } else {
                    eprintln!("going on after step {step} of {total}");
                }
                trainer
            }
        };
        trainer.keep_within(opened.kind, &room);
        note_a_long_ramp(&trainer);
        let preview_every = options.preview_every;
        let save_every = Duration::from_secs(options.save_every);
        Ok(Session { trainer, sets, opened, out, preview_every, save_every, bar: None })
    }
}

/// Warns if the run ends before its generators reach the full learning rate.
fn note_a_long_ramp(trainer: &Trainer<Photos>) {
    let (steps, ramp) = (trainer.total().saturating_sub(trainer.warm_up()), trainer.ramp());
    if steps < ramp {
        let most = 100 * steps / ramp;
        eprintln!(
            "the run ends while the generators' learning rate still rises, at {most} % of it \
             (--lr-ramp {ramp})"
        );
    }
}

fn ablated(config: Config, ablation: Option<Ablation>) -> Config {
    ablation.map_or(config, |ablation| config.ablated(ablation))
}

/// Reads a checkpoint, or if necessary the previous one, and says so.
fn checkpoint(path: &Path) -> stop::Result<Saved> {
    let (checkpoint, reason) = disk::open_latest(path)?;
    if let Some(reason) = reason {
        let previous = disk::previous(path);
        eprintln!("going on from {} instead: {reason} [{}]", previous.display(), reason.code());
    }
    Ok(checkpoint)
}
