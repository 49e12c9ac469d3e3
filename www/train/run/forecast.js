/**
 * How long the rest of a run takes. Steps of the warm-up, in which only the discriminators learn, take less
 * time than those that follow, and those of the polish at the end another, so the kinds are never mixed; what
 * is done beside the steps (previews, scores, saving) is counted as well.
 *
 * Typical values are medians of the latest: a computer that was put to sleep in the middle of a step, or
 * that had something else to do for a while, changes nothing.
 */
import { median, secondsFor, stepsLeft } from '../plan/time.js';

/** @import { StepKind } from '../keep/history.js' */

/** The latest values that count. */
const LATEST = 15;
/** Calls left out: shaders are compiled in the first of each kind. */
const COLD = 1;
/** A step that took so many times as long as usual, and a minute, did not take that long. */
const UNLIKELY = 20;

export class Forecast {
  #expected;
  #shorter = 1;
  #polish = 1;
  #cold = { warmUp: COLD, full: COLD, polish: COLD };
  /** Seconds of a step, by kind. @type {Record<StepKind, number[]>} */
  #steps = { warmUp: [], full: [], polish: [] };
  /** Seconds of one look at the previews. @type {number[]} */
  #looks = [];

  /** @param {number | null} expected seconds of a whole step, from a calibration */
  constructor(expected) {
    this.#expected = expected;
  }

  /**
   * The engine was replaced: the first steps are cold ones again.
   * @param {number} shorter what a step of warm-up costs of a whole one: see cost.js
   * @param {number} polish what a step of polish costs of a whole one
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

  /** @param {number} seconds of a look at the previews */
  looked(seconds) {
    latest(this.#looks, seconds);
  }

  /** Seconds of a step of this kind lately; null until known. @param {StepKind} kind */
  each(kind) {
    return median(this.#steps[kind]);
  }

  /**
   * Seconds that a step took, without those that a computer slept through.
   * @param {StepKind} kind
   * @param {number} seconds by a clock that may have run on meanwhile
   */
  awake(kind, seconds) {
    const usual = this.each(kind);
    return usual !== null && seconds > UNLIKELY * usual + 60 ? usual : seconds;
  }

  /**
   * Seconds until the end of a run.
   *
   * @param {Pick<import('../keep/record.js').RunRecord, 'step' | 'total' | 'warmUp' | 'polish' | 'settings' | 'seconds'>} run
   * @param {(trained: number) => number} beside time for saving and scores, as a part of that for steps, in a
   *   run that takes so many seconds
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

/** @param {number[]} values the latest last @param {number} value */
function latest(values, value) {
  values.push(value);
  if (values.length > LATEST) values.shift();
}

/** Seconds of one call of the engine. */
const TARGET = 0.5;
/** Most steps in one call: their losses are read back together. */
const MOST = 64;

/**
 * How many steps to ask the engine for at a time: about half a second's worth, so that losses move and Pause
 * answers; one by one where a step is long.
 */
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

  /** @param {number} steps of the call @param {number} seconds of the call, everything included */
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
