/** Bytes to the network's numbers and back, for the peers, as our engine does it within. */

/**
 * `(x / 255 - 0.5) / 0.5` in float32, channel by channel.
 * @param {Uint8Array} rgba
 * @returns {Float32Array} `[3, H, W]` in [-1, 1]
 */
export function toUnit(rgba) {
  const table = Float32Array.from({ length: 256 }, (_, level) => {
    return Math.fround(Math.fround(Math.fround(level / 255) - 0.5) / 0.5);
  });
  const count = rgba.length / 4;
  const values = new Float32Array(3 * count);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < count; i++) values[channel * count + i] = table[rgba[4 * i + channel]];
  }
  return values;
}

/**
 * `(x + 1) / 2 * 255`, truncated as PyTorch's test.py does.
 * @param {Float32Array} values `[3, H, W]` in [-1, 1]
 * @returns {Uint8Array} RGBA
 */
export function toRgba(values) {
  const count = values.length / 3;
  const rgba = new Uint8Array(4 * count).fill(255);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < count; i++) {
      const x = Math.min(1, Math.max(-1, values[channel * count + i]));
      rgba[4 * i + channel] = Math.fround(Math.fround(Math.fround(x + 1) / 2) * 255);
    }
  }
  return rgba;
}
