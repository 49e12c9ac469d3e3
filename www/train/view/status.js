/** The bar of the Train view: the current activity, its progress, and the matching buttons. */
import { byId, write } from '../../page/dom.js';
import { formatTime, text } from '../../page/messages.js';
import { announce } from '../../page/say.js';
import { factsOf, statusOf } from './words.js';

/** @import { Snapshot } from '../snapshot.js' */

/** @typedef {'pause' | 'resume' | 'step' | 'stop' | 'discard'} Action */

/** Screen readers announce every tenth of the progress. */
const ANNOUNCE_STEP = 0.1;
/** States in which steps are running or about to. */
const GOING = new Set(['starting', 'training', 'recovering']);
/** States with nothing to save. */
const BEFORE = new Set(['checking', 'calibrating', 'starting']);

let announced = 0;
let state = '';

/** @param {(action: Action) => void} onAction */
export function setUpStatus(onAction) {
  for (const button of buttons()) {
    button.addEventListener('click', () => onAction(/** @type {Action} */ (button.dataset.do)));
  }
}

/** @param {Snapshot} snapshot */
export function showStatus(snapshot) {
  const { run, can } = snapshot;
  const status = byId('train-status');
  const words = statusOf(snapshot);
  write(status, words);
  status.dataset.state = snapshot.state;
  status.dataset.step = String(run?.step ?? 0);
  for (const button of buttons()) {
    const action = /** @type {Action} */ (button.dataset.do);
    // Finished runs are deleted in the list of runs, not where one looks for the next action.
    button.hidden = !can[action] || (action === 'discard' && snapshot.state === 'finished');
    if (action === 'stop')
      write(button, text(BEFORE.has(snapshot.state) ? 'controls.cancel' : 'train.stop'));
  }
  showProgress(snapshot);
  if (state !== snapshot.state) {
    if (state !== '') announce(words, 'state');
    state = snapshot.state;
  }
}

/** @param {Snapshot} snapshot */
function showProgress(snapshot) {
  const { state: now, run } = snapshot;
  byId('train-progress-row').hidden = !run;
  if (!run) {
    announced = 0;
    return;
  }
  const bar = byId('train-progress');
  const count = text('fact.step', { n: run.step, m: run.total });
  const { copying } = run;
  const done = copying ? copying.done / copying.total : run.fraction;
  const percent = String(Math.floor(done * 100));
  if (bar.getAttribute('aria-valuenow') !== percent) {
    bar.setAttribute('aria-valuenow', percent);
    bar.setAttribute('aria-valuetext', copying ? statusOf(snapshot) : count);
  }
  bar.style.setProperty('--done', String(done));
  write(byId('train-facts'), factsOf(run, GOING.has(now)));
  if (run.fraction < announced) announced = 0;
  if (run.fraction - announced < ANNOUNCE_STEP || now !== 'training') return;
  announced = run.fraction;
  const { secondsLeft: left } = run;
  const words = left ? `${count}, ${text('progress.left', { time: formatTime(left) })}` : count;
  announce(words, 'progress');
}

/** @returns {HTMLButtonElement[]} */
function buttons() {
  return [...byId('train-bar').querySelectorAll('button')];
}
