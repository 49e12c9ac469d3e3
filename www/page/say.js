/** What is said to the person: aloud, at the top of the page, and of failures to the log. */
import { failureOf } from '../failure.js';
import { byId, write } from './dom.js';
import { errorText } from './messages.js';
import { Speaker } from './speaker.js';

/** @import { Failure } from '../failure.js' */

const speaker = new Speaker((words) => write(byId('announce'), words));

/**
 * Says something to people who listen to the page, when they have a moment.
 * @param {string} words
 * @param {string} [topic] of which only the latest matters
 */
export function announce(words, topic) {
  speaker.say(words, topic);
}

/** What stays true of this browser, whatever else is said. */
let standing = '';

/** Shows a problem of the whole page; an empty text takes it away. @param {string} words */
export function notify(words) {
  const notice = byId('notice');
  write(notice, words || standing);
  notice.hidden = notice.textContent === '';
}

/** Shows a warning for as long as there is nothing worse to say. @param {string} words */
export function warn(words) {
  standing = words;
  notify('');
}

/** Says what went wrong. @param {unknown} error that was thrown, or a {@link Failure} */
export function tellFailure(error) {
  const known = error instanceof Error ? failureOf(error) : /** @type {Failure} */ (error);
  console.warn(`${known.code}: ${known.detail}`);
  notify(errorText(known.code, known.values));
}
