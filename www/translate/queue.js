/**
 * The state of a run: its photos, which one is next, how far it is and how long it will take. Plain data and
 * functions, no page; the gallery draws this state.
 *
 * A photo is `waiting` until it is `done`, `failed` (the engine could not translate it) or `skipped` (it
 * cannot be used at all). A photo that is translated again keeps its earlier result until the new one
 * arrives, so that neither Cancel nor a failure loses anything.
 */
import { uniqueName } from '../files/names.js';

/** @import { Failure } from '../failure.js' */

/** @typedef {'waiting' | 'done' | 'failed' | 'skipped'} ItemState */

/**
 * @typedef {object} Item
 * @property {number} id counts up, never reused
 * @property {string} name path of the photo, unique within the run
 * @property {File | null} file null if it could not be opened
 * @property {ItemState} state
 * @property {boolean} active an engine is working on it
 * @property {boolean} urgent it was added alone to a run under way, or tried again alone: it passes the others
 * @property {{ done: number, of: number }} passes over it, while it is active
 * @property {Result | null} result
 * @property {Result | null} saved the result that was last downloaded
 * @property {Failure | null} problem why the last attempt failed
 */

/**
 * @typedef {object} Result a translation and how it was made
 * @property {import('../engine/protocol.js').Translated} picture
 * @property {'ab' | 'ba' | 'own'} direction of the model
 * @property {import('../files/zip.js').About} made with which model and settings
 */

/**
 * @typedef {object} Queue
 * @property {Map<number, Item>} items in the order in which they were added
 * @property {Set<string>} names lower-case names in use
 * @property {number[]} queue ids to translate, in order; ids of removed photos are ignored
 * @property {number} nextId
 * @property {number} ignored number of files that are not photos
 * @property {Set<string>} endings extensions of those files
 * @property {boolean} running
 * @property {number} finished photos finished since the run began
 * @property {number} working photos that were taken and not settled
 * @property {number} lanes photos that are translated at a time
 * @property {() => void} wake called after photos have joined a run
 * @property {number} timed translations that were timed since the run began
 * @property {number[]} seconds of each of the last few of them
 */

/** Number of latest photos to average, so that the estimate follows changes of pace. */
const PACE = 8;

/** @returns {Queue} */
export function createRun() {
  return {
    items: new Map(),
    names: new Set(),
    queue: [],
    nextId: 1,
    ignored: 0,
    endings: new Set(),
    running: false,
    finished: 0,
    working: 0,
    lanes: 1,
    wake: () => {},
    timed: 0,
    seconds: [],
  };
}

/**
 * Adds photos, or with `problem` files that were refused immediately. They join a current run.
 * @param {Queue} run
 * @param {{ name: string, file: File | null, problem?: Failure }[]} entries
 * @returns {Item[]} the new items
 */
export function addPhotos(run, entries) {
  const items = entries.map(({ name, file, problem }) => {
    /** @type {Item} */
    const item = {
      id: run.nextId,
      name: uniqueName(run.names, name),
      file,
      state: problem || !file ? 'skipped' : 'waiting',
      active: false,
      urgent: run.running && entries.length === 1,
      passes: { done: 0, of: 1 },
      result: null,
      saved: null,
      problem: problem ?? null,
    };
    run.nextId += 1;
    run.items.set(item.id, item);
    if (item.state === 'waiting') run.queue.push(item.id);
    return item;
  });
  wake(run);
  return items;
}

/** Once the caller has done its part. @param {Queue} run */
const wake = (run) => queueMicrotask(() => run.wake());

/** @param {Queue} run @param {number} id @returns {Item[]} the removed items */
export function removeItem(run, id) {
  const item = run.items.get(id);
  if (!item) return [];
  run.items.delete(id);
  run.names.delete(item.name.toLowerCase());
  return [item];
}

/** @param {Queue} run @returns {Item[]} the removed items */
export function clearItems(run) {
  const items = [...run.items.values()];
  run.items.clear();
  run.names.clear();
  run.queue = [];
  run.ignored = 0;
  run.endings.clear();
  return items;
}

/**
 * Restores removed items in their old places; those that were waiting wait for the next run.
 * @param {Queue} run
 * @param {Item[]} items
 */
export function restoreItems(run, items) {
  for (const item of items) {
    item.name = uniqueName(run.names, item.name);
    settled(item);
  }
  const all = [...run.items.values(), ...items].sort((one, other) => one.id - other.id);
  run.items = new Map(all.map((item) => [item.id, item]));
}

/**
 * Starts: all that are waiting or, if there are none, everything again with the current settings. Skipped
 * photos stay skipped, because settings make no difference to them.
 * @param {Queue} run
 * @returns {boolean} whether there is anything to do
 */
export function begin(run) {
  if (run.running) return false;
  const items = [...run.items.values()];
  const waiting = items.filter(({ state }) => state === 'waiting');
  return start(run, waiting.length ? waiting : items.filter(({ state }) => state !== 'skipped'));
}

/**
 * Starts with failed photos only, or lets them join the current run.
 * @param {Queue} run
 * @param {number} [id] of one; otherwise all that failed
 * @returns {boolean} whether there is anything to do
 */
