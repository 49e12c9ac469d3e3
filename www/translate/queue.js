/**
 * The state of a run: which photos there are, which is next, how far it has come and how long it
 * will take. Plain data and functions, no page: the gallery draws what stands here.
 *
 * A photo is `waiting` until it is `done`, `failed` (the engine could not translate it) or `skipped`
 * (it cannot be used at all). A photo that is translated again keeps its earlier result until the
 * new one arrives, so that neither Cancel nor a failure loses anything.
 */
import { uniqueName } from '../files/names.js';

/** @import { Failure } from '../failure.js' */

/** @typedef {'waiting' | 'done' | 'failed' | 'skipped'} ItemState */

/**
 * @typedef {object} Item
 * @property {number} id counts up, never used twice
 * @property {string} name path of the photo, unique within the run
 * @property {File | null} file null when it could not even be opened
 * @property {ItemState} state
 * @property {boolean} active the engine is at it now
 * @property {Result | null} result
 * @property {Result | null} saved the result that was downloaded last
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
 * @property {number[]} queue ids to translate, in order; ids whose photo has gone are passed over
 * @property {number} nextId
 * @property {number} ignored files that are no photos
 * @property {Set<string>} endings of those files
 * @property {boolean} running
 * @property {number} finished photos finished since the run began
 * @property {{ done: number, of: number }} passes over the photo that the engine is at
 * @property {number} timed translations that were timed since the run began
 * @property {number[]} seconds how long each of the last few of them took
 */

/** The mean is taken over this many of the latest photos, so that it follows a change of pace. */
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
    passes: { done: 0, of: 1 },
    timed: 0,
    seconds: [],
  };
}

/**
 * Adds photos, or with `problem` files that were refused at once. They join a run that is going on.
 * @param {Queue} run
 * @param {{ name: string, file: File | null, problem?: Failure }[]} entries
 * @returns {Item[]} the new items
 */
export function addPhotos(run, entries) {
  return entries.map(({ name, file, problem }) => {
    /** @type {Item} */
    const item = {
      id: run.nextId,
      name: uniqueName(run.names, name),
      file,
      state: problem || !file ? 'skipped' : 'waiting',
      active: false,
      result: null,
      saved: null,
      problem: problem ?? null,
    };
    run.nextId += 1;
    run.items.set(item.id, item);
    if (item.state === 'waiting') run.queue.push(item.id);
    return item;
  });
}

/** @param {Queue} run @param {number} id @returns {Item[]} what was taken out */
export function removeItem(run, id) {
  const item = run.items.get(id);
  if (!item) return [];
  run.items.delete(id);
  run.names.delete(item.name.toLowerCase());
  return [item];
}

/** @param {Queue} run @returns {Item[]} what was taken out */
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
 * Puts back what was taken out, in its old place; those that still wait do so for the next run.
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
 * Starts: all that wait, or when none does, everything once more with the present settings.
 * Skipped photos stay skipped, since the settings have no part in that.
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
 * Starts with photos that failed, and leaves all others as they are; or lets them join the run that is
 * going on.
 * @param {Queue} run
 * @param {number} [id] of one; all that failed otherwise
 * @returns {boolean} whether there is anything to do
 */
export function retry(run, id) {
  const failed = [...run.items.values()].filter(
    (item) => item.state === 'failed' && (id === undefined || item.id === id),
  );
  if (!run.running) return start(run, failed);
  enqueue(run, failed);
  return failed.length > 0;
}

/** @param {Queue} run @param {Item[]} items @returns {boolean} whether there is anything to do */
function start(run, items) {
  run.queue = [];
  enqueue(run, items);
  run.running = items.length > 0;
  run.finished = 0;
  run.timed = 0;
  run.seconds = [];
  return run.running;
}

/** @param {Queue} run @param {Item[]} items */
function enqueue(run, items) {
  for (const item of items) {
    item.state = 'waiting';
    item.problem = null;
    run.queue.push(item.id);
  }
}

/**
 * Takes the next photo and marks it active; null ends the run.
 * @param {Queue} run
 * @returns {Item | null}
 */
export function nextItem(run) {
  while (run.running && run.queue.length > 0) {
    const item = run.items.get(/** @type {number} */ (run.queue.shift()));
    if (item?.state === 'waiting') {
      item.active = true;
      run.passes = { done: 0, of: 1 };
      return item;
    }
  }
  run.running = false;
  return null;
}

/**
 * Records how a photo ended. A photo that was removed meanwhile still counts as finished. One that has a
 * result keeps it when a later translation fails, and can be tried again whatever the reason.
 * @param {Queue} run
 * @param {number} id
 * @param {{ result: Result } | { problem: Failure, skipped: boolean }} outcome
 * @param {number} seconds time on the clock since `nextItem`
 * @returns {Item | null} the item, if it is still there
 */
export function settle(run, id, outcome, seconds) {
  run.finished += 1;
  if ('result' in outcome) {
    // The first photo also loads the model and compiles shaders: it counts only while it is alone.
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

/** Stops. Photos that waited for a second translation fall back on their first. @param {Queue} run */
export function cancel(run) {
  run.running = false;
  for (const item of run.items.values()) settled(item);
  run.queue = [];
}

/** No run is at it any more: an earlier result counts again. @param {Item} item */
function settled(item) {
  item.active = false;
  if (item.state === 'waiting' && item.result) item.state = 'done';
}

/**
 * How many photos are in each state, how many have a result, and how many of those were not downloaded.
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
 * `secondsEach` and `secondsLeft` are null until a photo is through.
 * @param {Queue} run
 * @returns {{ finished: number, total: number, fraction: number, secondsEach: number | null, secondsLeft: number | null }}
 */
export function progress(run) {
  const queued = run.queue
    .map((id) => run.items.get(id))
    .filter((item) => item?.state === 'waiting');
  const active = [...run.items.values()].some((item) => item.active);
  const { finished, seconds } = run;
  const left = queued.length + Number(active);
  const total = finished + left;
  const begun = active ? run.passes.done / run.passes.of : 0;
  const secondsEach = seconds.length
    ? seconds.reduce((sum, s) => sum + s, 0) / seconds.length
    : null;
  return {
    finished,
    total,
    fraction: total ? (finished + begun) / total : 0,
    secondsEach,
    secondsLeft: secondsEach === null ? null : secondsEach * (left - begun),
  };
}
