/** Sizes of pictures in formats that only some browsers open: TIFF and JPEG XL. */
import { nameAt } from './byte-reader.js';

/** @import { ByteReader } from './byte-reader.js' */
/** @import { Extent } from './header-walks.js' */

/** Most boxes before a JPEG XL codestream. */
const MAX_BOXES = 64;

/**
 * The first directory's width and length (TIFF 6.0, sections 2 and 8).
 * @param {ByteReader} reader
 * @returns {Promise<Extent | null>}
 */
export async function tiffSize(reader) {
  const header = await reader.view(0, 8);
  if (!header) return null;
  const little = header.getUint8(0) === 0x49;
  const at = header.getUint32(4, little);
  const count = (await reader.view(at, 2))?.getUint16(0, little) ?? 0;
  const entries = await reader.view(at + 2, 12 * Math.min(count, 5000));
  /** @param {number} tag @returns {number} */
  const value = (tag) => {
    for (let entry = 0; entries && entry < entries.byteLength; entry += 12) {
      if (entries.getUint16(entry, little) !== tag) continue;
      const short = entries.getUint16(entry + 2, little) === 3;
      return short ? entries.getUint16(entry + 8, little) : entries.getUint32(entry + 8, little);
    }
    return 0;
  };
  return { width: value(256), height: value(257) };
}

/**
 * The codestream's SizeHeader (ISO/IEC 18181-1, D.2), bare or in the first box that has part of it.
 * @param {ByteReader} reader
 * @returns {Promise<Extent | null>}
 */
export async function jxlSize(reader) {
  const at = await codestream(reader);
  const view = at === null ? null : await reader.view(at, Math.min(12, reader.size - at));
  if (!view || view.byteLength < 4) return null;
  let place = 16; // after the two bytes of the signature
  /** The next bits, lowest first. @param {number} count */
  const bits = (count) => {
    let value = 0;
    for (let i = 0; i < count; i += 1, place += 1) {
      const byte = place >> 3 < view.byteLength ? view.getUint8(place >> 3) : 0;
      value += ((byte >> (place & 7)) & 1) * 2 ** i;
    }
    return value;
  };
  const small = bits(1) === 1;
  const side = () => (small ? 8 * (1 + bits(5)) : 1 + bits([9, 13, 18, 30][bits(2)]));
  const height = side();
  const ratio = RATIOS[bits(3)];
  return { height, width: ratio ? Math.floor(height * ratio) : side() };
}

/** Ratios of width to height that SizeHeader abbreviates; null: the width follows. */
const RATIOS = [null, 1, 12 / 10, 4 / 3, 3 / 2, 16 / 9, 5 / 4, 2];

/** @param {ByteReader} reader @returns {Promise<number | null>} where the codestream begins */
async function codestream(reader) {
  if ((await reader.view(0, 2))?.getUint16(0) === 0xff0a) return 0;
  for (let at = 0, step = 0; step < MAX_BOXES; step += 1) {
    const view = await reader.view(at, 8);
    if (!view) return null;
    const length = view.getUint32(0);
    if (nameAt(view, 4) === 'jxlc') return at + 8;
    if (nameAt(view, 4) === 'jxlp') return at + 12; // after the part's number
    if (length < 8) return null;
    at += length;
  }
  return null;
}
