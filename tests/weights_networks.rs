//! Which networks a weights file holds: told by structure, under any names, beside anything.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's helpers may fail loudly too"
)]

mod weights_files;

use std::{collections::BTreeMap, fs, path::Path};

use cyclegan_web::{
    error::Result,
    weights::{
        About, Architecture, Down, HostTensor, Judge, Kind, Norm, StateDict, Up, WeightsFile,
        Which, discriminator, safetensors,
        write::{Blueprint, Export, Format},
    },
};

use weights_files::{Oddity, Pickle, floats, zip};

type Tensors = Vec<(String, Vec<usize>)>;

/// A different number in each element, none of them 0.
fn filled(tensors: Tensors) -> StateDict {
    let fill = |(at, (name, shape)): (usize, (String, Vec<usize>))| {
        let count = shape.iter().product::<usize>();
        let number = |index: usize| ((index * 7 + at * 13) % 19) as f32 / 8.0 - 1.1;
        (name, HostTensor { shape, data: (0..count).map(number).collect() })
    };
    tensors.into_iter().enumerate().map(fill).collect()
}

fn file(state: &StateDict) -> Vec<u8> {
    safetensors::write(state, &BTreeMap::new()).unwrap()
}

fn generator(state: &StateDict, which: Which<'_>) -> Result<(Architecture, StateDict)> {
    WeightsFile::open(&file(state))?.generator(which)
}

fn refusal(state: &StateDict) -> &'static str {
    generator(state, Which::Only).expect_err("it is no usable generator").code()
}

fn renamed(state: &StateDict, name: impl Fn(&str) -> String) -> StateDict {
    state.iter().map(|(own, tensor)| (name(own), tensor.clone())).collect()
}

fn prefixed(state: &StateDict, prefix: &str) -> StateDict {
    renamed(state, |name| format!("{prefix}{name}"))
}

/// Every kind of generator that there is.
fn kinds() -> Vec<Architecture> {
    let ups = [Up::Transpose, Up::Bilinear, Up::Nearest, Up::Blurred];
    let mut kinds = Vec::new();
    for (ngf, blocks) in [(1, 0), (3, 1), (2, 3), (4, 12)] {
        for up in ups {
            for down in [Down::Strided, Down::Blurred] {
                for norm in [Norm::Instance, Norm::InstanceAffine] {
                    for (pictures, dropout) in [(3, false), (1, blocks > 0)] {
                        kinds.push(Architecture { pictures, ngf, blocks, dropout, down, up, norm });
                    }
                }
            }
        }
    }
    kinds
}

/// A generator as its project names it: with CUT's filters, and the shift of dropout.
fn as_saved(architecture: &Architecture, plain: &StateDict) -> StateDict {
    let mut state = renamed(plain, |name| match name.split_once(".conv_block.") {
        Some((block, rest)) if architecture.dropout => {
            let (index, rest) = rest.split_once('.').unwrap();
            let index: usize = index.parse().unwrap();
            format!("{block}.conv_block.{}.{rest}", if index > 4 { index + 1 } else { index })
        }
        _ => name.to_string(),
    });
    let mut blur = |index: usize, side: usize| {
        let data = vec![0.25; 2 * side * side];
        state.insert(
            format!("model.{index}.filt"),
            HostTensor { shape: vec![2, 1, side, side], data },
        );
    };
    let mut behind = 10 + architecture.blocks;
    if architecture.down == Down::Blurred {
        blur(7, 3);
        blur(11, 3);
        behind += 2;
    }
    if architecture.up == Up::Blurred {
        blur(behind, 4);
        blur(behind + 4, 4);
    }
    state
}

#[test]
fn every_kind_is_recognised_under_every_prefix() {
    let prefixes = [
        "",
        "module.",
        "_orig_mod.",
        "model.",
        "netG.",
        "netG_A.",
        "G_AB.",
        "generator.",
        "gen.",
        "state_dict.module._orig_mod.netG.",
        "0.",
        "generators.0.module.",
        "my-odd name.",
    ];
    for (architecture, prefix) in kinds().into_iter().flat_map(|kind| prefixes.map(|p| (kind, p))) {
        let plain = filled(architecture.tensors());
        let saved = prefixed(&as_saved(&architecture, &plain), prefix);
        let found = generator(&saved, Which::Only);
        assert!(
            found == Ok((architecture, plain)),
            "{architecture:?} behind {prefix:?}: {:?}",
            found.map(|found| found.0)
        );
    }
}

