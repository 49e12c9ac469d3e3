//! From options, a settings file, a checkpoint and weights to the configuration of a run.

use std::{fmt::Display, path::PathBuf};

use cyclegan_web::{
    choice::Choice,
    error::{Error, Result},
    train::{
        Config, FINE_TUNING_RATE, Preprocess, PreprocessMode, Schedule, Source, Start, Trainer,
        Unit,
    },
    weights::{Architecture, Judge, Which},
};

use super::options::{Options, Pictures, Settings};
use crate::native::{files, stop};

impl Pictures {
    /// `base`, overridden by the command line.
    pub fn applied_to(&self, base: Preprocess) -> Preprocess {
        Preprocess {
            mode: self.preprocess.unwrap_or(base.mode),
            load_size: self.load_size.unwrap_or(base.load_size),
            crop_size: self.crop_size.unwrap_or(base.crop_size),
            zoom: self.zoom.unwrap_or(base.zoom),
            ..base
        }
    }
}

/// The problem with an option that contradicts the given networks.
fn other<T: PartialEq + Display>(name: &str, given: Option<T>, have: T) -> Option<String> {
    let given = given.filter(|given| *given != have)?;
    Some(format!("--{name} is {given}, the networks to start from have {have}"))
}

impl Options {
    /// The settings of a run that starts from `start`, whose architecture overrides everything
    /// except the command line. Fails with `file-not-read` for `--config`, `config-invalid`.
    pub fn config(&self, start: &Start) -> Result<Config> {
        let file = self.settings.file()?;
        let mut base = file.unwrap_or_default();
        if file.is_none() && (start.g_a.is_some() || start.g_b.is_some()) {
            // A network trained on whole photos would forget that on squashed squares.
            base.preprocess.mode = PreprocessMode::ScaleAndCrop;
            base.adam.learning_rate = FINE_TUNING_RATE;
        }
        let config = start.applied_to(self.applied_to(base))?;
        let given = &self.settings;
        let Config { ngf, ndf, blocks, up, norm, .. } = config;
        let contradictions = [
            other("ngf", given.ngf, ngf),
            other("blocks", given.blocks, blocks),
            other("up", given.up.map(Choice::name), up.name()),
            other("norm", given.norm.map(Choice::name), norm.name()),
            other("ndf", given.ndf, ndf),
        ];
        if let Some(detail) = contradictions.into_iter().flatten().next() {
            return Err(Error::ConfigInvalid(detail));
        }
        config.validate()?;
        Ok(config)
    }

    /// The settings with which to resume a run with `checkpoint`'s settings. Its length is
    /// separate: [`Settings::learn_on`]. Fails with `file-not-read` for `--config`,
    /// `config-invalid`.
    pub fn config_to_go_on(&self, checkpoint: Config) -> Result<Config> {
        let file = self.settings.file()?;
        // If the run started from weights, the file does not know their architecture.
        let base = file.map(|file| {
            let config = file.with_architecture(checkpoint.architecture());
            Config { ndf: checkpoint.ndf, ..config }
        });
        let mut config = self.applied_to(base.unwrap_or(checkpoint));
        if self.settings.asks_for_length() {
            config.schedule = Schedule { rule: config.schedule.rule, ..checkpoint.schedule };
        }
        config.validate()?;
        Ok(config)
    }

    /// The seed of a run whose checkpoint has not been read yet. Fails with `file-not-read` for
    /// `--config`, `config-invalid`.
    pub fn seed(&self) -> Result<u64> {
        let file = self.settings.file()?.unwrap_or_default();
        Ok(self.settings.seed.unwrap_or(file.seed))
    }

    fn applied_to(&self, base: Config) -> Config {
        let given = &self.settings;
        let mut config = Config {
            ngf: given.ngf.unwrap_or(base.ngf),
            ndf: given.ndf.unwrap_or(base.ndf),
            blocks: given.blocks.unwrap_or(base.blocks),
            up: given.up.unwrap_or(base.up),
            norm: given.norm.unwrap_or(base.norm),
            lambda_a: given.lambda_a.unwrap_or(base.lambda_a),
            lambda_b: given.lambda_b.unwrap_or(base.lambda_b),
            lambda_identity: given.lambda_identity.unwrap_or(base.lambda_identity),
            gan_loss: given.gan_mode.unwrap_or(base.gan_loss),
            pool_size: given.pool_size.unwrap_or(base.pool_size),
            augment: given.diff_augment.unwrap_or(base.augment),
            schedule: given.schedule(base.schedule),
            batch_size: given.batch_size.unwrap_or(base.batch_size),
            seed: given.seed.unwrap_or(base.seed),
            preprocess: self.pictures.applied_to(base.preprocess),
            warm_up: given.warm_up.unwrap_or(base.warm_up),
            lr_ramp: given.lr_ramp.unwrap_or(base.lr_ramp),
            polish: given.polish.unwrap_or(base.polish),
            missing_generator: given.missing_generator.unwrap_or(base.missing_generator),
            ema: given.ema.unwrap_or(base.ema),
            ..base
        };
        config.adam.learning_rate = given.lr.unwrap_or(base.adam.learning_rate);
        config.preprocess.flip &= !given.no_flip;
        config
    }
}

