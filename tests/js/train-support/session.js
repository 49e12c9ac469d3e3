/** A session of the Train view with everything around it stood in for. */
import { leaseOf, TRAINING } from '../../../www/engine/lease.js';
import { Host } from '../../../www/page/host.js';
import { TrainSession } from '../../../www/train/session.js';
import './digest.js';
import { fakeClient } from './engine.js';
import { FakeLocks } from './locks.js';
import { asHandle, FakeFolder } from './opfs.js';

/** Aborted when so many tasks have run. @param {number} turns */
function afterTurns(turns) {
  const limit = new AbortController();
  const next = (/** @type {number} */ left) => {
    if (left === 0) limit.abort();
    else setImmediate(() => next(left - 1));
  };
  next(turns);
  return limit.signal;
}

export class FakeHost extends Host {
  saveEvery = 60;
  patience = new AbortController().signal; // however busy the machine is
  time = 0;
  awake = 0;
  isHidden = false;
  /** What this browser answers when it is asked to keep what is stored. */
  grants = false;
  persisted = false;
  asked = 0;
  /** @type {any} */
  page = {};
  /** @type {Map<string, string>} */
  kept = new Map();
  tab = {
    get: (/** @type {string} */ key) => this.kept.get(key) ?? null,
    set: (/** @type {string} */ key, /** @type {string} */ value) => void this.kept.set(key, value),
    remove: (/** @type {string} */ key) => void this.kept.delete(key),
  };

  /** @param {FakeFolder | null} root @param {FakeLocks} locks */
  constructor(root, locks) {
    super();
    this.root = root;
    this.locks = /** @type {any} */ (locks);
  }

  /** Half a second passes between any two looks at the clock. */
  now() {
    this.time += 500;
    return this.time;
  }
  date() {
    return 1_700_000_000_000 + this.time;
  }
  /** @param {Blob} file @returns {Promise<any>} */
  async measure(file) {
    if (file.size === 0) throw Object.assign(new Error('empty'), { code: 'image-empty' });
    return { width: 100, height: 80 };
  }
  async hash(/** @type {Blob} */ file) {
    return `hash of ${await file.text()}`;
  }
  lock() {
    return leaseOf(this.locks, TRAINING, afterTurns(8));
  }
  async wait() {}
  async keepAwake() {
    this.awake += 1;
    return () => {
      this.awake -= 1;
    };
  }
  async storage() {
    return this.root && asHandle(this.root);
  }
  async space() {
    return { usage: 0, quota: this.root?.trouble.room ?? 0, persisted: this.persisted };
  }
  async persist() {
    this.asked += 1;
    this.persisted = this.grants;
  }
  hidden() {
    return this.isHidden;
  }
  watch(/** @type {any} */ on) {
    this.page = on;
  }
}

/**
 * @param {object} [options]
 * @param {FakeFolder | null} [options.root] the storage, to be shared by visits
 * @param {FakeLocks} [options.locks] to be shared by tabs
 * @param {string} [options.fault] of the URL
 * @param {any} [options.engine] see `fakeClient`
 * @param {any} [options.source] of weights to start from
 * @param {Map<string, string>} [options.tab] what the tab remembers, to be shared by reloads
 */
export function newSession({
  root = new FakeFolder(),
  locks = new FakeLocks(),
  fault,
  engine,
  source = {
    network: () => null,
    read: async () => ({ a: null, b: null, dA: null, dB: null, checkpoint: null, name: '' }),
  },
  tab,
} = {}) {
  const host = new FakeHost(root, locks);
  if (tab) host.kept = tab;
  const { client, workers } = fakeClient({ root, locks, ...engine });
  const session = new TrainSession({
    engine: client,
    source: /** @type {any} */ (source),
    query: new URLSearchParams(fault ? { fault } : {}),
    host: /** @type {any} */ (host),
  });
  /** @type {string[]} */
  const states = [];
  session.addEventListener('change', () => {
    const { state } = session.snapshot;
    if (states.at(-1) !== state) states.push(state);
  });
  return { session, host, root, locks, workers, states };
}

/** @param {number} first @param {number} count @returns {File[]} photos, each with a content of its own */
export function photos(first, count) {
  return Array.from(
    { length: count },
    (_, i) => new File([String(first + i)], `photo-${first + i}.png`),
  );
}

/** A session with two folders of 12 photos, and a short run from scratch. @param {Parameters<typeof newSession>[0]} [options] */
export async function readySession(options) {
  const made = newSession(options);
  const { session } = made;
  await session.open();
  await Promise.all([
    session.setFolder('A', photos(0, 12)),
    session.setFolder('B', photos(100, 12)),
  ]);
  session.startFrom({ kind: 'scratch' });
  session.set({ length: 20, previewEvery: 5, crop: 64, polish: 0 });
  return made;
}

/** @param {import('../../../www/train/session.js').TrainSession} session */
export const codes = (session) => session.snapshot.notices.map(({ code }) => code);

/**
 * @param {import('../../../www/train/session.js').TrainSession} session
 * @param {(snapshot: import('../../../www/train/snapshot.js').Snapshot) => boolean} when
 */
export async function until(session, when) {
  for (let turns = 0; !when(session.snapshot); turns += 1) {
    if (turns > 5000) throw new Error(`still ${session.snapshot.state}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
