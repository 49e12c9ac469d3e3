/** How much memory photos take, learned from those that were translated, and how much there is for them. */

import { deviceMemory } from '../page/device-memory.js';

/** The share of the device's memory that workers may take. */
const SHARE = 0.5;

/** @returns {number} bytes for all workers */
export const memoryForWorkers = () => SHARE * deviceMemory();

export class Room {
  /** Bytes for all workers. */
  #all;
  /** Most bytes that a photo took, by the octave of its pixels. @type {Map<number, number>} */
  #taken = new Map();

  /** @param {number} all bytes */
  constructor(all) {
    this.#all = all;
  }

  /** A worker grew to so many bytes with a photo. @param {number} pixels @param {number} bytes */
  took(pixels, bytes) {
    const octave = octaveOf(pixels);
    this.#taken.set(octave, Math.max(bytes, this.#taken.get(octave) ?? 0));
  }

  /**
   * Bytes that a photo will take: those of the next larger photo or, in proportion, of the largest before it.
   * @param {number} pixels
   * @returns {number} 0: nothing is known
   */
  need(pixels) {
    const octave = octaveOf(pixels);
    const known = [...this.#taken.keys()].sort((a, b) => a - b);
    const larger = known.find((one) => one >= octave);
    if (larger !== undefined) return this.#taken.get(larger) ?? 0;
    const largest = known.at(-1) ?? octave;
    return (this.#taken.get(largest) ?? 0) * 2 ** (octave - largest);
  }

  /** Whether so many bytes are there at once. @param {number[]} bytes of each worker */
  holds(bytes) {
    return bytes.reduce((sum, one) => sum + one, 0) <= this.#all;
  }
}

/** Half octaves, rounded up. @param {number} pixels */
const octaveOf = (pixels) => Math.ceil(2 * Math.log2(Math.max(1, pixels))) / 2;
