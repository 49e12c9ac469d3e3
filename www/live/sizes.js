/** The sizes at which a video can be translated: longest sides, in pixels. */

export const SIZES = /** @type {const} */ ([128, 192, 256, 384, 512]);

/** @typedef {(typeof SIZES)[number]} Size */
/** @typedef {import('../engine/protocol.js').Extent} Extent */

/** The network halves its picture twice, and then mirrors a pixel at each border. */
const MULTIPLE = 4;
const LEAST = 8;

/**
 * What the network sees of a video: its proportions, and not more pixels than it has, but for the least of a side.
 * @param {Extent} video
 * @param {Size} size
 * @returns {Extent} multiples of 4, at least 8
 */
export function seenSize({ width, height }, size) {
  const scale = Math.min(1, size / Math.max(width, height));
  const fitted = (/** @type {number} */ side) =>
    Math.max(LEAST, MULTIPLE * Math.round((side * scale) / MULTIPLE));
  return { width: fitted(width), height: fitted(height) };
}

/** The longest side of what is shown. */
const SHOWN = 640;

/** At which size a video is shown. @param {Extent} video @returns {Extent} */
export function shownSize({ width, height }) {
  const scale = Math.min(1, SHOWN / Math.max(width, height));
  const fitted = (/** @type {number} */ side) => Math.max(1, Math.round(side * scale));
  return { width: fitted(width), height: fitted(height) };
}

/**
 * The next size that is less work.
 * @param {Extent} video
 * @param {Size} size
 * @returns {Size | null} null: there is none
 */
export function smallerSize({ width, height }, size) {
  const longest = Math.min(size, Math.max(width, height));
  return SIZES.filter((one) => one < longest).at(-1) ?? null;
}

/**
 * What a device proposes.
 * @param {boolean} slow whether it is a processor
 * @returns {Size}
 */
export const defaultSize = (slow) => (slow ? 128 : 256);
