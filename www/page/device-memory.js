/** How much memory this device has, as far as the browser says. */

/** Gibibytes where it says nothing; browsers that do say 8 where there are more. */
const USUAL = { phone: 4, desktop: 8 };

/** @returns {number} bytes */
export function deviceMemory() {
  const here = /** @type {{ deviceMemory?: number } | undefined} */ (globalThis.navigator);
  const said = here?.deviceMemory;
  const isPhone = globalThis.matchMedia?.('(pointer: coarse)').matches;
  return (said ?? (isPhone ? USUAL.phone : USUAL.desktop)) * 2 ** 30;
}

/** Whether it has so little that the proposed results should be smaller. */
export const isSmall = () => deviceMemory() <= 4 * 2 ** 30;
