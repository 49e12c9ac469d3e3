//! Learning on: a run that is over, or shall end elsewhere than planned, gets another schedule and
//! goes on with everything that it has: weights, moments, pools and its place in the photos.

use super::{start::reaches_the_generators, trainer::Trainer};
use crate::{
    choice::Choice as _,
    error::{Error, Result},
    train::{
        config::{Adam, Config, Schedule, Unit},
        data::Source,
    },
};

/// That nothing would be learned until the end of step or epoch `total`.
fn over(unit: Unit, done: u64, total: u64) -> Error {
    let unit = unit.name().trim_end_matches('s');
    Error::ConfigInvalid(format!(
        "{unit} {done} is done, so nothing would be learned until the end of {unit} {total}"
    ))
}

impl<S: Source> Trainer<S> {
    /// Goes on for `steps` steps from here, whatever was planned: [`Trainer::learn_until`] so many.
    ///
    /// # Errors
    /// As there.
    pub fn learn_on(&mut self, steps: u64, rate: Option<f64>) -> Result<()> {
        self.learn_until(Unit::Steps, self.step.saturating_add(steps), rate)
    }

    /// Goes on until `total` steps or epochs are done in all.
    ///
    /// A constant learning rate stays constant, so that ten steps and ten more are twenty. One that
    /// falls goes on falling along the line that it would have had, had the run been planned this
    /// long: a run of `flat` and `decay` steps that goes on for `more` begins at `more / (decay +
    /// more)` of its rate, and one that had not begun to fall falls from here on. In either case it
    /// is zero behind the last step. With `rate` it begins at that rate instead. Steps of polish that
    /// are done count as steps along that line.
    ///
    /// # Errors
    /// As [`Trainer::reschedule`].
    pub fn learn_until(&mut self, unit: Unit, total: u64, rate: Option<f64>) -> Result<()> {
        let present = self.config.schedule;
        let done = self.done(unit);
        if total <= done {
            return Err(over(unit, done, total));
        }
        let schedule = if present.decay == 0 {
            Schedule { unit, flat: total, ..present }
        } else {
            let flat = if rate.is_some() { done } else { done.min(self.flat(unit)) };
            Schedule { unit, flat, decay: total.saturating_sub(flat), ..present }
        };
        self.reschedule(schedule, rate)
    }

    /// Goes on by another schedule, and with another rate before it if that is given. A checkpoint
    /// knows of it.
    ///
    /// # Errors
    /// `config-invalid` when the run is beyond the end of that schedule already, or would learn
    /// nothing in its next step; nothing has changed then.
    pub fn reschedule(&mut self, schedule: Schedule, rate: Option<f64>) -> Result<()> {
        let adam = self.config.adam;
        let adam = Adam { learning_rate: rate.unwrap_or(adam.learning_rate), ..adam };
        let config = Config { schedule, adam, ..self.config };
        config.validate()?;
        if schedule.multiplier(self.epoch(), self.step + 1) <= 0.0 {
            return Err(over(schedule.unit, self.done(schedule.unit), schedule.total()));
        }
        reaches_the_generators(self.warm_up, self.step, &config, &self.dataset)?;
        self.config = config;
        Ok(())
    }

    /// Steps that are done, or whole epochs.
    fn done(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Steps => self.step,
            Unit::Epochs => self.epoch() - 1,
        }
    }

    /// Length of the present schedule's flat part, in `unit`.
    fn flat(&self, unit: Unit) -> u64 {
        let Schedule { unit: present, flat, .. } = self.config.schedule;
        let batches = self.dataset.batches(self.config.batch_size).max(1) as u64;
        match (present, unit) {
            (Unit::Epochs, Unit::Steps) => flat.saturating_mul(batches),
            (Unit::Steps, Unit::Epochs) => flat.div_ceil(batches),
            _ => flat,
        }
    }
}
