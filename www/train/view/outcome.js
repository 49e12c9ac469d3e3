/**
 * The result of a run: start, best and last side by side on held-out photos, with their scores, and which of
 * them is offered.
 */
import {
  byId,
  clone,
  inOrder,
  input,
  made,
  part,
  shownName,
  write,
  writeLines,
} from '../../page/dom.js';
import { text } from '../../page/messages.js';
import { Pictures } from '../../page/pictures.js';
import { otherThan } from '../gather/domains.js';
import { errorOf, gridOf, nameOf, percentOf, scoresOf } from './words.js';

/** @import { Preview, Scores, Which } from '../keep/record.js' */
/** @import { RunView } from '../run/run.js' */

/**
 * @typedef {object} Stage a point in the run
 * @property {'start' | 'best' | 'last'} kind
 * @property {number} step
 * @property {boolean} isBest
 * @property {Preview[]} pictures
 * @property {Scores | null} scores null: not scored
 */

const pictures = new Pictures();
/** What is drawn, to detect changes. @type {unknown[]} */
let drawn = [];

/**
 * Start, best and last, if they differ: from scratch there is no start to compare with.
 * @param {Pick<RunView, 'previews' | 'scores' | 'best' | 'given' | 'step'>} run that is over
 * @returns {Stage[]}
 */
export function stagesOf({ previews, scores, best, given, step }) {
  const [first] = previews;
  const latest = previews.at(-1);
  const scored = (/** @type {number} */ at) => scores.find((one) => one.step === at) ?? null;
  const stage = (
    /** @type {Stage['kind']} */ kind,
    /** @type {number} */ at,
    /** @type {Preview[]} */ shown,
  ) => ({ kind, step: at, isBest: best?.step === at, pictures: shown, scores: scored(at) });
  const stages = [];
  if (given && first?.step === 0 && step > 0) stages.push(stage('start', 0, first.pictures));
  if (best && best.step !== 0 && best.step !== step) {
    stages.push(stage('best', best.step, best.pictures));
  }
  stages.push(stage('last', step, latest?.step === step ? latest.pictures : []));
  return stages;
}

/**
 * The result of the run, in a sentence; empty: nothing was measured, or there is nothing to compare with.
 * @param {Pick<RunView, 'best' | 'given' | 'step'>} run that is over
 */
export function verdictOf({ best, given, step }) {
  if (!best) return '';
  if (best.step === step) return given && step > 0 ? text('verdict.better') : '';
  return best.step === 0 ? text('verdict.none') : text('verdict.middle', { n: best.step });
}

/** Which weights to use: the best, unless the person chose the last. @returns {Which} */
export function chosenWeights() {
  const isLast = !byId('which').hidden && input('which-last').checked;
  return isLast ? 'last' : 'best';
}

/** @param {RunView | null} run that is over; null: there is none */
export function showOutcome(run) {
  const stages = run ? stagesOf(run) : [];
  const compared = stages.length > 1;
  byId('outcome').hidden = !compared;
  const verdict = run ? verdictOf(run) : '';
  byId('verdict').hidden = verdict === '';
  write(byId('verdict'), verdict);
  showChoice(run);
  if (!run || !compared) {
    if (!run) input('which-best').checked = true;
    drawn = [];
    return pictures.sweep();
  }
  const shown = [run.id, run.best?.step, run.scores, run.previews, run.names];
  if (drawn.length > 0 && shown.every((one, i) => one === drawn[i])) return;
  drawn = shown;
  const seen = run.previews.some((set) => set.pictures.some(({ heldOut }) => !heldOut));
  write(byId('outcome-about'), text(seen ? 'outcome.seen' : 'outcome.about'));
  const photos = stages[stages.length - 1].pictures;
  const rows = byId('stages');
  inOrder(
    rows,
    photos,
    (i) => /** @type {HTMLElement} */ (rows.children[i] ?? clone('stage')),
    (row, photo) => drawRow(row, photo, stages, run),
  );
  pictures.sweep();
  const scored = stages.some(({ scores }) => scores !== null);
  byId('outcome-scores').hidden = !scored;
  if (scored) drawTable(stages);
}

