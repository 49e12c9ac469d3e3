//! The first directory of a TIFF: tags and their values, as far as they fit into their entries.

use std::io::{self, Read, Seek, SeekFrom};

/// Most entries of a directory that is read; real ones have a few dozen.
const MOST: u64 = 4096;

/// A list of tags.
#[derive(Debug)]
pub struct Directory {
    entries: Vec<Entry>,
    little: bool,
}

#[derive(Debug)]
struct Entry {
    tag: u16,
    /// Where its first value or the place of its values is stored.
    at: u64,
    /// The first value, if it is a number of one or two bytes.
    value: u32,
}

impl Directory {
    /// Reads it from a whole file. Fails where the file ends too early.
    pub fn read(file: &mut (impl Read + Seek)) -> io::Result<Self> {
        let mut start = [0; 8];
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut start)?;
        let little = start.starts_with(b"II");
        let number = |bytes: &[u8]| {
            let add = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
            if little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) }
        };
        let big = start.get(2..4).is_some_and(|version| number(version) == 43);
        // Lengths of the number of entries, of an entry, and where its value begins.
        let (counted, entry, value) = if big { (8, 20, 12) } else { (2, 12, 8) };
        let at = if big {
            let mut long = [0; 8];
            file.read_exact(&mut long)?;
            number(&long)
        } else {
            start.get(4..).map_or(0, number)
        };
        file.seek(SeekFrom::Start(at))?;
        let mut count = vec![0; counted];
        file.read_exact(&mut count)?;
        let mut entries = Vec::new();
        let mut bytes = vec![0; entry];
        for index in 0..number(&count).min(MOST) {
            file.read_exact(&mut bytes)?;
            let part =
                |from: usize, length: usize| bytes.get(from..from + length).map_or(0, number);
            let wide = if part(2, 2) == 3 { 2 } else { 4 };
            entries.push(Entry {
                tag: part(0, 2) as u16,
                at: at + (counted + value) as u64 + index * entry as u64,
                value: part(value, wide) as u32,
            });
        }
        Ok(Self { entries, little })
    }

    /// The first value of a tag of whole numbers, if it has just one.
    pub fn get(&self, tag: u16) -> Option<u32> {
        self.entries.iter().find(|entry| entry.tag == tag).map(|entry| entry.value)
    }

    /// Whether it is that of a raw photo, whose first page is often a small preview.
    pub fn is_raw(&self) -> bool {
        let is_preview = self.get(NEW_SUBFILE_TYPE).is_some_and(|kind| kind & 1 == 1);
        self.get(DNG_VERSION).is_some()
            || matches!(self.get(PHOTOMETRIC), Some(COLOUR_FILTERS | LINEAR_RAW))
            || is_preview && self.get(SUB_IFDS).is_some()
    }

    /// Changes the first value of a tag of 16-bit numbers in the file of this directory.
    pub fn set(&self, tag: u16, value: u16, file: &mut [u8]) {
        let Some(entry) = self.entries.iter().find(|entry| entry.tag == tag) else { return };
        let bytes = if self.little { value.to_le_bytes() } else { value.to_be_bytes() };
        let place = usize::try_from(entry.at).ok().and_then(|at| file.get_mut(at..at + 2));
        if let Some(place) = place {
            place.copy_from_slice(&bytes);
        }
    }
}

/// Tags of TIFF 6.0, TIFF/EP and DNG.
const NEW_SUBFILE_TYPE: u16 = 254;
pub const PHOTOMETRIC: u16 = 262;
const SUB_IFDS: u16 = 330;
const DNG_VERSION: u16 = 50_706;

/// Photometric interpretations of DNG.
const COLOUR_FILTERS: u32 = 32_803;
const LINEAR_RAW: u32 = 34_892;
