//! The container that `torch.save` writes since PyTorch 1.6: a zip archive of stored entries.
//!
//! `<root>/data.pkl` describes the tensors, `<root>/data/<key>` are the storages as raw numbers,
//! and `<root>/byteorder` may say `big`. Format: PKWARE's APPNOTE, sections 4.3 and 4.4. Sizes come
//! from the central directory, because PyTorch leaves them out of the local headers.

use std::collections::BTreeMap;

use super::{cursor::Cursor, heap::Heap, pickle, value::Value};
use crate::error::{Error, Result};
use crate::weights::floats::ByteOrder;
use crate::weights::state::{damaged, quote};
use crate::weights::unknown;

const LOCAL_HEADER: [u8; 4] = *b"PK\x03\x04";
const CENTRAL_HEADER: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const END_64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";

/// Bytes of the end record without its comment, and of the zip64 locator before it.
const END_LENGTH: usize = 22;
const LOCATOR_LENGTH: usize = 20;

/// The longest comment that can follow the end record.
const LONGEST_COMMENT: usize = u16::MAX as usize;

pub(super) fn recognises(bytes: &[u8]) -> bool {
    bytes.starts_with(&LOCAL_HEADER)
}

/// Reads `data.pkl` into `heap`; returns the object that was saved, and where its storages are.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    heap: &mut Heap<'a>,
) -> Result<(Value<'a>, Archive<'a>, ByteOrder)> {
    let archive = Archive::open(bytes)?;
    if archive.is_program() {
        return Err(Error::WeightsTorchscript("the archive holds code".into()));
    }
    let Some(pickle) = archive.entry("data.pkl")? else {
        let names = archive.entries.keys().copied();
        return Err(Error::WeightsNotRecognised(unknown::archive(names).into()));
    };
    let order = match archive.entry("byteorder")? {
        None | Some(b"little") => ByteOrder::Little,
        Some(b"big") => ByteOrder::Big,
        Some(other) => {
            let detail = format!("byte order {}", quote(&String::from_utf8_lossy(other)));
            return Err(Error::WeightsUnsupportedContainer(detail));
        }
    };
    let root = pickle::load(&mut Cursor::new(pickle, "data.pkl"), heap)?;
    Ok((root, archive, order))
}

/// An entry as the central directory lists it.
struct Entry {
    flags: u16,
    method: u16,
    packed: u64,
    size: u64,
    header: u64,
}

/// The entries in the folder of `data.pkl`, by their paths relative to it.
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    entries: BTreeMap<&'a [u8], Entry>,
}

impl<'a> Archive<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self> {
        let (count, offset) = directory(bytes)?;
        let start = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
        let start = start.ok_or_else(|| damaged("its directory lies outside the file"))?;
        let mut cursor = Cursor::new(start, "the archive's directory");
        let mut entries = BTreeMap::new();
        let mut root: Option<&[u8]> = None;
        for _ in 0..count {
            let (name, entry) = central_entry(&mut cursor)?;
            if root.is_none() {
                root =
                    name.strip_suffix(b"data.pkl").filter(|root| matches!(root, [] | [.., b'/']));
            }
            if entries.insert(name, entry).is_some() {
                return Err(damaged("two entries of the archive have one name"));
            }
        }
        let root = root.unwrap_or_default();
        let below_root = |(name, entry): (&'a [u8], Entry)| Some((name.strip_prefix(root)?, entry));
        let entries = entries.into_iter().filter_map(below_root).collect();
        Ok(Self { bytes, entries })
    }

    /// Whether TorchScript wrote it.
    fn is_program(&self) -> bool {
        self.entries.keys().any(|name| *name == b"constants.pkl" || name.starts_with(b"code/"))
    }

    /// The bytes of a storage; `None` if there is none with this key.
    pub(super) fn storage(&self, key: &str) -> Result<Option<&'a [u8]>> {
        self.entry(&format!("data/{key}"))
    }

    /// The bytes of an entry; `None` if there is no such entry.
    fn entry(&self, name: &str) -> Result<Option<&'a [u8]>> {
        let Some(entry) = self.entries.get(name.as_bytes()) else {
            return Ok(None);
        };
        if entry.flags & 1 != 0 {
            let detail = format!("its entry {} is encrypted", quote(name));
            return Err(Error::WeightsUnsupportedContainer(detail));
        }
        if entry.method != 0 {
            let detail = format!("its entry {} is compressed", quote(name));
            return Err(Error::WeightsUnsupportedContainer(detail));
        }
        if entry.packed != entry.size {
            return Err(damaged("an entry that is not compressed has two sizes"));
        }
        let header = usize::try_from(entry.header).ok().and_then(|at| self.bytes.get(at..));
        let header = header.ok_or_else(|| damaged("an entry lies outside the file"))?;
        let mut cursor = Cursor::new(header, "an entry of the archive");
        if cursor.array()? != LOCAL_HEADER {
            return Err(damaged("its directory leads to something that is no entry"));
        }
        cursor.take(22)?; // repeated from the directory, less reliably
        let (name, extra) = (cursor.u16()?, cursor.u16()?);
        cursor.take(u64::from(name) + u64::from(extra))?;
        cursor.take(entry.size).map(Some)
    }
}

