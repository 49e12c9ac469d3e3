//! From a storage's bytes to a tensor: any offset, any strides, shared storages.

use super::heap::Heap;
use super::value::{ElementType, Id, Storage, Value};
use crate::error::{Error, Result};
use crate::weights::floats::{ByteOrder, FloatType};
use crate::weights::state::{HostTensor, elements, quote};

/// The most dimensions of a tensor; a convolution's weight has four.
const MOST_DIMENSIONS: usize = 8;

/// Reads tensors and counts the elements read.
///
/// Tensors may repeat bytes of the file by sharing a storage or with strides of 0. So the sum of
/// all elements is limited to the number of bytes in the file (PyTorch's own files stay at or below
/// half of it), which makes at most four times the file in float32.
pub(super) struct Reader<'r, 'a> {
    bytes_of: &'r BytesOf<'r, 'a>,
    order: ByteOrder,
    /// Elements that may still be read.
    budget: usize,
}

/// Finds all bytes of a storage, if the file has it.
pub(super) type BytesOf<'r, 'a> = dyn Fn(&Storage<'a>) -> Result<Option<&'a [u8]>> + 'r;

impl<'r, 'a> Reader<'r, 'a> {
    pub(super) fn new(bytes_of: &'r BytesOf<'r, 'a>, order: ByteOrder, file_length: usize) -> Self {
        Self { bytes_of, order, budget: file_length }
    }

    /// Numbers that may still be read.
    pub(super) fn left(&self) -> usize {
        self.budget
    }

    /// Reads one tensor; `None` if it holds integers.
    pub(super) fn read(
        &mut self,
        heap: &Heap<'a>,
        name: &str,
        id: Id,
    ) -> Result<Option<HostTensor>> {
        let (tensor, storage) = heap.tensor_at(id)?;
        let float = match storage.element {
            ElementType::Float(float) => float,
            ElementType::Integer(_) => return Ok(None),
            ElementType::Other(number, _) => {
                return Err(Error::WeightsUnsupportedType(format!("{} is {number}", quote(name))));
            }
        };
        let damaged = |what: &str| Error::WeightsDamaged(format!("{} {what}", quote(name)));

        let shape =
            extents(heap.items(tensor.size)?).ok_or_else(|| damaged("has no valid size"))?;
        let strides =
            extents(heap.items(tensor.stride)?).ok_or_else(|| damaged("has no valid stride"))?;
        if shape.len() != strides.len() {
            return Err(damaged("has not as many strides as dimensions"));
        }
        let elements = elements(&shape);
        let Some(budget) = elements.and_then(|elements| self.budget.checked_sub(elements)) else {
            let detail = format!("{} and those before it outgrow the file", quote(name));
            return Err(Error::WeightsTooLarge(detail));
        };
        let bytes = (self.bytes_of)(&storage)?.ok_or_else(|| {
            Error::WeightsDamaged(format!("storage {} is missing", quote(storage.key)))
        })?;
        let window = window(&storage, float, bytes)
            .ok_or_else(|| damaged("lies on a storage that is shorter than it claims"))?;
        let start =
            usize::try_from(tensor.offset).map_err(|_| damaged("starts outside its storage"))?;
        let view = View { float, order: self.order, shape: &shape, strides: &strides };
        let data = view.gather(window, start, elements.unwrap_or(0));
        let data = data.ok_or_else(|| damaged("reaches beyond its storage"))?;
        self.budget = budget;
        Ok(Some(HostTensor { shape, data }))
    }
}

/// A tensor's shape, and whether its numbers can be read. Empty if its size makes no sense.
pub(super) fn describe(heap: &Heap<'_>, id: Id) -> Result<(Vec<usize>, bool)> {
    let (tensor, storage) = heap.tensor_at(id)?;
    let shape = extents(heap.items(tensor.size)?).unwrap_or_default();
    Ok((shape, matches!(storage.element, ElementType::Float(_))))
}

/// The bytes of a storage's window.
fn window<'a>(storage: &Storage<'_>, float: FloatType, bytes: &'a [u8]) -> Option<&'a [u8]> {
    let start = usize::try_from(storage.start).ok()?.checked_mul(float.size())?;
    let length = usize::try_from(storage.length).ok()?.checked_mul(float.size())?;
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
