/**
 * How many steps to ask the engine for at a time: about half a second's worth, so that losses move and
 * Pause answers; one by one where a step is long.
 */

/** Seconds of one call. */
const TARGET = 0.5;
/** Most steps in one call: their losses are read back together. */
const MOST = 64;

export class Pace {
  #next = 1;

  /** @param {boolean} one always one step: the processor computes */
  constructor(one) {
    this.one = one;
  }

  /** Steps to ask for next. */
  get steps() {
    return this.#next;
  }

  /**
   * @param {number} steps of the call
   * @param {number} seconds of the call, everything included
   */
  measured(steps, seconds) {
    if (steps < 1 || !(seconds > 0) || this.one) return;
    // Never more than twice as many as last time, in case that was a lucky call.
    this.#next = Math.max(1, Math.min(Math.round((TARGET * steps) / seconds), 2 * steps, MOST));
  }

  /** The engine was replaced, or steps are of another kind from now on: the first call is a cold one. */
  restarted() {
    this.#next = 1;
  }
}
