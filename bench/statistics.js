/** What the bench needs to know of lists of numbers. */

/**
 * @param {number[]} values at least one
 * @returns {number} of an even count, the mean of the two in the middle
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}
