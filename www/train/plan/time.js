/** Shared by the estimate before a run and the forecast during it. */

/** Share of the time. */
export const PART = 0.1;
/** Seconds of training before the first from scratch. */
export const FIRST = { slow: 300, graphics: 60 };

/**
 * Time for scoring during a run, as a share of the time for steps.
 * @param {number} trained seconds of the whole run
 * @param {boolean} slow
 * @param {boolean} given the run does not start from scratch
 */
export function scoringShare(trained, slow, given) {
  if (given) return PART;
  const first = slow ? FIRST.slow : FIRST.graphics;
  return trained > first ? (PART * (trained - first)) / trained : 0;
}

/**
 * Remaining steps of a run, by kind.
 * @param {{ step: number, total: number, warmUp: number, polish: number }} run
 */
export function stepsLeft({ step, total, warmUp, polish }) {
  const polishing = Math.min(polish, total - step);
  const warming = Math.max(0, Math.min(warmUp, total - polish) - step);
  return { warmUp: warming, full: total - step - warming - polishing, polish: polishing };
}

/**
 * @param {ReturnType<typeof stepsLeft>} steps
 * @param {Record<keyof typeof steps, number>} each seconds of one
 */
export function secondsFor(steps, each) {
  return steps.warmUp * each.warmUp + steps.full * each.full + steps.polish * each.polish;
}

/**
 * The median; of an even number of values the lower of the middle two.
 * @param {number[]} values
 * @returns {number | null}
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
