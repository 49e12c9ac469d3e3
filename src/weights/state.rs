//! Tensors by their names, as they come out of a file.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// A tensor in main memory.
#[derive(Debug, Clone, PartialEq)]
pub struct HostTensor {
    /// Extents, outermost first: `[out, in, kH, kW]` for a convolution; empty for a scalar.
    pub shape: Vec<usize>,
    /// The elements in row-major order; as many as the product of `shape`.
    pub data: Vec<f32>,
}

/// Tensors by their PyTorch names, such as `model.1.weight`.
pub type StateDict = BTreeMap<String, HostTensor>;

/// The longest accepted name of a tensor, in bytes. PyTorch's own are below 100.
const LONGEST_NAME: usize = 512;

/// Text from a file, made fit for a message: escaped, and cut after 80 characters.
pub(super) fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(80).flat_map(char::escape_debug).collect();
    if text.chars().nth(80).is_some() {
        quoted.push('…');
    }
    quoted
}

/// Refuses names so long that they only serve to fill memory.
pub(super) fn check_name(name: &str) -> Result<()> {
    if name.len() > LONGEST_NAME {
        let detail = format!("a tensor's name is {} bytes long", name.len());
        return Err(Error::WeightsTooLarge(detail));
    }
    Ok(())
}
