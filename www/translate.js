/** A run: one photo after the other through the engine, until none waits or the visitor stops it. */
import { FINAL_CODES } from './client.js';
import { failureOf } from './failure.js';
import { cancel, nextItem, settle } from './run.js';

/** @typedef {import('./run.js').Run} Run */
/** @typedef {import('./run.js').Item} Item */
/** @typedef {import('./run.js').Failure} Failure */

/**
 * Something is wrong with the photo itself: it is skipped, not failed.
 * @param {string} code
 */
export function isPhotosFault(code) {
  return code.startsWith('image-') || code.startsWith('file-');
}

/**
 * @param {Run} run that has begun
 * @param {object} how
 * @param {Pick<import('./client.js').EngineClient, 'translate'>} how.engine
 * @param {import('./zip.js').About} how.made model and settings, for the manifest
 * @param {import('./run.js').Result['direction']} how.direction
 * @param {(item: Item) => void} how.onItem told when a photo begins and when it ends
 * @param {AbortSignal} how.signal
 * @returns {Promise<Failure | null>} what stopped the run before its end, other than the visitor
 */
export async function translateAll(run, { engine, made, direction, onItem, signal }) {
  for (let item = nextItem(run); item; item = nextItem(run)) {
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    onItem(item);
    try {
      const file = /** @type {File} */ (item.file);
      const picture = await engine.translate({ file, ...made.settings }, signal);
      settle(run, item.id, { result: { picture, direction, made } }, seconds());
    } catch (error) {
      const problem = failureOf(error);
      if (signal.aborted || FINAL_CODES.has(problem.code)) {
        cancel(run);
        onItem(item);
        return signal.aborted ? null : problem;
      }
      const skipped = isPhotosFault(problem.code);
      settle(run, item.id, { problem, skipped }, seconds());
    }
    // A photo that was nearly through when the visitor stopped is kept.
    if (signal.aborted) cancel(run);
    onItem(item);
  }
  return null;
}
