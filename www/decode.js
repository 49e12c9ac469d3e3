/**
 * Files to pixels and back, by the browser's own decoders, which are sandboxed and agree with Pillow bit
 * for bit. Runs in the worker. Pixels are RGBA, 8 bits, straight alpha, upright, rows from the top.
 *
 * A canvas stores colour multiplied by alpha, so a translucent pixel comes back rounded. That does not
 * show: with P = round(c * a / 255), what is read is c' = round(P * 255 / a), and round(c' * a / 255) = P
 * again. Composited on white, P + 255 - a is therefore what the file's own colour would have given. Only
 * the canvas multiplies (`premultiplyAlpha: 'none'`): Chromium's WebP decoder would round down.
 *
 * Colours become sRGB where a file has a profile: phones write Display P3, and what networks were trained
 * on was sRGB. Without one the network sees the numbers in the file.
 */
import { closed } from './cut-files.js';
import { CodedError, failureOf, readError } from './failure.js';
import { isRare, notOpened } from './file-kinds.js';
import { checkSize, measure } from './headers.js';
import { jpegEnding } from './jpeg-ending.js';
import { notesOf } from './picture-notes.js';
import { GAMMA, PROFILE, turns } from './probes.js';

/** @typedef {import('./file-kinds.js').Kind} Kind */
/** @typedef {{ data: Uint8Array, width: number, height: number }} Pixels `data` holds 4 * width * height bytes */

/** Pixels read back at a time: keeps the canvas far below what any browser allows, and memory low. */
const STRIP_PIXELS = 4_000_000;

/** Quality of a JPEG result, 0 to 1. */
const JPEG_QUALITY = 0.95;

/** Longer files are not read into memory to see how they end: their decoder says whether they do. */
const LONGEST = 2 ** 28;

/** Files that are known to be whole: in training each is decoded many times. @type {WeakSet<Blob>} */
const whole = new WeakSet();

/** A decoded photo, upright. It holds memory that only `close` gives back at once. */
export class Picture {
  #bitmap;
  #orientation;

  /** @param {ImageBitmap} bitmap @param {number} [orientation] how it is still to be turned, as in EXIF */
  constructor(bitmap, orientation = 1) {
    this.#bitmap = bitmap;
    this.#orientation = orientation;
  }

