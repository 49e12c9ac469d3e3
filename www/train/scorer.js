/**
 * When scores are worth their time. The first need a classifier that tells A from B, which takes 40 s on a
 * processor; from then on what they cost is known, and they get a tenth of the time.
 */
import { CodedError } from '../failure.js';
import { isDeath } from './restarts.js';

/** @typedef {import('./types.js').Scores} Scores */

/** Part of the time. */
const PART = 0.1;
/** Seconds of training before the first. */
const FIRST = { slow: 300, graphics: 60 };
/** A run that is stopped is scored only if that takes fewer seconds. */
const QUICK = 3;

/**
 * Time for scores, as a part of that for steps.
 * @param {number} trained seconds of the whole run
 * @param {boolean} slow
 */
export function scoringShare(trained, slow) {
  const first = slow ? FIRST.slow : FIRST.graphics;
  return trained > first ? (PART * (trained - first)) / trained : 0;
}

export class Scorer {
  #host;
  #engine;
  #tell;
  /** When the last were computed, in seconds trained, and what they cost. @type {{ at: number, cost: number } | null} */
  #last = null;
  #able = true;

  /**
   * @param {Pick<import('./host.js').Host, 'now'>} host
   * @param {Pick<import('../client.js').EngineClient, 'request'>} engine
   * @param {import('./run.js').Tell} tell
   */
  constructor(host, engine, tell) {
    this.#host = host;
    this.#engine = engine;
    this.#tell = tell;
  }

  /** The engine was replaced, and has no classifier. */
  restarted() {
    this.#last = null;
  }

  /** See {@link scoringShare}. @param {number} trained @param {boolean} slow */
  share(trained, slow) {
    return this.#able ? scoringShare(trained, slow) : 0;
  }

  /**
   * @param {number} trained seconds
   * @param {{ slow: boolean, over: boolean, stopping: boolean }} run
   */
  due(trained, { slow, over, stopping }) {
    if (!this.#able) return false;
    if (!this.#last) return trained >= FIRST[slow ? 'slow' : 'graphics'] && (over || !stopping);
    const { at, cost } = this.#last;
    if (over || stopping) return over || cost < QUICK;
    return trained >= at + cost / PART;
  }

  /**
   * @param {number} trained seconds
   * @returns {Promise<Omit<Scores, 'step'> | null>} null: they cannot be computed, which is told once
   * @throws {CodedError} when the engine died
   */
  async compute(trained) {
    const started = this.#host.now();
    try {
      return await this.#engine.request('train-scores', {});
    } catch (error) {
      if (!(error instanceof CodedError) || isDeath(error.code)) throw error;
      this.#able = false;
      this.#tell('scores-failed', { code: error.code }, 'warning', error.message);
      return null;
    } finally {
      this.#last = { at: trained, cost: (this.#host.now() - started) / 1000 };
    }
  }
}
