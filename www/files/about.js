/**
 * What a weights file says of itself in its header, as those made here do (`src/weights/about.rs`). Files come
 * from strangers: what is too long or of another kind is left out, and nothing fails.
 */
import { ByteReader } from './byte-reader.js';
import { jpegSize } from './header-walks.js';
import { unturned } from './names.js';
import { headerOf } from './safetensors-header.js';

/**
 * @typedef {object} About
 * @property {string | null} from the look of the pictures that it takes
 * @property {string | null} to the look of those that it makes
 * @property {number} margin pixels of border that it wants; 0: none, or not said
 * @property {number | null} size longer side of the pictures that it was made for, in pixels
 * @property {string | null} trainedOn
 * @property {[before: Blob, after: Blob] | null} thumbnails small JPEGs
 */

/** @type {About} */
export const NOTHING_SAID = {
  from: null,
  to: null,
  margin: 0,
  size: null,
  trainedOn: null,
  thumbnails: null,
};

/** Bytes of the longest header to read: training logs may be in it. */
const LONGEST = 4 * 2 ** 20;
const LONGEST_NAME = 80;
const LONGEST_TEXT = 1000;
/** Characters of base64. */
const LONGEST_THUMBNAIL = 65_536;
/** Pixels of a thumbnail's side, at most. */
const LARGEST_THUMBNAIL = 512;
/** The widest margin and the largest size, in pixels. */
const WIDEST_MARGIN = 64;
const LARGEST_SIZE = 8192;

/**
 * @param {Blob} weights
 * @returns {Promise<About>}
 */
export async function aboutIn(weights) {
  try {
    const { header } = await headerOf(weights, LONGEST);
    return await aboutOf(/** @type {Record<string, unknown>} */ (header.__metadata__));
  } catch {
    return NOTHING_SAID; // not safetensors, or a file that is gone: loading it will report that
  }
}

/** @param {Record<string, unknown>} said @returns {Promise<About>} */
async function aboutOf(said) {
  const pictures = [said.thumbnail_before, said.thumbnail_after];
  const [before, after] = await Promise.all(
    pictures.map((picture) => thumbnail(picture).catch(() => null)),
  );
  return {
    ...basics(said),
    trainedOn: line(said.trained_on, LONGEST_TEXT),
    thumbnails: before && after ? [before, after] : null,
  };
}

/**
 * What a file and a host's list can both say.
 * @param {Record<string, unknown>} said
 * @returns {Pick<About, 'from' | 'to' | 'margin' | 'size'>}
 */
export function basics(said) {
  const size = whole(said.size);
  return {
    from: line(said.from, LONGEST_NAME),
    to: line(said.to, LONGEST_NAME),
    margin: Math.min(WIDEST_MARGIN, whole(said.margin) ?? 0),
    size: size !== null && size <= LARGEST_SIZE ? size : null,
  };
}

/**
 * Text on one line, without the marks that would turn what stands beside it.
 * @param {unknown} said
 * @param {number} longest in characters
 */
function line(said, longest) {
  if (typeof said !== 'string') return null;
  const text = unturned(said)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .trim();
  return text && [...text].length <= longest ? text : null;
}

/** @param {unknown} said as text or as a number @returns {number | null} at least 1 */
export function whole(said) {
  const number = typeof said === 'string' ? Number(said) : said;
  return typeof number === 'number' && Number.isInteger(number) && number > 0 ? number : null;
}

/** @param {unknown} base64 of a JPEG @returns {Promise<Blob | null>} */
async function thumbnail(base64) {
  if (typeof base64 !== 'string' || base64.length > LONGEST_THUMBNAIL) return null;
  if (!/^\/9j\/[A-Za-z0-9+/]*={0,2}$/.test(base64)) return null;
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const picture = new Blob([bytes], { type: 'image/jpeg' });
  // A JPEG that is cut off is drawn with a hole.
  if (bytes.at(-2) !== 0xff || bytes.at(-1) !== 0xd9) return null;
  const size = await jpegSize(new ByteReader(picture));
  return size && Math.max(size.width, size.height) <= LARGEST_THUMBNAIL ? picture : null;
}
