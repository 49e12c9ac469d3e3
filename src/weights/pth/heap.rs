//! The heap that a pickle's [`Value`]s point into. Everything stored counts against one limit.

use super::value::{ElementType, Id, Span, Storage, Tensor, Value};
use crate::error::{Error, Result};
use crate::weights::floats::ByteOrder;

/// What a file's objects may take in memory, in bytes: this, and three times the file's length.
const BESIDES: usize = 16 << 20;

/// Bytes of one value, with room for a vector's growth: while it doubles, it takes three times what
/// it holds.
pub(super) const CELL: usize = 3 * size_of::<Value<'_>>();

/// Every object that the pickles of one file built.
pub(super) struct Heap<'a> {
    /// The items of all tuples.
    tuples: Vec<Value<'a>>,
    lists: Vec<Vec<Value<'a>>>,
    dicts: Vec<Vec<(Value<'a>, Value<'a>)>>,
    storages: Vec<Storage<'a>>,
    tensors: Vec<Tensor>,
    dtypes: Vec<(ElementType, ByteOrder)>,
    /// Arrays of NumPy, each with the tensor that it equals, once it is described.
    arrays: Vec<Option<Id>>,
    /// Bytes that may still be taken.
    left: usize,
    /// Whether a module was saved as an object.
    pub(super) has_module: bool,
    /// Whether a file within the file is being read.
    pub(super) is_nested: bool,
}

impl<'a> Heap<'a> {
    /// An empty heap for a file of `length` bytes.
    pub(super) fn new(length: usize) -> Self {
        Self {
            tuples: Vec::new(),
            lists: Vec::new(),
            dicts: Vec::new(),
            storages: Vec::new(),
            tensors: Vec::new(),
            dtypes: Vec::new(),
            arrays: Vec::new(),
            left: length.saturating_mul(3).saturating_add(BESIDES),
            has_module: false,
            is_nested: false,
        }
    }

    /// Counts bytes that are about to be taken.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            Error::WeightsTooLarge("its pickle builds more than the file can hold".into())
        })?;
        Ok(())
    }

    /// Bytes that may still be taken.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    pub(super) fn tuple(&mut self, items: &[Value<'a>]) -> Result<Span> {
        self.charge(CELL * items.len())?;
        let start = self.tuples.len() as u32;
        self.tuples.extend_from_slice(items);
        Ok(Span { start, length: items.len() as u32 })
    }

    /// A new list of these items.
    pub(super) fn list(&mut self, items: Vec<Value<'a>>) -> Result<Id> {
        // The first item makes room for four.
        self.charge(CELL + 4 * size_of::<Value<'_>>() + CELL * items.len())?;
        self.lists.push(items);
        Ok(self.lists.len() - 1)
    }

    /// A new dictionary or object.
    pub(super) fn dict(&mut self) -> Result<Id> {
        self.charge(2 * CELL)?;
        self.dicts.push(Vec::new());
        Ok(self.dicts.len() - 1)
    }

    pub(super) fn storage(&mut self, storage: Storage<'a>) -> Result<Id> {
        self.charge(3 * size_of::<Storage<'_>>())?;
        self.storages.push(storage);
        Ok(self.storages.len() - 1)
    }

    pub(super) fn tensor(&mut self, tensor: Tensor) -> Result<Id> {
        self.charge(3 * size_of::<Tensor>())?;
        self.tensors.push(tensor);
        Ok(self.tensors.len() - 1)
    }

    pub(super) fn dtype(&mut self, element: ElementType, order: ByteOrder) -> Result<Id> {
        self.charge(CELL)?;
        self.dtypes.push((element, order));
        Ok(self.dtypes.len() - 1)
    }

    /// An array that is described later.
    pub(super) fn array(&mut self) -> Result<Id> {
        self.charge(CELL)?;
        self.arrays.push(None);
        Ok(self.arrays.len() - 1)
    }

    pub(super) fn append(&mut self, list: Id, items: &[Value<'a>]) -> Result<()> {
        for item in items {
            let list = self.lists.get_mut(list).ok_or_else(dangling)?;
            // Losses of a whole training, for example.
            match (list.last_mut(), item) {
                (Some(last @ Value::Inert), Value::Inert) => *last = Value::Inerts(2),
                (Some(Value::Inerts(count)), Value::Inert) => *count = count.saturating_add(1),
                _ => {
                    list.push(*item);
                    self.charge(CELL)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn insert(&mut self, dict: Id, key: Value<'a>, value: Value<'a>) -> Result<()> {
        // Listing takes some more for a moment.
        self.charge(2 * CELL + 24)?;
        let dict = self.dicts.get_mut(dict).ok_or_else(dangling)?;
        dict.push((key, value));
        Ok(())
    }

    /// Says where the numbers of the storages from `first` on are.
    pub(super) fn place_storages(
        &mut self,
        first: Id,
        place: impl Fn(&Storage<'a>) -> Storage<'a>,
    ) {
        for storage in self.storages.iter_mut().skip(first) {
            *storage = place(storage);
        }
    }

    pub(super) fn set_array(&mut self, array: Id, tensor: Id) -> Result<()> {
        *self.arrays.get_mut(array).ok_or_else(dangling)? = Some(tensor);
        Ok(())
    }

    pub(super) fn set_order(&mut self, dtype: Id, order: ByteOrder) -> Result<()> {
        self.dtypes.get_mut(dtype).ok_or_else(dangling)?.1 = order;
        Ok(())
    }

    pub(super) fn tuple_items(&self, span: Span) -> &[Value<'a>] {
        let start = span.start as usize;
        self.tuples.get(start..start + span.length as usize).unwrap_or_default()
    }

    pub(super) fn list_items(&self, id: Id) -> Result<&[Value<'a>]> {
        self.lists.get(id).map(Vec::as_slice).ok_or_else(dangling)
    }

    /// The items of a tuple or a list; `None` for anything else.
    pub(super) fn items(&self, value: Value<'a>) -> Option<&[Value<'a>]> {
        match value {
            Value::Tuple(span) => Some(self.tuple_items(span)),
            Value::List(id) => self.lists.get(id).map(Vec::as_slice),
            _ => None,
        }
    }

    /// The entries of a dictionary or an object in insertion order; a key's last entry counts.
    pub(super) fn entries(&self, id: Id) -> Result<&[(Value<'a>, Value<'a>)]> {
        self.dicts.get(id).map(Vec::as_slice).ok_or_else(dangling)
    }

    pub(super) fn storages(&self) -> &[Storage<'a>] {
        &self.storages
    }

    pub(super) fn storage_at(&self, id: Id) -> Result<Storage<'a>> {
        self.storages.get(id).copied().ok_or_else(dangling)
    }

    pub(super) fn tensor_at(&self, id: Id) -> Result<(Tensor, Storage<'a>)> {
        let tensor = self.tensors.get(id).copied().ok_or_else(dangling)?;
        Ok((tensor, self.storage_at(tensor.storage)?))
    }

    pub(super) fn dtype_at(&self, id: Id) -> Result<(ElementType, ByteOrder)> {
        self.dtypes.get(id).copied().ok_or_else(dangling)
    }

    /// The tensor that an array equals; `None` if its elements are no numbers.
    pub(super) fn array_at(&self, id: Id) -> Result<Option<Id>> {
        self.arrays.get(id).copied().ok_or_else(dangling)
    }
}

/// Only the heap makes handles, so this would be a bug in this module.
fn dangling() -> Error {
    Error::WeightsDamaged("a reference inside the pickle leads nowhere".into())
}
