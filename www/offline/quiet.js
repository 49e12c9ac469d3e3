/** Whether a tab is at something that a new version must not interrupt. */
import { TRAINING } from '../engine/lease.js';
import { AT_WORK } from '../page/leaving.js';

/**
 * Whether a training is on the page in any tab, or something that would be lost.
 * @param {number} tabs that are open: without locks, who knows what others do
 */
export async function isBusy(tabs) {
  if (!navigator.locks) return tabs > 1;
  const { held = [], pending = [] } = await navigator.locks.query();
  return [...held, ...pending].some(({ name }) => name === TRAINING || name === AT_WORK);
}
