/**
 * What an image file is and how large, from its first bytes and before anything is decoded.
 *
 * Browsers do not stop decompression bombs: a PNG of 31 KB that says 16000x16000 costs a gigabyte.
 * So an image whose header gives no size, or too large a one, is never handed to a decoder.
 */

import { ByteReader } from './byte-reader.js';
import { CodedError } from './failure.js';
import { boxesSize, brandOf, gifSize, jpegSize } from './header-walks.js';

/** @typedef {'jpeg' | 'png' | 'gif' | 'webp' | 'avif' | 'heic' | 'bmp'} Kind */
/** @typedef {{ width: number, height: number }} Size pixels, as stored: before the EXIF orientation */

/** Largest image that is decoded, in pixels: 256 MB as RGBA. */
export const MAX_PIXELS = 64_000_000;
/** Longest side that is decoded, in pixels. */
export const MAX_SIDE = 16_384;

/**
 * Kind and size of an image file.
 *
 * @param {Blob} file
 * @returns {Promise<{ kind: Kind } & Size>}
 * @throws {CodedError} `image-empty`, `image-unsupported` (a known kind that browsers do not decode),
 *   `image-unreadable`, `image-too-large`, `file-gone`
 */
export async function measure(file) {
  if (file.size === 0) throw new CodedError('image-empty', 'the file has no bytes');
  const reader = new ByteReader(file);
  const start = await reader.view(0, Math.min(file.size, 64));
  const kind = start ? await kindOf(reader, start) : null;
  if (!kind) throw new CodedError('image-unreadable', 'the first bytes are not those of an image');
  const size = await SIZES[kind](reader);
  if (!size || size.width < 1 || size.height < 1) {
    throw new CodedError('image-unreadable', `the ${kind} header gives no size`);
  }
  checkSize(size.width, size.height);
  return { kind, ...size };
}

/**
 * Refuses what is too large to decode.
 *
 * @param {number} width pixels
 * @param {number} height pixels
 * @throws {CodedError} `image-too-large`
 */
export function checkSize(width, height) {
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE) {
    throw new CodedError('image-too-large', `${width}x${height} pixels`);
  }
}

/** First bytes of files that are not photos for a browser, with what they are. */
const UNSUPPORTED = /** @type {const} */ ([
  ['II*\0', 'TIFF or camera raw'],
  ['MM\0*', 'TIFF or camera raw'],
  ['II+\0', 'TIFF'],
  ['MM\0+', 'TIFF'],
  ['\xff\x0a', 'JPEG XL'],
  ['\0\0\0\x0cJXL ', 'JPEG XL'],
  ['\0\0\0\x0cjP  ', 'JPEG 2000'],
  ['8BPS', 'Photoshop'],
  ['%PDF', 'PDF'],
  ['\0\0\x01\0', 'icon'],
  ['\x1aE\xdf\xa3', 'WebM or Matroska video'],
  ['PK\x03\x04', 'zip'],
]);

/**
 * @param {ByteReader} reader
 * @param {DataView} start up to 64 bytes
 * @returns {Promise<Kind | null>} null for what is no image
 */
async function kindOf(reader, start) {
  const text = String.fromCharCode(
    ...new Uint8Array(start.buffer, start.byteOffset, start.byteLength),
  );
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (/^GIF8[79]a/.test(text)) return 'gif';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp';
  if (text.slice(4, 8) === 'ftyp') {
    const brand = await brandOf(reader);
    if (brand === 'video') throw unsupported('video');
    return brand;
  }
  if (text.startsWith('BM')) return 'bmp';
  const match = UNSUPPORTED.find(([magic]) => text.startsWith(magic));
  if (match) throw unsupported(match[1]);
  if (/^(\xef\xbb\xbf)?\s*<(svg|\?xml|!DOCTYPE svg)/i.test(text)) throw unsupported('SVG');
  return null;
}

/** @param {string} what */
const unsupported = (what) =>
  new CodedError('image-unsupported', `${what} is not decoded by browsers`);

/** @type {Record<Kind, (reader: ByteReader) => Promise<Size | null>>} null: the header gives no size */
const SIZES = {
  jpeg: jpegSize,
  png: pngSize,
  gif: gifSize,
  webp: webpSize,
  avif: boxesSize,
  heic: boxesSize,
  bmp: bmpSize,
};

/** The IHDR chunk comes first. @param {ByteReader} reader @returns {Promise<Size | null>} */
async function pngSize(reader) {
  const view = await reader.view(8, 16);
  if (view?.getUint32(4) !== 0x49484452) return null; // "IHDR"
  return { width: view.getUint32(8), height: view.getUint32(12) };
}

/** RFC 9649, sections 2.5 to 2.7: lossy, lossless, extended. @param {ByteReader} reader @returns {Promise<Size | null>} */
async function webpSize(reader) {
  const view = await reader.view(12, 18);
  const name = view?.getUint32(0);
  if (view && name === 0x56503820 && view.getUint16(11) === 0x9d01 && view.getUint8(13) === 0x2a) {
    return { width: view.getUint16(14, true) & 0x3fff, height: view.getUint16(16, true) & 0x3fff };
  }
  if (view && name === 0x5650384c && view.getUint8(8) === 0x2f) {
    const bits = view.getUint32(9, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  if (view && name === 0x56503858) {
    const width = 1 + view.getUint16(12, true) + view.getUint8(14) * 65_536;
    return { width, height: 1 + view.getUint16(15, true) + view.getUint8(17) * 65_536 };
  }
  return null;
}

/** A negative height means rows from top to bottom. @param {ByteReader} reader @returns {Promise<Size | null>} */
async function bmpSize(reader) {
  const header = (await reader.view(14, 4))?.getUint32(0, true);
  if (header === 12) {
    const view = await reader.view(18, 4);
    return view && { width: view.getUint16(0, true), height: view.getUint16(2, true) };
  }
  if (!header || ![16, 40, 52, 56, 64, 108, 124].includes(header)) return null;
  const view = await reader.view(18, 8);
  return view && { width: view.getInt32(0, true), height: Math.abs(view.getInt32(4, true)) };
}
