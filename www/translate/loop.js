/**
 * A run: photos through the engine until none is waiting or the visitor stops it.
 *
 * On a graphics card one worker has two photos at a time, so that the card need not wait for the next. On the CPU a
 * batch has workers of its own (`lanes.js`), and the page's worker is free for what the visitor asks for meanwhile,
 * an urgent photo included.
 *
 * A photo during which a worker died, or lacked memory, while there were others is tried once more alone. If it
 * succeeds, there were too many of them; if not, it is the photo.
 */
import { FATAL, isDeath, isFinal, isPhotosFault } from '../engine/codes.js';
import { abreast } from '../engine/sizes.js';
import { failureOf } from '../failure.js';
import { Lanes } from './lanes.js';
import { cancel, giveBack, nextItem, nextUrgent, settle } from './queue.js';
import { progress } from './tally.js';

/** @import { EngineClient, Weights } from '../engine/client.js' */
/** @import { Failure } from '../failure.js' */
/** @import { Client } from './lanes.js' */
/** @import { Item, Made, Queue, Result } from './queue.js' */

export { Lanes };

/** Seconds of work from which another worker is started for it. */
const WORTHWHILE = 2;
/** Photos in a row that end their workers: the rest would too. */
const MAX_DEATHS = 3;

/**
 * @typedef {object} How
 * @property {Pick<EngineClient, 'translate'>} engine the page's
 * @property {Lanes | null} [lanes] null: the device is not the CPU
 * @property {import('../models/models.js').Model} model
 * @property {Weights} weights of the model
 * @property {import('../engine/protocol.js').TranslateSettings} settings
 * @property {string} version of the engine
 * @property {(item: Item, made: Made) => Promise<Result>} store keeps a result for as long as it can; rejects
 *   with a code if there is no room
 * @property {(item: Item) => void} onItem called when a photo begins, progresses and ends
 * @property {AbortSignal} signal
 * @property {() => number} [now] milliseconds
 */

/**
 * @param {Queue} run that has begun
 * @param {How} how
 * @returns {Promise<Failure | null>} what stopped the run early, other than the visitor
 */
export async function translateAll(run, how) {
  const batch = new Batch(run, how);
  await batch.ended;
  how.lanes?.close();
  if (batch.problem || how.signal.aborted) cancel(run);
  return how.signal.aborted ? null : batch.problem;
}

class Batch {
  /** What ends it early. @type {Failure | null} */
  problem = null;
  #run;
  #how;
  #lanes;
  #stop = new AbortController();
  /** Photos that the page's worker may have at a time. */
  #abreast;
  /** Those that it has, and how many it had beside each other during each. @type {Map<number, number>} */
  #atEngine = new Map();
  /** When it ended the last one. */
  #lastEnd = 0;
  /** Photos to try alone, and how many there were when they failed. @type {Map<number, number>} */
  #suspects = new Map();
  /** None of those that failed beside each other has failed alone. */
  #isUnexplained = false;
  #deaths = 0;
  #end = () => {};
  ended = new Promise((resolve) => {
    this.#end = () => resolve(undefined);
  });

  /** @param {Queue} run @param {How} how */
  constructor(run, how) {
    this.#run = run;
    this.#how = how;
    this.#lanes = how.lanes ?? null;
    this.#abreast = this.#lanes ? 1 : abreast(how.settings.size);
    const stop = () => this.#stop.abort(how.signal.reason);
    how.signal.addEventListener('abort', stop, { once: true });
    if (how.signal.aborted) stop();
    run.wake = () => this.#fill();
    this.#fill();
  }

