/** What a training run needs of the browser, in one place, so that tests can stand in for it. */
import { measure } from '../headers.js';
import { contentHash } from './dataset.js';

/** One run at a time in all tabs; a tab that holds a lock is not frozen in the background either. */
const LOCK = 'cyclegan-training';

export class Host {
  /** Seconds between checkpoints, at least. */
  saveEvery = 60;

  /** Milliseconds of a clock that is never set, and runs on through a suspended laptop or not. */
  now() {
    return performance.now();
  }

  /** Milliseconds since 1970. */
  date() {
    return Date.now();
  }

  /** Kept for the life of the tab. */
  tab = {
    /** @param {string} key */
    get(key) {
      try {
        return sessionStorage.getItem(`cyclegan-web/${key}`);
      } catch {
        return null;
      }
    },
    /** @param {string} key @param {string} value */
    set(key, value) {
      try {
        sessionStorage.setItem(`cyclegan-web/${key}`, value);
      } catch {
        // Storage is switched off: it is forgotten at the next reload.
      }
    },
  };

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
   * @returns {Promise<(() => void) | null>} gives it up again; null: another tab does
   */
  async lock() {
    if (!navigator.locks) return () => {};
    return new Promise((resolve, reject) => {
      const held = navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(null);
        return new Promise((release) => resolve(() => release(undefined)));
      });
      held.catch(reject);
    });
  }

  /** Resolves when no other tab trains any more. */
  async unlocked() {
    await navigator.locks?.request(LOCK, { mode: 'shared' }, () => {});
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

  /** Asks that nothing of this site be removed when the disk becomes full. */
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
