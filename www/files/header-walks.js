/**
 * Image sizes that come after other parts of a file: JPEG segments, GIF blocks, and the boxes of AVIF and
 * HEIC. Each walk moves forward at every step and gives up after a limited number of steps, so that no file
 * can keep it busy; null means that no size was found.
 */
import { nameAt } from './byte-reader.js';
import { isFrame, segments } from './jpeg-segments.js';
import { unsupported } from './kinds.js';

/** @import { ByteReader } from './byte-reader.js' */

/** @typedef {{ width: number, height: number }} Extent pixels, as stored: before the EXIF orientation */

/** Far more than any camera or program writes. */
const MAX_STEPS = 65_536;
const MAX_BOXES = 4096;

/**
 * The first start-of-frame segment (ITU-T T.81, B.2.2).
 * @param {ByteReader} reader
 * @returns {Promise<Extent | null>}
 * @throws {import('../failure.js').CodedError} `image-unsupported` for a coding that browsers do not open
 */
export async function jpegSize(reader) {
  for await (const { marker, at } of segments(reader)) {
    if (!isFrame(marker)) continue;
    const frame = await reader.view(at, 5);
    if (!frame) return null;
    const size = { width: frame.getUint16(3), height: frame.getUint16(1) };
    // Arithmetic coding, lossless frames, 12 bits per level, or a height given after the scan.
    if (marker > 0xc2 || frame.getUint8(0) !== 8 || size.height === 0) throw unsupported('jpeg');
    return size;
  }
  return null;
}

/**
 * The logical screen, or the first frame if it extends beyond it: browsers then enlarge the screen.
 * @param {ByteReader} reader
 * @returns {Promise<Extent | null>}
 */
export async function gifSize(reader) {
  const screen = await reader.view(6, 7);
  if (!screen) return null;
  let width = screen.getUint16(0, true);
  let height = screen.getUint16(2, true);
  const flags = screen.getUint8(4);
  let at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let inExtension = false;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const byte = (await reader.view(at, 1))?.getUint8(0);
    if (byte === undefined) return null;
    if (inExtension) {
      inExtension = byte !== 0; // a block of length 0 ends the extension
      at += 1 + byte;
    } else if (byte === 0x21) {
      inExtension = true;
      at += 2;
    } else if (byte === 0x2c) {
      const frame = await reader.view(at + 1, 8);
      if (!frame) return null;
      width = Math.max(width, frame.getUint16(0, true) + frame.getUint16(4, true));
      height = Math.max(height, frame.getUint16(2, true) + frame.getUint16(6, true));
      return { width, height };
    } else {
      return null;
    }
  }
  return null;
}

/**
 * The largest `ispe` property (ISO/IEC 23008-12, 6.5.3): the picture's, not that of a tile or thumbnail.
 * @param {ByteReader} reader
 * @returns {Promise<Extent | null>}
 */
export async function boxesSize(reader) {
  const PATH = ['meta', 'iprp', 'ipco', 'ispe'];
  /** @type {Extent | null} */
  let largest = null;
  /** Boxes still to be searched: [from, to, depth in PATH]. @type {[number, number, number][]} */
  const ranges = [[0, reader.size, 0]];
  let steps = 0;
  for (let range = ranges.pop(); range; range = ranges.pop()) {
    const [from, to, depth] = range;
    for (let at = from; at + 8 <= to; ) {
      const view = await reader.view(at, Math.min(20, to - at));
      steps += 1;
      if (!view || steps > MAX_BOXES) return null;
      const end = at + boxLength(view, to - at);
      const body = at + (view.getUint32(0) === 1 ? 16 : 8);
      if (end <= at || end > to) break;
      if (nameAt(view, 4) === PATH[depth]) {
        if (depth < 3)
          ranges.push([body + (depth === 0 ? 4 : 0), end, depth + 1]); // "meta" has a version
        else largest = larger(largest, end - body < 12 ? null : await reader.view(body + 4, 8));
      }
      at = end;
    }
  }
  return largest;
}

/** @param {DataView} view the start of a box @param {number} rest bytes up to the end of the enclosing box */
function boxLength(view, rest) {
  const length = view.getUint32(0);
  if (length === 0) return rest;
  if (length === 1) return view.byteLength < 16 ? 0 : Number(view.getBigUint64(8));
  return length < 8 ? 0 : length;
}

/**
 * @param {Extent | null} known
 * @param {DataView | null} view width and height, 4 bytes each
 * @returns {Extent | null}
 */
function larger(known, view) {
  if (!view) return known;
  const size = { width: view.getUint32(0), height: view.getUint32(4) };
  return known && known.width * known.height >= size.width * size.height ? known : size;
}
