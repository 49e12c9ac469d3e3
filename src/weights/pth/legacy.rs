//! The container that `torch.save` wrote before PyTorch 1.6.
//!
//! Five pickles in a row: a magic number, the version 1001, facts about the writing machine, the
//! objects, and the keys of the storages. Then each storage in that order, as its number of
//! elements in 8 bytes and its elements. Storages are always little-endian
//! (`torch/csrc/serialization.cpp`), so the facts about the machine are not needed.

use std::collections::BTreeMap;

use super::cursor::Cursor;
use super::heap::Heap;
use super::pickle;
use super::value::{ElementType, Value};
use crate::error::{Error, Result};
use crate::weights::state::{damaged, quote};

/// `LONG1` of ten bytes with 0x1950a86a20f9469cfc6c: the pickled magic number.
const MAGIC: [u8; 12] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// Most bytes before the magic number: the protocol's, and a frame's from protocol 4 on.
const BEFORE_MAGIC: usize = 11;

/// The only version there ever was.
const VERSION: i64 = 1001;

pub(super) fn recognises(bytes: &[u8]) -> bool {
    let start = bytes.get(..BEFORE_MAGIC + MAGIC.len()).unwrap_or(bytes);
    start.windows(MAGIC.len()).any(|window| window == MAGIC)
}

/// The storages of a file by their keys.
pub(super) type Storages<'a> = BTreeMap<&'a str, &'a [u8]>;

/// Reads the pickles into `heap`; returns the object that was saved, and its storages.
pub(super) fn open<'a>(bytes: &'a [u8], heap: &mut Heap<'a>) -> Result<(Value<'a>, Storages<'a>)> {
    let mut cursor = Cursor::new(bytes, "the file");
    pickle::load(&mut cursor, heap)?; // the magic number
    let version = pickle::load(&mut cursor, heap)?;
    if version != Value::Int(VERSION) {
        return Err(Error::WeightsUnsupportedContainer(format!("its version is not {VERSION}")));
    }
    pickle::load(&mut cursor, heap)?; // the writing machine
    let root = pickle::load(&mut cursor, heap)?;
    let keys = pickle::load(&mut cursor, heap)?;
    Ok((root, storages(&mut cursor, heap, keys)?))
}

/// Cuts out the storages. Their element types are known only from the objects.
fn storages<'a>(cursor: &mut Cursor<'a>, heap: &Heap<'a>, keys: Value<'a>) -> Result<Storages<'a>> {
    let mut elements = BTreeMap::<&str, ElementType>::new();
    for storage in heap.storages() {
        let known = elements.insert(storage.key, storage.element);
        if known.is_some_and(|known| known != storage.element) {
            return Err(damaged(format!("storage {} has two types", quote(storage.key))));
        }
    }
    let Value::List(keys) = keys else {
        return Err(damaged("it has no list of storages"));
    };
    let mut storages = BTreeMap::new();
    for key in heap.items(keys)? {
        let Value::Text(key) = *key else {
            return Err(damaged("a storage's key is no text"));
        };
        let Some(element) = elements.get(key) else {
            return Err(damaged(format!("storage {} belongs to no tensor", quote(key))));
        };
        let length = cursor.u64()?.saturating_mul(element.size());
        storages.insert(key, cursor.take(length)?);
    }
    Ok(storages)
}
