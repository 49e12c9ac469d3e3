//! A configuration as a flat JSON object, its fields named as in PyTorch's options.

use serde_json::{Value, json};

use super::{Adam, Config, Terms};
use crate::{
    error::{Error, Result},
    model::Init,
    train::{
        Choice, Preprocess, Schedule,
        fields::{Fields, number},
    },
};

/// How PyTorch's `--init_type` calls the two ways to draw weights.
#[derive(Clone, Copy, PartialEq)]
enum InitType {
    Normal,
    Xavier,
}

impl Choice for InitType {
    const NAMES: &'static [(&'static str, Self)] =
        &[("normal", Self::Normal), ("xavier", Self::Xavier)];
}

impl Config {
    /// Every value under its name. [`Config::from_json`] reads it back to the bit.
    pub fn to_json(&self) -> Value {
        let Self { terms, adam, schedule, preprocess, .. } = self;
        let (init_type, init_gain) = match self.init {
            Init::Normal { std } => (InitType::Normal, std),
            Init::Xavier { gain } => (InitType::Xavier, gain),
        };
        json!({
            "ngf": self.ngf,
            "ndf": self.ndf,
            "blocks": self.blocks,
            "up": self.up.name(),
            "norm": self.norm.name(),
            "discriminator_padding": self.discriminator_padding,
            "lambda_A": number(self.lambda_a),
            "lambda_B": number(self.lambda_b),
            "lambda_identity": number(self.lambda_identity),
            "gan_mode": self.gan_loss.name(),
            "adversarial": terms.adversarial,
            "cycle_forward": terms.cycle_forward,
            "cycle_backward": terms.cycle_backward,
            "cycle_loss": terms.cycle_loss.name(),
            "pool_size": self.pool_size,
            "diff_augment": self.augment.name(),
            "lr": number(adam.learning_rate),
            "beta1": number(adam.beta1),
            "beta2": number(adam.beta2),
            "eps": number(adam.epsilon),
            "lr_rule": schedule.rule.name(),
            "lr_unit": schedule.unit.name(),
            "lr_flat": schedule.flat,
            "lr_decay": schedule.decay,
            "batch_size": self.batch_size,
            "init_type": init_type.name(),
            "init_gain": number(init_gain),
            "seed": self.seed,
            "preprocess": preprocess.mode.name(),
            "load_size": preprocess.load_size,
            "crop_size": preprocess.crop_size,
            "zoom": number(preprocess.zoom),
            "flip": preprocess.flip,
            "warm_up": self.warm_up,
            "lr_ramp": self.lr_ramp,
            "polish": self.polish,
            "missing_generator": self.missing_generator.name(),
            "ema": number(self.ema),
        })
    }

    /// Reads an object such as [`Config::to_json`] makes. What it lacks has its default.
    ///
    /// # Errors
    /// `config-invalid` with the field's name for a field of the wrong type or of an unknown name,
    /// and whatever [`Config::validate`] refuses.
    pub fn from_json(value: &Value) -> Result<Self> {
        let plain = Self::default();
        let mut fields = Fields::new(value, Error::ConfigInvalid)?;
        let config = Self {
            ngf: fields.count("ngf")?.unwrap_or(plain.ngf),
            ndf: fields.count("ndf")?.unwrap_or(plain.ndf),
            blocks: fields.count("blocks")?.unwrap_or(plain.blocks),
            up: fields.choice("up")?.unwrap_or(plain.up),
            norm: fields.choice("norm")?.unwrap_or(plain.norm),
            discriminator_padding: fields
                .count("discriminator_padding")?
                .unwrap_or(plain.discriminator_padding),
            lambda_a: fields.number("lambda_A")?.unwrap_or(plain.lambda_a),
            lambda_b: fields.number("lambda_B")?.unwrap_or(plain.lambda_b),
            lambda_identity: fields.number("lambda_identity")?.unwrap_or(plain.lambda_identity),
            gan_loss: fields.choice("gan_mode")?.unwrap_or(plain.gan_loss),
            terms: terms(&mut fields, plain.terms)?,
            pool_size: fields.count("pool_size")?.unwrap_or(plain.pool_size),
            augment: fields.choice("diff_augment")?.unwrap_or(plain.augment),
            adam: adam(&mut fields, plain.adam)?,
            schedule: schedule(&mut fields, plain.schedule)?,
            batch_size: fields.count("batch_size")?.unwrap_or(plain.batch_size),
            init: init(&mut fields)?,
            seed: fields.count("seed")?.unwrap_or(plain.seed),
            preprocess: preprocess(&mut fields, plain.preprocess)?,
            warm_up: fields.count("warm_up")?.unwrap_or(plain.warm_up),
            lr_ramp: fields.count("lr_ramp")?.unwrap_or(plain.lr_ramp),
            polish: fields.count("polish")?.unwrap_or(plain.polish),
            missing_generator: fields
                .choice("missing_generator")?
                .unwrap_or(plain.missing_generator),
            ema: fields.number("ema")?.unwrap_or(plain.ema),
        };
        fields.finish()?;
        config.validate()?;
        Ok(config)
    }
}

fn terms(fields: &mut Fields, plain: Terms) -> Result<Terms> {
    Ok(Terms {
        adversarial: fields.flag("adversarial")?.unwrap_or(plain.adversarial),
        cycle_forward: fields.flag("cycle_forward")?.unwrap_or(plain.cycle_forward),
        cycle_backward: fields.flag("cycle_backward")?.unwrap_or(plain.cycle_backward),
        cycle_loss: fields.choice("cycle_loss")?.unwrap_or(plain.cycle_loss),
    })
}

fn adam(fields: &mut Fields, plain: Adam) -> Result<Adam> {
    Ok(Adam {
        learning_rate: fields.number("lr")?.unwrap_or(plain.learning_rate),
        beta1: fields.number("beta1")?.unwrap_or(plain.beta1),
        beta2: fields.number("beta2")?.unwrap_or(plain.beta2),
        epsilon: fields.number("eps")?.unwrap_or(plain.epsilon),
    })
}

fn schedule(fields: &mut Fields, plain: Schedule) -> Result<Schedule> {
    Ok(Schedule {
        rule: fields.choice("lr_rule")?.unwrap_or(plain.rule),
        unit: fields.choice("lr_unit")?.unwrap_or(plain.unit),
        flat: fields.count("lr_flat")?.unwrap_or(plain.flat),
        decay: fields.count("lr_decay")?.unwrap_or(plain.decay),
    })
}

fn init(fields: &mut Fields) -> Result<Init> {
    // PyTorch's default for both types.
    let gain = fields.number("init_gain")?.unwrap_or(0.02);
    Ok(match fields.choice("init_type")?.unwrap_or(InitType::Normal) {
        InitType::Normal => Init::Normal { std: gain },
        InitType::Xavier => Init::Xavier { gain },
    })
}

fn preprocess(fields: &mut Fields, plain: Preprocess) -> Result<Preprocess> {
    Ok(Preprocess {
        mode: fields.choice("preprocess")?.unwrap_or(plain.mode),
        load_size: fields.count("load_size")?.unwrap_or(plain.load_size),
        crop_size: fields.count("crop_size")?.unwrap_or(plain.crop_size),
        zoom: fields.number("zoom")?.unwrap_or(plain.zoom),
        flip: fields.flag("flip")?.unwrap_or(plain.flip),
    })
}
