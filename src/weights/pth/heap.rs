//! What a pickle builds: small values, and a heap that they point into.
//!
//! Values are handles, so copying one is free and a pickle that repeats itself by reference does
//! not grow. Text is borrowed from the file. Everything stored counts against one limit, whatever
//! the file's length.

use super::globals::{Callable, ElementType};
use crate::error::{Error, Result};

/// Most values that one file may store. A tensor needs about 40, so this suffices for 3,000
/// tensors, in at most 13 MiB of memory.
const MOST_CELLS: usize = 1 << 17;

/// Index of a tuple, list, dictionary, storage or tensor in its part of the heap.
pub(super) type Id = usize;

/// A Python object, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    Text(&'a str),
    /// Floats, bytes and integers beyond 64 bits: skipped, because no tensor depends on them.
    Inert,
    Tuple(Id),
    /// A list or a set.
    List(Id),
    Dict(Id),
    Callable(Callable),
    Storage(Id),
    Tensor(Id),
}

/// A run of numbers in the file: a whole storage, or a window of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Storage<'a> {
    /// Its name among the storages of the file.
    pub(super) key: &'a str,
    pub(super) element: ElementType,
    /// Elements of the whole storage.
    pub(super) total: u64,
    /// First element of the window and their number.
    pub(super) start: u64,
    pub(super) length: u64,
}

/// A tensor's description: which elements of which storage, in which order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tensor {
    pub(super) storage: Id,
    /// First element, counted from the start of the storage's window.
    pub(super) offset: u64,
    /// Tuples of integers, in elements.
    pub(super) size: Id,
    pub(super) stride: Id,
}

/// Every object that the pickles of one file built.
#[derive(Default)]
pub(super) struct Heap<'a> {
    sequences: Vec<Vec<Value<'a>>>,
    dicts: Vec<Vec<(Value<'a>, Value<'a>)>>,
    storages: Vec<Storage<'a>>,
    tensors: Vec<Tensor>,
    cells: usize,
}

impl<'a> Heap<'a> {
    /// Counts values that are about to be stored.
    pub(super) fn charge(&mut self, cells: usize) -> Result<()> {
        self.cells = self.cells.saturating_add(cells);
        if self.cells > MOST_CELLS {
            let detail = format!("its pickle builds more than {MOST_CELLS} values");
            return Err(Error::WeightsTooLarge(detail));
        }
        Ok(())
    }

    /// A new tuple or list; the caller wraps the id in the matching variant.
    pub(super) fn sequence(&mut self, items: Vec<Value<'a>>) -> Result<Id> {
        self.charge(1 + items.len())?;
        self.sequences.push(items);
        Ok(self.sequences.len() - 1)
    }

    pub(super) fn dict(&mut self) -> Result<Id> {
        self.charge(1)?;
        self.dicts.push(Vec::new());
        Ok(self.dicts.len() - 1)
    }

    pub(super) fn storage(&mut self, storage: Storage<'a>) -> Result<Id> {
        self.charge(4)?;
        self.storages.push(storage);
        Ok(self.storages.len() - 1)
    }

    pub(super) fn tensor(&mut self, tensor: Tensor) -> Result<Id> {
        self.charge(2)?;
        self.tensors.push(tensor);
        Ok(self.tensors.len() - 1)
    }

    pub(super) fn append(&mut self, list: Id, items: &[Value<'a>]) -> Result<()> {
        self.charge(items.len())?;
        let list = self.sequences.get_mut(list).ok_or_else(dangling)?;
        list.extend_from_slice(items);
        Ok(())
    }

    pub(super) fn insert(&mut self, dict: Id, key: Value<'a>, value: Value<'a>) -> Result<()> {
        self.charge(2)?;
        let dict = self.dicts.get_mut(dict).ok_or_else(dangling)?;
        dict.push((key, value));
        Ok(())
    }

    /// The items of a tuple or a list.
    pub(super) fn items(&self, id: Id) -> Result<&[Value<'a>]> {
        self.sequences.get(id).map(Vec::as_slice).ok_or_else(dangling)
    }

    /// The entries of a dictionary in insertion order; a key's last entry counts.
    pub(super) fn entries(&self, id: Id) -> Result<&[(Value<'a>, Value<'a>)]> {
        self.dicts.get(id).map(Vec::as_slice).ok_or_else(dangling)
    }

    pub(super) fn storages(&self) -> &[Storage<'a>] {
        &self.storages
    }

    pub(super) fn tensor_at(&self, id: Id) -> Result<(Tensor, Storage<'a>)> {
        let tensor = self.tensors.get(id).copied().ok_or_else(dangling)?;
        let storage = self.storages.get(tensor.storage).copied().ok_or_else(dangling)?;
        Ok((tensor, storage))
    }
}

/// Only the heap makes handles, so this would be a bug in this module.
fn dangling() -> Error {
    Error::WeightsDamaged("a reference inside the pickle leads nowhere".into())
}
