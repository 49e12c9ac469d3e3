/**
 * How many steps to ask the engine for at a time: about half a second's worth, so that losses move and
 * Pause answers; one by one where a step is long. And how long a step takes lately.
 */

/** Seconds of one call. */
const TARGET = 0.5;
/** Most steps in one call: their losses are read back together. */
const MOST = 64;
/** Weight of the latest call in the running mean. */
const WEIGHT = 0.2;
/** Calls left out of the mean: shaders are compiled in the first. */
const COLD = 1;

export class Pace {
  #calls = 0;
  #next = 1;
  /** @type {number | null} */
  #mean = null;

  /** @param {boolean} one always one step: the processor computes */
  constructor(one) {
    this.one = one;
  }

  /** Steps to ask for next. */
  get steps() {
    return this.#next;
  }

  /** Seconds of a step lately; null until known. */
  get secondsPerStep() {
    return this.#mean;
  }

  /**
   * @param {number} steps of the call
   * @param {number} seconds of the call, everything included
   */
  measured(steps, seconds) {
    if (steps < 1 || !(seconds > 0)) return;
    const each = seconds / steps;
    this.#calls += 1;
    if (this.#calls > COLD) this.#mean = mixed(this.#mean, each);
    if (this.one) return;
    // Never more than twice as many as last time, in case that was a lucky call.
    this.#next = Math.max(1, Math.min(Math.round(TARGET / each), 2 * steps, MOST));
  }

  /** The engine was replaced: its first call is a cold one again, the pace stays. */
  restarted() {
    this.#calls = 0;
    this.#next = 1;
  }

  /** Steps are of another kind from now on: the warm-up is over. */
  changed() {
    this.restarted();
    this.#mean = null;
  }
}

/** @param {number | null} mean @param {number} value */
function mixed(mean, value) {
  return mean === null ? value : (1 - WEIGHT) * mean + WEIGHT * value;
}
