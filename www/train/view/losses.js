/** The losses of a run, grouped by the questions they answer, each once per direction. No page. */
import { formatNumber, formatSmall, text } from '../../page/messages.js';
import { DOMAINS } from '../gather/domains.js';

/** @import { Chart } from '../keep/history.js' */
/** @import { LossName } from '../keep/record.js' */

/** @typedef {typeof KINDS[number]} LossKind */

export const KINDS = /** @type {const} */ (['cycle', 'G', 'D', 'idt']);
/** The loss of a discriminator that can only guess (PyTorch's GANLoss, halved for the discriminator). */
export const GUESS = { lsgan: 0.25, vanilla: Math.LN2 };

/** @param {LossKind} kind @param {import('../gather/domains.js').Domain} side @returns {LossName} */
export function lossOf(kind, side) {
  return `${kind}_${side}`;
}

/** Whether a loss was computed in any step. @param {Chart} chart @param {LossKind} kind */
export function isKnown({ mean }, kind) {
  return DOMAINS.some((side) => mean[lossOf(kind, side)].some(Number.isFinite));
}

/**
 * The data of a chart: the steps, and minimum, maximum and mean of either direction.
 * @param {Chart} chart
 * @param {LossKind} kind
 * @returns {(number | null)[][]}
 */
export function columnsOf({ steps, least, most, mean }, kind) {
  const lines = DOMAINS.flatMap((side) => {
    const name = lossOf(kind, side);
    return [least[name], most[name], mean[name]];
  });
  return [steps, ...lines.map(gaps)];
}

/** @param {number[]} values */
function gaps(values) {
  return values.map((value) => (Number.isFinite(value) ? value : null));
}

/**
 * A row of the table: the step, with all its digits because steps are counted, and each loss.
 * @param {Chart} chart
 * @param {number} i
 */
export function rowOf({ steps, mean }, i) {
  const written = KINDS.flatMap((kind) =>
    DOMAINS.map((side) => {
      const value = mean[lossOf(kind, side)][i];
      return Number.isFinite(value) ? formatSmall(value) : '–';
    }),
  );
  return [formatNumber(steps[i]), ...written];
}

/** A chart in words. @param {Chart} chart @param {LossKind} kind @param {string[]} names of the directions */
export function spoken({ mean }, kind, names) {
  const title = text(`losses.${kind}`);
  const lines = DOMAINS.flatMap((side, i) => {
    const values = mean[lossOf(kind, side)].filter(Number.isFinite);
    if (values.length === 0) return [];
    const [from, to] = [values[0], values.at(-1) ?? 0].map(formatSmall);
    return text('losses.spoken', { name: names[i], from, to });
  });
  return lines.length > 0 ? `${title}: ${lines.join('; ')}` : title;
}
