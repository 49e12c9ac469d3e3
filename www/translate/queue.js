/**
 * The state of a run: its photos, and which one is next. Plain data and functions, no page; the gallery draws
 * this state, and `tally.js` has its numbers.
 *
 * A photo is `waiting` until it is `done`, `failed` (the engine could not translate it) or `skipped` (it
 * cannot be used at all). A photo that is translated again keeps its earlier result until the new one
 * arrives, so that neither Cancel nor a failure loses anything; Continue does what is left of it.
 */
import { uniqueName } from '../files/names.js';
import { found, miss } from './absent.js';

/** @import { Failure } from '../failure.js' */
/** @import { Origin } from './absent.js' */

/** @typedef {'waiting' | 'done' | 'failed' | 'skipped'} ItemState */

/**
 * @typedef {object} Item
 * @property {number} id counts up, never reused
 * @property {string} name path of the photo, unique within the run
 * @property {File | null} file null if it could not be opened, or was added before the page was reloaded
 * @property {Origin | null} origin by which its file is known again; null: there was none
 * @property {ItemState} state
 * @property {boolean} again its result is to be replaced; after a run, one that did not get there
 * @property {boolean} active an engine is working on it
 * @property {boolean} urgent it was added alone to a run under way, or tried again alone: it passes the others
 * @property {{ done: number, of: number }} passes over it, while it is active
 * @property {Result | null} result
 * @property {Result | null} saved the result that was last downloaded
 * @property {Failure | null} problem why the last attempt failed
 */

/** @typedef {import('../engine/protocol.js').Translated} Translated */
/**
 * @typedef {object} Made a translation as it comes from the engine, and how it was made
 * @property {Translated} picture
 * @property {'ab' | 'ba' | 'own'} direction of the model
 * @property {import('../files/zip.js').About} made with which model and settings
 */
/**
 * @typedef {object} Result a translation that is kept
 * @property {Omit<Translated, 'before' | 'after'>} picture what is known of it
 * @property {Made['direction']} direction
 * @property {Made['made']} made
 * @property {() => Promise<Pick<Translated, 'before' | 'after'>>} open its pictures; rejects with `storage-gone`
 * @property {Stored | null} stored null: in memory, until the page is closed
 */
/** @typedef {{ before: string, after: string, bytes: number }} Stored names of the files, and their bytes together */

/**
 * @typedef {object} Queue
 * @property {Map<number, Item>} items in the order in which they were added
 * @property {Map<number, Item>} removed items that can still be put back
 * @property {Map<string, Item[]>} absent items without their files: see absent.js
 * @property {Set<string>} names lower-case names in use
 * @property {number[]} queue ids to translate, in order; ids of removed photos are ignored
 * @property {number} nextId
 * @property {number} ignored number of files that are not photos
 * @property {Set<string>} endings extensions of those files
 * @property {boolean} running
 * @property {boolean} interrupted the last run, perhaps before a reload, has left something to do
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
    removed: new Map(),
    absent: new Map(),
    names: new Set(),
    queue: [],
    nextId: 1,
    ignored: 0,
    endings: new Set(),
    running: false,
    interrupted: false,
    finished: 0,
    working: 0,
    lanes: 1,
    wake: () => {},
    timed: 0,
    seconds: [],
  };
}

/**
 * Adds photos, or with `problem` files that were refused immediately. They join a current run. A file that an
 * item from before a reload lacks goes there; so does one that may mend what failed. A photo that is here
 * already is left out.
 * @param {Queue} run
 * @param {{ name: string, file: File | null, problem?: Failure }[]} entries
 * @returns {Item[]} the new items, and those that have other files than before
 */
export function addPhotos(run, entries) {
  const isHere = (/** @type {Item} */ one) => run.items.get(one.id) === one;
  const { list, find } = listed();
  for (const item of run.items.values()) list(item);
  const items = entries.flatMap(({ name, file, problem }) => {
    const missed = file && found(run.absent, name, file, isHere);
    if (missed && isLeft(missed)) {
      if (run.running) missed.state = 'waiting';
      run.queue.push(missed.id);
    }
    if (missed) return missed;
    const origin = file && { path: name, size: file.size, modified: file.lastModified };
    const same = origin && find(origin);
    if (origin && same?.file) {
      const isChanged = fingerprint(same.origin ?? origin) !== fingerprint(origin);
      if (same.state !== 'failed' && !isChanged) return [];
      Object.assign(same, { file, origin });
      enqueue(run, [same]);
      same.urgent = run.running && entries.length === 1;
      return same;
    }
    const state = problem || !file ? 'skipped' : 'waiting';
    const item = itemOf(run.nextId, uniqueName(run.names, name), state, {
      file,
      origin,
      urgent: run.running && entries.length === 1,
      problem: problem ?? null,
    });
    run.nextId += 1;
    run.items.set(item.id, item);
    list(item);
    if (item.state === 'waiting') run.queue.push(item.id);
    return item;
  });
  wake(run);
  return items;
}

/** Items by their files. A file that was changed can only be that of an item without a result that failed. */
function listed() {
  /** @type {Map<string, Item>} */
  const same = new Map();
  /** @type {Map<string, Item>} */
  const failed = new Map();
  return {
    /** @param {Item} item */
    list(item) {
      const { origin, state, result } = item;
      if (!origin) return;
      same.set(fingerprint(origin), item);
      if (!result && (state === 'failed' || state === 'skipped')) failed.set(origin.path, item);
    },
    /** @param {Origin} origin */
    find: (origin) => same.get(fingerprint(origin)) ?? failed.get(origin.path),
  };
}

