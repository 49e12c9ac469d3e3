/** The numbers of the charts as a table: a canvas tells nothing to those who listen to the page. */
import { byId } from '../../dom.js';
import { formatSmall, text } from '../../messages.js';
import { KINDS, lossOf, SIDES } from './losses.js';
import { made } from './parts.js';

/** @typedef {import('../types.js').Chart} Chart */
/** @typedef {import('../types.js').LossName} LossName */

/** @param {Chart} chart @param {string[]} names of the directions */
export function showTable({ steps, span, mean }, names) {
  const columns = KINDS.flatMap((kind) =>
    SIDES.map((side, i) => ({
      loss: lossOf(kind, side),
      label: `${text(`losses.${kind}`)}, ${names[i]}`,
    })),
  );
  const head = document.createElement('tr');
  head.append(...[text('losses.step'), ...columns.map(({ label }) => label)].map(heading));
  const rows = steps.map((step, i) => {
    const row = document.createElement('tr');
    row.dataset.step = String(step);
    const first = made('th', formatSmall(step));
    first.scope = 'row';
    row.append(first, ...columns.map(({ loss }) => cell(loss, mean[loss][i])));
    return row;
  });
  const [top, body] = [document.createElement('thead'), document.createElement('tbody')];
  top.append(head);
  body.append(...rows);
  byId('loss-table').replaceChildren(
    made('caption', text('losses.caption', { n: span })),
    top,
    body,
  );
}

/** @param {string} label */
function heading(label) {
  const one = made('th', label);
  one.scope = 'col';
  return one;
}

/** @param {LossName} loss @param {number} value */
function cell(loss, value) {
  const one = made('td', Number.isFinite(value) ? formatSmall(value) : '–');
  one.dataset.loss = loss;
  return one;
}
