//! The safetensors container: 8 bytes of header length, a JSON header, then the numbers.
//!
//! Format: <https://github.com/huggingface/safetensors>.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Export, Sink, write_numbers};
use crate::{
    error::{Error, Result},
    weights::{StateDict, state::elements},
};

/// Bytes of the number that gives the header's length, and what that is a multiple of.
const LENGTH: usize = 8;
/// What tells readers, as PyTorch's own do, how the tensors are laid out.
const LAYOUT: (&str, &str) = ("format", "pt");

/// Writes tensors as float32, sorted by name, with free text beside them.
///
/// The same tensors and text always give the same bytes. Fails with `engine-usage` when a tensor's
/// length does not match its shape.
pub fn write(state: &StateDict, metadata: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    for (name, tensor) in state {
        if elements(&tensor.shape) != Some(tensor.data.len()) {
            let detail = format!("tensor {name} has not the elements that its shape says");
            return Err(Error::Usage(detail));
        }
    }
    let shapes = state.iter().map(|(name, tensor)| (name.as_str(), tensor.shape.as_slice()));
    let mut file = header(shapes, metadata)?;
    file.reserve_exact(state.values().map(|tensor| size_of_val(tensor.data.as_slice())).sum());
    for tensor in state.values() {
        file.extend(tensor.data.iter().flat_map(|number| number.to_le_bytes()));
    }
    Ok(file)
}

/// The beginning of a file of these float32 tensors, whose numbers follow in this order. Fails with
/// `engine-usage` for shapes that fit in no memory.
pub fn header<'a>(
    shapes: impl Iterator<Item = (&'a str, &'a [usize])>,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    header_of(false, shapes, metadata)
}

/// Writes a network with what it says of itself.
pub(super) fn export(export: &Export<'_>, to: &mut Sink<'_>) -> Result<()> {
    let Export { half, about, .. } = *export;
    let mut metadata = about.to_metadata();
    metadata.insert(LAYOUT.0.into(), LAYOUT.1.into());
    let mut entries = export.entries();
    // As [`write`] does.
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    let shapes = entries.iter().map(|entry| (entry.name.as_str(), entry.shape.as_slice()));
    to(&header_of(half, shapes, &metadata)?)?;
    entries.iter().try_for_each(|entry| write_numbers(&entry.numbers, half, to))
}

/// [`header`] for float32 or, if `half`, for float16.
fn header_of<'a>(
    half: bool,
    shapes: impl Iterator<Item = (&'a str, &'a [usize])>,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let (dtype, size) = if half { ("F16", 2) } else { ("F32", 4) };
    let mut header = Map::new();
    if !metadata.is_empty() {
        header.insert("__metadata__".into(), json!(metadata));
    }
    let mut end: usize = 0;
    for (name, shape) in shapes {
        let start = end;
        let bytes = elements(shape).and_then(|elements| elements.checked_mul(size));
        end = bytes
            .and_then(|bytes| start.checked_add(bytes))
            .ok_or_else(|| Error::Usage(format!("tensor {name} of shape {shape:?}")))?;
        let entry = json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]});
        header.insert(name.into(), entry);
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    // The format requires the numbers to start at a multiple of 8.
    header.resize(header.len().next_multiple_of(LENGTH), b' ');
    let mut file = Vec::with_capacity(LENGTH + header.len());
    file.extend((header.len() as u64).to_le_bytes());
    file.extend(header);
    Ok(file)
}
