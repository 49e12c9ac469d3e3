//! Configurations: the defaults of the papers, JSON there and back, and everything that is refused.

#![cfg(not(target_family = "wasm"))]

mod golden_folder;

use std::fs;

use cyclegan_web::{
    choice::Choice,
    error::Error,
    model::{Init, InitType},
    train::{
        Ablation, Adam, Config, CycleLoss, GanLoss, MissingGenerator, Policy, Preprocess,
        PreprocessMode, Rule, Schedule, Start, Terms, Unit, ema_for,
    },
    weights::{Architecture, Down, Norm, StateDict, Up},
};
use golden_folder::golden_folder;
use serde_json::{Value, json};

/// No value is the default's.
fn unusual() -> Config {
    Config {
        ngf: 5,
        ndf: 6,
        blocks: 7,
        up: Up::Bilinear,
        norm: Norm::InstanceAffine,
        discriminator_padding: 2,
        lambda_a: 7.25,
        lambda_b: 0.1 + 0.2,
        lambda_identity: 1.0 / 3.0,
        gan_loss: GanLoss::NegativeLogLikelihood,
        terms: Terms {
            adversarial: false,
            cycle_forward: false,
            cycle_backward: false,
            cycle_loss: CycleLoss::Adversarial,
        },
        pool_size: 0,
        augment: Policy { color: true, translation: false, cutout: true },
        adam: Adam { learning_rate: 1e-300, beta1: 0.0, beta2: 0.9, epsilon: 5e-7 },
        schedule: Schedule { rule: Rule::PyTorch, unit: Unit::Steps, flat: 0, decay: 12 },
        batch_size: 3,
        init: Init { kind: InitType::Xavier, gain: 0.7 },
        seed: (1 << 53) - 1,
        preprocess: Preprocess {
            mode: PreprocessMode::ScaleWidthAndCrop,
            load_size: 99,
            crop_size: 64,
            zoom: 2.5,
            flip: false,
        },
        warm_up: 0,
        lr_ramp: 0,
        polish: 50,
        missing_generator: MissingGenerator::Scratch,
        ema: 0.999,
    }
}

fn refusal(value: &Value) -> String {
    let error = Config::from_json(value).unwrap_err();
    assert_eq!(error.code(), "config-invalid");
    error.to_string()
}

#[test]
fn defaults_are_valid_and_what_an_empty_object_means() {
    Config::default().validate().unwrap();
    assert_eq!(Config::from_json(&json!({})).unwrap(), Config::default());
}

#[test]
fn text_brings_every_value_back() {
    for config in [Config::default(), unusual()] {
        let text = config.to_json().to_string();
        assert_eq!(Config::from_json(&serde_json::from_str(&text).unwrap()).unwrap(), config);
    }
    let (plain, unusual) = (Config::default().to_json(), unusual().to_json());
    for (name, value) in plain.as_object().unwrap() {
        assert_ne!(*value, unusual[name], "{name} was not tried");
    }
}

