/**
 * Kind and size of an image file, from its first bytes and before anything is decoded.
 *
 * Browsers do not stop decompression bombs: a PNG of 31 KB that claims 16000x16000 costs a gigabyte. So an
 * image whose header gives no size, or too large a one, never reaches a decoder.
 */
import { CodedError } from '../failure.js';
import { ByteReader } from './byte-reader.js';
import { boxesSize, gifSize, jpegSize } from './header-walks.js';
import { isRare, kindOf, notOpened } from './kinds.js';
import { jxlSize, tiffSize } from './rare-sizes.js';

/** @import { Extent } from './header-walks.js' */
/** @import { ImageKind } from './kinds.js' */

/** Most bytes of a decoded image, at 4 per pixel: 250 megapixels, more than any phone takes. */
export const MAX_BYTES = 1e9;
/** Longest side to decode, in pixels. */
export const MAX_SIDE = 16_384;
/**
 * An image of more than 256 MB must look like a photo: no camera's encoder writes less than one byte for this
 * many pixels, while a bomb has one for a thousand.
 */
const LARGE = { pixels: 64_000_000, pixelsAByte: 200 };

/**
 * Kind and size of an image file.
 * @param {Blob} file
 * @returns {Promise<{ kind: ImageKind } & Extent>}
 * @throws {CodedError} `image-empty`, `image-unreadable` (not a picture), `image-unsupported` (a known kind
 *   that this browser does not open), `image-heic`, `image-damaged`, `image-too-large`, `file-gone`
 */
export async function measure(file) {
  if (file.size === 0) throw new CodedError('image-empty', 'the file has no bytes');
  const reader = new ByteReader(file);
  const kind = await kindOf(reader, /** @type {Partial<File>} */ (file).name);
  if (!kind) throw new CodedError('image-unreadable', 'the first bytes are not those of an image');
  const size = await SIZES[kind](reader);
  if (!size || size.width < 1 || size.height < 1) {
    if (isRare(kind)) throw notOpened(kind);
    throw new CodedError('image-damaged', `the ${kind} header gives no size`);
  }
  checkSize(size.width, size.height, file.size);
  return { kind, ...size };
}

/**
 * Whether a file's content is a picture, whatever its name and type.
 * @param {File} file
 * @returns {Promise<boolean>}
 * @throws {CodedError} `image-unsupported`, `image-heic`, `file-gone`
 */
export async function isPicture(file) {
  return (await kindOf(new ByteReader(file), file.name)) !== null;
}

/**
 * Refuses images that are too large to decode.
 * @param {number} width pixels
 * @param {number} height pixels
 * @param {number} bytes of the file
 * @throws {CodedError} `image-too-large`
 */
export function checkSize(width, height, bytes) {
  const pixels = width * height;
  const bomb = pixels > LARGE.pixels && pixels > LARGE.pixelsAByte * bytes;
  if (4 * pixels > MAX_BYTES || Math.max(width, height) > MAX_SIDE || bomb) {
    throw new CodedError('image-too-large', `${width}x${height} pixels`);
  }
}

/** @type {Record<ImageKind, (reader: ByteReader) => Promise<Extent | null>>} null: the header gives no size */
const SIZES = {
  jpeg: jpegSize,
  png: pngSize,
  gif: gifSize,
  webp: webpSize,
  avif: boxesSize,
  heic: boxesSize,
  bmp: bmpSize,
  tiff: tiffSize,
  jxl: jxlSize,
};

/** The IHDR chunk comes first. @param {ByteReader} reader @returns {Promise<Extent | null>} */
async function pngSize(reader) {
  const view = await reader.view(8, 16);
  if (view?.getUint32(4) !== 0x49484452) return null; // "IHDR"
  return { width: view.getUint32(8), height: view.getUint32(12) };
}

/** RFC 9649, sections 2.5 to 2.7: lossy, lossless, extended. @param {ByteReader} reader @returns {Promise<Extent | null>} */
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

/** A negative height means rows from top to bottom. @param {ByteReader} reader @returns {Promise<Extent | null>} */
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
