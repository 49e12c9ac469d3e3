/** What is kept between visits, if the browser allows it. */

const PREFIX = 'cyclegan-web/';

/** @param {() => Storage} storage which may throw */
const memoryIn = (storage) => ({
  /** @param {string} key @returns {string | null} */
  get(key) {
    try {
      return storage().getItem(PREFIX + key);
    } catch {
      return null; // storage is switched off: every visit starts afresh
    }
  },
  /** @param {string} key @param {string} value */
  set(key, value) {
    try {
      storage().setItem(PREFIX + key, value);
    } catch {
      // Full or switched off: it lasts as long as the page.
    }
  },
  /** @param {string} key */
  remove(key) {
    try {
      storage().removeItem(PREFIX + key);
    } catch {
      // Switched off: there is nothing to remove.
    }
  },
});

/** Small choices and names, kept between visits. */
export const { get: recall, set: remember, remove: forget } = memoryIn(() => localStorage);
/** Kept for the lifetime of the tab. */
export const tabMemory = memoryIn(() => sessionStorage);
