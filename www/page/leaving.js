/** The browser asks before a page is left that holds what took time. */

/** @param {Event} event */
const ask = (event) => event.preventDefault();

/**
 * The browser is told only while it has to ask: of a page that may, some keep nothing for the way back.
 * @param {boolean} wanted
 */
export function askBeforeLeaving(wanted) {
  if (wanted) addEventListener('beforeunload', ask);
  else removeEventListener('beforeunload', ask);
}

/** Leaves without being asked once more. @param {string} href */
export function leave(href) {
  askBeforeLeaving(false);
  location.assign(href);
}
