/** How wide a border weights want around a photo, which those that were trained here say in their header. */

/** A header that is longer is none of ours. */
const LONGEST = 1024 * 1024;
/** Pixels, at most. */
const MOST = 64;

/**
 * @param {Blob} weights
 * @returns {Promise<number>} pixels; 0 for weights that say nothing, as those of PyTorch
 */
export async function marginIn(weights) {
  try {
    const length = new DataView(await weights.slice(0, 8).arrayBuffer()).getBigUint64(0, true);
    if (length > LONGEST) return 0;
    const header = JSON.parse(await weights.slice(8, 8 + Number(length)).text());
    const margin = Number(header.__metadata__?.margin);
    return Number.isInteger(margin) && margin > 0 ? Math.min(margin, MOST) : 0;
  } catch {
    return 0; // no safetensors, or a file that is gone: whoever loads it will say so
  }
}
