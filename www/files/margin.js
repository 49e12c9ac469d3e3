/** The border that weights want around a photo; weights trained here have it in their header. */

/** Our own headers are never longer. */
const LONGEST = 1024 * 1024;
/** Pixels, at most. */
const MOST = 64;

/**
 * @param {Blob} weights
 * @returns {Promise<number>} pixels; 0 for weights that do not say, such as PyTorch's
 */
export async function marginIn(weights) {
  try {
    const length = new DataView(await weights.slice(0, 8).arrayBuffer()).getBigUint64(0, true);
    if (length > LONGEST) return 0;
    const header = JSON.parse(await weights.slice(8, 8 + Number(length)).text());
    const margin = Number(header.__metadata__?.margin);
    return Number.isInteger(margin) && margin > 0 ? Math.min(margin, MOST) : 0;
  } catch {
    return 0; // not safetensors, or a file that is gone: loading it will report that
  }
}