/** The scores computed during a run, in sentences. @param {RunView} run */
export function showScores(run) {
  const lines = scoresOf(run);
  // At the end they are shown next to those of the start, in the outcome, which is drawn before this.
  byId('scores').hidden = lines.length === 0 || !byId('outcome').hidden;
  writeLines(byId('scores-lines'), lines, 'li');
}

/** @param {RunView | null} run */
function showChoice(run) {
  const best = run?.best;
  byId('which').hidden = !run || !best || best.step === run.step;
  if (!run || !best) return;
  const named = best.step === 0 ? 'which.start' : 'which.best';
  write(byId('which-best-name'), text(named, { n: best.step }));
  write(byId('which-last-name'), text('which.last', { n: run.step }));
}

/** @param {Stage} stage */
function captionOf({ kind, step, isBest }) {
  return text(isBest && kind !== 'best' ? `stage.${kind}.best` : `stage.${kind}`, { n: step });
}

/** @param {HTMLElement} row @param {Preview} photo @param {Stage[]} stages @param {RunView} run */
function drawRow(row, photo, stages, run) {
  const { domain, index } = photo;
  const other = otherThan(domain);
  const translated = stages.map((stage) => ({
    caption: captionOf(stage),
    blob: stage.pictures.find((one) => one.domain === domain && one.index === index)?.translated,
    domain: other,
  }));
  const legs = [{ caption: nameOf(run.names, domain), blob: photo.input, domain }, ...translated];
  row.style.setProperty('--ratio', String(photo.width / photo.height));
  row.style.setProperty('--count', String(legs.length));
  row.dataset.count = String(legs.length);
  row.dataset.domain = domain;
  const caption = part(row, 'note');
  while (row.querySelectorAll('.leg').length < legs.length)
    caption.before(clone('stage').children[0]);
  for (const [i, leg] of [...row.querySelectorAll('.leg')].entries()) {
    const { caption: words = '', blob, domain: side = domain } = legs[i] ?? {};
    if (!legs[i] || !blob) {
      leg.remove();
      continue;
    }
    const image = /** @type {HTMLImageElement} */ (leg.querySelector('img'));
    image.width = photo.width;
    image.height = photo.height;
    pictures.show(image, blob, `${shownName(photo.name)}: ${words}`);
    const tag = /** @type {HTMLElement} */ (leg.querySelector('.tag'));
    tag.dataset.domain = side;
    write(tag, words);
  }
  write(caption, shownName(photo.name));
}

/** @param {Stage[]} stages */
function drawTable(stages) {
  const mean = (/** @type {number} */ a, /** @type {number} */ b) => (a + b) / 2;
  const real = stages.find(({ scores }) => scores)?.scores?.ceiling ?? 0;
  /** @type {[string, (scores: Scores) => string][]} */
  const lines = [
    [
      text('outcome.taken', { real: percentOf(real) }),
      ({ takenForA, takenForB }) => percentOf(mean(takenForA, takenForB)),
    ],
    [text('outcome.trip'), ({ roundTripA, roundTripB }) => errorOf(mean(roundTripA, roundTripB))],
    [
      text('outcome.grid'),
      ({ gridA, gridB }) =>
        gridA === undefined || gridB === undefined ? '' : gridOf(Math.sqrt(gridA * gridB)),
    ],
  ];
  const head = document.createElement('tr');
  head.append(
    made('th', ''),
    ...stages.map((stage) => Object.assign(made('th', captionOf(stage)), { scope: 'col' })),
  );
  const body = lines.map(([words, of]) => {
    const row = document.createElement('tr');
    const cells = stages.map(({ scores }) => made('td', scores ? of(scores) : text('outcome.not')));
    row.append(Object.assign(made('th', words), { scope: 'row' }), ...cells);
    return row;
  });
  byId('outcome-table').replaceChildren(head, ...body);
}
