//! A zip archive of stored entries, written to a stream: the container of PyTorch's files, and of
//! several files in one.
//!
//! Format: PKWARE's APPNOTE, sections 4.3 and 4.4. Sizes and checksums stand before the contents,
//! so each entry is run through twice: once to measure it, once to write it. That also suits
//! readers that know no data descriptors.

use super::{Sink, crc::Crc};
use crate::error::{Error, Result};

const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
const CENTRAL_HEADER: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// Bytes of a local header without its name.
const LOCAL_LENGTH: u64 = 30;
/// Version 2.0 of the format.
const VERSION: u16 = 20;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// 1980-01-01, the earliest, so that the same contents give the same bytes.
const DATE: u16 = 1 << 5 | 1;
/// The extra field in which PyTorch puts the bytes that align an entry.
const PADDING: &[u8] = b"FB";
/// Bytes of an extra field's tag and length.
const EXTRA_LENGTH: u64 = 4;

/// An archive that is being written.
pub struct Archive<'s, 't> {
    to: &'s mut Sink<'t>,
    at: u64,
    directory: Vec<u8>,
    entries: u16,
}

impl<'s, 't> Archive<'s, 't> {
    /// An archive without entries.
    pub fn new(to: &'s mut Sink<'t>) -> Self {
        Self { to, at: 0, directory: Vec::new(), entries: 0 }
    }

    /// Adds an entry whose contents `write` gives, the same each time. They begin at a multiple of
    /// `alignment` bytes. Fails with `weights-too-large` when the archive exceeds 4 GiB, and with
    /// any failure of `write` or the sink.
    pub fn add(
        &mut self,
        name: &str,
        alignment: u64,
        write: impl Fn(&mut Sink<'_>) -> Result<()>,
    ) -> Result<()> {
        let (mut crc, mut size) = (Crc::new(), 0);
        write(&mut |bytes| {
            crc.update(bytes);
            size += bytes.len() as u64;
            Ok(())
        })?;
        let start = narrow(self.at)?;
        let unpadded = self.at + LOCAL_LENGTH + name.len() as u64;
        let extra = padding(unpadded, alignment);
        let mut facts = Vec::new();
        push(&mut facts, [VERSION, FLAGS, 0, 0, DATE]); // stored, at midnight
        facts.extend(crc.finish().to_le_bytes());
        facts.extend([narrow(size)?.to_le_bytes(); 2].concat()); // packed and unpacked
        push(&mut facts, [short(name.len())?, short(extra.len())?]);
        self.put(&[LOCAL_HEADER, &facts, name.as_bytes(), &extra].concat())?;
        let at = &mut self.at;
        let to = &mut *self.to;
        write(&mut |bytes| {
            *at += bytes.len() as u64;
            to(bytes)
        })?;
        narrow(self.at)?;
        // The directory repeats everything but the padding.
        facts.truncate(facts.len() - size_of::<u16>());
        self.directory.extend(CENTRAL_HEADER);
        push(&mut self.directory, [VERSION]);
        self.directory.extend(facts);
        push(&mut self.directory, [0; 6]); // extra field, comment, disk and attributes
        self.directory.extend(start.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.entries = self.entries.checked_add(1).ok_or_else(too_large)?;
        Ok(())
    }

    /// Ends the archive. Fails as [`Archive::add`] does.
    pub fn finish(mut self) -> Result<()> {
        let (start, size) = (narrow(self.at)?, narrow(self.directory.len() as u64)?);
        let mut end = END.to_vec();
        push(&mut end, [0, 0, self.entries, self.entries]); // disks
        end.extend(size.to_le_bytes());
        end.extend(start.to_le_bytes());
        push(&mut end, [0]); // comment
        let directory = std::mem::take(&mut self.directory);
        self.put(&directory)?;
        self.put(&end)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.at += bytes.len() as u64;
        (self.to)(bytes)
    }
}

/// The extra field after which an entry's contents are aligned.
fn padding(unpadded: u64, alignment: u64) -> Vec<u8> {
    if alignment <= 1 {
        return Vec::new();
    }
    let start = unpadded + EXTRA_LENGTH;
    let length = start.next_multiple_of(alignment) - start;
    let mut extra = PADDING.to_vec();
    push(&mut extra, [length as u16]);
    extra.extend(vec![b'Z'; length as usize]);
    extra
}

fn push<const N: usize>(bytes: &mut Vec<u8>, numbers: [u16; N]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn short(number: usize) -> Result<u16> {
    u16::try_from(number).map_err(|_| too_large())
}

fn narrow(number: u64) -> Result<u32> {
    // All ones would mean that the number stands elsewhere.
    u32::try_from(number).ok().filter(|number| *number != u32::MAX).ok_or_else(too_large)
}

fn too_large() -> Error {
    Error::WeightsTooLarge("an archive holds at most 4 GiB".into())
}
