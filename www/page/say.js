/** Messages to the person: aloud or at the top of the page; failures also go to the log. */
import { failureOf } from '../failure.js';
import { byId, write } from './dom.js';
import { errorText } from './messages.js';
import { Speaker } from './speaker.js';

/** @import { Failure } from '../failure.js' */

const speaker = new Speaker((words) => write(byId('announce'), words));

/**
 * Tells screen readers something when they are free.
 * @param {string} words
 * @param {string} [topic] of which only the latest matters
 */
export function announce(words, topic) {
  speaker.say(words, topic);
}

/** A permanent warning about this browser. */
let standing = '';

/** Shows a problem of the whole page; an empty text removes it. @param {string} words */
export function notify(words) {
  const notice = byId('notice');
  write(notice, words || standing);
  notice.hidden = notice.textContent === '';
}

/** Shows a warning while there is nothing more serious to say. @param {string} words */
export function warn(words) {
  standing = words;
  notify('');
}

/** Reports what went wrong. @param {unknown} error that was thrown, or a {@link Failure} */
export function tellFailure(error) {
  const known = error instanceof Error ? failureOf(error) : /** @type {Failure} */ (error);
  console.warn(`${known.code}: ${known.detail}`);
  notify(errorText(known.code, known.values));
}