/// The number of entries and the start of the directory, from the end of the file.
fn directory(bytes: &[u8]) -> Result<(u64, u64)> {
    let tail_start = bytes.len().saturating_sub(END_LENGTH + LONGEST_COMMENT);
    let tail = bytes.get(tail_start..).unwrap_or_default();
    // The end record is last, except for a comment whose length it gives.
    let is_end = |at: &usize| match tail.get(*at..*at + END_LENGTH) {
        Some([record @ .., low, high]) => {
            let comment = usize::from(u16::from_le_bytes([*low, *high]));
            record.starts_with(&END) && at + END_LENGTH + comment == tail.len()
        }
        _ => false,
    };
    let at = (0..tail.len()).rev().find(is_end).map(|at| tail_start + at);
    let Some(at) = at else {
        return Err(Error::WeightsTruncated(
            "the archive's directory at its end is missing".into(),
        ));
    };
    let mut end = Cursor::new(bytes.get(at + 4..).unwrap_or_default(), "the archive's end record");
    end.take(6)?; // disks, no longer in use, and entries on this one
    let (count, _, offset) = (end.u16()?, end.u32()?, end.u32()?);

    let locator = at.checked_sub(LOCATOR_LENGTH).and_then(|at| bytes.get(at..));
    match locator {
        Some(locator) if locator.starts_with(&LOCATOR_64) => {
            let mut locator = Cursor::new(locator, "the archive's zip64 locator");
            locator.take(8)?; // signature and disk
            let at = usize::try_from(locator.u64()?).ok().and_then(|at| bytes.get(at..));
            let at = at.ok_or_else(|| damaged("its zip64 record lies outside the file"))?;
            let mut record = Cursor::new(at, "the archive's zip64 record");
            if record.array()? != END_64 {
                return Err(damaged("its zip64 record is missing"));
            }
            record.take(28)?; // length, versions, disks, entries on this one
            let (count, _, offset) = (record.u64()?, record.u64()?, record.u64()?);
            Ok((count, offset))
        }
        _ => Ok((count.into(), offset.into())),
    }
}

/// Reads one entry of the central directory.
fn central_entry<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a [u8], Entry)> {
    if cursor.array()? != CENTRAL_HEADER {
        return Err(damaged("its directory has fewer entries than it claims"));
    }
    cursor.take(4)?; // versions
    let (flags, method) = (cursor.u16()?, cursor.u16()?);
    cursor.take(8)?; // time, date, checksum
    let (packed, size) = (cursor.u32()?, cursor.u32()?);
    let (name, extra, comment) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    cursor.take(8)?; // disk and attributes
    let header = cursor.u32()?;
    let name = cursor.take(name.into())?;
    let mut extra = Cursor::new(cursor.take(extra.into())?, "an entry's extra field");
    cursor.take(comment.into())?;

    let mut entry =
        Entry { flags, method, packed: packed.into(), size: size.into(), header: header.into() };
    // Zip64 holds, in this order, the fields that are all ones in the plain entry.
    let wide: Vec<&mut u64> = [&mut entry.size, &mut entry.packed, &mut entry.header]
        .into_iter()
        .filter(|field| **field == u64::from(u32::MAX))
        .collect();
    if !wide.is_empty() {
        let mut body = zip64_field(&mut extra)?;
        for field in wide {
            *field = body.u64()?;
        }
    }
    Ok((name, entry))
}

/// Finds the zip64 part among an entry's extra fields.
fn zip64_field<'a>(extra: &mut Cursor<'a>) -> Result<Cursor<'a>> {
    loop {
        let (tag, length) = (extra.u16()?, extra.u16()?);
        let body = extra.take(length.into())?;
        if tag == 1 {
            return Ok(Cursor::new(body, "an entry's zip64 field"));
        }
    }
}
