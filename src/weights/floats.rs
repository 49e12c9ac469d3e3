//! The number types of weights, and their conversion to float32.

use half::{bf16, f16};

/// Byte order within one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    /// Least significant byte first: every file except those of a few old servers.
    Little,
    /// Most significant byte first.
    Big,
}

/// A floating-point type. All but binary64 convert to float32 without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FloatType {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    BF16,
    /// IEEE 754 binary64, rounded to the nearest; what float32 cannot hold becomes infinite.
    F64,
}

impl FloatType {
    /// Bytes of one number.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::F64 => 8,
        }
    }

    /// Appends the numbers in `bytes` to `out`; an incomplete last number is dropped.
    pub(super) fn decode(self, bytes: &[u8], order: ByteOrder, out: &mut Vec<f32>) {
        let (twos, _) = bytes.as_chunks::<2>();
        let (fours, _) = bytes.as_chunks::<4>();
        let (eights, _) = bytes.as_chunks::<8>();
        let u16_of = match order {
            ByteOrder::Little => u16::from_le_bytes,
            ByteOrder::Big => u16::from_be_bytes,
        };
        let u32_of = match order {
            ByteOrder::Little => u32::from_le_bytes,
            ByteOrder::Big => u32::from_be_bytes,
        };
        let u64_of = match order {
            ByteOrder::Little => u64::from_le_bytes,
            ByteOrder::Big => u64::from_be_bytes,
        };
        match self {
            Self::F64 => {
                out.extend(eights.iter().map(|eight| f64::from_bits(u64_of(*eight)) as f32));
            }
            Self::F32 => out.extend(fours.iter().map(|four| f32::from_bits(u32_of(*four)))),
            Self::F16 => {
                out.extend(twos.iter().map(|two| f16::from_bits(u16_of(*two)).to_f32()));
            }
            Self::BF16 => {
                out.extend(twos.iter().map(|two| bf16::from_bits(u16_of(*two)).to_f32()));
            }
        }
    }
}
