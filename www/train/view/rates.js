/** What can be changed while a run is paused: the learning rate and the weights of the losses. */

import { byId, write } from '../../page/dom.js';
import { text } from '../../page/messages.js';
import { settingRow } from './fields.js';
import { sentence } from './words.js';

/** @import { Rates } from '../plan/types.js' */

const NAMES = /** @type {const} */ (['lr', 'lambdaCycle', 'lambdaIdentity']);
const IDS = { lr: 'lr', lambdaCycle: 'lambda-cycle', lambdaIdentity: 'lambda-identity' };

/** @type {Map<keyof Rates, HTMLInputElement>} */
const boxes = new Map();
/** The rates filled in, to detect changes. */
let filled = '';

/** @param {(rates: Partial<Rates>) => void} onChange */
export function setUpRates(onChange) {
  for (const name of NAMES) {
    const box = document.createElement('input');
    box.type = 'number';
    box.step = 'any';
    box.min = '0';
    box.required = true;
    boxes.set(name, box);
    byId('rates-fields').append(settingRow(name, box, `rate-${IDS[name]}`));
  }
  byId('rates').addEventListener('submit', (event) => {
    event.preventDefault();
    onChange(Object.fromEntries([...boxes].map(([name, box]) => [name, Number(box.value)])));
  });
}

/** @param {import('../snapshot.js').Snapshot} snapshot */
export function showRates({ state, can, run }) {
  const shown = can.changeRates && state !== 'training';
  byId('rates').hidden = !shown;
  if (!shown || !run) {
    filled = '';
    return;
  }
  const { lr, lambdaCycle, lambdaIdentity } = run.settings;
  const rates = { lr, lambdaCycle, lambdaIdentity, ...run.proposal };
  write(
    byId('rates-about'),
    run.proposal
      ? sentence({ code: 'rates-proposed', values: { lr: run.proposal.lr } }, run.names)
      : text('rates.about'),
  );
  // Only once, so that typed values stay.
  if (filled === JSON.stringify(rates)) return;
  filled = JSON.stringify(rates);
  for (const [name, box] of boxes) box.value = String(rates[name]);
}
