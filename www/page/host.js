/** Everything a training run needs from the browser, in one place so that tests can replace it. */
import { holdRun, leaseOf, TRAINING } from '../engine/lease.js';
import { contentHash } from '../files/digest.js';
import { measure } from '../files/headers.js';
import { tabMemory } from './memory.js';

/** How long to wait for another tab that is busy with something short, in milliseconds. */
const PATIENCE = 500;

export class Host {
  /** Least seconds between checkpoints. */
  saveEvery = 60;
  /** @type {LockManager | undefined} */
  locks = globalThis.navigator?.locks;
  /** How long to wait for a terminated worker; undefined: as long as it takes. @type {AbortSignal | undefined} */
  patience = undefined;

  /** Milliseconds of a monotonic clock, which may or may not run while a laptop is suspended. */
  now() {
    return performance.now();
  }

  /** Milliseconds since 1970. */
  date() {
    return Date.now();
  }

  /** Kept for the lifetime of the tab. */
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
   * Makes this tab the training one.
   * @returns {Promise<import('../engine/lease.js').Lease | null>} null: another tab is training
   */
  lock() {
    return leaseOf(this.locks, TRAINING, AbortSignal.timeout(PATIENCE));
  }

  /** Resolves when no other tab is training. */
  async unlocked() {
    await this.locks?.request(TRAINING, { mode: 'shared' }, () => {});
  }

  /**
   * Does something while no worker writes a run's folder; the previous one may have been terminated just now
   * and continue for a moment.
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

  /** Keeps the screen on, where possible. @returns {Promise<() => void>} undoes that */
  async keepAwake() {
    try {
      const lock = await navigator.wakeLock.request('screen');
      return () => void lock.release().catch(() => {});
    } catch {
      return () => {}; // low battery, or unsupported: the run continues with the screen off
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

  /** Asks the browser not to delete this site's data when the disk is full; {@link space} has the answer. */
  async persist() {
    await navigator.storage?.persist?.().catch(() => false);
  }

  /** @returns {boolean} */
  hidden() {
    return document.hidden;
  }

  /**
   * @param {object} on
   * @param {() => void} on.hide the page may be closed from now on
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
