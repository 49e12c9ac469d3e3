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

/// A tensor that a file describes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listed {
    /// The keys that lead to it from the file's root, joined by dots: of dictionaries, of lists and
    /// tuples (their indices), and of objects (their attributes).
    pub path: String,
    /// Extents, outermost first; empty if the file gives none that make sense.
    pub shape: Vec<usize>,
    /// Whether it can be read: integers, complex and quantised numbers cannot.
    pub is_float: bool,
}

/// The longest accepted name of a tensor, in bytes. PyTorch's own are below 100.
const LONGEST_NAME: usize = 512;

/// Elements of a tensor of this shape; `None` if that is no `usize`.
pub(crate) fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1, |product: usize, side| product.checked_mul(*side))
}

/// The error for a file that contradicts itself.
pub(super) fn damaged(detail: impl Into<String>) -> Error {
    Error::WeightsDamaged(detail.into())
}

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
        return Err(Error::WeightsTooLarge(format!(
            "a tensor's name is {} bytes long",
            name.len()
        )));
    }
    Ok(())
}
