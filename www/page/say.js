/** Messages to the person: aloud or at the top of the page; failures also go to the log. */
import { failureOf } from '../failure.js';
import { byId, write } from './dom.js';
import { errorText } from './messages.js';
import { Speaker } from './speaker.js';

/** @import { Failure } from '../failure.js' */

/** Refusals of which whoever made the file may want to know where in it they arose. */
const DETAILED = new Set([
  'weights-batch-norm',
  'weights-damaged',
  'weights-missing-tensor',
  'weights-no-such-network',
  'weights-not-generator',
  'weights-not-recognised',
  'weights-other-depth',
  'weights-several',
  'weights-unet',
  'weights-unexpected-tensor',
  'weights-unsafe',
  'weights-unsupported-container',
  'weights-unsupported-type',
  'weights-wrong-shape',
]);

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

/**
 * Shows a problem of the whole page; an empty text removes it.
 * @param {string} words
 * @param {string} [detail] for those who know more, below it
 */
export function notify(words, detail = '') {
  const notice = byId('notice');
  write(notice, words || standing);
  notice.hidden = notice.textContent === '';
  write(byId('notice-detail'), detail);
  byId('notice-detail').hidden = detail === '';
}

/** Shows a warning while there is nothing more serious to say. @param {string} words */
export function warn(words) {
  standing = words;
  notify('');
}

/**
 * Reports what went wrong.
 * @param {unknown} error that was thrown, or a {@link Failure}
 * @param {string} [of] the file that it is about
 */
export function tellFailure(error, of = '') {
  const known = error instanceof Error ? failureOf(error) : /** @type {Failure} */ (error);
  console.warn(`${known.code}: ${known.detail}`);
  const detail = detailOf(known);
  notify(errorText(known.code, known.values), of && detail ? `${of}: ${detail}` : detail);
}

/** What helps those who made the file: all of the engine's sentence that is not said in words. @param {Failure} failure */
export function detailOf({ code, detail }) {
  if (!DETAILED.has(code)) return '';
  return detail.includes(': ') ? detail.slice(detail.indexOf(': ') + 2) : detail;
}
