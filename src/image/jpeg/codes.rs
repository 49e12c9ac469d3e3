//! Huffman codes and the bit stream they are read from (T.81, annex C and F.2.2).

use crate::error::{Error, Result};

/// Why a file is not a whole JPEG.
pub fn cut(why: &str) -> Error {
    Error::ImageDamaged(why.into())
}

/// A Huffman table: codes of each length are consecutive numbers.
pub struct Table {
    /// For each length, the first 16 bits past all codes up to this length, and what to add to a
    /// code to get the index of its value.
    lengths: [(u32, i32); 16],
    values: Vec<u8>,
}

impl Table {
    /// The table at the beginning of `bytes`, and the bytes after it.
    pub fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (counts, rest) = bytes.split_first_chunk::<16>()?;
        let total = counts.iter().map(|&count| usize::from(count)).sum();
        let (values, rest) = rest.split_at_checked(total)?;
        let (mut code, mut place) = (0_u32, 0_i32);
        let mut lengths = [(0, 0); 16];
        for (length, (entry, &count)) in (1..).zip(lengths.iter_mut().zip(counts)) {
            let offset = place - code as i32;
            code += u32::from(count);
            place += i32::from(count);
            if code > 1 << length {
                return None;
            }
            *entry = (code << (16 - length), offset);
            code <<= 1;
        }
        Some((Self { lengths, values: values.to_vec() }, rest))
    }

    /// The value of the code at the start of `bits` (16 of them), and the code's length.
    fn find(&self, bits: u32) -> Option<(u8, u32)> {
        let (length, (_, offset)) =
            (1..).zip(&self.lengths).find(|(_, (limit, _))| bits < *limit)?;
        let place = (bits >> (16 - length)) as i32 + offset;
        Some((*self.values.get(usize::try_from(place).ok()?)?, length))
    }
}

/// Reads bits up to the next marker.
pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bits read ahead, from the highest on.
    ahead: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, ahead: 0, count: 0 }
    }

    /// Where the next marker begins, or the end of the file.
    pub fn end(&self) -> usize {
        next_marker(self.bytes, self.at).unwrap_or(self.bytes.len())
    }

    /// The next value.
    pub fn code(&mut self, table: Option<&Table>) -> Result<u8> {
        let table = table.ok_or_else(|| cut("a table is missing"))?;
        if self.count < 16 {
            self.fill();
        }
        let (value, length) =
            table.find((self.ahead >> 48) as u32).ok_or_else(|| cut("a code is unknown"))?;
        self.take(length)?;
        Ok(value)
    }

    /// The next `count` bits as a number, at most 16: a table may ask for 255.
    pub fn take(&mut self, count: u32) -> Result<u32> {
        if count > 16 {
            return Err(cut("a code is unknown"));
        }
        if self.count < count {
            self.fill();
        }
        if self.count < count {
            return Err(cut("its data end before its pixels do"));
        }
        let bits = (self.ahead >> 32) >> (32 - count);
        self.ahead <<= count;
        self.count -= count;
        Ok(bits as u32)
    }

    /// Continues after the restart marker, which must come next.
    pub fn restart(&mut self) -> Result<()> {
        let marker = self.end();
        match self.bytes.get(marker + 1) {
            Some(0xD0..=0xD7) => *self = Self::new(self.bytes, marker + 2),
            _ => return Err(cut("its data end before its pixels do")),
        }
        Ok(())
    }

    fn fill(&mut self) {
        while self.count <= 56 {
            let Some(byte) = self.next() else { return };
            self.ahead |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next byte. 0xFF followed by a zero is a byte, not a marker.
    fn next(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        let mut next = self.at + 1;
        if byte == 0xFF {
            while self.bytes.get(next) == Some(&0xFF) {
                next += 1;
            }
            if self.bytes.get(next) != Some(&0) {
                return None;
            }
            next += 1;
        }
        self.at = next;
        Some(byte)
    }
}

/// Where the next marker after `from` begins: its last fill byte.
pub fn next_marker(bytes: &[u8], from: usize) -> Option<usize> {
    let pairs = bytes.get(from..)?.windows(2);
    let place = pairs.into_iter().position(|pair| match pair {
        [0xFF, code] => !matches!(code, 0 | 0xFF),
        _ => false,
    })?;
    Some(from + place)
}
