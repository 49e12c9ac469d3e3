//! One run from its first step, or from its checkpoint, to its end.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cyclegan_web::{
    device::Opened,
    error::Result,
    model::{Generator, Network as _},
    train::{Config, Domain, Role, StepReport, Trainer, checkpoint::disk, scores::Preview},
};
use pollster::block_on;

use super::{
    bar::Bar,
    measure::{Generators, Held},
    progress::Progress,
    record::Record,
    sheet::sheet,
};
use crate::native::{
    files::{self, CHECKPOINT},
    given::sets::{Photos, Sets},
    interrupt,
    stop::{self, Stop, told},
};

/// Target seconds of one call of the trainer: often enough for the bar and for Ctrl-C.
const CALL: f64 = 0.5;

/// Most steps per call.
const MOST_STEPS: u64 = 64;

/// Most rows of each set on a contact sheet.
const MOST_ROWS: usize = 8;

/// A run that has started.
pub struct Session<'a> {
    /// The run itself.
    pub trainer: Trainer<Photos>,
    /// Its photos.
    pub sets: &'a Sets,
    /// Its device.
    pub opened: &'a Opened,
    /// Its folder.
    pub out: PathBuf,
    /// Steps between contact sheets; 0 for none.
    pub preview_every: u64,
    /// Time between checkpoints.
    pub save_every: Duration,
    /// What scores it along the way.
    pub bar: Option<Bar>,
}

