//! Arrays of NumPy in a pickle. They hold the tensors that came from a Mac's graphics card or a TPU,
//! and the weights that somebody converted.

use super::heap::Heap;
use super::value::{ElementType, Id, Place, Span, Storage, Tensor, Value};
use crate::error::Result;
use crate::weights::floats::{ByteOrder, FloatType};
use crate::weights::state::damaged;

/// `numpy.dtype(name, ...)`, of which the order of bytes may follow as state.
pub(super) fn dtype<'a>(name: &str, heap: &mut Heap<'a>) -> Result<Value<'a>> {
    let (order, name) = match name.split_at_checked(1) {
        Some((sign @ ("<" | ">" | "|" | "="), name)) => (byte_order(sign), name),
        _ => (ByteOrder::Little, name),
    };
    let element = match name {
        "f4" | "float32" => ElementType::Float(FloatType::F32),
        "f2" | "float16" => ElementType::Float(FloatType::F16),
        "f8" | "float64" => ElementType::Float(FloatType::F64),
        "b1" | "i1" | "u1" => ElementType::Integer(1),
        "i2" | "u2" => ElementType::Integer(2),
        "i4" | "u4" => ElementType::Integer(4),
        "i8" | "u8" => ElementType::Integer(8),
        "c8" => ElementType::Complex(8),
        "c16" => ElementType::Complex(16),
        _ => ElementType::Other,
    };
    heap.dtype(element, order).map(Value::Dtype)
}

/// The state of a type: `(version, byte order, ...)`.
pub(super) fn set_dtype<'a>(dtype: Id, state: Value<'a>, heap: &mut Heap<'a>) -> Result<()> {
    match heap.items(state) {
        Some([_, Value::Text(sign), ..]) => {
            let order = byte_order(sign);
            heap.set_order(dtype, order)
        }
        _ => Ok(()),
    }
}

/// NumPy writes `=` and `|` where there is nothing to choose; all machines that train are
/// little-endian.
fn byte_order(sign: &str) -> ByteOrder {
    if sign == ">" { ByteOrder::Big } else { ByteOrder::Little }
}

/// The state of an array: `(version, shape, type, whether columns come first, numbers)`.
pub(super) fn set_array<'a>(array: Id, state: Value<'a>, heap: &mut Heap<'a>) -> Result<()> {
    let Some(&[_, shape, dtype, columns_first, numbers]) = heap.items(state) else {
        return Err(damaged("an array is not described by shape, type and numbers"));
    };
    let is_columns_first = matches!(columns_first, Value::Bool(true) | Value::Int(1));
    describe(array, [numbers, dtype, shape], is_columns_first, heap)
}

/// `_frombuffer(numbers, type, shape, order)`, as protocol 5 has it.
pub(super) fn from_buffer<'a>(
    parts: [Value<'a>; 3],
    is_columns_first: bool,
    heap: &mut Heap<'a>,
) -> Result<Value<'a>> {
    let array = heap.array()?;
    describe(array, parts, is_columns_first, heap)?;
    Ok(Value::Array(array))
}

/// Makes a tensor of an array. One of other things than numbers stays without.
fn describe<'a>(
    array: Id,
    [numbers, dtype, shape]: [Value<'a>; 3],
    is_columns_first: bool,
    heap: &mut Heap<'a>,
) -> Result<()> {
    let (Value::Dtype(dtype), Value::Tuple(size)) = (dtype, shape) else {
        return Ok(());
    };
    let (element, order) = heap.dtype_at(dtype)?;
    let (place, bytes) = match numbers {
        Value::Bytes(bytes) => (Place::Bytes(bytes, order), bytes.len() as u64),
        // A string of Python 2.
        Value::Text(text) => (Place::Bytes(text.as_bytes(), order), text.len() as u64),
        Value::Latin1(text) => {
            (Place::Latin1(text, order), element.size().saturating_mul(elements(size, heap)))
        }
        _ => return Ok(()),
    };
    if element == ElementType::Other {
        return Ok(());
    }
    let total = bytes / element.size();
    let stride = strides(size, is_columns_first, heap)?;
    let storage = heap.storage(Storage { place, element, total, start: 0, length: total })?;
    let tensor = heap.tensor(Tensor { storage, element, offset: 0, size, stride })?;
    heap.set_array(array, tensor)
}

fn elements(size: Span, heap: &Heap<'_>) -> u64 {
    heap.tuple_items(size).iter().fold(1, |product: u64, extent| match extent {
        Value::Int(extent @ 0..) => product.saturating_mul(extent.unsigned_abs()),
        _ => u64::MAX,
    })
}

/// The strides of numbers without gaps.
fn strides<'a>(size: Span, is_columns_first: bool, heap: &mut Heap<'a>) -> Result<Span> {
    let mut next: i64 = 1;
    let mut take = |extent: &Value<'a>| {
        let stride = Value::Int(next);
        if let Value::Int(extent) = extent {
            next = next.saturating_mul((*extent).max(1));
        }
        stride
    };
    let extents = heap.tuple_items(size).iter();
    let strides: Vec<_> = if is_columns_first {
        extents.map(&mut take).collect()
    } else {
        let mut strides: Vec<_> = extents.rev().map(&mut take).collect();
        strides.reverse();
        strides
    };
    heap.tuple(&strides)
}
