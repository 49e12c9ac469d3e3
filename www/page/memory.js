/** Small choices that outlive a visit, where the browser lets a page keep any. */

const PREFIX = 'cyclegan-web/';

/** @param {string} key @returns {string | null} */
export function recall(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null; // storage is switched off: every visit begins afresh
  }
}

/** @param {string} key @param {string} value */
export function keep(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // Full or switched off: the choice holds for this visit.
  }
}
