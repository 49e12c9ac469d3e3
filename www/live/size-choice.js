/** The size that Live's pictures have: proposed by the device, chosen by the person, smaller where it is too slow. */
import { recall, remember } from '../page/memory.js';
import { isSlow } from '../page/support.js';
import { defaultSize, SIZES, smallerSize } from './sizes.js';

/** @import { DeviceReport } from '../engine/protocol.js' */
/** @import { Extent, Size } from './sizes.js' */

export class SizeChoice {
  #list;
  /** The person has a size, or the device has proposed one. */
  #proposed = recall('live-size') !== null;
  /** What it was made smaller to; 0: it was not. */
  #shrunk = 0;
  /** The person chose a larger size after it was made smaller, and keeps it. */
  #insists = recall('live-size-stays') !== null;

  /** @param {HTMLSelectElement} list */
  constructor(list) {
    this.#list = list;
    list.append(...SIZES.map((size) => new Option(`${size} px`, String(size))));
    list.value = recall('live-size') ?? String(defaultSize(true));
  }

  get size() {
    return /** @type {Size} */ (Number(this.#list.value));
  }

  /** @param {DeviceReport} device */
  propose(device) {
    if (!this.#proposed) this.#list.value = String(defaultSize(isSlow(device)));
    this.#proposed = true;
  }

  /** The person has chosen what the list shows. */
  keep() {
    remember('live-size', this.#list.value);
    this.#proposed = true;
    if (!this.#shrunk || this.size <= this.#shrunk) return;
    this.#insists = true;
    remember('live-size-stays', 'yes');
  }

  /**
   * Takes the next smaller size, unless the person insists on this one.
   * @param {Extent} video
   * @returns {Size | null} the size before; null: it stays
   */
  shrink(video) {
    const before = this.size;
    const smaller = this.#insists ? null : smallerSize(video, before);
    if (!smaller) return null;
    this.#shrunk = smaller;
    this.#list.value = String(smaller);
    return before;
  }
}
