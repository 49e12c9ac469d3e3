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
use super::value::{ElementType, Place, Storage, Value};
use crate::error::{Error, Result};
use crate::weights::state::{damaged, quote};

/// `LONG1` of ten bytes with 0x1950a86a20f9469cfc6c: the pickled magic number.
const MAGIC: [u8; 12] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// The same as text, in the protocols 0 and 1.
const MAGIC_TEXT: &[u8] = b"L119547037146038801333356L\n";

/// Most bytes before the magic number: the protocol's, and a frame's from protocol 4 on.
const BEFORE_MAGIC: usize = 11;

/// The only version there ever was.
const VERSION: i64 = 1001;

pub(super) fn recognises(bytes: &[u8]) -> bool {
    if bytes.starts_with(MAGIC_TEXT) {
        return true;
    }
    let start = bytes.get(..BEFORE_MAGIC + MAGIC.len()).unwrap_or(bytes);
    start.windows(MAGIC.len()).any(|window| window == MAGIC)
}

/// The storages of a file.
pub(super) struct Storages<'a> {
    pub(super) by_key: BTreeMap<&'a str, &'a [u8]>,
    /// The length of the pickles before them, in bytes.
    pub(super) pickled: usize,
}

/// Reads the pickles into `heap`; returns the object that was saved, and its storages.
pub(super) fn load<'a>(
    cursor: &mut Cursor<'a>,
    heap: &mut Heap<'a>,
) -> Result<(Value<'a>, Storages<'a>)> {
    let (length, first) = (cursor.left(), heap.storages().len());
    pickle::load(cursor, heap)?; // the magic number
    let version = pickle::load(cursor, heap)?;
    if version != Value::Int(VERSION) {
        return Err(Error::WeightsUnsupportedContainer(format!("its version is not {VERSION}")));
    }
    pickle::load(cursor, heap)?; // the writing machine
    let root = pickle::load(cursor, heap)?;
    let keys = pickle::load(cursor, heap)?;
    let pickled = length - cursor.left();
    let described = heap.storages().get(first..).unwrap_or_default();
    let by_key = storages(cursor, described, heap.items(keys))?;
    Ok((root, Storages { by_key, pickled }))
}

/// Cuts out the storages. Their element types are known only from the objects.
fn storages<'a>(
    cursor: &mut Cursor<'a>,
    described: &[Storage<'a>],
    keys: Option<&[Value<'a>]>,
) -> Result<BTreeMap<&'a str, &'a [u8]>> {
    let mut elements = BTreeMap::<&str, ElementType>::new();
    for storage in described {
        let Place::Key(key) = storage.place else { continue };
        let known = elements.insert(key, storage.element);
        if known.is_some_and(|known| known != storage.element) {
            return Err(damaged(format!("storage {} has two types", quote(key))));
        }
    }
    let keys = keys.ok_or_else(|| damaged("it has no list of storages"))?;
    let mut storages = BTreeMap::new();
    for key in keys {
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
