/** The numbers of the charts as a table, because screen readers cannot read a canvas. */
import { byId, inOrder, write } from '../../page/dom.js';
import { text } from '../../page/messages.js';
import { DOMAINS } from '../gather/domains.js';
import { KINDS, lossOf, rowOf } from './losses.js';

/**
 * Updates only what changed, so that readers keep their place while training continues.
 * @param {import('../keep/history.js').Chart} chart
 * @param {string[]} names of the directions
 */
export function showTable(chart, names) {
  const { steps, span } = chart;
  const columns = KINDS.flatMap((kind) =>
    DOMAINS.map((side, i) => ({
      loss: lossOf(kind, side),
      label: `${text(`losses.${kind}`)}, ${names[i]}`,
    })),
  );
  const table = /** @type {HTMLTableElement} */ (byId('loss-table'));
  write(table.caption ?? table.createCaption(), text('losses.caption', { n: span }));
  const head = table.tHead ?? table.createTHead();
  const titles = [text('losses.step'), ...columns.map(({ label }) => label)];
  const top = head.rows[0] ?? head.insertRow();
  inOrder(top, titles, (i) => top.cells[i] ?? heading('col'), write);
  const body = table.tBodies[0] ?? table.createTBody();
  inOrder(
    body,
    steps,
    (i) => body.rows[i] ?? document.createElement('tr'),
    (row, step, i) => {
      row.dataset.step = String(step);
      const cellAt = (/** @type {number} */ j) =>
        row.cells[j] ?? (j === 0 ? heading('row') : cell(columns[j - 1].loss));
      inOrder(row, rowOf(chart, i), cellAt, write);
    },
  );
}

/** @param {'col' | 'row'} scope */
function heading(scope) {
  const one = document.createElement('th');
  one.scope = scope;
  return one;
}

/** @param {import('../keep/record.js').LossName} loss */
function cell(loss) {
  const one = document.createElement('td');
  one.dataset.loss = loss;
  return one;
}