/** @param {Origin} origin */
const fingerprint = ({ path, size, modified }) => `${size} ${modified} ${path}`;

/** Once the caller has done its part. @param {Queue} run */
const wake = (run) => queueMicrotask(() => run.wake());

/**
 * @param {number} id
 * @param {string} name
 * @param {ItemState} state
 * @param {Partial<Item>} known
 * @returns {Item}
 */
export function itemOf(id, name, state, known) {
  return {
    file: null,
    origin: null,
    again: false,
    active: false,
    urgent: false,
    passes: { done: 0, of: 1 },
    result: null,
    saved: null,
    problem: null,
    ...known,
    id,
    name,
    state,
  };
}

/** @param {Queue} run @param {number} id @returns {Item[]} the removed items */
export function removeItem(run, id) {
  const item = run.items.get(id);
  if (!item) return [];
  run.items.delete(id);
  run.names.delete(item.name.toLowerCase());
  run.removed.set(id, item);
  return [item];
}

/**
 * Adds what is known from before a reload to an empty run. Nothing of it is queued.
 * @param {Queue} run
 * @param {Item[]} items in order
 */
export function reopen(run, items) {
  for (const item of items) {
    run.items.set(item.id, item);
    run.names.add(item.name.toLowerCase());
    run.nextId = Math.max(run.nextId, item.id + 1);
    run.interrupted ||= isLeft(item);
    miss(run.absent, item);
  }
}

/** @param {Queue} run @returns {Item[]} the removed items */
export function clearItems(run) {
  const items = [...run.items.values()];
  for (const item of items) run.removed.set(item.id, item);
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
    run.removed.delete(item.id);
    item.name = uniqueName(run.names, item.name);
    settled(item);
  }
  const all = [...run.items.values(), ...items].sort((one, other) => one.id - other.id);
  run.items = new Map(all.map((item) => [item.id, item]));
}

/** From now on removed items cannot be put back. @param {Queue} run @returns {Item[]} the items */
export function forgetRemoved(run) {
  const items = [...run.removed.values()];
  run.removed.clear();
  return items;
}

/**
 * What Translate means: all that is left or, if nothing is, everything again with the current settings. Skipped
 * photos stay skipped, because settings make no difference to them.
 * @param {Queue} run
 */
export function unfinished(run) {
  const items = [...run.items.values()];
  const left = items.filter(isLeft);
  return left.length ? left : items.filter(({ state }) => state !== 'skipped');
}

/** Whether something is still to be done. @param {Item} item */
export const isLeft = ({ state, again }) => state === 'waiting' || (state === 'done' && again);

/** Those that failed, or one of them. @param {Queue} run @param {number} [id] */
export function failed(run, id) {
  return [...run.items.values()].filter(
    (item) => item.state === 'failed' && (id === undefined || item.id === id),
  );
}

/**
 * Starts with what is {@link unfinished}.
 * @param {Queue} run
 * @returns {boolean} whether there is anything to do
 */
export function begin(run) {
  return !run.running && start(run, unfinished(run));
}

/**
 * Starts with failed photos only, or lets them join the current run.
 * @param {Queue} run
 * @param {number} [id] of one; otherwise all that failed
 * @returns {boolean} whether there is anything to do
 */
export function retry(run, id) {
  const items = failed(run, id);
  if (!run.running) return start(run, items);
  wake(run);
  return enqueue(run, items);
}

/** @param {Queue} run @param {Item[]} items @returns {boolean} whether there is anything to do */
function start(run, items) {
  run.queue = [];
  run.running = enqueue(run, items);
  run.interrupted = false;
  run.finished = 0;
  run.working = 0;
  run.timed = 0;
  run.seconds = [];
  return run.running;
}

/**
 * @param {Queue} run
 * @param {Item[]} items of which those without a file are left as they are
 * @returns {boolean} whether there are any with a file
 */
function enqueue(run, items) {
  const here = items.filter(({ file }) => file);
  if (here.length > 0) for (const item of items) item.again = item.result !== null;
  for (const item of here) {
    item.state = 'waiting';
    item.urgent = items.length === 1;
    item.problem = null;
    run.queue.push(item.id);
  }
  return here.length > 0;
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
    if (item?.state === 'waiting' && item.file) return take(run, item);
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
 * Records how a photo ended. A photo removed in the meantime still counts as finished, and has its result when
 * it is put back. If it has a result, it keeps that when a later translation fails, and can be tried again
 * whatever the reason.
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
  const item = run.items.get(id) ?? run.removed.get(id);
  if (!item) return null;
  item.active = false;
  item.again = false;
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
  run.queue = [];
  for (const item of run.items.values()) {
    settled(item);
    run.interrupted ||= isLeft(item);
  }
}

/** Stops when the photos that the engine is working on are done; the others go on waiting. @param {Queue} run */
export function pause(run) {
  run.running = false;
  run.queue = [];
  run.interrupted = true;
  for (const item of run.items.values()) if (!item.active) settled(item);
}

/** After a run, an earlier result counts again. @param {Item} item */
function settled(item) {
  item.active = false;
  if (item.state === 'waiting' && item.result) item.state = 'done';
}
