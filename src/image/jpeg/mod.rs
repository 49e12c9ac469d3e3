//! Checks whether a JPEG has the coded data of all its pixels (ITU-T T.81).
//!
//! Decoders disagree about truncated files: some silently fill up with grey, some refuse pictures
//! that only lack their end marker. So this walks through the codes once without decoding pixels.
//! Every block of every scan must be present; the end marker may be missing unless a scan could be
//! missing with it. The page applies the same rule with the browser as decoder
//! (`www/files/cut-files.js`, `www/files/jpeg-ending.js`).

mod codes;
mod scan;

use crate::error::{Error, Result};
use codes::{Table, cut};

/// Most pixels of a JPEG, which can be decoded to a smaller size: a photo of 200 megapixels.
const MAX_PIXELS: usize = 1 << 28;

/// Missing bits of a coefficient that no scan has touched yet.
const ALL: u8 = 255;

/// One plane of a picture.
struct Component {
    id: u8,
    /// Blocks per unit of interleaved data, across and down.
    sampling: (usize, usize),
    /// For each coefficient, the lowest bit received.
    missing: [u8; 64],
    /// In progressive files, the coefficients of each block that are known to be nonzero.
    known: Vec<u64>,
}

/// What all scans share.
struct Frame {
    progressive: bool,
    width: usize,
    height: usize,
    components: Vec<Component>,
}

impl Frame {
    /// The largest sampling factors.
    fn most(&self) -> (usize, usize) {
        let all = self.components.iter().map(|component| component.sampling);
        all.fold((1, 1), |(x, y), (h, v)| (x.max(h), y.max(v)))
    }

    /// Units of interleaved data, across and down.
    fn units(&self) -> (usize, usize) {
        let (h, v) = self.most();
        (self.width.div_ceil(8 * h), self.height.div_ceil(8 * v))
    }
}

/// A position in the file, and what has been read so far.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    frame: Option<Frame>,
    /// For DC and for AC.
    tables: [[Option<Table>; 4]; 2],
    /// Units between two restart markers; 0 for none.
    interval: usize,
}

/// Width and height in pixels, as stored, from the header alone. Fails with `image-damaged` when
/// the file ends too early, `image-unsupported` for codings that nothing here decodes,
/// `image-too-large`.
pub fn size(bytes: &[u8]) -> Result<(usize, usize)> {
    let mut walk = Walk::new(bytes)?;
    while let Some((marker, body)) = walk.segment() {
        if marker == 0xDA {
            break;
        }
        if let Some(Frame { width, height, .. }) = walk.read(marker, body)? {
            return Ok((*width, *height));
        }
    }
    Err(cut("its header is not complete"))
}

