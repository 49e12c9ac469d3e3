//! Continuing a run that is over, or that should end elsewhere than planned: it gets another
//! schedule and continues with its weights, moments, pools and position in the photos.

use super::{start::reaches_the_generators, trainer::Trainer};
use crate::{
    choice::Choice as _,
    error::{Error, Result},
    train::{
        config::{Adam, Config, Schedule, Unit},
        data::Source,
    },
};

/// The error that nothing would be learned until the end of step or epoch `total`.
fn over(unit: Unit, done: u64, total: u64) -> Error {
    let unit = unit.name().trim_end_matches('s');
    Error::ConfigInvalid(format!(
        "{unit} {done} is done, so nothing would be learned until the end of {unit} {total}"
    ))
}

impl<S: Source> Trainer<S> {
    /// Continues for `steps` steps from here, whatever was planned, as [`Trainer::learn_until`].
    pub fn learn_on(&mut self, steps: u64, rate: Option<f64>) -> Result<()> {
        self.learn_until(Unit::Steps, self.step.saturating_add(steps), rate)
    }

    /// Continues until `total` steps or epochs are done in all.
    ///
    /// A constant learning rate stays constant, so that ten steps and ten more equal twenty. A
    /// falling rate continues along the line it would have had if the run had been planned this
    /// long: a run of `flat` and `decay` steps that is extended by `more` continues at `more /
    /// (decay + more)` of its rate, and a rate that has not begun to fall falls from here on.
    /// Either way it reaches zero after the last step. With `rate` it starts at that rate instead.
    /// Completed polishing steps count as steps along that line. Fails as [`Trainer::reschedule`]
    /// does.
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

    /// Continues with another schedule, and with another base rate if given. Checkpoints include
    /// it. Fails with `config-invalid` when the run is already beyond the end of that schedule, or
    /// would learn nothing in its next step; nothing has changed then.
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

    /// Completed steps, or whole epochs.
    fn done(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Steps => self.step,
            Unit::Epochs => self.epoch() - 1,
        }
    }

    /// Length of the current schedule's flat part, in `unit`.
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
