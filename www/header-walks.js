/**
 * Image sizes that lie behind other parts of a file: JPEG segments, GIF blocks, and the boxes of AVIF and
 * HEIC. Each walk moves forward at every step and gives up after a number of steps, so that no file can
 * keep it busy; null means that no size was found.
 */

/** @typedef {import('./byte-reader.js').ByteReader} ByteReader */
/** @typedef {import('./headers.js').Size} Size */

/** Far more than any camera or program writes. */
const MAX_STEPS = 65_536;
const MAX_BOXES = 4096;

/**
 * The first start-of-frame segment (ITU-T T.81, B.2.2): embedded thumbnails lie inside APP segments, and
 * are stepped over with them.
 *
 * @param {ByteReader} reader
 * @returns {Promise<Size | null>}
 */
export async function jpegSize(reader) {
  let at = 2;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const head = await reader.view(at, 4);
    if (!head) return null;
    const marker = head.getUint8(1);
    if (head.getUint8(0) !== 0xff || marker === 0xff || marker === 0) {
      at += 1; // stray or fill bytes between segments, which decoders step over too
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2; // markers without a body
    } else if (marker === 0xd9 || marker === 0xda) {
      return null; // end of image or start of scan before any frame
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const frame = await reader.view(at + 5, 4);
      return frame && { width: frame.getUint16(2), height: frame.getUint16(0) };
    } else {
      at += 2 + Math.max(2, head.getUint16(2));
    }
  }
  return null;
}

/**
 * The logical screen, or the first frame where that reaches beyond it: browsers then enlarge the screen.
 *
 * @param {ByteReader} reader
 * @returns {Promise<Size | null>}
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

const AVIF = ['avif', 'avis'];
const HEIC = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

/**
 * What the `ftyp` box at the start says that the file is (ISO/IEC 14496-12, 4.3).
 *
 * @param {ByteReader} reader
 * @returns {Promise<'avif' | 'heic' | 'video'>}
 */
export async function brandOf(reader) {
  const length = (await reader.view(0, 4))?.getUint32(0) ?? 0;
  const view = await reader.view(0, Math.min(length, reader.size, 256));
  const brands = [];
  for (let at = 8; view && at + 4 <= view.byteLength; at += at === 8 ? 8 : 4)
    brands.push(nameAt(view, at));
  if (brands.some((brand) => AVIF.includes(brand))) return 'avif';
  return brands.some((brand) => HEIC.includes(brand)) ? 'heic' : 'video';
}

/**
 * The largest `ispe` property (ISO/IEC 23008-12, 6.5.3): that of the picture, not of a tile or thumbnail.
 *
 * @param {ByteReader} reader
 * @returns {Promise<Size | null>}
 */
export async function boxesSize(reader) {
  const PATH = ['meta', 'iprp', 'ipco', 'ispe'];
  /** @type {Size | null} */
  let largest = null;
  /** Boxes still to be looked into: [from, to, depth in PATH]. @type {[number, number, number][]} */
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

/**
 * @param {DataView} view the start of a box
 * @param {number} rest bytes up to the end of what holds it
 */
function boxLength(view, rest) {
  const length = view.getUint32(0);
  if (length === 0) return rest;
  if (length === 1) return view.byteLength < 16 ? 0 : Number(view.getBigUint64(8));
  return length < 8 ? 0 : length;
}

/**
 * @param {Size | null} known
 * @param {DataView | null} view width and height, 4 bytes each
 * @returns {Size | null}
 */
function larger(known, view) {
  if (!view) return known;
  const size = { width: view.getUint32(0), height: view.getUint32(4) };
  return known && known.width * known.height >= size.width * size.height ? known : size;
}

/** @param {DataView} view @param {number} at */
function nameAt(view, at) {
  return String.fromCharCode(
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint8(at + 2),
    view.getUint8(at + 3),
  );
}
