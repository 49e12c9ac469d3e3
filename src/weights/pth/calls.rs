//! What a call in a pickle describes. Nothing is called: each case builds one value.

use super::heap::Heap;
use super::value::{ElementType, Global, Id, Place, Storage, Tensor, Value};
use super::{cursor::Cursor, legacy, numpy};
use crate::error::{Error, Result};
use crate::weights::floats::ByteOrder;
use crate::weights::state::damaged;

/// The longest key of a storage, in bytes: PyTorch writes a counter or an address.
const LONGEST_KEY: usize = 64;

/// The value that `callable(*arguments)` describes.
pub(super) fn describe<'a>(
    callable: Value<'a>,
    arguments: Value<'a>,
    heap: &mut Heap<'a>,
) -> Result<Value<'a>> {
    let global = match callable {
        Value::Global(global) => global,
        // An object that was made by a call, such as a class.
        Value::Object(_) => Global::Other,
        _ => return Err(Error::WeightsUnsafe("it calls something that is not a function".into())),
    };
    let Value::Tuple(span) = arguments else {
        return Err(damaged("a call has no tuple of arguments"));
    };
    let items = heap.tuple_items(span);
    match (global, items) {
        (Global::OrderedDict, [Value::List(pairs)]) => {
            // Python 2 gives the entries as a list of pairs.
            let pairs = *pairs;
            ordered_dict(pairs, heap)
        }
        (Global::Container, [made_from @ (Value::List(_) | Value::Dict(_)), ..]) => Ok(*made_from),
        // A deque or a set, to which items may be added.
        (Global::Container, [Value::Tuple(items), ..]) => {
            let items = heap.tuple_items(*items).to_vec();
            heap.list(items).map(Value::List)
        }
        (Global::OrderedDict | Global::Container, _) => Ok(Value::Dict(heap.dict()?)),
        (Global::RebuildTensor | Global::QuantisedTensor, [storage, offset, size, stride, ..]) => {
            let element = match (global, storage) {
                (Global::QuantisedTensor, _) => ElementType::Quantised(1),
                (_, Value::Storage(storage)) => heap.storage_at(*storage)?.element,
                _ => ElementType::Other,
            };
            tensor([*storage, *offset, *size, *stride], element, heap)
        }
        (Global::TypedTensor, [storage, offset, size, stride, _, _, element, ..]) => {
            let Value::Global(Global::NumberType(element)) = *element else {
                return Err(damaged("a tensor's type is none"));
            };
            tensor([*storage, *offset, *size, *stride], element, heap)
        }
        (Global::Parameter, [tensor @ (Value::Tensor(_) | Value::Array(_)), ..])
        | (Global::DeviceTensor, [tensor @ Value::Array(_), ..]) => Ok(*tensor),
        (Global::FromType, [function @ Value::Global(inner), _, arguments, ..])
            if *inner != Global::FromType =>
        {
            describe(*function, *arguments, heap)
        }
        (Global::Size, [size @ (Value::Tuple(_) | Value::List(_))]) => Ok(*size),
        (Global::Encode, [Value::Text(text), Value::Text("latin1" | "latin-1")]) => {
            Ok(Value::Latin1(text))
        }
        // No bytes are written as a call without arguments, or of no text.
        (Global::Encode | Global::Scalar | Global::Attribute, _) => Ok(Value::Inert),
        (Global::LoadFromBytes, [Value::Bytes(file), ..]) => {
            let file = *file;
            load_from_bytes(file, heap)
        }
        (Global::LoadFromBytes, _) => Err(Error::WeightsUnsupportedContainer(
            "its storages are written as text (pickle protocol 2, without torch.save)".into(),
        )),
        (Global::Dtype, [Value::Text(name), ..]) => {
            let name = *name;
            numpy::dtype(name, heap)
        }
        (Global::Dtype, _) => numpy::dtype("", heap),
        (Global::NewArray, _) => heap.array().map(Value::Array),
        (Global::FromBuffer, [bytes, dtype, shape, order]) => {
            numpy::from_buffer([*bytes, *dtype, *shape], *order == Value::Text("F"), heap)
        }
        (
            Global::RebuildTensor
            | Global::TypedTensor
            | Global::QuantisedTensor
            | Global::Parameter,
            _,
        ) => Err(damaged("a tensor is described by arguments that make no sense")),
        _ => object(arguments, heap),
    }
}

/// An instance of a class that is not needed: it holds what it was made from.
pub(super) fn object<'a>(arguments: Value<'a>, heap: &mut Heap<'a>) -> Result<Value<'a>> {
    let object = heap.dict()?;
    if heap.items(arguments).is_some_and(|items| items.iter().any(|item| item.has_parts())) {
        heap.insert(object, Value::Own, arguments)?;
    }
    Ok(Value::Object(object))
}