#[test]
fn modules_may_have_any_names() {
    let architecture = Architecture { norm: Norm::InstanceAffine, ..Architecture::new(2, 11) };
    let blocks = |name: &str, to: &str| name.replace(".conv_block.", to);
    for plain in [Norm::Instance, Norm::InstanceAffine]
        .map(|norm| filled(Architecture { norm, ..architecture }.tensors()))
    {
        for to in [".block.", ".main.", ".", ".body.layers."] {
            let (_, found) =
                generator(&renamed(&plain, |name| blocks(name, to)), Which::Only).unwrap();
            assert_eq!(found, plain, "{to}");
        }
        // In groups with names of their own, none of which are in the order of the forward pass.
        let grouped = renamed(&plain, |name| {
            let (index, rest) = name.strip_prefix("model.").unwrap().split_once('.').unwrap();
            let rest = rest.replace("conv_block.", "layers.");
            match index.parse().unwrap() {
                index @ 0..4 => format!("stem.{index}.{rest}"),
                index @ 4..10 => format!("down.{index}.{rest}"),
                index @ 10..21 => format!("body.{}.{rest}", index - 10),
                index @ 21..27 => format!("to_up.{index}.{rest}"),
                _ => format!("last.{rest}"),
            }
        });
        let (found, state) = generator(&prefixed(&grouped, "net."), Which::Only).unwrap();
        assert_eq!((found.ngf, found.blocks, found.up), (2, 11, Up::Transpose));
        assert_eq!(state, plain);
    }
}

