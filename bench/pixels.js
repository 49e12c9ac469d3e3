/** Converts bytes to the network's numbers and back, for the peers; our engine does it internally. */

/** @typedef {import('./types.js').Layout} Layout */

/**
 * Strides of channels and pixels.
 * @param {Layout} layout
 * @param {number} count pixels
 * @returns {[number, number]} distance between channels and between pixels
 */
export function steps(layout, count) {
  return layout === 'planes' ? [count, 1] : [1, 3];
}

/**
 * `(x / 255 - 0.5) / 0.5` in float32, channel by channel.
 * @param {Uint8Array} rgba
 * @param {Layout} layout
 * @returns {Float32Array} in [-1, 1]
 */
export function toUnit(rgba, layout) {
  const table = Float32Array.from({ length: 256 }, (_, level) => {
    return Math.fround(Math.fround(Math.fround(level / 255) - 0.5) / 0.5);
  });
  const count = rgba.length / 4;
  const [channelStep, pixelStep] = steps(layout, count);
  const values = new Float32Array(3 * count);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < count; i++) {
      values[channel * channelStep + i * pixelStep] = table[rgba[4 * i + channel]];
    }
  }
  return values;
}

/**
 * `(x + 1) / 2 * 255`, truncated as PyTorch's test.py does.
 * @param {Float32Array} values in [-1, 1]
 * @param {Layout} layout
 * @returns {Uint8Array} RGBA
 */
export function toRgba(values, layout) {
  const count = values.length / 3;
  const [channelStep, pixelStep] = steps(layout, count);
  const rgba = new Uint8Array(4 * count).fill(255);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < count; i++) {
      const value = values[channel * channelStep + i * pixelStep];
      const x = Math.min(1, Math.max(-1, value));
      rgba[4 * i + channel] = Math.fround(Math.fround(Math.fround(x + 1) / 2) * 255);
    }
  }
  return rgba;
}
