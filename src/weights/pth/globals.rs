//! The Python names that a file of tensors may mention, and what they mean here.
//!
//! In Python a pickle can name any function and have it called; that is how such files run code.
//! Here a name is looked up in this list, which yields a constant; any other name ends the reading
//! with `weights-unsafe`.

use super::heap::Heap;
use super::value::{Callable, ElementType, Storage, Tensor, Value};
use crate::error::{Error, Result};
use crate::weights::floats::FloatType;
use crate::weights::state::{damaged, quote};

/// The longest key of a storage, in bytes: PyTorch writes a counter or an address.
const LONGEST_KEY: usize = 64;

/// Looks a name up.
pub(super) fn find(module: &str, name: &str) -> Result<Callable> {
    let found = match (module, name) {
        ("collections", "OrderedDict") => Some(Callable::OrderedDict),
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(Callable::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") => Some(Callable::RebuildParameter),
        ("torch", "Size") => Some(Callable::Size),
        ("torch", "float32" | "float16" | "bfloat16" | "float64" | "int64") => {
            Some(Callable::NumberType)
        }
        ("torch" | "torch.cuda", name) => storage_type(name).map(Callable::StorageType),
        _ => None,
    };
    found.ok_or_else(|| Error::WeightsUnsafe(format!("it names {}.{}", quote(module), quote(name))))
}

fn storage_type(name: &str) -> Option<ElementType> {
    Some(match name {
        "FloatStorage" => ElementType::Float(FloatType::F32),
        "HalfStorage" => ElementType::Float(FloatType::F16),
        "BFloat16Storage" => ElementType::Float(FloatType::BF16),
        "ByteStorage" | "CharStorage" | "BoolStorage" => ElementType::Integer(1),
        "ShortStorage" => ElementType::Integer(2),
        "IntStorage" => ElementType::Integer(4),
        "LongStorage" => ElementType::Integer(8),
        "DoubleStorage" => ElementType::Float(FloatType::F64),
        "ComplexFloatStorage" => ElementType::Other("complex64", 8),
        "ComplexDoubleStorage" => ElementType::Other("complex128", 16),
        _ => return None,
    })
}

/// The value that `callable(*arguments)` describes. Nothing is called: each case builds one value.
pub(super) fn describe<'a>(
    callable: Value<'a>,
    arguments: Value<'a>,
    heap: &mut Heap<'a>,
) -> Result<Value<'a>> {
    let Value::Tuple(arguments) = arguments else {
        return Err(damaged("a call has no tuple of arguments"));
    };
    let arguments = heap.items(arguments)?;
    match (callable, arguments) {
        (Value::Callable(Callable::OrderedDict), []) => Ok(Value::Dict(heap.dict()?)),
        // Python 2 gives the entries as a list of pairs.
        (Value::Callable(Callable::OrderedDict), [Value::List(pairs)]) => {
            ordered_dict(*pairs, heap)
        }
        (Value::Callable(Callable::RebuildTensor), [storage, offset, size, stride, ..]) => {
            match (*storage, *offset, *size, *stride) {
                (
                    Value::Storage(storage),
                    Value::Int(offset @ 0..),
                    Value::Tuple(size),
                    Value::Tuple(stride),
                ) => {
                    let offset = offset.unsigned_abs();
                    Ok(Value::Tensor(heap.tensor(Tensor { storage, offset, size, stride })?))
                }
                _ => Err(damaged("a tensor is not described by storage, offset, size and stride")),
            }
        }
        (Value::Callable(Callable::RebuildParameter), [tensor @ Value::Tensor(_), ..]) => {
            Ok(*tensor)
        }
        (Value::Callable(Callable::Size), [Value::Tuple(size) | Value::List(size)]) => {
            Ok(Value::Tuple(*size))
        }
        (Value::Callable(Callable::StorageType(_) | Callable::NumberType), _) => {
            Err(Error::WeightsUnsafe("it calls a type of numbers".into()))
        }
        (Value::Callable(_), _) => Err(damaged("a call has arguments that make no sense")),
        _ => Err(Error::WeightsUnsafe("it calls something that is not a function".into())),
    }
}

fn ordered_dict<'a>(pairs: usize, heap: &mut Heap<'a>) -> Result<Value<'a>> {
    let dict = heap.dict()?;
    let mut at = 0;
    while let Some(pair) = heap.items(pairs)?.get(at).copied() {
        let (Value::List(pair) | Value::Tuple(pair)) = pair else {
            return Err(damaged("an OrderedDict is not made of pairs"));
        };
        let &[key, value] = heap.items(pair)? else {
            return Err(damaged("an OrderedDict is not made of pairs"));
        };
        heap.insert(dict, key, value)?;
        at += 1;
    }
    Ok(Value::Dict(dict))
}

/// The storage that a persistent id describes:
/// `("storage", type, key, location, elements[, view])`, where a view is `(key, start, elements)`.
pub(super) fn storage<'a>(id: Value<'a>, heap: &mut Heap<'a>) -> Result<Value<'a>> {
    let wrong = || damaged("a persistent id does not describe a storage");
    let Value::Tuple(id) = id else {
        return Err(wrong());
    };
    let [
        Value::Text("storage"),
        Value::Callable(Callable::StorageType(element)),
        key,
        _,
        total,
        view @ ..,
    ] = heap.items(id)?
    else {
        return Err(wrong());
    };
    let (Value::Text(key), Value::Int(total @ 0..)) = (*key, *total) else {
        return Err(wrong());
    };
    if key.len() > LONGEST_KEY {
        return Err(wrong());
    }
    let total = total.unsigned_abs();
    let (start, length) = match view {
        [] | [Value::None] => (0, total),
        [Value::Tuple(view)] => match heap.items(*view)? {
            [_, Value::Int(start @ 0..), Value::Int(length @ 0..)] => {
                (start.unsigned_abs(), length.unsigned_abs())
            }
            _ => return Err(wrong()),
        },
        _ => return Err(wrong()),
    };
    if start.checked_add(length).is_none_or(|end| end > total) {
        return Err(damaged("a view reaches beyond its storage"));
    }
    let storage = Storage { key, element: *element, total, start, length };
    Ok(Value::Storage(heap.storage(storage)?))
}