impl Settings {
    /// The settings of `--config`.
    fn file(&self) -> Result<Option<Config>> {
        let Some(path) = &self.config else { return Ok(None) };
        let refuse = |detail: String| Error::ConfigInvalid(format!("{}: {detail}", path.display()));
        let json = serde_json::from_slice(&files::read(path)?)
            .map_err(|error| refuse(format!("it is no JSON: {error}")))?;
        let config = Config::from_json(&json).map_err(|error| match error {
            Error::ConfigInvalid(detail) => refuse(detail),
            other => other,
        })?;
        Ok(Some(config))
    }

    /// Whether weights are averaged by default: if a run starts from weights and no settings say
    /// otherwise.
    pub fn averages_by_itself(&self) -> bool {
        let starts_from_weights = self.g_a.is_some() || self.g_b.is_some();
        starts_from_weights && self.ema.is_none() && self.config.is_none()
    }

    fn schedule(&self, base: Schedule) -> Schedule {
        let rule = self.lr_rule.unwrap_or(base.rule);
        // A single number means twice as much, like the paper's 100 + 100 epochs.
        let of = |unit, flat: u64, decay: Option<u64>| Schedule {
            rule,
            unit,
            flat,
            decay: decay.unwrap_or(flat),
        };
        match (self.epochs, self.steps) {
            (Some(epochs), _) => of(Unit::Epochs, epochs, self.epochs_decay),
            (None, Some(steps)) => of(Unit::Steps, steps, self.steps_decay),
            (None, None) => Schedule { rule, ..base },
        }
    }

    fn asks_for_length(&self) -> bool {
        self.steps.is_some() || self.epochs.is_some()
    }

    /// Gives a resumed run the length that the options ask for: `--steps` or `--epochs` alone set
    /// the length of the whole run, with `--steps-decay` or `--epochs-decay` they replace its
    /// schedule. Repeating the original options changes nothing. Fails with `file-not-read` for
    /// `--config`, `config-invalid`.
    pub fn learn_on<S: Source>(&self, trainer: &mut Trainer<S>) -> Result<()> {
        if !self.asks_for_length() {
            return Ok(());
        }
        let present = trainer.config().schedule;
        let base = self.file()?.map_or(present, |file| file.schedule);
        let wanted = self.schedule(base);
        let Schedule { unit, flat, .. } = wanted;
        let falls = self.steps_decay.is_some() || self.epochs_decay.is_some();
        if wanted == present || !falls && (unit, flat) == (present.unit, present.total()) {
            Ok(())
        } else if falls {
            trainer.reschedule(wanted, self.lr)
        } else {
            trainer.learn_until(unit, flat, self.lr)
        }
    }

    /// Whether a run from `start` is polished by default. From scratch the default is the paper's
    /// procedure.
    pub fn proposes_polish(&self, start: &Start) -> bool {
        let knows = start.g_a.is_some() || start.g_b.is_some();
        knows && self.polish.is_none() && self.config.is_none()
    }

    /// Reads the weights that the run starts from. Fails with `file-not-read`, or any of the
    /// `weights-…` codes; `config-invalid` when two generators or two discriminators differ.
    pub fn start(&self) -> stop::Result<Start> {
        let read = |path: &Option<PathBuf>, judge| {
            let read = |path| files::read_generator(path, Which::Side(judge));
            path.as_deref().map(read).transpose()
        };
        let (g_a, g_b) = (read(&self.g_a, Judge::A)?, read(&self.g_b, Judge::B)?);
        if let (Some((a, _)), Some((b, _))) = (&g_a, &g_b)
            && (Architecture { dropout: b.dropout, ..*a }) != *b
        {
            let detail = format!("--g-a has {a}, but --g-b has {b}");
            return Err(Error::ConfigInvalid(detail).into());
        }
        let judge = |path: &Option<PathBuf>, judge| {
            path.as_deref().map(|path| files::read_discriminator(path, judge)).transpose()
        };
        let (d_a, d_b) = (judge(&self.d_a, Judge::A)?, judge(&self.d_b, Judge::B)?);
        Ok(Start { g_a, g_b, d_a, d_b })
    }
}