/// What `BUILD` does: sets the state of an object.
pub(super) fn set_state<'a>(of: Value<'a>, state: Value<'a>, heap: &mut Heap<'a>) -> Result<()> {
    match of {
        Value::Object(object) => {
            // Attributes in a dictionary, or beside those that are in slots.
            let parts = match (state, heap.items(state)) {
                (Value::Tuple(_), Some(&[attributes, slots])) => [attributes, slots],
                _ => [state, Value::None],
            };
            for part in parts {
                heap.has_module |= is_of_module(part, heap);
                if part.has_parts() {
                    heap.insert(object, Value::Own, part)?;
                }
            }
            Ok(())
        }
        Value::Array(array) => numpy::set_array(array, state, heap),
        Value::Dtype(dtype) => numpy::set_dtype(dtype, state, heap),
        // PyTorch attaches module versions to a state dict, and hooks to tensors; they are dropped.
        _ => Ok(()),
    }
}

/// Whether these are the attributes of `torch.nn.Module`.
fn is_of_module(attributes: Value<'_>, heap: &Heap<'_>) -> bool {
    let Value::Dict(dict) = attributes else {
        return false;
    };
    let mut entries = heap.entries(dict).unwrap_or_default().iter();
    entries.any(|(key, _)| *key == Value::Text("_modules"))
}

fn tensor<'a>(
    parts: [Value<'a>; 4],
    element: ElementType,
    heap: &mut Heap<'a>,
) -> Result<Value<'a>> {
    let [Value::Storage(storage), Value::Int(offset @ 0..), size, stride] = parts else {
        return Err(damaged("a tensor is not described by storage, offset, size and stride"));
    };
    let mut extents = |value| match value {
        Value::Tuple(span) => Ok(span),
        Value::List(list) => {
            let items = heap.list_items(list)?.to_vec();
            heap.tuple(&items)
        }
        _ => Err(damaged("a tensor's size or stride is no tuple")),
    };
    let (size, stride) = (extents(size)?, extents(stride)?);
    let offset = offset.unsigned_abs();
    Ok(Value::Tensor(heap.tensor(Tensor { storage, element, offset, size, stride })?))
}

fn ordered_dict<'a>(pairs: Id, heap: &mut Heap<'a>) -> Result<Value<'a>> {
    let dict = heap.dict()?;
    let mut at = 0;
    while let Some(pair) = heap.list_items(pairs)?.get(at).copied() {
        let Some(&[key, value]) = heap.items(pair) else {
            return Err(damaged("an OrderedDict is not made of pairs"));
        };
        heap.insert(dict, key, value)?;
        at += 1;
    }
    Ok(Value::Dict(dict))
}

/// What a persistent id describes: a storage as
/// `("storage", type, key, location, elements[, view])`, where a view is `(key, start, elements)`;
/// or a class as `("module", class, file, source)`, when a module was saved before PyTorch 1.6.
pub(super) fn persistent<'a>(id: Value<'a>, heap: &mut Heap<'a>) -> Result<Value<'a>> {
    let wrong = || damaged("a persistent id does not describe a storage");
    let Value::Tuple(id) = id else {
        return Err(wrong());
    };
    let (element, key, total, view) = match heap.tuple_items(id) {
        [
            Value::Text("storage"),
            Value::Global(Global::StorageType(element)),
            Value::Text(key),
            _,
            Value::Int(total @ 0..),
            view @ ..,
        ] => (*element, *key, total.unsigned_abs(), view),
        [Value::Text("module"), class, ..] => return Ok(*class),
        _ => return Err(wrong()),
    };
    if key.len() > LONGEST_KEY {
        return Err(wrong());
    }
    let (start, length) = match view {
        [] | [Value::None] => (0, total),
        [Value::Tuple(view)] => match heap.tuple_items(*view) {
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
    let storage = Storage { place: Place::Key(key), element, total, start, length };
    Ok(Value::Storage(heap.storage(storage)?))
}

/// A storage in a pickle that `torch.save` did not write: a legacy file within the file.
fn load_from_bytes<'a>(file: &'a [u8], heap: &mut Heap<'a>) -> Result<Value<'a>> {
    if heap.is_nested {
        return Err(damaged("a storage is nested in a storage"));
    }
    heap.is_nested = true;
    let first = heap.storages().len();
    let mut cursor = Cursor::new(file, "a storage in the pickle");
    let (root, storages) = legacy::load(&mut cursor, heap)?;
    heap.is_nested = false;
    // The same bytes may be read many times.
    heap.charge(storages.pickled)?;
    heap.place_storages(first, |storage| match storage.place {
        Place::Key(key) => {
            let bytes = storages.by_key.get(key).copied().unwrap_or_default();
            Storage { place: Place::Bytes(bytes, ByteOrder::Little), ..*storage }
        }
        _ => *storage,
    });
    Ok(root)
}
