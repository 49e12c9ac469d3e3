//! From a storage's bytes to a tensor: any offset, any strides, shared storages.

use std::borrow::Cow;

use super::heap::Heap;
use super::value::{ElementType, Id, Place, Storage, Value};
use crate::error::{Error, Result};
use crate::weights::floats::{ByteOrder, FloatType};
use crate::weights::state::{HostTensor, elements, quote};

/// The most dimensions of a tensor; a convolution's weight has four.
const MOST_DIMENSIONS: usize = 8;

/// Numbers that may be read beside a file's length, for small tensors that repeat theirs.
const BESIDES: usize = 16 << 10;

/// How many numbers may be read from a file of `length` bytes, of which its objects left `left` of
/// the memory that the file warrants.
///
/// Tensors may repeat bytes of the file by sharing a storage or with strides of 0, so they are
/// limited together, to three times the file in float32. PyTorch's own files need up to twice the
/// file, when their numbers are float16.
pub(super) fn most_numbers(length: usize, left: usize) -> usize {
    (length.saturating_mul(3) / 4 + BESIDES).min(left / size_of::<f32>())
}

/// A tensor's shape, and whether its numbers can be read. Empty if its size makes no sense.
pub(super) fn describe(heap: &Heap<'_>, id: Id) -> Result<(Vec<usize>, bool)> {
    let (tensor, _) = heap.tensor_at(id)?;
    let shape = extents(heap.tuple_items(tensor.size)).unwrap_or_default();
    Ok((shape, matches!(tensor.element, ElementType::Float(_))))
}

/// Reads tensors.
pub(super) struct Reader<'r, 'a> {
    pub(super) bytes_of: &'r BytesOf<'r, 'a>,
    /// The order of bytes in the storages outside the pickle.
    pub(super) order: ByteOrder,
    /// Numbers that may still be read.
    pub(super) left: usize,
}

/// Finds all bytes of a storage outside the pickle by its key, if the file has it.
pub(super) type BytesOf<'r, 'a> = dyn Fn(&str) -> Result<Option<&'a [u8]>> + 'r;

impl<'a> Reader<'_, 'a> {
    /// Reads one tensor. Fails with `weights-unsupported-type` if it does not hold floats.
    pub(super) fn read(&mut self, heap: &Heap<'a>, name: &str, id: Id) -> Result<HostTensor> {
        let (tensor, storage) = heap.tensor_at(id)?;
        let ElementType::Float(float) = tensor.element else {
            let detail = format!("{} holds {}", quote(name), tensor.element.name());
            return Err(Error::WeightsUnsupportedType(detail));
        };
        let damaged = |what: &str| Error::WeightsDamaged(format!("{} {what}", quote(name)));

        let shape = extents(heap.tuple_items(tensor.size));
        let shape = shape.ok_or_else(|| damaged("has no valid size"))?;
        let strides = extents(heap.tuple_items(tensor.stride));
        let strides = strides.ok_or_else(|| damaged("has no valid stride"))?;
        if shape.len() != strides.len() {
            return Err(damaged("has not as many strides as dimensions"));
        }
        let affordable = elements(&shape)
            .and_then(|elements| Some((elements, self.left.checked_sub(elements)?)));
        let Some((elements, left)) = affordable else {
            let detail = format!("{} and those before it outgrow the file", quote(name));
            return Err(Error::WeightsTooLarge(detail));
        };
        let (bytes, order) = match storage.place {
            Place::Key(key) => {
                let missing = || damaged_storage(key);
                (Cow::Borrowed((self.bytes_of)(key)?.ok_or_else(missing)?), self.order)
            }
            Place::Bytes(bytes, order) => (Cow::Borrowed(bytes), order),
            Place::Latin1(text, order) => {
                let bytes = bytes_of_text(text, elements.saturating_mul(float.size()));
                let bytes = bytes.ok_or_else(|| damaged("has not the numbers for its shape"))?;
                (Cow::Owned(bytes), order)
            }
        };
        let window = window(&storage, &bytes)
            .ok_or_else(|| damaged("lies on a storage that is shorter than it claims"))?;
        let start =
            usize::try_from(tensor.offset).map_err(|_| damaged("starts outside its storage"))?;
        let view = View { float, order, shape: &shape, strides: &strides };
        let data = view.gather(window, start, elements);
        let data = data.ok_or_else(|| damaged("reaches beyond its storage"))?;
        self.left = left;
        Ok(HostTensor { shape, data })
    }
}