  /** Gives photos to the workers that are free. The run ends when none is at work. */
  #fill() {
    const run = this.#run;
    const stopped = this.#stop.signal.aborted;
    for (const id of this.#suspects.keys()) if (!run.items.has(id)) this.#suspects.delete(id);
    const most = this.#suspects.size > 0 ? 1 : this.#abreast;
    while (!stopped && this.#atEngine.size < most) {
      const item = nextUrgent(run) ?? (this.#lanes ? null : nextItem(run));
      if (!item) break;
      this.#atEngine.set(item.id, 1);
      const beside = this.#atEngine.size;
      for (const [id, before] of this.#atEngine) this.#atEngine.set(id, Math.max(before, beside));
      this.#work(item, null);
    }
    while (!stopped && this.#lanes && this.#wantsMore(this.#lanes)) {
      const item = nextItem(run);
      const lane = item && this.#lanes.take();
      if (!item || !lane) break;
      this.#work(item, lane);
    }
    const busy = this.#lanes?.busy ?? 0;
    run.lanes = Math.max(1, busy);
    if (busy > 0 || this.#atEngine.size > 0) return;
    run.wake = () => {};
    this.#end();
  }

  /** Whether another photo should be begun. @param {Lanes} lanes */
  #wantsMore(lanes) {
    if (this.#suspects.size > 0) {
      if (lanes.busy > 0) return false;
      lanes.closeIdle();
    }
    const { secondsLeft } = progress(this.#run);
    const isShort = secondsLeft !== null && secondsLeft < WORTHWHILE;
    return lanes.busy < lanes.pace && !(isShort && lanes.busy > 0 && lanes.wouldStart);
  }

  /** @param {Item} item taken @param {Client | null} lane null: the page's worker */
  async #work(item, lane) {
    const run = this.#run;
    const { engine, weights, settings, store, onItem } = this.#how;
    const { now = () => performance.now() } = this.#how;
    const { signal } = this.#stop;
    const started = now();
    /** In a worker of several photos: since the one before it. */
    const seconds = () => (now() - (lane ? started : Math.max(started, this.#lastEnd))) / 1000;
    onItem(item);
    const onPass = (/** @type {number} */ passes) => {
      item.passes = { done: passes, of: settings.smooth };
      onItem(item);
    };
    try {
      const job = { file: /** @type {File} */ (item.file), ...settings };
      const picture = await (lane && this.#lanes
        ? this.#lanes.translate(lane, job, weights, signal, onPass)
        : engine.translate(job, weights, signal, onPass));
      const result = await store(item, this.#resultOf(picture));
      settle(run, item.id, { result }, seconds());
      this.#free(item, lane);
      this.#succeeded(item);
    } catch (error) {
      const took = seconds();
      this.#failed(item, failureOf(error), this.#free(item, lane), took);
    }
    if (!lane) this.#lastEnd = now();
    onItem(item);
    this.#fill();
  }

  /** @param {Item} item @param {Client | null} lane @returns {number} how many photos there were beside each other */
  #free({ id }, lane) {
    if (lane && this.#lanes) return this.#lanes.give(lane);
    const most = this.#atEngine.get(id) ?? 1;
    this.#atEngine.delete(id);
    return most + (this.#lanes?.busy ?? 0);
  }

  /** @param {Item} item */
  #succeeded({ id }) {
    this.#deaths = 0;
    const beside = this.#suspects.get(id);
    if (beside === undefined) return;
    this.#suspects.delete(id);
    if (this.#lanes) this.#lanes.tooMany(beside);
    else if (this.#suspects.size === 0 && this.#isUnexplained) this.#abreast = 1;
  }

  /** @param {Item} item @param {Failure} problem @param {number} beside photos @param {number} seconds */
  #failed(item, problem, beside, seconds) {
    const run = this.#run;
    const { code } = problem;
    if (this.#stop.signal.aborted) return giveBack(run, item);
    if (beside > 1 && (isDeath(code) || FATAL.has(code))) {
      this.#suspects.set(item.id, beside);
      this.#isUnexplained = true;
      return giveBack(run, item);
    }
    if (this.#suspects.delete(item.id)) this.#isUnexplained = false;
    const last = this.#lanes && FATAL.has(code) ? this.#lastOf(problem) : problem;
    if (isFinal(last.code)) {
      this.problem = last;
      giveBack(run, item);
      this.#stop.abort();
    } else {
      settle(run, item.id, { problem: last, skipped: isPhotosFault(code) }, seconds);
    }
  }

  /** What a death means: each worker of a batch counts its own alone. @param {Failure} problem @returns {Failure} */
  #lastOf(problem) {
    this.#deaths += 1;
    if (this.#deaths < MAX_DEATHS || isFinal(problem.code)) return problem;
    return { code: 'engine-keeps-dying', detail: `the last: ${problem.code}: ${problem.detail}` };
  }

  /** @param {import('../engine/protocol.js').Translated} picture @returns {Made} */
  #resultOf(picture) {
    const { model, settings, version } = this.#how;
    const { sha256, ngf, blocks } = picture.model;
    const by = { name: model.name ?? model.value, sha256, ngf, blocks };
    return { picture, direction: model.direction, made: { version, model: by, settings } };
  }
}
