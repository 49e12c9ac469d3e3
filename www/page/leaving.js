/**
 * Makes the browser ask before leaving a page that holds something that took time, and tells other tabs that
 * there is such a page.
 */

/** The lock that every such page shares. */
export const AT_WORK = 'cyclegan-at-work';

/** What would be lost. @type {Set<string>} */
const held = new Set();
/** Gives up the share. @type {((value: unknown) => void) | null} */
let letGo = null;

/** @param {Event} event */
const ask = (event) => event.preventDefault();

/** Whether leaving the page now would lose something. */
export const wouldLose = () => held.size > 0;

/**
 * Listens only while needed: browsers may exclude listening pages from the back/forward cache.
 * @param {boolean} wanted
 * @param {'results' | 'recording'} what
 */
export function askBeforeLeaving(wanted, what) {
  if (wanted) held.add(what);
  else held.delete(what);
  const asks = wouldLose();
  if (asks === (letGo !== null)) return;
  if (asks) addEventListener('beforeunload', ask);
  else removeEventListener('beforeunload', ask);
  hold(asks);
}

/** @param {boolean} wanted */
function hold(wanted) {
  letGo?.(undefined);
  letGo = null;
  if (!wanted) return;
  const over = new Promise((resolve) => {
    letGo = resolve;
  });
  // Where locks are refused, nobody else can ask for one.
  navigator.locks?.request(AT_WORK, { mode: 'shared' }, () => over).catch(() => {});
}

/** Leaves without asking again. @param {string} href */
export function leave(href) {
  removeEventListener('beforeunload', ask);
  location.assign(href);
}
