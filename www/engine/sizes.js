/** The sizes of results, and of what the network sees for them. */

/** @import { Longest } from './protocol.js' */

/**
 * The longest side of what the network sees where its change is carried over to a larger photo, as on the command
 * line (`CARRIED_FROM` in src/translate/plan.rs).
 */
const CARRIED_FROM = 1024;

/**
 * @param {Longest} size
 * @returns {{ result: number | null, network: number | null }} pixels; null: of the result, the photo's own; of
 *   the network, the result's
 */
export function longestSides(size) {
  if (size === 'own') return { result: null, network: CARRIED_FROM };
  if (size === 'redrawn') return { result: null, network: null };
  return { result: size, network: null };
}

/**
 * Photos that a graphics card's worker has at a time: one is decoded or encoded while the card is at the other, unless
 * each may be large.
 * @param {Longest} size
 */
export const abreast = (size) => (typeof size === 'number' ? 2 : 1);

/**
 * Pixels of a photo whose longest side is at most so long.
 * @param {{ width: number, height: number }} photo
 * @param {number | null} longest null: as it is
 */
export function pixelsWithin({ width, height }, longest) {
  const scale = Math.min(1, (longest ?? Number.POSITIVE_INFINITY) / Math.max(1, width, height));
  return width * height * scale ** 2;
}
