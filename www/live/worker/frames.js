/** The worker's side of Live: a frame of a video becomes its translation, with one function per device. */
import { CodedError } from '../../failure.js';

/** @import { Engine, Live } from '../../pkg/cyclegan_web.js' */
/** @import { LiveFrame, LivePicture } from '../../engine/protocol.js' */

/** Frames are drawn here to be read; kept, because the next one has the same size. */
const canvas = new OffscreenCanvas(1, 1);
const brush = canvas.getContext('2d', { willReadFrequently: true });

/** What stays on a graphics card; null: there is none. @type {Promise<Live | null> | undefined} */
let card;

/**
 * @param {Engine} engine with a model, always the same one
 * @param {LiveFrame} job
 * @returns {Promise<LivePicture>}
 */
export async function translateFrame(engine, job) {
  const started = performance.now();
  try {
    card ??= opened(engine);
    const live = await card;
    const picture = await (live ? onCard(live, engine, job) : throughMemory(engine, job));
    return { picture, milliseconds: performance.now() - started };
  } finally {
    job.frame.close();
  }
}

/** @param {Engine} engine @returns {Promise<Live | null>} */
async function opened(engine) {
  if (engine.report().device === 'cpu') return null;
  return engine.openLive().catch((error) => {
    console.warn(`frames go through memory: ${error}`);
    return null;
  });
}

/**
 * For a graphics card, which keeps the frame and the picture.
 * @param {Live} live
 * @param {Engine} engine
 * @param {LiveFrame} job
 * @returns {Promise<ImageBitmap>}
 */
async function onCard(live, engine, { frame, seen, shown }) {
  // Not every browser's WebGPU takes a VideoFrame.
  const bitmap = frame instanceof ImageBitmap ? frame : await createImageBitmap(frame);
  try {
    const { width, height } = shown;
    return await live.translate(engine, bitmap, width, height, seen.width, seen.height);
  } finally {
    bitmap.close();
  }
}

/**
 * For the CPU, where the network runs in memory.
 * @param {Engine} engine
 * @param {LiveFrame} job
 * @returns {Promise<ImageBitmap>}
 */
async function throughMemory(engine, { frame, seen, shown }) {
  const { width, height } = shown;
  if (!brush) throw new CodedError('out-of-memory', 'the browser gave no canvas');
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  brush.imageSmoothingQuality = 'high';
  brush.drawImage(frame, 0, 0, width, height);
  const { data } = brush.getImageData(0, 0, width, height);
  const rgba = new Uint8Array(data.buffer);
  const { buffer } = /** @type {Uint8Array<ArrayBuffer>} */ (
    await engine.translateFrame(rgba, width, height, seen.width, seen.height)
  );
  return createImageBitmap(new ImageData(new Uint8ClampedArray(buffer), width, height));
}
