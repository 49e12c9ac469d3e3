//! From a state dict to a checked generator: every name, every shape, every number.
//!
//! What differs between the checkpoints in circulation is evened out first: the `module.` that
//! `DataParallel` puts before each name, the running statistics that PyTorch before 0.4 stored for
//! instance norms and never used, and the index that dropout shifts.

use std::collections::BTreeMap;

use super::architecture::{Architecture, FIRST_BLOCK, Layer};
use super::{HostTensor, StateDict, quote};
use crate::error::{Error, Result};

/// More residual blocks than anybody trains; a file that claims more is not believed.
const MOST_BLOCKS: usize = 256;

/// Endings of tensors that the generator does not use.
const IGNORED: [&str; 3] = [".running_mean", ".running_var", ".num_batches_tracked"];

/// Recognises a generator and returns what it is, with exactly the tensors that
/// [`Architecture::tensors`] lists, under those names.
///
/// # Errors
/// `weights-not-generator` for another network, `weights-unexpected-tensor`,
/// `weights-missing-tensor`, `weights-wrong-shape` and `weights-not-finite` for a generator that
/// is not whole. Each names the first tensor concerned.
pub fn generator_from(state: StateDict) -> Result<(Architecture, StateDict)> {
    let mut state = without_module(state)?;
    recognise(&state)?;
    let blocks = count_blocks(&state)?;
    let dropout = has_dropout(&state);
    if dropout {
        state = without_dropout(state);
    }
    let ngf = vote_on_ngf(&state, blocks)?;
    let architecture = Architecture { ngf, blocks, dropout };
    let expected = architecture.tensors();
    check_names(&state, &expected, architecture)?;
    for (name, shape) in &expected {
        if let Some(tensor) = state.get(name) {
            check_tensor(name, tensor, shape)?;
        }
    }
    Ok((architecture, state))
}

/// Drops what the generator does not use and the prefix of `DataParallel`.
pub(super) fn without_module(state: StateDict) -> Result<StateDict> {
    let mut plain = StateDict::new();
    for (name, tensor) in state {
        if IGNORED.iter().any(|ending| name.ends_with(ending)) {
            continue;
        }
        let stripped = name.trim_start_matches("module.");
        if plain.insert(stripped.to_string(), tensor).is_some() {
            let detail = format!("{} is there with and without module.", quote(stripped));
            return Err(Error::WeightsDamaged(detail));
        }
    }
    Ok(plain)
}

/// The residual block and the position in it that a name like `model.10.conv_block.1.weight` means.
fn block_position(name: &str) -> Option<(usize, &str)> {
    let (index, rest) = name.strip_prefix("model.")?.split_once(".conv_block.")?;
    Some((index.parse().ok()?, rest))
}

/// Says what else it is, when there is neither a residual block nor a first convolution of 7x7.
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
        let first = state.keys().next().map_or("none", String::as_str);
        format!("its tensors have other names, the first is {}", quote(first))
    };
    Err(Error::WeightsNotGenerator(what))
}

/// Residual blocks stand one after the other, so the last one tells how many there are.
fn count_blocks(state: &StateDict) -> Result<usize> {
    let positions = state.keys().filter_map(|name| block_position(name));
    let Some(last) = positions.map(|(index, _)| index).max() else {
        return Ok(0);
    };
    match last.checked_sub(FIRST_BLOCK) {
        Some(before @ 0..MOST_BLOCKS) => Ok(before + 1),
        _ => {
            let detail = format!("its residual blocks end at model.{last}");
            Err(Error::WeightsNotGenerator(detail))
        }
    }
}

/// With dropout the second convolution of a block stands at 6, behind the dropout layer at 4.
fn has_dropout(state: &StateDict) -> bool {
    let second = |position: &str| {
        let positions = state.keys().filter_map(|name| block_position(name));
        positions.filter(|(_, rest)| rest.starts_with(position)).count()
    };
    second("6.") > second("5.")
}

/// Gives the second convolutions the names that they have without dropout.
fn without_dropout(state: StateDict) -> StateDict {
    let rename = |(name, tensor): (String, HostTensor)| {
        let renamed = match block_position(&name) {
            Some((index, "6.weight")) => format!("model.{index}.conv_block.5.weight"),
            Some((index, "6.bias")) => format!("model.{index}.conv_block.5.bias"),
            Some((index, rest @ ("5.weight" | "5.bias"))) => {
                format!("model.{index}.conv_block.5 (beside dropout).{rest}")
            }
            _ => name,
        };
        (renamed, tensor)
    };
    state.into_iter().map(rename).collect()
}

/// The width on which most tensors agree, so that a single wrong one is found and not followed.
fn vote_on_ngf(state: &StateDict, blocks: usize) -> Result<usize> {
    let unit = Architecture { ngf: 1, blocks, dropout: false };
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

/// Refuses tensors that are too many, then tensors that are missing.
fn check_names(
    state: &StateDict,
    expected: &[(String, Vec<usize>)],
    architecture: Architecture,
) -> Result<()> {
    let table: BTreeMap<&str, &[usize]> =
        expected.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
    if let Some(name) = state.keys().find(|name| !table.contains_key(name.as_str())) {
        return Err(Error::WeightsUnexpectedTensor(quote(name)));
    }
    if let Some((name, shape)) = expected.iter().find(|(name, _)| !state.contains_key(name)) {
        let Architecture { ngf, blocks, .. } = architecture;
        let detail = format!("{name} {shape:?} (for {blocks} blocks and ngf {ngf})");
        return Err(Error::WeightsMissingTensor(detail));
    }
    Ok(())
}

/// Checks shape, number of elements, and that every element is finite.
pub(super) fn check_tensor(name: &str, tensor: &HostTensor, shape: &[usize]) -> Result<()> {
    if tensor.shape != shape || tensor.data.len() != shape.iter().product::<usize>() {
        let detail = format!("{name} is {:?}, expected {shape:?}", tensor.shape);
        return Err(Error::WeightsWrongShape(detail));
    }
    match tensor.data.iter().position(|number| !number.is_finite()) {
        Some(at) => Err(Error::WeightsNotFinite(format!("{name}, element {at}"))),
        None => Ok(()),
    }
}
