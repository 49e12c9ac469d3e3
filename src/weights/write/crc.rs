//! CRC-32 as in zip archives (ISO 3309), eight bytes at a time ("slicing by 8", Kounavis and Berry,
//! 2005).

const POLYNOMIAL: u32 = 0xedb8_8320;

/// Entry `[n][byte]` is the remainder of a byte that `n` zeros follow.
static TABLES: [[u32; 256]; 8] = tables();

#[allow(clippy::indexing_slicing, reason = "constant indices, evaluated by the compiler")]
const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut rest = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 1 == 1 { (rest >> 1) ^ POLYNOMIAL } else { rest >> 1 };
            bit += 1;
        }
        tables[0][byte] = rest;
        byte += 1;
    }
    let mut zeros = 1;
    while zeros < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[zeros - 1][byte];
            tables[zeros][byte] = (before >> 8) ^ tables[0][(before & 255) as usize];
            byte += 1;
        }
        zeros += 1;
    }
    tables
}

/// The checksum of bytes that come in pieces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crc(u32);

impl Crc {
    pub fn new() -> Self {
        Self(!0)
    }

    pub fn update(&mut self, bytes: &[u8]) {
        let [t0, t1, t2, t3, t4, t5, t6, t7] = &TABLES;
        let at = |table: &[u32; 256], byte: u8| table.get(usize::from(byte)).copied().unwrap_or(0);
        let (eights, rest) = bytes.as_chunks::<8>();
        for [a, b, c, d, e, f, g, h] in eights {
            let [w, x, y, z] = self.0.to_le_bytes();
            self.0 = at(t7, a ^ w)
                ^ at(t6, b ^ x)
                ^ at(t5, c ^ y)
                ^ at(t4, d ^ z)
                ^ at(t3, *e)
                ^ at(t2, *f)
                ^ at(t1, *g)
                ^ at(t0, *h);
        }
        for byte in rest {
            let [low, ..] = self.0.to_le_bytes();
            self.0 = (self.0 >> 8) ^ at(t0, byte ^ low);
        }
    }

    pub fn finish(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_checksum_of_zip_in_pieces_too() {
        let mut crc = Crc::new();
        crc.update(b"123456789");
        assert_eq!(crc.finish(), 0xcbf4_3926, "the usual check value");
        let bytes: Vec<u8> = (0..=255).collect();
        let mut whole = Crc::new();
        whole.update(&bytes);
        assert_eq!(whole.finish(), 0x2905_8c73, "zlib.crc32(bytes(range(256)))");
        let mut pieces = Crc::new();
        bytes.chunks(11).for_each(|piece| pieces.update(piece));
        assert_eq!(pieces.finish(), whole.finish());
    }
}
