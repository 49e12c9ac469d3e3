/**
 * Converts files to pixels and back with the browser's own decoders, which are sandboxed and agree with
 * Pillow bit for bit. Runs in the worker. Pixels are 8-bit RGBA, straight alpha, upright, rows from the top.
 *
 * A canvas stores colours multiplied by alpha, so a translucent pixel comes back rounded. That does not
 * matter: with P = round(c * a / 255), what is read is c' = round(P * 255 / a), and round(c' * a / 255) = P
 * again. Composited on white, P + 255 - a is therefore the same as with the file's own colour. Only the
 * canvas must multiply (`premultiplyAlpha: 'none'`), because Chromium's WebP decoder would round down.
 *
 * Colours are converted to sRGB if a file has a profile: phones write Display P3, networks were trained on
 * sRGB. Without one the network sees the file's own numbers.
 */
import { CodedError, failureOf, readError } from '../failure.js';
import { closed } from '../files/cut-files.js';
import { checkSize, measure } from '../files/headers.js';
import { jpegEnding } from '../files/jpeg-ending.js';
import { isRare, notOpened } from '../files/kinds.js';
import { notesOf } from '../files/picture-notes.js';
import { context, Picture, release } from './picture.js';
import { turns } from './probes.js';

/** @import { ImageKind } from '../files/kinds.js' */

/** @typedef {{ data: Uint8Array, width: number, height: number }} Pixels `data` holds 4 * width * height bytes */

/** Quality of a lossy result, 0 to 1, if none was chosen. */
const QUALITY = 0.95;

/** Longer files are not read into memory to check their end; the decoder does that. */
const LONGEST = 2 ** 28;

/** Files already known to be whole, because training decodes each many times. @type {WeakSet<Blob>} */
const whole = new WeakSet();

/**
 * Opens a photo, applying the EXIF orientation; of an animation it takes the first frame. A truncated file is
 * opened if all its pixels are there.
 * @param {Blob} file
 * @returns {Promise<Picture>} to be closed
 * @throws {CodedError} those of {@link measure}
 */
export async function open(file) {
  const { kind, width, height } = await measure(file);
  const { convert, orientation } = await notesOf(file, kind);
  // Uses the type found in the bytes, whatever type the file's name suggested.
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
 * Decodes a photo directly to another size, as Pillow would resize it; only the browser holds it whole.
 * @param {Blob} file
 * @param {(width: number, height: number) => [number, number]} sizeOf the upright photo
 * @param {typeof import('../pkg/cyclegan_web.js').Shrink} Shrink
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
      // After a panic it cannot be freed.
      if (!(error instanceof WebAssembly.RuntimeError)) shrink.free();
      throw error;
    }
    return { data: shrink.finish(), width, height, photoWidth, photoHeight };
  } finally {
    picture.close();
  }
}

/**
 * JPEG has neither alpha nor, without a profile, colours to convert, and without options Chromium needs half
 * the memory.
 * @param {ImageKind} kind
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
 * @param {Blob} typed the same file with its true type
 * @param {ImageKind} kind
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

/** The picture that all of these files decode to. @param {Blob[]} files @param {ImageBitmapOptions} options */
async function agreed(files, options) {
  /** @type {ImageBitmap[]} */
  const bitmaps = [];
  try {
    for (const file of files) bitmaps.push(await createImageBitmap(file, options));
    const [first, second] = bitmaps;
    if (second && !sameStrips(new Picture(first), new Picture(second))) {
      throw damaged('it ends before its pixels do');
    }
    bitmaps.shift(); // now owned by the caller
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
    others.return(undefined); // frees its canvas
  }
}

/**
 * Whether a JPEG's data reaches up to its end marker, decoded as small as possible; true if the browser has
 * no decoder to check it with.
 * @param {Blob} file
 * @param {number} end of the data
 */
async function isWhole(file, end) {
  if (typeof ImageDecoder === 'undefined') return true;
  const [, other] = await closed(file, 'jpeg', end);
  const [a, b] = await Promise.all([file, other].map(small));
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A JPEG at an eighth of its size, if the decoder supports that. @param {Blob} file */
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
 * @param {Uint8Array} rgba 4 * width * height bytes
 * @param {number} width
 * @param {number} height
 * @param {import('../files/names.js').Format} format PNG is lossless
 * @param {number} [quality] of the others, 0 to 1
 * @returns {Promise<Blob>}
 * @throws {CodedError} `encode-failed`
 */
export async function encode(rgba, width, height, format, quality = QUALITY) {
  const canvas = new OffscreenCanvas(width, height);
  try {
    const bytes = new Uint8ClampedArray(
      /** @type {ArrayBuffer} */ (rgba.buffer),
      rgba.byteOffset,
      rgba.byteLength,
    );
    context(canvas).putImageData(new ImageData(bytes, width, height), 0, 0);
    const type = `image/${format}`;
    const blob = await canvas.convertToBlob({ type, quality });
    if (blob.type === type) return blob; // a browser without this encoder returns another type
    throw new CodedError('encode-failed', `this browser wrote ${blob.type} in place of ${type}`);
  } catch (error) {
    const { code, detail } = failureOf(error, 'encode-failed');
    throw new CodedError(code, detail);
  } finally {
    release(canvas);
  }
}

/**
 * Why a file could not be decoded.
 * @param {Blob} file
 * @param {ImageKind} kind
 * @param {number} pixels
 * @param {unknown} error
 */
async function undecodable(file, kind, pixels, error) {
  try {
    await file.slice(0, 1).arrayBuffer(); // decoders do not report that the file is gone
  } catch (gone) {
    return readError(gone, 'file-gone');
  }
  if (error instanceof CodedError) return error;
  if (isRare(kind)) return notOpened(kind);
  const { code, detail } = failureOf(error, 'image-damaged');
  // Files with a valid header may still be too large for this browser.
  return pixels > LARGE ? new CodedError('image-too-large', detail) : new CodedError(code, detail);
}

/** Number of pixels from which browsers may run out of memory. */
const LARGE = 64_000_000;
