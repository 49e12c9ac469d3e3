/** Which formats this browser writes, found out by writing a tiny picture in each. */

/** @import { Format } from '../files/names.js' */

/** Those that not every browser writes. @type {Format[]} */
const RARE = ['webp', 'avif'];

/** @returns {Promise<Format[]>} */
export async function writable() {
  /** @type {Format[]} */
  const found = ['png', 'jpeg'];
  for (const format of RARE) {
    const canvas = new OffscreenCanvas(8, 8);
    canvas.getContext('2d')?.fillRect(0, 0, 8, 8); // a canvas without a context is refused
    const type = `image/${format}`;
    // A browser that cannot write a format writes another one.
    const file = await canvas.convertToBlob({ type }).catch(() => null);
    if (file?.type === type) found.push(format);
  }
  return found;
}
