//! Finds the state dict in a saved object: at its root, or inside a training script's wrapper.

use std::collections::BTreeSet;

use super::heap::Heap;
use super::tensor::Reader;
use super::value::{Id, Value};
use crate::error::{Error, Result};
use crate::weights::state::{StateDict, check_name, quote};

/// Keys under which training scripts put the weights, the likeliest first.
const USUAL_KEYS: [&str; 7] =
    ["state_dict", "model_state_dict", "model", "generator", "netG", "net", "params"];

/// How deep to search dictionaries.
const DEEPEST: usize = 4;

/// Reads the tensors of the one state dict in `root`.
pub(super) fn read<'a>(
    heap: &Heap<'a>,
    root: Value<'a>,
    mut reader: Reader<'_, 'a>,
) -> Result<StateDict> {
    let mut state = StateDict::new();
    if let Some(dict) = find(heap, root, 0, &mut BTreeSet::new())? {
        for (name, id) in tensors(heap, dict)? {
            check_name(name)?;
            if let Some(tensor) = reader.read(heap, name, id)? {
                state.insert(name.to_string(), tensor);
            }
        }
    }
    if state.is_empty() {
        let detail = "its pickle describes no dictionary of floating-point tensors";
        return Err(Error::WeightsNoTensors(detail.into()));
    }
    Ok(state)
}

/// The named tensors directly in a dictionary.
fn tensors<'a>(heap: &Heap<'a>, dict: Id) -> Result<impl Iterator<Item = (&'a str, Id)>> {
    Ok(heap.entries(dict)?.iter().filter_map(|entry| match *entry {
        (Value::Text(name), Value::Tensor(id)) => Some((name, id)),
        _ => None,
    }))
}

/// The dictionary with the weights. `seen` prevents searching a dictionary twice, even if
/// dictionaries contain each other.
fn find<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    depth: usize,
    seen: &mut BTreeSet<Id>,
) -> Result<Option<Id>> {
    let Value::Dict(dict) = value else {
        return Ok(None);
    };
    if depth >= DEEPEST || !seen.insert(dict) {
        return Ok(None);
    }
    for usual in USUAL_KEYS {
        // Python would keep a key's last value.
        let mut entries = heap.entries(dict)?.iter().rev();
        if let Some((_, inner)) = entries.find(|(key, _)| *key == Value::Text(usual))
            && let Some(found) = find(heap, *inner, depth + 1, seen)?
        {
            return Ok(Some(found));
        }
    }
    if tensors(heap, dict)?.next().is_some() {
        return Ok(Some(dict));
    }
    let mut found = None;
    for (key, inner) in heap.entries(dict)? {
        // Optimisers hold tensors too, but those are not weights.
        let Value::Text(key) = key else { continue };
        if key.starts_with("optim") {
            continue;
        }
        if let Some(inner) = find(heap, *inner, depth + 1, seen)? {
            if let Some((first, _)) = found {
                let detail =
                    format!("several networks are in one file: {}, {}", quote(first), quote(key));
                return Err(Error::WeightsNotGenerator(detail));
            }
            found = Some((*key, inner));
        }
    }
    Ok(found.map(|(_, dict)| dict))
}
