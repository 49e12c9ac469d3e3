/** Makes the browser ask before leaving a page that holds something that took time. */

/** @param {Event} event */
const ask = (event) => event.preventDefault();

/**
 * Listens only while needed: browsers may exclude listening pages from the back/forward cache.
 * @param {boolean} wanted
 */
export function askBeforeLeaving(wanted) {
  if (wanted) addEventListener('beforeunload', ask);
  else removeEventListener('beforeunload', ask);
}

/** Leaves without asking again. @param {string} href */
export function leave(href) {
  askBeforeLeaving(false);
  location.assign(href);
}
