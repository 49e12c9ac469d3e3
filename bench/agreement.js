/** Checks that two engines computed the same; comparing their speeds is pointless otherwise. */
import { steps } from './pixels.js';

/** @typedef {import('./types.js').Output} Output */
/** @typedef {import('./types.js').Losses} Losses */
/** @typedef {import('./types.js').Agreement} Agreement */

/**
 * Tolerances: in levels of a byte, and of an output in [-1, 1]. Another order of float32 sums causes that
 * much; float16 has only 11 bits for values between layers.
 */
const TOLERANCES = {
  float32: { most: 1, outside: 1e-3 },
  float16: { most: 3, outside: 3 / 127.5 },
};
/** A picture with fewer levels proves nothing. */
const FEWEST_LEVELS = 64;
/** Relative difference that float32 may cause in a loss before anything was learned. */
const LOSS_TOLERANCE = 1e-3;
/**
 * The same after an update. Adam's first step moves each weight by the learning rate in the direction of its
 * gradient, so where the gradient is nearly zero, rounding decides; this changes the second step's losses by
 * 3e-4. A wrong gradient at mirrored borders alone changes them by 0.4 (ngf 8, 32 pixels).
 */
const LEARNED_TOLERANCE = 5e-2;

/**
 * Our engine only returns bytes, each of which stands for an interval of outputs. So besides comparing bytes,
 * this checks that the peer's number is inside the interval, or just beyond its end through rounding.
 * @param {Output} ours
 * @param {Output} theirs
 * @param {string} name of our engine
 * @param {import('./types.js').Precision} precision of our engine
 * @returns {Agreement}
 */
export function compareOutputs(ours, theirs, name, precision) {
  const { most, outside } = TOLERANCES[precision];
  const count = ours.rgba.length / 4;
  const [channelStep, pixelStep] = steps(theirs.layout, count);
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
        const value = theirs.values[channel * channelStep + i * pixelStep];
        const exact = ((value + 1) / 2) * 255;
        const off = Math.max(level - exact, exact - (level + 1), 0);
        beyond = Math.max(beyond, off / 127.5);
      }
    }
  }
  const found = { with: name, levels, share: different / (3 * count), beyond };
  if (theirs.rgba.length !== ours.rgba.length || used.size < FEWEST_LEVELS) {
    throw new Error(`nothing to compare with ${name}: ${used.size} levels`);
  }
  // Negated to refuse NaN as well.
  if (!(levels <= most && beyond <= outside)) {
    throw new Error(`the result is not that of ${name}: ${JSON.stringify(found)}`);
  }
  return found;
}

/**
 * Compares the losses of the first steps, from the same weights and pictures.
 * @param {Losses[]} ours
 * @param {Losses[]} theirs
 * @param {string} name of our engine
 * @returns {Agreement}
 */
export function compareLosses(ours, theirs, name) {
  const losses = ours.map((step, index) => {
    const names = Object.keys(theirs[index]);
    if (names.length === 0) throw new Error(`there is no loss to compare with ${name}`);
    const differences = names.map((loss) => {
      return Math.abs(theirs[index][loss] - step[loss]) / Math.abs(step[loss]);
    });
    // Negated to refuse NaN as well.
    const tolerance = index === 0 ? LOSS_TOLERANCE : LEARNED_TOLERANCE;
    if (!differences.every((difference) => difference <= tolerance)) {
      const both = JSON.stringify([step, theirs[index]]);
      throw new Error(`the losses of step ${index + 1} are not those of ${name}: ${both}`);
    }
    return Math.max(...differences);
  });
  return { with: name, losses };
}
