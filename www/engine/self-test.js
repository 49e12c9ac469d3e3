/** Checks once, when the engine starts, whether this browser's pixels can be trusted. For the worker. */
import { CodedError } from '../failure.js';
import { decode, encode } from './decode.js';
import { context, release } from './picture.js';
import { GAMMA, PROFILE } from './probes.js';

/**
 * Checks whether pixels come back unchanged from a canvas and from an encoded file, and whether a colour
 * profile, and nothing else, changes colours. Browsers that resist fingerprinting add noise to pixels that a
 * page reads, which would show in every photo.
 * @returns {Promise<'canvas-noise' | 'canvas-colours' | null>}
 * @throws {CodedError} `browser-unsupported`
 */
export async function selfTest() {
  if (typeof OffscreenCanvas === 'undefined' || typeof createImageBitmap === 'undefined') {
    throw new CodedError(
      'browser-unsupported',
      'no OffscreenCanvas or createImageBitmap in a worker',
    );
  }
  const side = 64;
  const known = new Uint8Array(4 * side * side).map((_, i) =>
    i % 4 === 3 ? 255 : (i * 2_654_435_761) >>> 24,
  );
  const canvas = new OffscreenCanvas(side, side);
  context(canvas).putImageData(new ImageData(new Uint8ClampedArray(known), side, side), 0, 0);
  const read = context(canvas).getImageData(0, 0, side, side).data;
  release(canvas);
  const decoded = await decode(await encode(known, side, side, 'png')).catch(() => null);
  const same = known.every((byte, i) => byte === read[i] && byte === decoded?.data[i]);
  if (!same) return 'canvas-noise';
  return (await keepsColours()) ? null : 'canvas-colours';
}

/** Whether profiles are applied, tested with one that turns red into green, and a gamma alone is not. */
async function keepsColours() {
  try {
    const [red, grey] = [await decode(PROFILE()), await decode(GAMMA())];
    return red.data[1] > 250 && red.data[0] < 5 && grey.data[0] === 128;
  } catch {
    return false;
  }
}
