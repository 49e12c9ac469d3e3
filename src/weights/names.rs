//! From a state dict to a checked generator: every name, every shape, every number.
//!
//! For this project's own runs, and for files in which `recognise` finds no usable network: names
//! tell more exactly what is wrong. Differences between checkpoints are removed first: the
//! `module.` that `DataParallel` puts before each name, the running statistics that PyTorch before
//! 0.4 stored for instance norms and never used, PyTorch-GAN's name for residual blocks, and the
//! index that dropout shifts.

use std::collections::BTreeMap;

use super::architecture::{Architecture, Layer, Norm, Up};
use super::state::{HostTensor, StateDict, damaged, quote};
use crate::error::{Error, Result};

/// Index of the first residual block in the `nn.Sequential`.
const FIRST_BLOCK: usize = 10;

/// More residual blocks than anybody trains; files that claim more are refused.
const MOST_BLOCKS: usize = 256;

/// Endings of tensors that the generator does not use.
const IGNORED: [&str; 3] = [".running_mean", ".running_var", ".num_batches_tracked"];

/// Recognises a generator and returns its architecture, with exactly the tensors that
/// [`Architecture::tensors`] lists, under those names. Fails with `weights-not-generator` for
/// another network, `weights-unexpected-tensor`, `weights-missing-tensor`, `weights-wrong-shape`
/// and `weights-not-finite` for a faulty generator. Each names the first tensor concerned.
pub fn generator_from(state: StateDict) -> Result<(Architecture, StateDict)> {
    let mut state = with_plain_names(state)?;
    recognise(&state)?;
    let blocks = count_blocks(&state)?;
    let norm = vote_on_norm(&state, blocks);
    let dropout = has_dropout(&state, norm);
    if dropout {
        state = without_dropout(state);
    }
    let up = vote_on_up(&state, Architecture { norm, ..Architecture::new(1, blocks) });
    let unit = Architecture { dropout, up, norm, ..Architecture::new(1, blocks) };
    let architecture = Architecture { ngf: vote_on_ngf(&state, unit)?, ..unit };
    let Architecture { ngf, .. } = architecture;
    check(&state, &architecture.tensors(), &format!("{blocks} blocks and ngf {ngf}"))?;
    Ok((architecture, state))
}

/// Drops unused tensors and the prefix of `DataParallel`, and names residual blocks as PyTorch's
/// authors do.
pub(super) fn with_plain_names(state: StateDict) -> Result<StateDict> {
    let mut plain = StateDict::new();
    for (name, tensor) in state {
        if IGNORED.iter().any(|ending| name.ends_with(ending)) {
            continue;
        }
        let stripped = name.trim_start_matches("module.").replacen(".block.", ".conv_block.", 1);
        if plain.contains_key(&stripped) {
            return Err(damaged(format!("{} is there under two names", quote(&stripped))));
        }
        plain.insert(stripped, tensor);
    }
    Ok(plain)
}

/// The index of the residual block and the rest of a name like `model.10.conv_block.1.weight`.
fn block_position(name: &str) -> Option<(usize, &str)> {
    let (index, rest) = name.strip_prefix("model.")?.split_once(".conv_block.")?;
    Some((index.parse().ok()?, rest))
}

/// Without a residual block or a first convolution of 7x7, says what the file is instead.
fn recognise(state: &StateDict) -> Result<()> {
    let kernel = |name: &str| match state.get(name).map(|tensor| tensor.shape.as_slice()) {
        Some([_, _, height, width]) => Some((*height, *width)),
        _ => None,
    };
    let in_block = |name: &String| block_position(name).is_some();
    if kernel("model.1.weight") == Some((7, 7)) || state.keys().any(in_block) {
        return Ok(());
    }
    let start = |text: &str| state.keys().any(|name| name.starts_with(text));
    let within = |text: &str| state.keys().any(|name| name.contains(text));
    let what = if kernel("model.0.weight") == Some((4, 4)) || start("net.0.") {
        "this is a discriminator, which judges pictures and cannot make them".to_string()
    } else if start("model.model.") {
        "this is a U-Net, the generator of pix2pix".to_string()
    } else if within(".model.") {
        "several networks are in one file, or the names have a prefix before model.".to_string()
    } else {
        strange(state)
    };
    Err(Error::WeightsNotGenerator(what))
}

/// The message for names that mean nothing here.
pub(super) fn strange(state: &StateDict) -> String {
    let first = state.keys().next().map_or("none", String::as_str);
    format!("its tensors have other names, the first is {}", quote(first))
}

/// Residual blocks are numbered consecutively, so the last index gives their number.
fn count_blocks(state: &StateDict) -> Result<usize> {
    let positions = state.keys().filter_map(|name| block_position(name));
    let Some(last) = positions.map(|(index, _)| index).max() else {
        return Ok(0);
    };
    match last.checked_sub(FIRST_BLOCK) {
        Some(before @ 0..MOST_BLOCKS) => Ok(before + 1),
        _ => Err(Error::WeightsNotGenerator(format!("its residual blocks end at model.{last}"))),
    }
}

