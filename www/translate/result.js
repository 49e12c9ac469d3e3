/** A result in memory, as long as there is room, until the page is closed. `keep.js` has those that stay. */
import { CodedError } from '../failure.js';

/** @import { Made, Result } from './queue.js' */

/**
 * Browsers accept a result silently without having room for it, and fail when it is read.
 * @param {Made} made
 * @returns {Promise<Result>}
 * @throws {CodedError} `out-of-room`
 */
export async function inMemory({ picture: { before, after, ...picture }, direction, made }) {
  try {
    for (const blob of [before, after]) await blob.slice(0, 1).arrayBuffer();
  } catch (error) {
    throw new CodedError('out-of-room', String(error));
  }
  return { picture, direction, made, stored: null, open: async () => ({ before, after }) };
}
