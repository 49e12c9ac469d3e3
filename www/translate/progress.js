/** The progress of a run, as a bar, a line of text, and occasional announcements. */
import { byId } from '../page/dom.js';
import { formatTime, SEPARATOR, text } from '../page/messages.js';
import { announce } from '../page/say.js';
import { counts, progress } from './tally.js';

/** @import { Queue } from './queue.js' */

/** Screen readers announce every tenth of the progress, not every photo. */
const ANNOUNCE_STEP = 0.1;

let announced = 0;

/** Before a run: nothing has been announced yet. */
export function resetProgress() {
  announced = 0;
}

/** @param {Queue} run */
export function showProgress(run) {
  const { finished, total, fraction, secondsEach, secondsLeft } = progress(run);
  const bar = byId('progress');
  const count = text('progress.count', { n: finished, m: total });
  bar.setAttribute('aria-valuenow', String(Math.round(fraction * 100)));
  bar.setAttribute('aria-valuetext', count);
  bar.style.setProperty('--done', String(fraction));
  bar.hidden = false;
  const facts = [count];
  if (secondsEach !== null) facts.push(text('progress.each', { time: formatTime(secondsEach) }));
  if (secondsLeft) facts.push(text('progress.left', { time: formatTime(secondsLeft) }));
  const begun = [...run.items.values()].filter(({ active, passes }) => active && passes.done > 0);
  const { done, of } = begun[0]?.passes ?? { done: 0, of: 1 };
  const isAlone = run.running && run.lanes === 1 && begun.length === 1;
  // A photo that takes long says how far it is.
  if (isAlone && done % 1 > 0)
    facts.push(text('progress.part', { n: Math.round((100 * done) / of) }));
  const passes = Math.floor(done);
  if (isAlone && passes > 0) facts.push(text('progress.pass', { n: passes, m: of }));
  if (finished === 0 && total > 1) facts.push(text('progress.first'));
  showLine(facts.join(SEPARATOR));
  if (fraction - announced >= ANNOUNCE_STEP && fraction < 1) {
    announced = fraction;
    announce(facts.join(', '), 'progress');
  }
}

/** Text instead of the numbers, while there are none. @param {string} words */
export function showLine(words) {
  byId('progress-row').hidden = false;
  byId('progress-line').textContent = words;
}

/** Text where nothing is under way. @param {string} words */
export function showIdle(words) {
  byId('progress').hidden = true;
  showLine(words);
}

/** The final message of a run. @param {Queue} run @param {boolean} cancelled */
export function showEnd(run, cancelled) {
  const { done, failed, skipped } = counts(run);
  const facts = [text('progress.done', { n: done })];
  if (failed + skipped > 0) facts.push(text('progress.problems', { n: failed + skipped }));
  const words = cancelled ? text('progress.cancelled') : facts.join(SEPARATOR);
  showIdle(words);
  announce(words, 'progress');
}

export function hideProgress() {
  byId('progress-row').hidden = true;
}