/// A `.pth` with tensors in this order.
fn pth(ordered: &[(String, HostTensor)]) -> Vec<u8> {
    let mut named = Pickle::new().raw(b"}");
    let mut storages = Vec::new();
    for (at, (name, tensor)) in ordered.iter().enumerate() {
        let size: Vec<i64> = tensor.shape.iter().map(|side| *side as i64).collect();
        let stride: Vec<i64> = (0..size.len()).map(|at| size[at + 1..].iter().product()).collect();
        let key = at.to_string();
        let storage = ("FloatStorage", key.as_str(), tensor.data.len() as i64);
        named = named.text(name).tensor(storage, 0, &size, &stride).raw(b"s");
        storages.push((format!("archive/data/{at}"), floats(&tensor.data)));
    }
    let pickle = named.stop();
    let mut entries = vec![("archive/data.pkl", pickle.as_slice())];
    entries.extend(storages.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    zip(&entries, Oddity::default())
}

#[test]
fn the_order_is_that_of_the_file_or_of_numbers_and_never_guessed() {
    let kind = Architecture::new(2, 12);
    let plain = filled(kind.tensors());
    // Words whose order is not that of the alphabet, and nothing that shows which way a layer goes.
    type Naming = fn(usize, &str) -> String;
    let words: [(&str, Naming); 3] = [
        ("conv_block", |block, conv| {
            format!("body.{block}.{}", if conv == "1" { "pre" } else { "post" })
        }),
        ("by number", |block, conv| format!("res{block}_block.{conv}")),
        ("one by one", |block, conv| {
            format!("trunk{}.{conv}", ["x", "b", "q"][block % 3].repeat(block + 1))
        }),
    ];
    for (what, naming) in words {
        let name = |name: &str| {
            let (index, rest) = name.strip_prefix("model.").unwrap().split_once('.').unwrap();
            match index.parse::<usize>().unwrap() {
                index @ 0..10 => format!("encoder.{index}.{rest}"),
                index @ 10..22 => {
                    let (conv, leaf) =
                        rest.strip_prefix("conv_block.").unwrap().split_once('.').unwrap();
                    format!("{}.{leaf}", naming(index - 10, conv))
                }
                index => format!("decoder.{index}.{rest}"),
            }
        };
        for biased in [true, false] {
            let names = kind.tensors().into_iter().map(|(own, _)| own);
            let names = names.filter(|own| biased || own.ends_with("weight"));
            let ordered: Vec<_> = names.map(|own| (name(&own), plain[&own].clone())).collect();
            let mut expected = plain.clone();
            if !biased {
                let zero = |(own, tensor): (&String, &mut HostTensor)| {
                    if own.ends_with("bias") {
                        tensor.data.fill(0.0);
                    }
                };
                expected.iter_mut().for_each(zero);
            }
            let found = WeightsFile::open(&pth(&ordered)).unwrap().generator(Which::Only);
            assert!(
                found == Ok((kind, expected.clone())),
                "{what}, {biased}: {:?}",
                found.map(|it| it.0)
            );
            // Sorted, only numbers are left to tell.
            let sorted: StateDict = ordered.into_iter().collect();
            let found = generator(&sorted, Which::Only);
            if biased && what == "by number" {
                assert!(found == Ok((kind, expected)), "{what}");
            } else {
                assert_eq!(found.unwrap_err().code(), "weights-not-generator", "{what}, {biased}");
            }
        }
    }
}

#[test]
fn normalisations_may_stand_beside_their_convolutions() {
    let kind = Architecture { norm: Norm::InstanceAffine, ..Architecture::new(2, 3) };
    let plain = filled(kind.tensors());
    for norm in ["norm", "bn"] {
        let beside = renamed(&plain, |name| {
            let pairs = [("1", "conv1"), ("2", "1"), ("5", "conv2"), ("6", "2")];
            pairs.iter().fold(name.to_string(), |name, (from, to)| {
                let to = if to.len() == 1 { format!("{norm}{to}") } else { to.to_string() };
                name.replace(&format!("conv_block.{from}."), &format!("{to}."))
            })
        });
        assert_eq!(generator(&beside, Which::Only), Ok((kind, plain.clone())), "{norm}");
    }
}

#[test]
fn biases_that_a_normalisation_cancels_may_be_missing() {
    for kind in kinds() {
        let plain = filled(kind.tensors());
        let mut saved = as_saved(&kind, &plain);
        let mut expected = plain;
        let head = kind.key(cyclegan_web::weights::Layer::Head);
        for layer in kind.layers().into_iter().filter(|layer| kind.key(*layer) != head) {
            let bias = format!("{}.bias", kind.key(layer));
            let as_named = as_saved(&kind, &[(bias.clone(), expected[&bias].clone())].into());
            saved.remove(as_named.keys().find(|name| name.ends_with(".bias")).unwrap());
            expected.get_mut(&bias).unwrap().data.fill(0.0);
        }
        let found = generator(&saved, Which::Only);
        assert!(found == Ok((kind, expected)), "{kind:?}: {:?}", found.map(|found| found.0));
    }
}

/// The norm of each output's weights, which are the first axis, or the second if `transposed`.
fn by_output(weight: &HostTensor, transposed: bool) -> Vec<Vec<f64>> {
    let [first, second] = [weight.shape[0], weight.shape[1]];
    let inner = weight.data.len() / first / second;
    let mut rows = vec![Vec::new(); if transposed { second } else { first }];
    for (at, number) in weight.data.iter().enumerate() {
        let (a, b) = (at / inner / second, at / inner % second);
        rows[if transposed { b } else { a }].push(f64::from(*number));
    }
    rows
}

#[test]
fn weight_norm_and_spectral_norm_are_folded_in() {
    let architecture = Architecture::new(2, 1);
    let plain = filled(architecture.tensors());
    let close = |found: &StateDict, expected: &StateDict| {
        for (name, tensor) in expected {
            for (a, b) in found[name].data.iter().zip(&tensor.data) {
                assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{name}: {a} is not {b}");
            }
        }
    };
    let styles = [
        (["weight_g", "weight_v"], ["weight_orig", "weight_u", "weight_v"]),
        (
            ["parametrizations.weight.original0", "parametrizations.weight.original1"],
            [
                "parametrizations.weight.original",
                "parametrizations.weight.0._u",
                "parametrizations.weight.0._v",
            ],
        ),
    ];
    for (normed, spectral) in styles {
        let mut state = StateDict::new();
        for (name, tensor) in &plain {
            let Some(module) = name.strip_suffix(".weight") else {
                state.insert(name.clone(), tensor.clone());
                continue;
            };
            // The length of each slice of the first axis, and the weight at three times its length.
            let lengths: Vec<f32> = by_output(tensor, false)
                .iter()
                .map(|row| row.iter().map(|number| number * number).sum::<f64>().sqrt() as f32)
                .collect();
            let shape = vec![lengths.len(), 1, 1, 1];
            let tripled = tensor.data.iter().map(|number| 3.0 * number).collect();
            let direction = HostTensor { data: tripled, ..tensor.clone() };
            state.insert(format!("{module}.{}", normed[0]), HostTensor { shape, data: lengths });
            state.insert(format!("{module}.{}", normed[1]), direction);
        }
        close(&generator(&state, Which::Only).unwrap().1, &plain);

        let (mut state, mut expected) = (StateDict::new(), plain.clone());
        for (name, tensor) in &plain {
            let Some(module) = name.strip_suffix(".weight") else {
                state.insert(name.clone(), tensor.clone());
                continue;
            };
            // Transposed convolutions have their outputs second.
            let rows = by_output(tensor, ["model.11", "model.14"].contains(&module));
            let vector = |length: usize| -> Vec<f32> {
                (0..length).map(|at| (at % 5) as f32 / 4.0 + 0.5).collect()
            };
            let (u, v) = (vector(rows.len()), vector(rows[0].len()));
            let dot =
                |row: &Vec<f64>| row.iter().zip(&v).map(|(a, b)| a * f64::from(*b)).sum::<f64>();
            let sigma: f64 = rows.iter().zip(&u).map(|(row, u)| dot(row) * f64::from(*u)).sum();
            let folded = tensor.data.iter().map(|number| (f64::from(*number) / sigma) as f32);
            expected.get_mut(name).unwrap().data = folded.collect();
            state.insert(format!("{module}.{}", spectral[0]), tensor.clone());
            let parts = [(spectral[1], u), (spectral[2], v)];
            for (part, data) in parts {
                state.insert(
                    format!("{module}.{part}"),
                    HostTensor { shape: vec![data.len()], data },
                );
            }
        }
        let (_, found) = generator(&state, Which::Only).unwrap();
        close(&found, &expected);
    }
}

#[test]
fn what_is_written_is_recognised_as_what_it_was() {
    let about = About { from: Some("summer".into()), margin: Some(8), ..About::default() };
    let mirrored = [Norm::Instance, Norm::InstanceAffine].map(|norm| Architecture {
        down: Down::Mirrored,
        norm,
        ..Architecture::new(2, 11)
    });
    for kind in kinds().into_iter().chain(mirrored) {
        let state = filled(kind.tensors());
        for format in [Format::Pth, Format::Safetensors] {
            let blueprint = Blueprint::Generator(kind);
            let export = Export { blueprint, state: &state, about: &about, half: false };
            let mut bytes = Vec::new();
            let take = &mut |piece: &[u8]| {
                bytes.extend(piece);
                Ok(())
            };
            export.write(format, take).unwrap();
            let mut file = WeightsFile::open(&bytes).unwrap();
            // It says nothing about dropout, which matters to names alone.
            let expected = (Architecture { dropout: false, ..kind }, state.clone());
            assert!(file.generator(Which::Only) == Ok(expected), "{kind:?} as {format:?}");
            let said = About::from_metadata(&file.metadata());
            assert!(format == Format::Pth || said == about);
        }
    }
}

#[test]
fn several_networks_are_listed_and_chosen_by_name() {
    let [a, b] = [Architecture::new(2, 1), Architecture::new(2, 2)]
        .map(|kind| (kind, filled(kind.tensors())));
    let judge = filled(discriminator::tensors(2));
    let mut all = StateDict::new();
    for (name, state) in [("G_A", &a.1), ("G_B", &b.1), ("D_A", &judge), ("D_B", &judge)] {
        all.extend(prefixed(state, &format!("state_dict.{name}.module.")));
        // Moments are no networks, and what is not used never refuses.
        all.extend(prefixed(state, &format!("state_dict.{name}.mean.module.")));
    }
    all.extend(filled(vec![
        ("criterion.vgg.0.weight".into(), vec![4, 3, 3, 3]),
        ("loss".into(), vec![]),
    ]));
    let bytes = file(&all);
    let mut opened = WeightsFile::open(&bytes).unwrap();
    let networks = opened.networks();
    let usable = networks.iter().filter(|network| !matches!(network.kind, Kind::Other(_)));
    let names: Vec<_> = usable.map(|network| network.name.as_str()).collect();
    assert_eq!(names, ["D_A", "D_B", "G_A", "G_B"]);
    assert_eq!(opened.generator(Which::Named("G_A")), Ok(a.clone()));
    assert_eq!(opened.generator(Which::Named("G_B")), Ok(b.clone()));
    assert_eq!(opened.generator(Which::Side(Judge::A)), Ok(a.clone()));
    assert_eq!(opened.generator(Which::Side(Judge::B)), Ok(b.clone()));
    assert_eq!(opened.discriminator(Judge::B), Ok((2, judge)));
    let code = |which| WeightsFile::open(&bytes).unwrap().generator(which).unwrap_err().code();
    assert_eq!(code(Which::Only), "weights-several");
    assert_eq!(code(Which::Named("G_C")), "weights-no-such-network");
    assert_eq!(code(Which::Named("D_A")), "weights-discriminator");

    let mut averaged = prefixed(&a.1, "G.");
    averaged.extend(prefixed(&b.1, "G_ema."));
    assert_eq!(generator(&averaged, Which::Only), Ok(b.clone()));
    assert_eq!(generator(&averaged, Which::Named("G")), Ok(a.clone()));
    for (one, other) in
        [("netG_A2B", "netG_B2A"), ("G_AB", "G_BA"), ("a", "b"), ("ema.G_A", "ema.G_B")]
    {
        let mut both = prefixed(&a.1, &format!("{one}."));
        both.extend(prefixed(&b.1, &format!("{other}.")));
        assert_eq!(generator(&both, Which::Side(Judge::B)), Ok(b.clone()), "{other}");
    }
}

#[test]
fn what_is_no_generator_is_called_by_its_name() {
    let conv = |name: &str, shape: [usize; 4]| (format!("{name}.weight"), shape.to_vec());
    let patch = filled(discriminator::tensors(2));
    assert_eq!(refusal(&patch), "weights-discriminator");
    assert_eq!(refusal(&prefixed(&patch, "module.")), "weights-discriminator");
    let pixel =
        [conv("net.0", [4, 3, 1, 1]), conv("net.2", [8, 4, 1, 1]), conv("net.5", [1, 8, 1, 1])];
    assert_eq!(refusal(&filled(pixel.into())), "weights-discriminator");
    // PyTorch-GAN's: as many layers of the same shapes, with other strides.
    let other = renamed(&patch, |name| {
        let indices = [("5", "5"), ("8", "8"), ("11", "12"), ("2", "2"), ("0", "0")];
        let index = name.split('.').nth(1).unwrap();
        let to = indices.iter().find(|(from, _)| *from == index).unwrap().1;
        name.replace(&format!("model.{index}."), &format!("model.{to}."))
    });
    assert_eq!(refusal(&other), "weights-discriminator");
    let bytes = file(&other);
    let found = WeightsFile::open(&bytes).unwrap().discriminator(Judge::A);
    assert_eq!(found.unwrap_err().code(), "weights-unexpected-tensor");

    let unet = [
        conv("model.model.0", [4, 3, 4, 4]),
        conv("model.model.1.model.1", [8, 4, 4, 4]),
        conv("model.model.1.model.3.model.1", [8, 8, 4, 4]),
        conv("model.model.1.model.3.model.3", [8, 8, 4, 4]),
        conv("model.model.1.model.5", [16, 4, 4, 4]),
        conv("model.model.3", [8, 3, 4, 4]),
    ];
    assert_eq!(refusal(&filled(unet.into())), "weights-unet");

    let kind = Architecture { norm: Norm::InstanceAffine, ..Architecture::new(2, 2) };
    let mut batch = filled(kind.tensors());
    for layer in kind.layers() {
        if let Some(norm) = kind.norm_key(layer) {
            batch.remove(&format!("{}.bias", kind.key(layer)));
            batch.extend(filled(vec![(
                format!("{norm}.running_mean"),
                vec![kind.channels(layer).1],
            )]));
        }
    }
    assert_eq!(refusal(&batch), "weights-batch-norm");
    let statistics = batch.keys().filter(|name| name.ends_with("running_mean")).cloned();
    statistics.collect::<Vec<_>>().iter().for_each(|name| drop(batch.remove(name)));
    assert!(generator(&batch, Which::Only).is_ok(), "an InstanceNorm without statistics");

    let three = [
        conv("m.1", [2, 3, 7, 7]),
        conv("m.2", [4, 2, 3, 3]),
        conv("m.3", [8, 4, 3, 3]),
        conv("m.4", [16, 8, 3, 3]),
        conv("m.5", [16, 16, 3, 3]),
        conv("m.6", [16, 16, 3, 3]),
        conv("m.7", [16, 8, 3, 3]),
        conv("m.8", [8, 4, 3, 3]),
        conv("m.9", [4, 2, 3, 3]),
        conv("m.10", [3, 2, 7, 7]),
    ];
    assert_eq!(refusal(&filled(three.into())), "weights-other-depth");

    // A convolution, or a parameter of an activation, that would be left out of the picture.
    let plain = filled(Architecture::new(2, 2).tensors());
    for extra in [
        conv("model.30", [3, 3, 1, 1]),
        ("model.3.weight".into(), vec![1]),
        ("model.10.scale".into(), vec![]),
    ] {
        let mut state = plain.clone();
        state.extend(filled(vec![extra.clone()]));
        assert_eq!(refusal(&state), "weights-unexpected-tensor", "{extra:?}");
    }
    assert_eq!(refusal(&filled(vec![("fc.weight".into(), vec![10, 4])])), "weights-not-generator");
}

#[test]
fn files_as_people_have_them_are_one_generator_in_many_forms() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field/weights");
    let bytes = |name: &str| fs::read(folder.join(name)).expect(name);
    let only = |name: &str| {
        WeightsFile::open(&bytes(name))
            .and_then(|mut file| file.generator(Which::Only))
            .expect(name)
    };
    let base = only("base.pth");
    let same = [
        "base.safetensors",
        "numpy_scalar_beside.pth",
        "mps_1_13.pth",
        "orig_mod_prefix.pth",
        "double.pth",
        "loss_tensor_beside.pth",
        "with_training_log.safetensors",
    ];
    for name in same {
        assert!(only(name) == base, "{name} is not base.pth");
    }
    let both = bytes("both_dicts.pth");
    let mut both = WeightsFile::open(&both).unwrap();
    let names: Vec<_> = both.networks().into_iter().map(|network| network.name).collect();
    assert_eq!(names, ["netG_A", "netG_B"]);
    assert!(
        both.generator(Which::Named("netG_A")).unwrap()
            != both.generator(Which::Named("netG_B")).unwrap()
    );
    assert_eq!(only("grey.pth").0, Architecture { pictures: 1, ..base.0 });
    for name in ["G_AB_199.pth", "upsample_conv.pth"] {
        assert_eq!(only(name).0, Architecture { up: Up::Nearest, ..base.0 }, "{name}");
    }
    for name in ["pair/latest_net_G_A.pth", "pair/latest_net_G_B.pth"] {
        assert_eq!(only(name).0, base.0, "{name}");
    }
}
