/** Polishes a model on a person’s photos: it learns to leave less of a fine grid in its pictures. */
import { isPhotosFault } from '../engine/codes.js';
import { failureOf } from '../failure.js';

/** @import { EngineClient, Weights } from '../engine/client.js' */

/** @typedef {{ step: number, total: number, secondsLeft: number }} Progress */

/** Longer side of the photos for polishing, in pixels. */
const SIDE = 256;
/** Steps: fewer if each takes seconds. */
const STEPS = { slow: 60, graphics: 300 };

/**
 * @param {object} given
 * @param {Pick<EngineClient, 'request'>} given.engine
 * @param {Weights} given.weights
 * @param {Blob[]} given.photos of the look that the model translates from: at least one
 * @param {boolean} given.slow
 * @param {AbortSignal} given.signal ends it after the current step; the result so far counts
 * @param {(progress: Progress) => void} given.onProgress
 * @param {() => number} [given.now] milliseconds
 * @returns {Promise<Blob | null>} null: the model has not become better
 * @throws the engine's failures; the first photo's failure if none can be opened
 */
export async function polish({
  engine,
  weights,
  photos,
  slow,
  signal,
  onProgress,
  now = () => performance.now(),
}) {
  const steps = slow ? STEPS.slow : STEPS.graphics;
  const { network = null } = weights;
  const bytes = await weights.read();
  await engine.request('polish-start', { bytes, network, steps, size: SIDE });
  let usable = photos;
  const started = now();
  for (let step = 0; step < steps && !signal.aborted; ) {
    const file = usable[step % usable.length];
    try {
      const { total } = await engine.request('polish-photo', { file });
      step += 1;
      const secondsLeft = (((now() - started) / 1000) * (total - step)) / step;
      onProgress({ step, total, secondsLeft });
    } catch (error) {
      const { code } = failureOf(error);
      if (code !== 'file-gone' && !isPhotosFault(code)) throw error;
      usable = usable.filter((photo) => photo !== file);
      if (usable.length > 0) continue;
      await engine.request('polish-finish', {}); // frees its memory
      throw error;
    }
  }
  return engine.request('polish-finish', {});
}