#[test]
fn fractions_come_back_to_the_bit() {
    let mut random = cyclegan_web::random::Random::new(4);
    for _ in 0..20_000 {
        let lambda_a = random.uniform() * 100.0;
        let text = Config { lambda_a, ..Config::default() }.to_json().to_string();
        let back = Config::from_json(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(back.lambda_a.to_bits(), lambda_a.to_bits(), "{text}");
    }
}

#[test]
fn fields_of_the_wrong_type_are_refused_by_name() {
    let whole = unusual().to_json();
    for name in whole.as_object().unwrap().keys() {
        for wrong in [json!(null), json!([1]), json!({"a": 1}), json!("?"), json!(-1.5)] {
            let sentence = refusal(&json!({ name: wrong }));
            assert!(sentence.contains(&format!("{name} is ")), "{sentence}");
        }
    }
    for wrong in [json!(null), json!([]), json!("full"), json!(3)] {
        assert!(refusal(&wrong).contains("an object belongs"));
    }
    assert!(refusal(&json!({"seed": 0.5})).contains("seed is 0.5, expected a whole number"));
    assert!(refusal(&json!({"gan_mode": "wgangp"})).contains("\"lsgan\" or \"vanilla\""));
    let words = "up is an object, expected \"transpose\" or \"bilinear\" or \"nearest\"";
    assert!(refusal(&json!({"up": {"bilinear": null}})).contains(words));
    assert!(refusal(&json!({"lr": "NaN"})).contains("lr is \\\"NaN\\\", expected a number"));
    assert_eq!(Config::from_json(&json!({"lambda_A": "2.5"})).unwrap().lambda_a, 2.5);
    assert!(refusal(&json!({"ngf": 1_u64 << 40})).contains("ngf is 1099511627776"));
}

#[test]
fn unknown_fields_are_refused_by_name() {
    assert!(refusal(&json!({"lambda_a": 5.0})).contains("lambda_a is unknown"));
    let long = "x".repeat(100_000);
    assert!(refusal(&json!({ long: 5.0 })).len() < 200);
}

#[test]
fn golden_runs_are_configurations() {
    let mut runs = 0;
    for entry in fs::read_dir(golden_folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        if !name.starts_with("train_") || !name.ends_with(".json") {
            continue;
        }
        runs += 1;
        let mut run: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        run["config"].as_object_mut().unwrap().remove("steps").unwrap();
        let config = Config::from_json(&run["config"]).unwrap();
        assert_eq!(json!(config.lambda_a), run["config"]["lambda_A"]);
        let row = name.trim_start_matches("train_").trim_end_matches(".json");
        if let Some(ablation) = Ablation::from_name(row) {
            assert_eq!(config.terms, ablation.terms(), "{name}");
            if ablation != Ablation::Full {
                assert_eq!(config, config.ablated(ablation), "{name}");
            }
        }
    }
    assert!(runs >= 5, "{runs} golden runs");
}

#[test]
fn ablations_change_the_losses_alone() {
    let names = ["cycle_alone", "gan_alone", "gan_forward", "gan_backward", "full"];
    assert_eq!(Ablation::names(), names);
    for (name, ablation) in names.into_iter().zip(Ablation::all()) {
        let config = Config { ngf: 3, ..Config::default() }.ablated(ablation);
        config.validate().unwrap();
        assert_eq!(ablation.name(), name);
        assert_eq!(config.lambda_identity, 0.0, "the paper's tables had none");
        let Config { terms, lambda_identity, .. } = Config::default();
        assert_eq!(
            Config { terms, lambda_identity, ..config },
            Config { ngf: 3, ..Config::default() }
        );
    }
    let alternative = unusual().ablated(Ablation::GanForward);
    assert_eq!(alternative.terms.cycle_loss, CycleLoss::Adversarial, "how is not whether");
}

#[test]
fn generators_that_can_only_translate_are_refused() {
    let plain = Architecture::new(8, 2);
    for (architecture, trains) in [
        (plain, true),
        (Architecture { up: Up::Nearest, ..plain }, true),
        (Architecture { pictures: 1, ..plain }, false),
        (Architecture { down: Down::Blurred, ..plain }, false),
        (Architecture { up: Up::Blurred, ..plain }, false),
    ] {
        let given = Some((architecture, StateDict::new()));
        let g_a = Start { g_a: given.clone(), ..Start::default() };
        let g_b = Start { g_a: Some((plain, StateDict::new())), g_b: given, ..Start::default() };
        for start in [g_a, g_b] {
            match start.applied_to(Config::default()) {
                Ok(config) => assert!(trains && config.ngf == 8, "{architecture}"),
                Err(error) => {
                    assert!(!trains && error.code() == "weights-only-translate", "{error}");
                    assert!(error.to_string().contains(&architecture.to_string()), "{error}");
                }
            }
        }
    }
    let config = Config { up: Up::Blurred, ..Config::default() };
    assert_eq!(config.validate().unwrap_err().code(), "config-invalid");
}

#[test]
fn values_out_of_range_are_refused_by_name() {
    let cases = [
        ("ngf", json!(0)),
        ("ngf", json!(1025)),
        ("ndf", json!(0)),
        ("blocks", json!(33)),
        ("discriminator_padding", json!(0)),
        ("discriminator_padding", json!(3)),
        ("lambda_A", json!(-0.1)),
        ("lambda_B", json!(10_000_000)),
        ("lambda_identity", json!(-1)),
        ("pool_size", json!(1001)),
        ("lr", json!(0)),
        ("lr", json!(1.5)),
        ("beta1", json!(1)),
        ("beta2", json!(-0.1)),
        ("eps", json!(0)),
        ("lr_flat", json!(2_000_000_000)),
        ("lr_decay", json!(u64::MAX)),
        ("batch_size", json!(0)),
        ("batch_size", json!(257)),
        ("init_gain", json!(0)),
        ("seed", json!(1_u64 << 53)),
        ("warm_up", json!(u64::MAX)),
        ("lr_ramp", json!(u64::MAX)),
        ("ema", json!(1)),
        ("ema", json!(-0.5)),
        ("crop_size", json!(20)),
        ("crop_size", json!(254)),
        ("crop_size", json!(260_000)),
        ("load_size", json!(255)),
        ("load_size", json!(5000)),
        ("zoom", json!(0.9)),
        ("zoom", json!(4.5)),
    ];
    for (name, value) in cases {
        let sentence = refusal(&json!({ name: value }));
        assert!(sentence.contains(&format!("{name} is {value}")), "{sentence}");
    }
    let nan = Config { lambda_a: f64::NAN, ..Config::default() };
    assert!(nan.validate().unwrap_err().to_string().contains("lambda_A is NaN"));
}

/// `tests/js/train-settings.test.js` has the same numbers.
#[test]
fn weights_are_averaged_over_a_tenth_of_a_run() {
    let proposed = [(0, 0.0), (10, 0.0), (20, 0.5), (200, 0.95), (600, 1.0 - 1.0 / 60.0)];
    for (steps, ema) in proposed.into_iter().chain([(10_000, 0.999), (u64::MAX, 0.999)]) {
        assert_eq!(ema_for(steps), ema, "{steps} steps");
        Config { ema, ..Config::default() }.validate().unwrap();
    }
}

#[test]
fn values_must_fit_together() {
    let endless = json!({"lr_flat": 0, "lr_decay": 0});
    assert!(refusal(&endless).contains("no length"));

    let off = |lambda_identity: f64| {
        json!({"adversarial": false, "cycle_forward": false, "cycle_backward": false,
            "lambda_identity": lambda_identity})
    };
    assert!(refusal(&off(0.0)).contains("learn nothing"));
    assert!(Config::from_json(&off(0.5)).is_ok(), "the identity loss alone does teach");
    let weightless = json!({"adversarial": false, "lambda_A": 0, "lambda_B": 0});
    assert!(refusal(&weightless).contains("learn nothing"));

    // Sizes that a mode does not use are not looked at.
    assert!(Config::from_json(&json!({"preprocess": "crop", "load_size": 0})).is_ok());
    let whole = |batch_size: usize| json!({"preprocess": "none", "load_size": 0, "crop_size": 0, "batch_size": batch_size});
    assert!(Config::from_json(&whole(1)).is_ok());
    let at_scale = json!({"preprocess": "scale_and_crop", "load_size": 255});
    assert!(refusal(&at_scale).contains("load_size is 255, but must be 256"));
    assert!(refusal(&whole(2)).contains("batch_size must be 1"));
}

#[test]
fn errors_are_those_of_the_engine() {
    let error = Config { blocks: 99, ..Config::default() }.validate().unwrap_err();
    assert_eq!(error, Error::ConfigInvalid("blocks is 99, but must be 0 to 32".into()));
}
