//! The heap that a pickle's [`Value`]s point into. Everything stored counts against one limit,
//! whatever the file's length.

use super::value::{Id, Storage, Tensor, Value};
use crate::error::{Error, Result};

/// Most values that one file may store. A tensor needs about 40, so this suffices for 3,000
/// tensors, in at most 13 MiB of memory.
const MOST_CELLS: usize = 1 << 17;

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