  /** Whether rows and columns change places. */
  get #lies() {
    return this.#orientation > 4;
  }

  get width() {
    return this.#lies ? this.#bitmap.height : this.#bitmap.width;
  }

  get height() {
    return this.#lies ? this.#bitmap.width : this.#bitmap.height;
  }

  /** Some rows at a time, from the top. @returns {Generator<Uint8Array>} */
  *strips() {
    const { width, height } = this;
    const rows = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
    const canvas = new OffscreenCanvas(width, rows);
    const brush = context(canvas);
    brush.globalCompositeOperation = 'copy';
    brush.imageSmoothingEnabled = false;
    try {
      for (let top = 0; top < height; top += rows) {
        brush.setTransform(...turned(this.#orientation, this.#bitmap, top));
        brush.drawImage(this.#bitmap, 0, 0);
        const { data } = brush.getImageData(0, 0, width, Math.min(rows, height - top));
        yield new Uint8Array(data.buffer);
      }
    } finally {
      release(canvas);
    }
  }

  close() {
    this.#bitmap.close();
  }
}

/**
 * From a stored picture's pixels to those that are upright, `top` rows further up.
 *
 * @param {number} orientation
 * @param {{ width: number, height: number }} stored
 * @param {number} top
 * @returns {[number, number, number, number, number, number]}
 */
function turned(orientation, { width: w, height: h }, top) {
  switch (orientation) {
    case 2:
      return [-1, 0, 0, 1, w, -top];
    case 3:
      return [-1, 0, 0, -1, w, h - top];
    case 4:
      return [1, 0, 0, -1, 0, h - top];
    case 5:
      return [0, 1, 1, 0, 0, -top];
    case 6:
      return [0, 1, -1, 0, h, -top];
    case 7:
      return [0, -1, -1, 0, h, w - top];
    case 8:
      return [0, -1, 1, 0, 0, w - top];
    default:
      return [1, 0, 0, 1, 0, -top];
  }
}

/**
 * Opens a photo. The EXIF orientation is applied; of an animation the first frame is taken. What ends too
 * early is opened if all its pixels are there.
 *
 * @param {Blob} file
 * @returns {Promise<Picture>} to be closed
 * @throws {CodedError} those of {@link measure}
 */
export async function open(file) {
  const { kind, width, height } = await measure(file);
  const { convert, orientation } = await notesOf(file, kind);
  // The type that the bytes have, whatever the file's name made the system think.
  const typed = file.slice(0, file.size, `image/${kind}`);
  const bitmap = await bitmapOf(file, typed, kind, optionsFor(kind, convert)).catch(
    async (error) => {
      throw await undecodable(file, kind, width * height, error);
    },
  );
  try {
    checkSize(bitmap.width, bitmap.height, file.size); // headers can lie
    const left = orientation === 1 || (await turns(kind)) ? 1 : orientation;
    return new Picture(bitmap, left);
  } catch (error) {
    bitmap.close();
    throw error;
  }
}

/**
 * Decodes a photo to pixels in one piece.
 *
 * @param {Blob} file
 * @returns {Promise<Pixels>}
 * @throws {CodedError} as {@link open}
 */
export async function decode(file) {
  const picture = await open(file);
  try {
    const { width, height } = picture;
    const data = new Uint8Array(4 * width * height);
    let at = 0;
    for (const rows of picture.strips()) {
      data.set(rows, at);
      at += rows.length;
    }
    return { data, width, height };
  } finally {
    picture.close();
  }
}

/**
 * Decodes a photo straight to another size, as Pillow would resize it: only the browser holds it whole.
 *
 * @param {Blob} file
 * @param {(width: number, height: number) => [number, number]} sizeOf the upright photo
 * @param {typeof import('./pkg/cyclegan_web.js').Shrink} Shrink
 * @returns {Promise<Pixels & { photoWidth: number, photoHeight: number }>}
 * @throws {CodedError} as {@link open}, and those of the engine
 */
export async function decodeTo(file, sizeOf, Shrink) {
  const picture = await open(file);
  try {
    const { width: photoWidth, height: photoHeight } = picture;
    const [width, height] = sizeOf(photoWidth, photoHeight);
    const shrink = new Shrink(photoWidth, photoHeight, width, height);
    try {
      for (const rows of picture.strips()) shrink.push(rows);
    } catch (error) {
      // A panic has not given it back.
      if (!(error instanceof WebAssembly.RuntimeError)) shrink.free();
      throw error;
    }
    return { data: shrink.finish(), width, height, photoWidth, photoHeight };
  } finally {
    picture.close();
  }
}

/**
 * JPEG has neither alpha nor colours without a profile that could be converted, and without options
 * Chromium needs half the memory.
 *
 * @param {Kind} kind
 * @param {boolean} convert
 * @returns {ImageBitmapOptions}
 */
function optionsFor(kind, convert) {
  if (kind === 'jpeg') return {};
  const colorSpaceConversion = convert ? 'default' : 'none';
  return { imageOrientation: 'from-image', premultiplyAlpha: 'none', colorSpaceConversion };
}

/**
 * @param {Blob} file
 * @param {Blob} typed the same with its true type
 * @param {Kind} kind
 * @param {ImageBitmapOptions} options
 * @returns {Promise<ImageBitmap>}
 */
async function bitmapOf(file, typed, kind, options) {
  const ending =
    kind === 'jpeg' && !whole.has(file) && file.size < LONGEST
      ? jpegEnding(new Uint8Array(await file.arrayBuffer()))
      : { end: file.size, ended: true, whole: true };
  if (!ending.whole) throw damaged('scans are missing');
  if (!ending.ended) return agreed(await closed(typed, kind, ending.end), options);
  if (kind === 'jpeg') return wholeJpeg(file, typed, ending.end);
  try {
    return await createImageBitmap(typed, options);
  } catch (error) {
    const files = await closed(typed, kind, ending.end);
    if (files.length === 0) throw error;
    return agreed(files, options);
  }
}

/** @param {Blob} file @param {Blob} typed @param {number} end of its data */
async function wholeJpeg(file, typed, end) {
  const bitmap = await createImageBitmap(typed);
  try {
    if (!whole.has(file) && !(await isWhole(typed, end))) {
      throw damaged('pixels are missing before the end marker');
    }
  } catch (error) {
    bitmap.close();
    throw error;
  }
  whole.add(file);
  return bitmap;
}

/** The picture that all of these files show. @param {Blob[]} files @param {ImageBitmapOptions} options */
async function agreed(files, options) {
  /** @type {ImageBitmap[]} */
  const bitmaps = [];
  try {
    for (const file of files) bitmaps.push(await createImageBitmap(file, options));
    const [first, second] = bitmaps;
    if (second && !sameStrips(new Picture(first), new Picture(second))) {
      throw damaged('it ends before its pixels do');
    }
    bitmaps.shift(); // the caller's from now on
    return first;
  } finally {
    for (const bitmap of bitmaps) bitmap.close();
  }
}

/** @param {Picture} a @param {Picture} b */
function sameStrips(a, b) {
  if (a.width !== b.width || a.height !== b.height) return false;
  const others = b.strips();
  try {
    for (const rows of a.strips()) {
      const other = others.next().value;
      if (!other || !rows.every((byte, i) => byte === other[i])) return false;
    }
    return true;
  } finally {
    others.return(undefined); // gives its canvas back
  }
}

/**
 * Whether a JPEG's data reach up to its end marker, looked at as small as the decoder makes it; true where
 * the browser has none that can be asked.
 *
 * @param {Blob} file
 * @param {number} end of the data
 */
async function isWhole(file, end) {
  if (typeof ImageDecoder === 'undefined') return true;
  const [, other] = await closed(file, 'jpeg', end);
  const [a, b] = await Promise.all([file, other].map(small));
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A JPEG at an eighth of its size, where the decoder does that. @param {Blob} file */
async function small(file) {
  const decoder = new ImageDecoder({
    data: file.stream(),
    type: file.type,
    desiredWidth: 1,
    desiredHeight: 1,
  });
  try {
    const { image } = await decoder.decode();
    const bytes = new Uint8Array(image.allocationSize());
    await image.copyTo(bytes);
    image.close();
    return bytes;
  } finally {
    decoder.close();
  }
}

/** @param {string} detail */
const damaged = (detail) => new CodedError('image-damaged', detail);

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
 * Whether pixels come back from a canvas, and from an encoded file, as they were put in, and whether a
 * colour profile leads to sRGB and nothing else changes colours. Browsers that resist fingerprinting add
 * noise to what a page reads, and every photo would carry it.
 *
 * @returns {Promise<'canvas-noise' | 'canvas-colours' | null>}
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
  if (!same) return 'canvas-noise';
  return (await keepsColours()) ? null : 'canvas-colours';
}

/** Whether a profile counts, by one in which red is green; and a gamma alone does not. */
async function keepsColours() {
  try {
    const [red, grey] = [await decode(PROFILE()), await decode(GAMMA())];
    return red.data[1] > 250 && red.data[0] < 5 && grey.data[0] === 128;
  } catch {
    return false;
  }
}

/**
 * Why a file could not be decoded.
 *
 * @param {Blob} file
 * @param {Kind} kind
 * @param {number} pixels
 * @param {unknown} error
 */
async function undecodable(file, kind, pixels, error) {
  try {
    await file.slice(0, 1).arrayBuffer(); // decoders do not tell that the file is gone
  } catch (gone) {
    return readError(gone, 'file-gone');
  }
  if (error instanceof CodedError) return error;
  if (isRare(kind)) return notOpened(kind);
  const { code, detail } = failureOf(error, 'image-damaged');
  // What is whole by its header may still be more than this browser can hold.
  return pixels > LARGE ? new CodedError('image-too-large', detail) : new CodedError(code, detail);
}

/** From so many pixels on browsers refuse for want of memory. */
const LARGE = 64_000_000;

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
