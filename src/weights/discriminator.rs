//! The 70x70 PatchGAN of CycleGAN as the names and shapes of its tensors, and the way from any
//! state dict to a checked one (paper, appendix 7.2; `NLayerDiscriminator` with three layers in
//! PyTorch's `models/networks.py`).

use super::architecture::PICTURE_CHANNELS;
use super::names::{check, strange, with_plain_names};
use super::state::StateDict;
use crate::error::{Error, Result};

/// Side of every kernel.
pub(crate) const KERNEL: usize = 4;
/// Index in the `nn.Sequential`, output channels as a multiple of `ndf`, and stride. The last
/// layer, with one channel, is separate.
pub(crate) const LAYERS: [(usize, usize, usize); 4] = [(0, 1, 2), (2, 2, 2), (5, 4, 2), (8, 8, 1)];
/// Index of the last layer.
pub(crate) const LAST: usize = 11;

/// Which of the two discriminators, named as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    /// `D_A`, which judges the output of `G_A`: B.
    A,
    /// `D_B`, which judges A.
    B,
}

impl Judge {
    /// Its name, the prefix of its tensors in a file of several networks.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "D_A",
            Self::B => "D_B",
        }
    }
}

/// Name and shape of every tensor in network order, each weight before its bias, for `ndf` channels
/// after the first layer (64 in the paper: 2,764,737 numbers).
pub fn tensors(ndf: usize) -> Vec<(String, Vec<usize>)> {
    let mut channels = PICTURE_CHANNELS;
    let wide = LAYERS.map(|(index, factor, _)| (index, factor * ndf));
    let layers = wide.into_iter().chain([(LAST, 1)]);
    layers
        .flat_map(|(index, outputs)| {
            let inputs = std::mem::replace(&mut channels, outputs);
            [
                (format!("model.{index}.weight"), vec![outputs, inputs, KERNEL, KERNEL]),
                (format!("model.{index}.bias"), vec![outputs]),
            ]
        })
        .collect()
}

/// Recognises a discriminator and returns its `ndf`, with exactly the tensors that [`tensors`]
/// lists. `state` holds one network (PyTorch's `latest_net_D_A.pth`), or several prefixed with
/// `D_A.` and `D_B.` (a checkpoint of a run), of which `judge` is taken. Fails with
/// `weights-not-discriminator` for another network, `weights-unexpected-tensor`,
/// `weights-missing-tensor`, `weights-wrong-shape` and `weights-not-finite` for a faulty
/// discriminator. Each names the first tensor concerned.
pub fn discriminator_from(state: StateDict, judge: Judge) -> Result<(usize, StateDict)> {
    let state = with_plain_names(one_of(state, judge)?)?;
    let ndf = recognise(&state)?;
    check(&state, &tensors(ndf), &format!("ndf {ndf}"))?;
    Ok((ndf, state))
}

/// The only network in a file, or `judge` if the file holds several.
fn one_of(state: StateDict, judge: Judge) -> Result<StateDict> {
    let held = |network: &&str| {
        let prefix = format!("{network}.");
        state.keys().any(|name| name.starts_with(&prefix))
    };
    let found: Vec<_> = ["D_A", "D_B", "G_A", "G_B"].into_iter().filter(held).collect();
    if found.is_empty() {
        return Ok(state);
    }
    let network = judge.name();
    let own = state.into_iter().filter_map(|(name, tensor)| {
        let own = name.strip_prefix(network)?.strip_prefix('.')?;
        // A checkpoint also holds Adam's moments.
        let is_weight = own.starts_with("model.") || own.starts_with("module.");
        is_weight.then(|| (own.to_string(), tensor))
    });
    let own: StateDict = own.collect();
    if own.is_empty() {
        let detail = format!("it holds {}, and {network} was asked for", found.join(" and "));
        return Err(Error::WeightsNotDiscriminator(detail));
    }
    Ok(own)
}

/// Channels after the first layer; without it, an error that says what the file is instead.
fn recognise(state: &StateDict) -> Result<usize> {
    let shape = |name: &str| state.get(name).map(|tensor| tensor.shape.as_slice());
    // Requiring three channels ensures that the file holds as many numbers as this claims.
    if let Some(&[ndf, 3, KERNEL, KERNEL]) = shape("model.0.weight")
        && ndf > 0
    {
        return Ok(ndf);
    }
    let start = |text: &str| state.keys().any(|name| name.starts_with(text));
    let what = if matches!(shape("model.1.weight"), Some([_, _, 7, 7])) {
        "this is a generator, which makes pictures and does not judge them".to_string()
    } else if start("net.0.") {
        "this is a PixelGAN, which judges single pixels".to_string()
    } else if state.contains_key("model.0.weight") {
        "its first layer is of another shape".to_string()
    } else if start("model.") {
        "its first layer is missing".to_string()
    } else {
        strange(state)
    };
    Err(Error::WeightsNotDiscriminator(what))
}
