/**
 * The losses as four small charts, warm for A to B and cool for B to A, and the same numbers as a table. The
 * text under each chart says what it means, and what is normal.
 */
import { byId, clone, label, made, part, write } from '../../page/dom.js';
import { formatSmall, text } from '../../page/messages.js';
import { DOMAINS } from '../gather/domains.js';
import { showTable } from './loss-table.js';
import { columnsOf, GUESS, isKnown, KINDS, spoken } from './losses.js';
import { directionOf } from './words.js';

/** @import { LossKind } from './losses.js' */

/** @typedef {{ figure: HTMLElement, plot: ReturnType<typeof import('./plot.js').plotIn> | null }} Drawn */

/** Points per chart, and rows of the table. */
const POINTS = 120;

/** @type {Map<LossKind, Drawn>} */
const drawn = new Map();
/** @type {import('../keep/history.js').Chart} */
let latest;

/** @param {import('../run/run.js').RunView} run */
export async function showCharts(run) {
  const chart = run.history.chart(POINTS);
  latest = chart;
  byId('losses').hidden = chart.steps.length === 0;
  const names = DOMAINS.map((side) => directionOf(run.names, side));
  const guess = formatSmall(GUESS[run.settings.ganMode]);
  for (const [i, mark] of legendMarks().entries()) write(mark, names[i]);
  for (const kind of KINDS) {
    const { figure } = drawn.get(kind) ?? added(kind);
    write(part(figure, 'title'), text(`losses.${kind}`));
    write(part(figure, 'about'), text(`losses.${kind}.about`, { guess }));
    const off = kind === 'idt' && run.settings.lambdaIdentity === 0;
    figure.hidden = off || !isKnown(chart, kind);
    label(part(figure, 'plot'), spoken(chart, kind, names));
  }
  showTable(chart, names);
  // The library is fetched when there is something to draw.
  const { plotIn } = await import('./plot.js');
  for (const one of drawn.values()) {
    const room = part(one.figure, 'plot');
    if (!one.plot && room.clientWidth > 0) one.plot = plotIn(room);
  }
  for (const [kind, { plot }] of drawn) plot?.(columnsOf(latest, kind));
}

/** @returns {HTMLElement[]} of A to B, and of B to A */
function legendMarks() {
  const legend = byId('legend');
  if (!legend.firstChild) {
    for (const side of DOMAINS) {
      const mark = made('span', '');
      mark.dataset.domain = side;
      legend.append(mark);
    }
  }
  return /** @type {HTMLElement[]} */ ([...legend.children]);
}

/** @param {LossKind} kind @returns {Drawn} */
function added(kind) {
  const one = { figure: clone('chart'), plot: null };
  one.figure.dataset.loss = kind;
  byId('charts').append(one.figure);
  drawn.set(kind, one);
  return one;
}
