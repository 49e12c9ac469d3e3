//! One scan: how many bits each of its blocks takes (T.81, F.2.2, G.1.2 and A.2).

use super::{
    Component, Walk,
    codes::{Bits, Table, cut},
};
use crate::error::Result;

/// The coefficients of a scan, in zigzag order.
struct Band {
    first: usize,
    last: usize,
    /// Whether earlier scans have sent the higher bits.
    refines: bool,
}

/// A component's part in a scan.
struct Part<'a> {
    component: &'a mut Component,
    dc: Option<&'a Table>,
    ac: Option<&'a Table>,
    /// Blocks per unit, across and down.
    blocks: (usize, usize),
    /// Blocks per row of the component.
    stride: usize,
}

impl Walk<'_> {
    /// Walks through the scan with the header `body`; returns where its data ends. Fails with
    /// `image-damaged` when the data ends too early or contains an invalid code.
    pub(super) fn scan(&mut self, body: &[u8]) -> Result<usize> {
        let Self { bytes, at, frame, tables: [dc_tables, ac_tables], interval } = self;
        let frame = frame.as_mut().ok_or_else(|| cut("a scan comes before the frame"))?;
        let short = || cut("a scan's header is not complete");
        let (&count, rest) = body.split_first().ok_or_else(short)?;
        let (chosen, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or_else(short)?;
        let (chosen, _) = chosen.as_chunks::<2>();
        let &[first, last, heights] = rest.first_chunk().ok_or_else(short)?;
        let progressive = frame.progressive;
        let (first, last, heights) = if progressive { (first, last, heights) } else { (0, 63, 0) };
        if first > last || last > 63 {
            return Err(cut("a scan's coefficients are out of range"));
        }
        let band = Band { first: first.into(), last: last.into(), refines: heights >> 4 != 0 };

        let (most, units, size) = (frame.most(), frame.units(), (frame.width, frame.height));
        let mut grid = units;
        let mut parts = Vec::new();
        for component in &mut frame.components {
            let Some([_, places]) = chosen.iter().find(|[id, _]| *id == component.id) else {
                continue;
            };
            let (h, v) = component.sampling;
            let mut blocks = (h, v);
            if chosen.len() == 1 {
                // A scan of one component has its blocks row by row, and only those with pixels.
                let needed = |side: usize, part: usize, most: usize| {
                    (side * part).div_ceil(most).div_ceil(8)
                };
                grid = (needed(size.0, h, most.0), needed(size.1, v, most.1));
                blocks = (1, 1);
            }
            for missing in component.missing.iter_mut().take(band.last + 1).skip(band.first) {
                *missing = heights & 15;
            }
            if progressive && component.known.is_empty() {
                component.known = vec![0; units.0 * h * units.1 * v];
            }
            let dc = dc_tables.get(usize::from(places >> 4)).and_then(Option::as_ref);
            let ac = ac_tables.get(usize::from(places & 15)).and_then(Option::as_ref);
            parts.push(Part { component, dc, ac, blocks, stride: units.0 * h });
        }
        if parts.is_empty() || parts.len() != chosen.len() {
            return Err(short());
        }

        let mut bits = Bits::new(bytes, *at);
        let mut run = 0;
        for unit in 0..grid.0 * grid.1 {
            if *interval > 0 && unit > 0 && unit % *interval == 0 {
                bits.restart()?;
                run = 0;
            }
            let (column, row) = (unit % grid.0, unit / grid.0);
            for part in &mut parts {
                let (across, down) = part.blocks;
                for (y, x) in (0..down).flat_map(|y| (0..across).map(move |x| (y, x))) {
                    if progressive {
                        let place = (row * down + y) * part.stride + column * across + x;
                        part.progressive(&mut bits, &band, place, &mut run)?;
                    } else {
                        part.sequential(&mut bits)?;
                    }
                }
            }
        }
        Ok(bits.end())
    }
}

impl Part<'_> {
    fn sequential(&self, bits: &mut Bits) -> Result<()> {
        let size = bits.code(self.dc)?;
        bits.take(size.into())?;
        let mut place = 1;
        while place < 64 {
            let (zeros, size) = pair(bits.code(self.ac)?);
            if size == 0 && zeros < 15 {
                break;
            }
            bits.take(size)?;
            place += zeros + 1;
        }
        Ok(())
    }

    /// `run`: blocks, this one included, for which the band holds nothing new.
    fn progressive(
        &mut self,
        bits: &mut Bits,
        band: &Band,
        place: usize,
        run: &mut u32,
    ) -> Result<()> {
        if band.first == 0 {
            let size = if band.refines { 1 } else { bits.code(self.dc)? };
            bits.take(size.into())?;
            return Ok(());
        }
        let known = self.component.known.get_mut(place);
        let known = known.ok_or_else(|| cut("a block has no place"))?;
        let mut place = band.first;
        while *run == 0 && place <= band.last {
            let (mut zeros, size) = pair(bits.code(self.ac)?);
            if size == 0 && zeros < 15 {
                *run = (1 << zeros) + bits.take(zeros as u32)?;
                break;
            }
            // When refining, the size is 1 and its bit is the sign.
            bits.take(size)?;
            while place <= band.last {
                if band.refines && *known >> place & 1 == 1 {
                    bits.take(1)?;
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                place += 1;
            }
            if size > 0 && place <= band.last {
                *known |= 1 << place;
            }
            place += 1;
        }
        if *run > 0 {
            *run -= 1;
            if band.refines && place <= band.last {
                // One bit per known coefficient, from here to the end of the band.
                let rest = (u64::MAX << place) & (u64::MAX >> (63 - band.last));
                for _ in 0..(*known & rest).count_ones() {
                    bits.take(1)?;
                }
            }
        }
        Ok(())
    }
}

/// Zeros before a coefficient, and how many bits it takes.
fn pair(code: u8) -> (usize, u32) {
    (usize::from(code >> 4), u32::from(code & 15))
}
