/**
 * Forecasts the rest of a run. Warm-up steps, in which only the discriminators are trained, take less time
 * than those after them, and polishing steps another, so the kinds are kept apart; other work (previews,
 * scores, saving) is counted as well.
 *
 * Typical values are medians of the latest ones, so that a computer that slept in the middle of a step, or
 * was busy for a while, does not matter.
 */
import { median, secondsFor, stepsLeft } from '../plan/time.js';

/** @import { StepKind } from '../keep/history.js' */

/** Number of latest values to use. */
const LATEST = 15;
/** Calls to ignore: the first of each kind compiles shaders. */
const COLD = 1;
/** A step that took this many times as long as usual, plus a minute, did not really take that long. */
const UNLIKELY = 20;

export class Forecast {
  #expected;
  #shorter = 1;
  #polish = 1;
  #cold = { warmUp: COLD, full: COLD, polish: COLD };
  /** Seconds of a step, by kind. @type {Record<StepKind, number[]>} */
  #steps = { warmUp: [], full: [], polish: [] };
  /** Seconds per round of previews. @type {number[]} */
  #looks = [];

  /** @param {number | null} expected seconds of a whole step, from a calibration */
  constructor(expected) {
    this.#expected = expected;
  }

  /**
   * The engine was replaced, so the first steps are cold again.
   * @param {number} shorter cost of a warm-up step relative to a whole one: see cost.js
   * @param {number} polish cost of a polishing step relative to a whole one
   */
  restarted(shorter, polish = 1) {
    this.#shorter = shorter;
    this.#polish = polish;
    this.#cold = { warmUp: COLD, full: COLD, polish: COLD };
  }

  /**
   * @param {StepKind} kind
   * @param {number} steps of one call
   * @param {number} seconds of the call
   */
  stepped(kind, steps, seconds) {
    if (steps < 1 || !(seconds > 0)) return;
    if (this.#cold[kind] > 0) this.#cold[kind] -= 1;
    else latest(this.#steps[kind], seconds / steps);
  }

  /** @param {number} seconds of a round of previews */
  looked(seconds) {
    latest(this.#looks, seconds);
  }

  /** Typical recent seconds of this kind of step; null until known. @param {StepKind} kind */
  each(kind) {
    return median(this.#steps[kind]);
  }

  /**
   * Seconds that a step took, without those for which the computer slept.
   * @param {StepKind} kind
   * @param {number} seconds by a clock that may have continued meanwhile
   */
  awake(kind, seconds) {
    const usual = this.each(kind);
    return usual !== null && seconds > UNLIKELY * usual + 60 ? usual : seconds;
  }

  /**
   * Seconds until the end of a run.
   * @param {Pick<import('../keep/record.js').RunRecord, 'step' | 'total' | 'warmUp' | 'polish' | 'settings' | 'seconds'>}
   *   run
   * @param {(trained: number) => number} beside time for saving and scores, as a share of that for steps, in
   *   a run of this many seconds
   * @returns {number | null} null: nothing is known yet
   */
  left({ step, total, warmUp, polish = 0, settings, seconds }, beside) {
    const short = this.each('warmUp');
    const inferred = short === null ? null : short / this.#shorter;
    const polished = this.each('polish');
    const known = polished === null ? null : polished / this.#polish;
    const long = this.each('full') ?? this.#expected ?? inferred ?? known;
    if (long === null) return null;
    const steps = secondsFor(stepsLeft({ step, total, warmUp, polish }), {
      warmUp: short ?? long * this.#shorter,
      full: long,
      polish: polished ?? long * this.#polish,
    });
    const every = settings.previewEvery;
    const looks = Math.floor(total / every) - Math.floor(step / every);
    return steps * (1 + beside(seconds + steps)) + looks * (median(this.#looks) ?? 0);
  }
}

/** @param {number[]} values latest last @param {number} value */
function latest(values, value) {
  values.push(value);
  if (values.length > LATEST) values.shift();
}

/** Target seconds per call of the engine. */
const TARGET = 0.5;
/** Maximum steps per call: their losses are read back together. */
const MOST = 64;

/**
 * How many steps to request from the engine at a time: about half a second's worth, so that losses move and
 * Pause responds; single steps if a step is long.
 */
export class Pace {
  /** To request next. */
  steps = 1;

  /** @param {boolean} one always single steps, because the processor computes */
  constructor(one) {
    this.one = one;
  }

  /** @param {number} steps of the call @param {number} seconds of the call, everything included */
  measured(steps, seconds) {
    if (steps < 1 || !(seconds > 0) || this.one) return;
    // At most twice as many as last time, in case that was a lucky call.
    this.steps = Math.max(1, Math.min(Math.round((TARGET * steps) / seconds), 2 * steps, MOST));
  }

  /** The engine was replaced, or another kind of step begins: the next call is cold. */
  restarted() {
    this.steps = 1;
  }
}