fn damaged_storage(key: &str) -> Error {
    Error::WeightsDamaged(format!("storage {} is missing", quote(key)))
}

/// The bytes that a text stands for, a character for each; `None` if they are not `expected` many.
fn bytes_of_text(text: &str, expected: usize) -> Option<Vec<u8>> {
    // In UTF-8 such a character takes one byte or two.
    if text.len() < expected || text.len() / 2 > expected {
        return None;
    }
    let mut bytes = Vec::with_capacity(expected);
    for character in text.chars() {
        bytes.push(u8::try_from(character).ok().filter(|_| bytes.len() < expected)?);
    }
    (bytes.len() == expected).then_some(bytes)
}

/// The bytes of a storage's window.
fn window<'b>(storage: &Storage<'_>, bytes: &'b [u8]) -> Option<&'b [u8]> {
    let size = storage.element.size();
    let start = usize::try_from(storage.start.checked_mul(size)?).ok()?;
    let length = usize::try_from(storage.length.checked_mul(size)?).ok()?;
    bytes.get(start..start.checked_add(length)?)
}

/// A tuple of extents or strides; `None` if one is negative or there are too many.
fn extents(items: &[Value<'_>]) -> Option<Vec<usize>> {
    let extent = |item: &Value<'_>| match item {
        Value::Int(extent) => usize::try_from(*extent).ok(),
        _ => None,
    };
    if items.len() > MOST_DIMENSIONS {
        return None;
    }
    items.iter().map(extent).collect()
}

/// A tensor's layout on its storage.
struct View<'v> {
    float: FloatType,
    order: ByteOrder,
    shape: &'v [usize],
    strides: &'v [usize],
}

impl View<'_> {
    /// The `elements` numbers of the tensor in row-major order; `None` if one lies outside `bytes`.
    fn gather(&self, bytes: &[u8], start: usize, elements: usize) -> Option<Vec<f32>> {
        if elements == 0 {
            return Some(Vec::new());
        }
        let size = self.float.size();
        let reach =
            self.shape.iter().zip(self.strides).try_fold(start, |at, (extent, stride)| {
                at.checked_add((extent - 1).checked_mul(*stride)?)
            })?;
        if reach >= bytes.len() / size {
            return None;
        }
        let mut data = Vec::with_capacity(elements);
        // Contiguous rows are decoded at once; a plain tensor is a single row.
        let (row, outer) = self.rows();
        let mut index = vec![0; outer];
        let mut at = start;
        loop {
            let from = at * size;
            self.float.decode(bytes.get(from..from + row * size)?, self.order, &mut data);
            if !self.advance(&mut index, &mut at) {
                return Some(data);
            }
        }
    }

    /// The length of a contiguous run in the storage, and the number of dimensions outside it.
    fn rows(&self) -> (usize, usize) {
        let mut row = 1;
        let mut outer = self.shape.len();
        for (extent, stride) in self.shape.iter().zip(self.strides).rev() {
            if *extent != 1 && *stride != row {
                break;
            }
            row *= extent;
            outer -= 1;
        }
        (row, outer)
    }

    /// Moves to the next row, the last dimension first; false after the last row.
    fn advance(&self, index: &mut [usize], at: &mut usize) -> bool {
        let dimensions = index.iter_mut().zip(self.shape).zip(self.strides);
        for ((index, extent), stride) in dimensions.rev() {
            if *index + 1 < *extent {
                *index += 1;
                *at += stride;
                return true;
            }
            *at -= *index * stride;
            *index = 0;
        }
        false
    }
}