impl Session<'_> {
    /// Trains to the end, or until Ctrl-C, and saves. After a failure it saves first, unless
    /// nothing good is left. Fails with whatever ends the training, with what is left of it as a
    /// hint.
    pub fn run(&mut self) -> stop::Result<()> {
        let (total, done) = (self.trainer.total(), self.trainer.step());
        let mut progress = Progress::new(total, done);
        let trained = self.train(&mut progress);
        progress.end();
        let trained = trained.and_then(|held| self.end(held));
        trained.map_err(|stop| match stop {
            Stop::Failed { error, hint: None } => {
                let hint = self.hint();
                Stop::Failed { error, hint: Some(hint) }
            }
            other => other,
        })
    }

    /// All steps until the end or Ctrl-C. Failed writes are reported and tried again later, when
    /// the disk may have room.
    fn train(&mut self, progress: &mut Progress) -> stop::Result<Option<Held>> {
        files::write_json(&self.out.join("config.json"), &self.config().to_json())?;
        let mut record = Record::open(&self.out.join("losses.csv"), self.trainer.step())?;
        let preprocess = self.config().preprocess;
        let held = (self.preview_every > 0).then(|| Held::read(self.sets, MOST_ROWS, &preprocess));
        let mut saved = Instant::now();
        let mut steps = 1;
        while !self.trainer.is_over() && !interrupt::asked() {
            let called = Instant::now();
            let until_preview = match self.preview_every {
                0 => MOST_STEPS,
                every => every - self.trainer.step() % every,
            };
            let n = usize::try_from(until_preview.min(steps)).unwrap_or(1);
            let reports = block_on(self.trainer.train_steps(n))?;
            self.tell_skipped(&reports, progress);
            progress.attempt(record.add(&reports))?;
            progress.show(&reports);
            let each = called.elapsed().as_secs_f64() / reports.len().max(1) as f64;
            steps = ((CALL / each) as u64).clamp(1, (2 * steps).min(MOST_STEPS));
            if let Some(held) = &held
                && self.trainer.step().is_multiple_of(self.preview_every)
            {
                progress.attempt(self.preview(held))?;
                progress.attempt(self.score())?;
            }
            if saved.elapsed() >= self.save_every {
                progress.attempt(self.save())?;
                progress.attempt(self.score())?;
                saved = Instant::now();
            }
        }
        Ok(held)
    }

    /// Saves a run that is over or was interrupted.
    fn end(&mut self, held: Option<Held>) -> stop::Result<()> {
        self.save()?;
        if !self.trainer.is_over() {
            let (step, out) = (self.trainer.step(), self.out.display());
            let hint = format!(
                "Stopped after step {step}; the same command with --resume goes on (saved in {out})."
            );
            return Err(Stop::Interrupted { hint });
        }
        if let Some(held) = &held {
            self.preview(held)?;
        }
        Ok(())
    }

    /// What is left of a failed run, saved if possible.
    fn hint(&self) -> String {
        let saved = if self.trainer.ended().is_none() { self.save().is_ok() } else { false };
        match self.out.join(CHECKPOINT) {
            _ if saved => {
                let (step, out) = (self.trainer.step(), self.out.display());
                format!(
                    "Saved after step {step} in {out}; once that is mended, the same command with \
                     --resume goes on."
                )
            }
            path if path.exists() => {
                let path = path.display();
                format!("{path} is the last good state; --resume goes on from it.")
            }
            _ => "No checkpoint had been saved yet.".into(),
        }
    }

    /// The current generators.
    pub fn generators(&self) -> Generators {
        self.both(Trainer::generator)
    }

    /// The same without polishing, if they have been polished.
    pub fn unpolished(&self) -> Option<Generators> {
        (self.trainer.polished() > 0).then(|| self.both(Trainer::unpolished))
    }

    fn both(&self, of: fn(&Trainer<Photos>, Domain) -> &Generator) -> Generators {
        let [g_a, g_b] = [Domain::A, Domain::B].map(|from| of(&self.trainer, from).snapshot());
        Generators { g_a, g_b }
    }

    /// The run's configuration.
    pub fn config(&self) -> &Config {
        self.trainer.config()
    }

    /// Writes the checkpoint, then the generators, for which there may be room even if it failed.
    fn save(&self) -> Result<()> {
        let saved = disk::write_in_pieces(&self.out.join(CHECKPOINT), |file| {
            block_on(self.trainer.save(file)).map(drop)
        });
        for (network, name) in [(Role::GeneratorA, "G_A"), (Role::GeneratorB, "G_B")] {
            let path = self.out.join(format!("{name}.safetensors"));
            files::write_weights(&path, &block_on(self.trainer.state(network))?)?;
        }
        saved
    }

    /// Scores the current generators, unless that would take too much of the time. Polishing is
    /// scored as a whole, after its last step.
    fn score(&mut self) -> Result<()> {
        let (step, generators) = (self.trainer.step(), self.generators());
        match &mut self.bar {
            Some(bar) if self.trainer.polished() == 0 && bar.is_due() => {
                bar.score(step, &generators, self.opened)
            }
            _ => Ok(()),
        }
    }

    fn preview(&self, held: &Held) -> Result<()> {
        let previews = held.previews(&self.generators(), self.opened)?;
        let name = format!("previews/step-{:06}.png", self.trainer.step());
        write_sheet(&self.out.join(name), &previews)
    }

    fn tell_skipped(&self, reports: &[StepReport], progress: &Progress) {
        for skipped in reports.iter().flat_map(|report| &report.skipped) {
            let set = skipped.domain.pick([&self.sets.a, &self.sets.b]);
            let path = set.train.get(skipped.index).map_or(Path::new(""), PathBuf::as_path);
            progress.say(&format!("skipped {}", told(path, &skipped.error)));
        }
    }
}

/// Writes photos and their round trips as a contact sheet: a row each, those of set A first.
/// Without photos nothing is written. Fails with `file-not-written`, `image-too-large`.
pub fn write_sheet(path: &Path, previews: &[Vec<Preview>; 2]) -> Result<()> {
    let all = previews.iter().flatten();
    let rows: Vec<_> = all.map(|row| vec![&row.input, &row.translated, &row.back]).collect();
    if rows.is_empty() { Ok(()) } else { files::write_png(path, &sheet(&rows)?) }
}
