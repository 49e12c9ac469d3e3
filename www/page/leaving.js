/**
 * Makes the browser ask before leaving a page that holds something that took time, and tells other tabs that
 * there is such a page.
 */

/** The lock that every such page shares. */
export const AT_WORK = 'cyclegan-at-work';

/** Gives up the share. @type {((value: unknown) => void) | null} */
let letGo = null;

/** @param {Event} event */
const ask = (event) => event.preventDefault();

/**
 * Listens only while needed: browsers may exclude listening pages from the back/forward cache.
 * @param {boolean} wanted
 */
export function askBeforeLeaving(wanted) {
  if (wanted) addEventListener('beforeunload', ask);
  else removeEventListener('beforeunload', ask);
  if (wanted !== (letGo !== null)) hold(wanted);
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
  askBeforeLeaving(false);
  location.assign(href);
}
