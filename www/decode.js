/**
 * Files to pixels and back, by the browser's own decoders, which are sandboxed and agree with Pillow bit
 * for bit. Runs in the worker. Pixels are RGBA, 8 bits, straight alpha, upright, rows from the top.
 *
 * A canvas stores colour multiplied by alpha, so a translucent pixel comes back rounded. That does not
 * show: with P = round(c * a / 255), what is read is c' = round(P * 255 / a), and round(c' * a / 255) = P
 * again. Composited on white, P + 255 - a is therefore what the file's own colour would have given. Only
 * the canvas multiplies (`premultiplyAlpha: 'none'`): Chromium's WebP decoder would round down.
 *
 * Colour profiles are left aside (`colorSpaceConversion: 'none'`), as Pillow leaves them: the network sees
 * the numbers in the file, since those are what networks are trained on.
 */
import { CodedError, failureOf, readError } from './failure.js';
import { checkSize, measure } from './headers.js';

/** @typedef {{ data: Uint8Array, width: number, height: number }} Pixels `data` holds 4 * width * height bytes */

/** Pixels read back at a time: keeps the canvas far below what any browser allows, and memory low. */
const STRIP_PIXELS = 4_000_000;

/** Quality of a JPEG result, 0 to 1. */
const JPEG_QUALITY = 0.95;

/**
 * Decodes a photo. The EXIF orientation is applied; of an animation the first frame is taken.
 *
 * @param {Blob} file
 * @returns {Promise<Pixels>}
 * @throws {CodedError} those of {@link measure}, and `image-heic` where this browser has no HEIC decoder
 */
export async function decode(file) {
  const { kind } = await measure(file);
  let bitmap;
  try {
    // The type that the bytes have, whatever the file's name made the system think.
    bitmap = await createImageBitmap(file.slice(0, file.size, `image/${kind}`), {
      imageOrientation: 'from-image',
      premultiplyAlpha: 'none',
      colorSpaceConversion: 'none',
    });
  } catch (error) {
    throw await undecodable(file, kind, error);
  }
  try {
    checkSize(bitmap.width, bitmap.height); // headers can lie
    return { data: pixelsOf(bitmap), width: bitmap.width, height: bitmap.height };
  } finally {
    bitmap.close();
  }
}

/**
 * Encodes opaque pixels. The file carries nothing of the photo's own metadata.
 *
 * @param {Uint8Array} rgba 4 * width * height bytes
 * @param {number} width
 * @param {number} height
 * @param {import('./protocol.js').Format} format PNG is lossless, JPEG has quality 0.95
 * @returns {Promise<Blob>}
 * @throws {CodedError} `encode-failed`
 */
export async function encode(rgba, width, height, format) {
  const canvas = new OffscreenCanvas(width, height);
  try {
    const bytes = new Uint8ClampedArray(
      /** @type {ArrayBuffer} */ (rgba.buffer),
      rgba.byteOffset,
      rgba.byteLength,
    );
    context(canvas).putImageData(new ImageData(bytes, width, height), 0, 0);
    const type = `image/${format}`;
    const blob = await canvas.convertToBlob({ type, quality: JPEG_QUALITY });
    if (blob.type === type) return blob; // a browser without this encoder answers with another type
    throw new CodedError('encode-failed', `this browser wrote ${blob.type} in place of ${type}`);
  } catch (error) {
    const { code, detail } = failureOf(error, 'encode-failed');
    throw new CodedError(code, detail);
  } finally {
    release(canvas);
  }
}

/**
 * Whether pixels come back from a canvas, and from an encoded file, as they were put in. Browsers that
 * resist fingerprinting add noise to what a page reads, and every photo would carry it.
 *
 * @returns {Promise<'canvas-noise' | null>}
 * @throws {CodedError} `browser-unsupported`
 */
export async function selfTest() {
  if (typeof OffscreenCanvas === 'undefined' || typeof createImageBitmap === 'undefined') {
    throw new CodedError(
      'browser-unsupported',
      'no OffscreenCanvas or createImageBitmap in a worker',
    );
  }
  const side = 64;
  const known = new Uint8Array(4 * side * side).map((_, i) =>
    i % 4 === 3 ? 255 : (i * 2_654_435_761) >>> 24,
  );
  const canvas = new OffscreenCanvas(side, side);
  context(canvas).putImageData(new ImageData(new Uint8ClampedArray(known), side, side), 0, 0);
  const read = context(canvas).getImageData(0, 0, side, side).data;
  release(canvas);
  const decoded = await decode(await encode(known, side, side, 'png')).catch(() => null);
  const same = known.every((byte, i) => byte === read[i] && byte === decoded?.data[i]);
  return same ? null : 'canvas-noise';
}

/**
 * Why a file could not be decoded.
 *
 * @param {Blob} file
 * @param {import('./headers.js').Kind} kind
 * @param {unknown} error
 */
async function undecodable(file, kind, error) {
  try {
    await file.slice(0, 1).arrayBuffer(); // decoders do not tell that the file is gone
  } catch (gone) {
    return readError(gone, 'file-gone');
  }
  return kind === 'heic'
    ? new CodedError('image-heic', 'this browser does not decode HEIC')
    : new CodedError('image-unreadable', failureOf(error).detail);
}

/** @param {ImageBitmap} bitmap @returns {Uint8Array} */
function pixelsOf(bitmap) {
  const { width, height } = bitmap;
  const rows = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
  const canvas = new OffscreenCanvas(width, rows);
  const brush = context(canvas);
  brush.globalCompositeOperation = 'copy';
  const data = new Uint8Array(4 * width * height);
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    brush.drawImage(bitmap, 0, -top);
    data.set(brush.getImageData(0, 0, width, count).data, 4 * width * top);
  }
  release(canvas);
  return data;
}

/** A canvas held in main memory, since it is read back. @param {OffscreenCanvas} canvas */
function context(canvas) {
  const brush = canvas.getContext('2d', { willReadFrequently: true });
  if (!brush) throw new CodedError('out-of-memory', 'the browser gave no canvas');
  return brush;
}

/** Frees a canvas at once, not when it is collected. @param {OffscreenCanvas} canvas */
function release(canvas) {
  canvas.width = 0;
  canvas.height = 0;
}
