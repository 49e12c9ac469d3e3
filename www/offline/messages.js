/** What the page and the service worker tell each other. */

/** To one that waits: become the active one, unless something runs. */
export const TAKE_OVER = 'take-over';
/** Its answer, if something runs in any tab. */
export const BUSY = 'busy';
/** To the active one: remove what no tab needs any more. */
export const TIDY = 'tidy';
