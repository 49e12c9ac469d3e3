//! The modules of a network, from the names of the tensors in a file.

use std::collections::BTreeMap;

use super::source::Source;
use crate::weights::state::Listed;

/// The most parts of a name. A U-Net of eight levels in a checkpoint has 20.
const MOST_PARTS: usize = 32;

/// A module as far as its tensors show it: a convolution, a normalisation, a blur.
#[derive(Debug, Default)]
pub(super) struct Module<'f> {
    /// Its name from the file's root, such as `netG_A.model.1`.
    pub path: &'f str,
    /// Its weight and the shape of that.
    pub weight: Option<(Source, &'f [usize])>,
    /// Its bias and the shape of that.
    pub bias: Option<(Source, &'f [usize])>,
    /// Whether it keeps running statistics.
    pub tracked: bool,
    /// Side of a fixed filter: CUT's `filt`.
    pub blur: Option<usize>,
    /// A tensor that no module of these networks has.
    pub strange: Option<&'f str>,
}

impl<'f> Module<'f> {
    /// The shape of a convolution's weight; `None` for any other module.
    pub fn conv(&self) -> Option<[usize; 4]> {
        self.weight.as_ref()?.1.try_into().ok()
    }

    /// Whether it can be a normalisation with learnt parameters.
    pub fn is_norm(&self) -> bool {
        matches!((&self.weight, &self.bias), (Some((_, [a])), Some((_, [b]))) if a == b)
    }

    /// Its name as words and the numbers behind them, so that 9 comes before 10.
    pub fn natural(&self) -> Vec<(&'f str, Option<u64>)> {
        let mut parts = Vec::new();
        let mut rest = self.path;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(digits);
            let end = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
            let (number, behind) = behind.split_at(end);
            parts.push((word, number.parse().ok()));
            rest = behind;
        }
        parts
    }

    /// The name of what it is in.
    pub fn parent(&self) -> &'f str {
        self.path.rsplit_once('.').map_or("", |(parent, _)| parent)
    }
}

/// The parts of a weight that PyTorch's `spectral_norm` or `weight_norm` took apart.
#[derive(Default)]
struct Parts<'f> {
    original: Option<usize>,
    u: Option<usize>,
    v: Option<usize>,
    magnitude: Option<usize>,
    direction: Option<usize>,
    shape: &'f [usize],
}

/// The modules in the file's order. What is nested deeper than any network is left out.
pub(super) fn modules(listed: &[Listed]) -> Vec<Module<'_>> {
    let mut places = BTreeMap::<&str, usize>::new();
    let mut all: Vec<(Module<'_>, Parts<'_>)> = Vec::new();
    for (index, Listed { path, shape, is_float }) in listed.iter().enumerate() {
        if path.split('.').nth(MOST_PARTS).is_some() {
            continue;
        }
        let (owner, leaf) = split(path);
        let at = *places.entry(owner).or_insert(all.len());
        if at == all.len() {
            all.push((Module { path: owner, ..Module::default() }, Parts::default()));
        }
        let Some((module, parts)) = all.get_mut(at) else { continue };
        match leaf {
            "running_mean" | "running_var" | "num_batches_tracked" => module.tracked = true,
            _ if !is_float => {}
            "weight" => module.weight = Some((Source::Plain(index), shape)),
            "bias" => module.bias = Some((Source::Plain(index), shape)),
            "filt" => module.blur = shape.last().copied(),
            "weight_orig" | "weight.original" => {
                (parts.original, parts.shape) = (Some(index), shape);
            }
            "weight_u" | "weight.0._u" => parts.u = Some(index),
            // Both write a `weight_v`: a vector, and all of the weight.
            "weight.0._v" => parts.v = Some(index),
            "weight_v" if shape.len() == 1 => parts.v = Some(index),
            "weight_v" | "weight.original1" => {
                (parts.direction, parts.shape) = (Some(index), shape);
            }
            "weight_g" | "weight.original0" => parts.magnitude = Some(index),
            _ => module.strange = Some(path),
        }
    }
    all.into_iter().map(|(module, parts)| joined(module, parts)).collect()
}

fn joined<'f>(mut module: Module<'f>, parts: Parts<'f>) -> Module<'f> {
    let source = match parts {
        Parts { original: Some(original), u: Some(u), v, .. } => {
            Source::Spectral { original, u, v }
        }
        Parts { magnitude: Some(magnitude), direction: Some(direction), .. } => {
            Source::Normalised { magnitude, direction }
        }
        _ => return module,
    };
    module.weight = Some((source, parts.shape));
    module
}

/// A tensor's module, and its name there.
fn split(path: &str) -> (&str, &str) {
    const APART: &str = "parametrizations.";
    if let Some(leaf) = path.strip_prefix(APART) {
        return ("", leaf);
    }
    let inside = path.find(&format!(".{APART}"));
    let inside = inside.and_then(|at| Some((path.get(..at)?, path.get(at + 1 + APART.len()..)?)));
    inside.or_else(|| path.rsplit_once('.')).unwrap_or(("", path))
}
