/**
 * Decides whether to restart the engine after it died: one death is bad luck (a driver was reset, a laptop
 * slept), three in ten minutes mean that the run does not fit this device.
 */

/** Deaths within this time are counted, in milliseconds. */
const WINDOW = 600_000;
const MOST = 3;

export class Restarts {
  /** @type {number[]} */
  #deaths = [];
  #now;

  /** @param {() => number} now milliseconds of a monotonic clock */
  constructor(now) {
    this.#now = now;
  }

  /** Number of recent deaths. */
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
