/** Learning on: how many more steps, and at which rate. */
import { byId, input } from '../../page/dom.js';
import { tellFailure } from '../../page/say.js';

/** @import { TrainSession } from '../session.js' */

/** The run for which the fields were filled in. */
let filled = '';
/** The proposed rate, which the person may replace. */
let proposed = '';

/** @param {TrainSession} session */
export function setUpLearnOn(session) {
  const [steps, rate] = [input('learn-steps'), input('learn-rate')];
  steps.addEventListener('input', () => {
    if (rate.value === proposed) propose(session);
  });
  byId('learn-on').addEventListener('submit', (event) => {
    event.preventDefault();
    const lr = rate.value === '' || rate.value === proposed ? null : Number(rate.value);
    session.learnOn({ steps: Number(steps.value), lr }).catch(tellFailure);
  });
}

/** @param {TrainSession} session */
function propose(session) {
  const steps = Number(input('learn-steps').value);
  const lr = Number.isInteger(steps) && steps > 0 ? session.proposeLearnOn(steps)?.lr : undefined;
  if (lr === undefined) return;
  proposed = String(lr);
  input('learn-rate').value = proposed;
}

/** @param {import('../snapshot.js').Snapshot} snapshot @param {TrainSession} session */
export function showLearnOn({ state, run, can }, session) {
  const over = state === 'finished' && run !== null;
  byId('learn-on').hidden = !over || !run.learnOn || !can.learnOn;
  byId('learn-never').hidden = !over || run.learnOn !== null;
  const of = over && run.learnOn ? `${run.id} ${run.step}` : '';
  // Only once, so that typed values stay.
  if (of === filled) return;
  filled = of;
  if (!over || !run.learnOn) return;
  input('learn-steps').value = String(run.learnOn.steps);
  propose(session);
}
