/**
 * When to start the engine again after it died, and when to give up: one death is bad luck (a driver was
 * reset, a laptop slept), three in ten minutes are a run that does not fit this device.
 */

/** Deaths within this time are counted, in milliseconds. */
const WINDOW = 600_000;
const MOST = 3;

export class Restarts {
  /** @type {number[]} */
  #deaths = [];
  #now;

  /** @param {() => number} now milliseconds of a clock that is never set back */
  constructor(now) {
    this.#now = now;
  }

  /** Deaths lately. */
  get count() {
    return this.#deaths.length;
  }

  /** Counts a death. @returns {boolean} whether to try again */
  again() {
    const now = this.#now();
    this.#deaths = [...this.#deaths.filter((then) => now - then < WINDOW), now];
    return this.#deaths.length < MOST;
  }

  forget() {
    this.#deaths = [];
  }
}
