/** What a training run needs of the browser, in one place, so that tests can stand in for it. */
import { holdRun, leaseOf, TRAINING } from '../engine/lease.js';
import { contentHash } from '../files/digest.js';
import { measure } from '../files/headers.js';
import { tabMemory } from './memory.js';

/** How long another tab may be busy with something short, in milliseconds. */
const PATIENCE = 500;

export class Host {
  /** Seconds between checkpoints, at least. */
  saveEvery = 60;
  /** @type {LockManager | undefined} */
  locks = globalThis.navigator?.locks;
  /** How long a worker that was ended is waited for; undefined: as long as it may take. @type {AbortSignal | undefined} */
  patience = undefined;

  /** Milliseconds of a clock that is never set, and runs on through a suspended laptop or not. */
  now() {
    return performance.now();
  }

  /** Milliseconds since 1970. */
  date() {
    return Date.now();
  }

  /** Kept for the life of the tab. */
  tab = tabMemory;

  /** @param {Blob} file */
  measure(file) {
    return measure(file);
  }

  /** @param {Blob} file */
  hash(file) {
    return contentHash(file);
  }

  /**
   * Makes this tab the one that trains.
   * @returns {Promise<import('../engine/lease.js').Lease | null>} null: another tab does
   */
  lock() {
    return leaseOf(this.locks, TRAINING, AbortSignal.timeout(PATIENCE));
  }

  /** Resolves when no other tab trains any more. */
  async unlocked() {
    await this.locks?.request(TRAINING, { mode: 'shared' }, () => {});
  }

  /**
   * Does something while no worker writes a run's folder: the one that did may have been ended just now,
   * and goes on for a moment.
   *
   * @param {string} id
   * @param {() => Promise<void>} task
   */
  async withRun(id, task) {
    const lease = await holdRun(id, this.locks, this.patience);
    try {
      await task();
    } finally {
      lease?.release();
    }
  }

  /** @param {number} milliseconds @returns {Promise<void>} */
  wait(milliseconds) {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }

  /** Keeps the screen from going dark, where that can be asked for. @returns {Promise<() => void>} lets it again */
  async keepAwake() {
    try {
      const lock = await navigator.wakeLock.request('screen');
      return () => void lock.release().catch(() => {});
    } catch {
      return () => {}; // low battery, or not supported: the run goes on when the screen is dark
    }
  }

  /** @returns {Promise<FileSystemDirectoryHandle | null>} this site's private storage; null: there is none */
  async storage() {
    try {
      return await navigator.storage.getDirectory();
    } catch {
      return null;
    }
  }

  /** @returns {Promise<{ usage: number, quota: number, persisted: boolean } | null>} */
  async space() {
    try {
      const { usage = 0, quota = 0 } = await navigator.storage.estimate();
      return { usage, quota, persisted: await navigator.storage.persisted() };
    } catch {
      return null;
    }
  }

  /** Asks that nothing of this site be removed when the disk becomes full; {@link space} has the answer. */
  async persist() {
    await navigator.storage?.persist?.().catch(() => false);
  }

  /** @returns {boolean} */
  hidden() {
    return document.hidden;
  }

  /**
   * @param {object} on
   * @param {() => void} on.hide the page may be ended from now on
   * @param {() => void} on.show
   * @param {() => boolean} on.leave whether something would be lost
   */
  watch({ hide, show, leave }) {
    document.addEventListener('visibilitychange', () => (document.hidden ? hide() : show()));
    document.addEventListener('freeze', hide);
    addEventListener('pagehide', hide);
    addEventListener('beforeunload', (event) => {
      if (leave()) event.preventDefault();
    });
  }
}
