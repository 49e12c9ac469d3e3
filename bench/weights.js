/** Seeded random weights and pictures. */
import { weightShape } from './network.js';

/** @typedef {import('./types.js').Layer} Layer */
/** @typedef {import('./types.js').Tensor} Tensor */

/** Of weights and biases; for weights as in PyTorch's `init_weights` and the paper (section 4). */
const DEVIATION = 0.02;

/**
 * Mulberry32: uniform in [0, 1), the same in every browser.
 * @param {number} seed
 * @returns {() => number}
 */
export function uniform(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Weights and biases from N(0, 0.02²): biases too, so that an engine that ignores one is noticed.
 * @param {Layer[]} layers
 * @param {number} seed
 * @returns {Tensor[]} each weight before its bias
 */
export function randomTensors(layers, seed) {
  const next = uniform(seed);
  const draw = (/** @type {string} */ name, /** @type {number[]} */ shape) => {
    const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
    for (let i = 0; i < data.length; i += 2) {
      // Box and Muller's transform turns two uniform numbers into two normal ones.
      const radius = DEVIATION * Math.sqrt(-2 * Math.log(1 - next()));
      const angle = 2 * Math.PI * next();
      data[i] = radius * Math.cos(angle);
      if (i + 1 < data.length) data[i + 1] = radius * Math.sin(angle);
    }
    return { name, shape, data };
  };
  return layers.flatMap((layer) => [
    draw(`${layer.key}.weight`, weightShape(layer)),
    draw(`${layer.key}.bias`, [layer.outputs]),
  ]);
}

/**
 * A picture with low and high frequencies, waves plus some noise, so that no layer idles.
 * @param {number} size side in pixels
 * @param {number} seed
 * @returns {Uint8Array} RGBA
 */
export function randomPicture(size, seed) {
  const next = uniform(seed);
  const rgba = new Uint8Array(4 * size * size).fill(255);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const wave = Math.sin(x / (7 + 3 * channel)) * Math.cos(y / (11 - 2 * channel));
        rgba[4 * (y * size + x) + channel] = 128 + 80 * wave + 40 * (next() - 0.5);
      }
    }
  }
  return rgba;
}
