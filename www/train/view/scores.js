/** Now and then the run is measured on the photos that were kept aside; here in sentences. */
import { byId } from '../../dom.js';
import { formatPercent, text } from '../../messages.js';
import { made } from './parts.js';
import { nameOf } from './words.js';

/** Pixels reach from -1 to 1: an error of 2 would be all of the range. */
const RANGE = 2;

/** @param {import('../types.js').RunView} run */
export function showScores({ scores, names }) {
  const latest = scores.at(-1);
  byId('scores').hidden = !latest;
  if (!latest) return;
  const [a, b] = [nameOf(names, 'A'), nameOf(names, 'B')];
  const percent = (/** @type {number} */ part) => formatPercent(Math.min(1, Math.max(0, part)));
  const lines = [
    text('scores.taken', {
      a,
      b,
      forB: percent(latest.takenForB),
      forA: percent(latest.takenForA),
    }),
    text('scores.ceiling', { ceiling: percent(latest.ceiling) }),
    text('scores.trip', {
      a,
      b,
      tripA: percent(latest.roundTripA / RANGE),
      tripB: percent(latest.roundTripB / RANGE),
    }),
    text('scores.step', { n: latest.step }),
  ];
  byId('scores-lines').replaceChildren(...lines.map((line) => made('li', line)));
}