/// Whether the normalisations have parameters. The majority before and in the blocks decides, so
/// that a single missing or extra tensor is reported rather than followed.
fn vote_on_norm(state: &StateDict, blocks: usize) -> Norm {
    let norm = Norm::InstanceAffine;
    let affine = Architecture { norm, ..Architecture::new(1, blocks) };
    // Layers that dropout does not shift.
    let unshifted =
        |layer: &Layer| matches!(layer, Layer::Stem | Layer::Down(_) | Layer::Block(_, 0));
    let layers = affine.layers().into_iter().filter(unshifted);
    let keys = layers.filter_map(|layer| affine.norm_key(layer));
    let names: Vec<_> =
        keys.flat_map(|key| [format!("{key}.weight"), format!("{key}.bias")]).collect();
    let found = names.iter().filter(|name| state.contains_key(*name)).count();
    if 2 * found > names.len() { norm } else { Norm::Instance }
}

/// With dropout the second convolution of a block moves to 6, after the dropout layer at 4, and its
/// normalisation to 7.
fn has_dropout(state: &StateDict, norm: Norm) -> bool {
    let at = |position: &str| {
        let positions = state.keys().filter_map(|name| block_position(name));
        positions.filter(|(_, rest)| rest.starts_with(position)).count()
    };
    let shifted = if norm == Norm::Instance { "6." } else { "7." };
    at(shifted) > at("5.")
}

/// How the image is upsampled: the variant with the most matching names after the blocks.
fn vote_on_up(state: &StateDict, unit: Architecture) -> Up {
    let votes = |up: &Up| {
        let architecture = Architecture { up: *up, ..unit };
        let layers = [Layer::Up(0), Layer::Up(1), Layer::Head];
        let convs = layers.map(|layer| architecture.key(layer));
        let norms = layers.into_iter().filter_map(|layer| architecture.norm_key(layer));
        let names = convs
            .into_iter()
            .chain(norms)
            .flat_map(|key| [format!("{key}.weight"), format!("{key}.bias")]);
        names.filter(|name| state.contains_key(name)).count()
    };
    // `max_by_key` returns the last of equals.
    let ways = [Up::Nearest, Up::Bilinear, Up::Transpose].into_iter();
    ways.max_by_key(votes).unwrap_or_default()
}

/// Renames the second convolutions and their normalisations as if there were no dropout.
fn without_dropout(state: StateDict) -> StateDict {
    let rename = |(name, tensor): (String, HostTensor)| {
        let moved = block_position(&name).and_then(|(index, rest)| {
            let (position, part) = rest.split_once('.')?;
            let position = match position {
                "5" => "5 (beside dropout)",
                "6" => "5",
                "7" => "6",
                _ => return None,
            };
            Some(format!("model.{index}.conv_block.{position}.{part}"))
        });
        (moved.unwrap_or(name), tensor)
    };
    state.into_iter().map(rename).collect()
}

/// The width on which most tensors agree, so that a single wrong one is reported, not followed.
fn vote_on_ngf(state: &StateDict, unit: Architecture) -> Result<usize> {
    let mut votes = BTreeMap::<usize, usize>::new();
    for layer in unit.layers() {
        // The head's output has 3 channels whatever the width.
        if layer == Layer::Head {
            continue;
        }
        let (_, width) = unit.channels(layer);
        let key = unit.key(layer);
        let channels = state.get(&format!("{key}.bias")).map(|bias| bias.data.len()).unwrap_or(0);
        if channels > 0 && channels.is_multiple_of(width) {
            *votes.entry(channels / width).or_default() += 1;
        }
    }
    let most = votes.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(ngf, _)| ngf).ok_or_else(|| {
        let detail = "no convolution has a bias from which its width could be told";
        Error::WeightsNotGenerator(detail.into())
    })
}

/// Refuses unexpected tensors, then missing ones, then wrong ones. `size` describes the network.
pub(super) fn check(
    state: &StateDict,
    expected: &[(String, Vec<usize>)],
    size: &str,
) -> Result<()> {
    let table: BTreeMap<&str, &[usize]> =
        expected.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
    if let Some(name) = state.keys().find(|name| !table.contains_key(name.as_str())) {
        return Err(Error::WeightsUnexpectedTensor(quote(name)));
    }
    if let Some((name, shape)) = expected.iter().find(|(name, _)| !state.contains_key(name)) {
        return Err(Error::WeightsMissingTensor(format!("{name} {shape:?} (for {size})")));
    }
    for (name, shape) in expected {
        if let Some(tensor) = state.get(name) {
            check_tensor(name, tensor, shape)?;
        }
    }
    Ok(())
}

/// Checks shape, number of elements, and that every element is finite.
fn check_tensor(name: &str, tensor: &HostTensor, shape: &[usize]) -> Result<()> {
    if tensor.shape != shape || tensor.data.len() != shape.iter().product::<usize>() {
        let detail = format!("{name} is {:?}, expected {shape:?}", tensor.shape);
        return Err(Error::WeightsWrongShape(detail));
    }
    match tensor.data.iter().position(|number| !number.is_finite()) {
        Some(at) => Err(Error::WeightsNotFinite(format!("{name}, element {at}"))),
        None => Ok(()),
    }
}
