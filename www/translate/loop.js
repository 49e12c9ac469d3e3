/** A run: one photo after another through the engine, until none is waiting or the visitor stops it. */
import { isFinal } from '../engine/codes.js';
import { CodedError, failureOf } from '../failure.js';
import { cancel, nextItem, settle } from './queue.js';

/** @import { EngineClient, Weights } from '../engine/client.js' */
/** @import { Failure } from '../failure.js' */
/** @import { Item, Queue } from './queue.js' */

/** Whether a photo is skipped, not failed; a missing file may come back. @param {string} code */
export const isPhotosFault = (code) => code.startsWith('image-');

/**
 * @param {Queue} run that has begun
 * @param {object} how
 * @param {Pick<EngineClient, 'translate'>} how.engine
 * @param {import('../models/models.js').Model} how.model
 * @param {Weights} how.weights of the model
 * @param {import('../engine/protocol.js').TranslateSettings} how.settings
 * @param {string} how.version of the engine
 * @param {(item: Item) => void} how.onItem called when a photo begins, progresses and ends
 * @param {AbortSignal} how.signal
 * @returns {Promise<Failure | null>} what stopped the run early, other than the visitor
 */
export async function translateAll(run, how) {
  const { engine, model, weights, settings, version, onItem, signal } = how;
  for (let item = nextItem(run); item; item = nextItem(run)) {
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    onItem(item);
    try {
      const file = /** @type {File} */ (item.file);
      const picture = await engine.translate({ file, ...settings }, weights, signal, (passes) => {
        run.passes = { done: passes, of: settings.smooth };
        onItem(item);
      });
      await held(picture);
      const { sha256, ngf, blocks } = picture.model;
      const by = { name: model.name ?? model.value, sha256, ngf, blocks };
      const made = { version, model: by, settings };
      settle(run, item.id, { result: { picture, direction: model.direction, made } }, seconds());
    } catch (error) {
      const problem = failureOf(error);
      if (signal.aborted || isFinal(problem.code)) {
        cancel(run);
        onItem(item);
        return signal.aborted ? null : problem;
      }
      const skipped = isPhotosFault(problem.code);
      settle(run, item.id, { problem, skipped }, seconds());
    }
    // A photo that was nearly done when the visitor stopped is kept.
    if (signal.aborted) cancel(run);
    onItem(item);
  }
  return null;
}

/**
 * Makes sure that the browser has room for a result: browsers accept one silently, and fail when it is read.
 * @param {import('../engine/protocol.js').Translated} picture
 * @throws {CodedError} `out-of-room`
 */
async function held({ before, after }) {
  try {
    for (const blob of [before, after]) await blob.slice(0, 1).arrayBuffer();
  } catch (error) {
    throw new CodedError('out-of-room', String(error));
  }
}