export function retry(run, id) {
  const failed = [...run.items.values()].filter(
    (item) => item.state === 'failed' && (id === undefined || item.id === id),
  );
  if (!run.running) return start(run, failed);
  enqueue(run, failed);
  wake(run);
  return failed.length > 0;
}

/** @param {Queue} run @param {Item[]} items @returns {boolean} whether there is anything to do */
function start(run, items) {
  run.queue = [];
  enqueue(run, items);
  run.running = items.length > 0;
  run.finished = 0;
  run.working = 0;
  run.timed = 0;
  run.seconds = [];
  return run.running;
}

/** @param {Queue} run @param {Item[]} items */
function enqueue(run, items) {
  for (const item of items) {
    item.state = 'waiting';
    item.urgent = items.length === 1;
    item.problem = null;
    run.queue.push(item.id);
  }
}

/**
 * Takes the next photo and marks it active. Null: none waits, which ends the run unless others are still
 * being translated.
 * @param {Queue} run
 * @returns {Item | null}
 */
export function nextItem(run) {
  while (run.running && run.queue.length > 0) {
    const item = run.items.get(/** @type {number} */ (run.queue.shift()));
    if (item?.state === 'waiting') return take(run, item);
  }
  if (run.working === 0) run.running = false;
  return null;
}

/** Takes the next urgent photo. @param {Queue} run @returns {Item | null} null: none is urgent */
export function nextUrgent(run) {
  if (!run.running) return null;
  const isUrgent = (/** @type {Item | undefined} */ item) =>
    item?.urgent && item.state === 'waiting';
  const id = run.queue.find((one) => isUrgent(run.items.get(one)));
  const item = run.items.get(id ?? 0);
  if (!item) return null;
  run.queue = run.queue.filter((one) => one !== id);
  return take(run, item);
}

/** @param {Queue} run @param {Item} item */
function take(run, item) {
  item.active = true;
  item.urgent = false;
  item.passes = { done: 0, of: 1 };
  run.working += 1;
  return item;
}

/** Gives a photo back that was taken: it is the next. @param {Queue} run @param {Item} item */
export function giveBack(run, item) {
  run.working -= 1;
  item.active = false;
  run.queue.unshift(item.id);
}

/**
 * Records how a photo ended. A photo removed in the meantime still counts as finished. If it has a result, it
 * keeps that when a later translation fails, and can be tried again whatever the reason.
 * @param {Queue} run
 * @param {number} id
 * @param {{ result: Result } | { problem: Failure, skipped: boolean }} outcome
 * @param {number} seconds elapsed since `nextItem`
 * @returns {Item | null} the item, if it still exists
 */
export function settle(run, id, outcome, seconds) {
  run.finished += 1;
  run.working -= 1;
  if ('result' in outcome) {
    // The first photo also loads the model and compiles shaders: it counts only while it is the only one.
    run.seconds = [...(run.timed > 1 ? run.seconds : []), seconds].slice(-PACE);
    run.timed += 1;
  }
  const item = run.items.get(id);
  if (!item) return null;
  item.active = false;
  if ('result' in outcome) {
    item.state = 'done';
    item.result = outcome.result;
    item.problem = null;
  } else {
    item.state = outcome.skipped && !item.result ? 'skipped' : 'failed';
    item.problem = outcome.problem;
  }
  return item;
}

/** Stops. Photos waiting for another translation fall back to their previous one. @param {Queue} run */
export function cancel(run) {
  run.running = false;
  for (const item of run.items.values()) settled(item);
  run.queue = [];
}

/** After a run, an earlier result counts again. @param {Item} item */
function settled(item) {
  item.active = false;
  if (item.state === 'waiting' && item.result) item.state = 'done';
}

/**
 * How many photos are in each state, have a result, and have a result that was not downloaded.
 * @param {Queue} run
 */
export function counts(run) {
  const count = { waiting: 0, done: 0, failed: 0, skipped: 0 };
  let results = 0;
  let unsaved = 0;
  for (const { state, result, saved } of run.items.values()) {
    count[state] += 1;
    if (result) results += 1;
    if (result && result !== saved) unsaved += 1;
  }
  return { ...count, results, unsaved, all: run.items.size };
}

/**
 * `secondsEach` and `secondsLeft` are null until the first photo is done.
 * @param {Queue} run
 * @returns {{ finished: number, total: number, fraction: number, secondsEach: number | null, secondsLeft: number | null }}
 */
export function progress(run) {
  const queued = run.queue
    .map((id) => run.items.get(id))
    .filter((item) => item?.state === 'waiting');
  const active = [...run.items.values()].filter((item) => item.active);
  const { finished, seconds } = run;
  const left = queued.length + active.length;
  const total = finished + left;
  const begun = active.reduce((sum, { passes }) => sum + passes.done / passes.of, 0);
  const spent = seconds.reduce((sum, one) => sum + one, 0);
  const perPhoto = seconds.length > 0 ? spent / seconds.length : null;
  const lanes = Math.max(1, Math.min(run.lanes, left));
  return {
    finished,
    total,
    fraction: total ? (finished + begun) / total : 0,
    secondsEach: perPhoto === null ? null : perPhoto / run.lanes,
    secondsLeft: perPhoto === null ? null : (perPhoto * (left - begun)) / lanes,
  };
}
