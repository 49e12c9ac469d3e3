/** Whether two engines computed the same picture; a comparison of speeds is worth nothing otherwise. */

/** @typedef {import('./types.js').Output} Output */
/** @typedef {import('./types.js').Agreement} Agreement */

/** What float32 sums in another order may change in an output in [-1, 1]. */
const TOLERANCE = 1e-3;
/** A picture with fewer levels than this says nothing. */
const FEWEST_LEVELS = 64;

/**
 * Ours are bytes alone, and each stands for an interval of outputs. So beside the bytes, the peer's
 * number is compared with the interval: it lies inside, or just beyond its end when rounding decides.
 * @param {Output} ours
 * @param {Output} theirs
 * @param {string} name of the peer
 * @returns {Agreement}
 */
export function compare(ours, theirs, name) {
  const count = ours.rgba.length / 4;
  let levels = 0;
  let different = 0;
  let beyond = 0;
  const used = new Set();
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < count; i++) {
      const level = ours.rgba[4 * i + channel];
      used.add(level);
      const distance = Math.abs(level - theirs.rgba[4 * i + channel]);
      levels = Math.max(levels, distance);
      if (distance > 0) different++;
      if (theirs.values) {
        const exact = ((theirs.values[channel * count + i] + 1) / 2) * 255;
        const outside = Math.max(level - exact, exact - (level + 1), 0);
        beyond = Math.max(beyond, outside / 127.5);
      }
    }
  }
  const found = { with: name, levels, share: different / (3 * count), beyond };
  if (theirs.rgba.length !== ours.rgba.length || used.size < FEWEST_LEVELS) {
    throw new Error(`nothing to compare with ${name}: ${used.size} levels`);
  }
  // The negation also refuses NaN.
  if (!(levels <= 1 && beyond <= TOLERANCE)) {
    throw new Error(`the result is not that of ${name}: ${JSON.stringify(found)}`);
  }
  return found;
}
