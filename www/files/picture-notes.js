/**
 * What a picture's file says about its pixels that not all browsers respect: its colour space, and its
 * orientation.
 */
import { ByteReader, nameAt } from './byte-reader.js';

/**
 * @typedef {object} Notes
 * @property {boolean} convert the file has its own colour space, to be converted to sRGB. Gamma alone, and
 *   gamma with the primaries of sRGB, do not count: many programs write them, and networks learn from the
 *   numbers as they are.
 * @property {number} orientation as in EXIF, 1 to 8; 1 for kinds that every browser rotates on its own
 */

/** Most chunks to search; the relevant ones are near the start or, in WebP, after a few others. */
const MAX_CHUNKS = 65_536;
/** Most EXIF bytes to read: the orientation is near the start. */
const MAX_EXIF = 65_536;

/** @param {Blob} file @param {import('./kinds.js').ImageKind} kind @returns {Promise<Notes>} */
export async function notesOf(file, kind) {
  const reader = new ByteReader(file);
  if (kind === 'png') return pngNotes(reader);
  if (kind === 'webp') return { convert: true, orientation: await webpOrientation(reader) };
  return { convert: kind !== 'bmp', orientation: 1 };
}

/** @param {ByteReader} reader @returns {Promise<Notes>} */
async function pngNotes(reader) {
  const found = new Set();
  let orientation = 1;
  for await (const { name, at, length } of chunks(reader, 'png')) {
    found.add(name);
    if (name === 'cHRM' && !(await hasPrimariesOfSrgb(reader, at))) found.add('primaries');
    if (name === 'eXIf') orientation = await orientationIn(reader, at, length);
  }
  const said = found.has('iCCP') || found.has('cICP');
  return { convert: said || (found.has('primaries') && !found.has('sRGB')), orientation };
}

/** White, red, green and blue of sRGB, x and y in 100,000ths (PNG, 11.3.2.1). */
const SRGB = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
/** Largest rounding error of programs. */
const ROUNDING = 150;

/** @param {ByteReader} reader @param {number} at */
async function hasPrimariesOfSrgb(reader, at) {
  const view = await reader.view(at, 4 * SRGB.length);
  return !view || SRGB.every((value, i) => Math.abs(view.getUint32(4 * i) - value) <= ROUNDING);
}

/** @param {ByteReader} reader @returns {Promise<number>} */
async function webpOrientation(reader) {
  const flags = (await reader.view(20, 1))?.getUint8(0) ?? 0;
  const extended = (await reader.view(12, 4))?.getUint32(0) === 0x56503858;
  if (!extended || !(flags & 8)) return 1; // RFC 9649, 2.7: no EXIF
  for await (const { name, at, length } of chunks(reader, 'webp')) {
    if (name === 'EXIF') return orientationIn(reader, at, length);
  }
  return 1;
}

/**
 * Chunks of PNG or RIFF, which differ in the order of name and length, and in what follows a body: a
 * checksum, or a padding byte if its length is odd.
 * @param {ByteReader} reader
 * @param {'png' | 'webp'} kind
 * @returns {AsyncGenerator<{ name: string, at: number, length: number }>}
 */
export async function* chunks(reader, kind) {
  const png = kind === 'png';
  for (let at = png ? 8 : 12, step = 0; step < MAX_CHUNKS; step += 1) {
    const view = await reader.view(at, 8);
    if (!view) return;
    const length = view.getUint32(png ? 0 : 4, !png);
    yield { name: nameAt(view, png ? 4 : 0), at: at + 8, length };
    at += 8 + length + (png ? 4 : length % 2);
  }
}

/**
 * The orientation in EXIF (TIFF's first directory, tag 0x112), which some programs prefix with JPEG's marker.
 * @param {ByteReader} reader
 * @param {number} at
 * @param {number} length
 * @returns {Promise<number>} 1 to 8
 */
async function orientationIn(reader, at, length) {
  const marked = (await reader.view(at, 6))?.getUint32(0) === 0x45786966; // "Exif"
  const from = at + (marked ? 6 : 0);
  const size = Math.min(MAX_EXIF, length - (from - at), reader.size - from);
  const view = size < 14 ? null : await reader.view(from, size);
  if (!view) return 1;
  const little = view.getUint8(0) === 0x49;
  const directory = view.getUint32(4, little);
  const count = directory + 2 <= size ? view.getUint16(directory, little) : 0;
  for (let entry = directory + 2; entry + 12 <= size && entry < directory + 2 + 12 * count; ) {
    if (view.getUint16(entry, little) === 0x112) {
      const value = view.getUint16(entry + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
    entry += 12;
  }
  return 1;
}
