//! Truncated WebP files (RFC 9649, 2.3).
//!
//! The lossy decoder fills missing pixels at the end with garbage. The container gives the
//! picture's length, so that is checked; data after the picture may be missing.

use cyclegan_web::error::{Error, Result};

/// The file without incomplete data at its end. Fails with `image-damaged` when the picture, or the
/// first one of an animation, is incomplete.
pub fn completed(mut bytes: Vec<u8>) -> Result<Vec<u8>> {
    let (mut end, mut has_picture) = (12, false);
    while let Some((&[a, b, c, d, e, f, g, h], rest)) =
        bytes.get(end..).and_then(<[u8]>::split_first_chunk)
    {
        let length = u32::from_le_bytes([e, f, g, h]) as usize;
        if rest.len() < length {
            break;
        }
        has_picture |= matches!(&[a, b, c, d], b"VP8 " | b"VP8L" | b"ANMF");
        // Chunks start at even positions; the padding byte may be missing.
        end += 8 + length;
        if length % 2 == 1 {
            bytes.resize(bytes.len().max(end + 1), 0);
            end += 1;
        }
    }
    if !has_picture {
        return Err(Error::ImageDamaged("it ends before its pixels do".into()));
    }
    bytes.truncate(end);
    let length = u32::try_from(end - 8).unwrap_or(u32::MAX).to_le_bytes();
    if let Some(place) = bytes.get_mut(4..8) {
        place.copy_from_slice(&length);
    }
    Ok(bytes)
}
