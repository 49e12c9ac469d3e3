/** Statistics that the bench needs. */

/**
 * @param {number[]} values at least one
 * @returns {number} of an even count, the mean of the middle two
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}