/// Checks that the data of all pixels is present. Returns where it ends: the bytes up to there plus
/// an end marker are the whole picture. Fails as [`size`]; `image-damaged` when pixels are missing
/// or a code is unknown.
pub fn whole(bytes: &[u8]) -> Result<usize> {
    let mut walk = Walk::new(bytes)?;
    let (mut closed, mut end) = (false, 0);
    while let Some((marker, body)) = walk.segment() {
        if marker == 0xD9 {
            closed = true;
            break;
        }
        walk.read(marker, body)?;
        if marker == 0xDA {
            // Video frames leave the tables out; such a frame cannot be checked.
            if walk.tables.iter().flatten().all(Option::is_none) {
                return Err(unsupported("JPEG without Huffman tables"));
            }
            end = walk.scan(body)?;
            walk.at = end;
        }
    }
    let frame = walk.frame.ok_or_else(|| cut("its header is not complete"))?;
    let complete = |component: &Component| {
        if closed { component.missing[0] != ALL } else { component.missing == [0; 64] }
    };
    if frame.components.iter().all(complete) {
        return Ok(end);
    }
    Err(cut("it ends before its last scan"))
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self> {
        if !bytes.starts_with(&[0xFF, 0xD8]) {
            return Err(Error::ImageUnreadable("it does not begin as a JPEG does".into()));
        }
        Ok(Self { bytes, at: 2, frame: None, tables: Default::default(), interval: 0 })
    }

    /// The next marker and its segment, as far as the file reaches. Bytes between segments are
    /// skipped, as in libjpeg.
    fn segment(&mut self) -> Option<(u8, &'a [u8])> {
        loop {
            self.at = codes::next_marker(self.bytes, self.at)?;
            let marker = *self.bytes.get(self.at + 1)?;
            self.at += 2;
            if matches!(marker, 0x01 | 0xD0..=0xD8) {
                continue;
            }
            if marker == 0xD9 {
                return Some((marker, &[]));
            }
            let &[high, low] = self.bytes.get(self.at..)?.first_chunk::<2>()?;
            let length = usize::from(u16::from_be_bytes([high, low]));
            let body = self.bytes.get(self.at + 2..self.at + length)?;
            self.at += length;
            return Some((marker, body));
        }
    }

    /// Reads a segment; returns the frame if it is one.
    fn read(&mut self, marker: u8, body: &[u8]) -> Result<Option<&Frame>> {
        match marker {
            0xC4 => self.read_tables(body)?,
            0xDD => {
                let interval = body.first_chunk().ok_or_else(|| cut("a segment is too short"))?;
                self.interval = usize::from(u16::from_be_bytes(*interval));
            }
            0xC0..=0xC2 => {
                if self.frame.is_some() {
                    return Err(cut("it has two frames"));
                }
                self.frame = Some(Frame::new(marker == 0xC2, body)?);
                return Ok(self.frame.as_ref());
            }
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF | 0xF7 => {
                return Err(unsupported(match marker {
                    0xC3 => "lossless JPEG",
                    0xF7 => "JPEG-LS",
                    0xC9.. => "JPEG with arithmetic coding",
                    _ => "hierarchical JPEG",
                }));
            }
            _ => {}
        }
        Ok(None)
    }

    fn read_tables(&mut self, mut body: &[u8]) -> Result<()> {
        while let Some((&place, rest)) = body.split_first() {
            let (table, rest) = Table::read(rest).ok_or_else(|| cut("a table is not complete"))?;
            let kind = self.tables.get_mut(usize::from(place >> 4));
            let slot = kind.and_then(|kind| kind.get_mut(usize::from(place & 15)));
            *slot.ok_or_else(|| cut("a table has no place"))? = Some(table);
            body = rest;
        }
        Ok(())
    }
}

impl Frame {
    fn new(progressive: bool, body: &[u8]) -> Result<Self> {
        let short = || cut("its frame is not complete");
        let (&[precision, a, b, c, d, count], rest) = body.split_first_chunk().ok_or_else(short)?;
        let (height, width) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let (width, height) = (usize::from(width), usize::from(height));
        if precision != 8 {
            return Err(unsupported(&format!("JPEG of {precision} bits a level")));
        }
        if height == 0 {
            return Err(unsupported("JPEG whose height stands behind its pixels"));
        }
        if width == 0 {
            return Err(cut("it has no width"));
        }
        if ![1, 3, 4].contains(&count) {
            return Err(unsupported(&format!("JPEG of {count} colours")));
        }
        if width * height > MAX_PIXELS {
            return Err(Error::ImageTooLarge(format!("{width} × {height} pixels")));
        }
        let mut components = Vec::new();
        let (parts, _) = rest.as_chunks::<3>();
        for &[id, factors, _] in parts.iter().take(count.into()) {
            let sampling = (usize::from(factors >> 4), usize::from(factors & 15));
            if !(1..=4).contains(&sampling.0) || !(1..=4).contains(&sampling.1) {
                return Err(cut("a sampling factor is out of range"));
            }
            components.push(Component { id, sampling, missing: [ALL; 64], known: Vec::new() });
        }
        if components.len() != usize::from(count) {
            return Err(short());
        }
        // A single plane is never interleaved, whatever its factors say.
        if let [alone] = components.as_mut_slice() {
            alone.sampling = (1, 1);
        }
        Ok(Self { progressive, width, height, components })
    }
}

fn unsupported(coding: &str) -> Error {
    Error::ImageUnsupported(format!("{coding}; export it as plain JPEG or as PNG"))
}
