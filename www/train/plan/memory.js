/** Whether a run fits into this device's memory. */
import { smallerCrop } from './settings.js';

/** @import { TrainNeed } from '../../pkg/cyclegan_web.js' */

/** The share of a device's memory that a run may take: phones close a tab that takes much more. */
const SHARE = 0.25;

/**
 * What a run takes and, if that is too much, the largest pieces with which it fits. The engine knows its own
 * limits, but not the device's.
 * @param {(crop: number) => Promise<TrainNeed>} weigh with pieces of a side
 * @param {number} crop the side that was chosen
 * @param {number} device bytes of its memory
 * @returns {Promise<TrainNeed>}
 */
export async function needOf(weigh, crop, device) {
  const need = await weigh(crop);
  const limit = Math.min(need.limit, SHARE * device);
  if (limit === need.limit || need.bytes <= limit) return { ...need, limit };
  for (let larger = crop, side = smallerCrop(crop); side !== larger; ) {
    if ((await weigh(side)).bytes <= limit) return { ...need, limit, crop: side };
    larger = side;
    side = smallerCrop(side);
  }
  return { ...need, limit, crop: null };
}
