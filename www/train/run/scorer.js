/**
 * When scores are worth their time. They need a classifier that distinguishes A from B, which takes 40 s on a
 * processor; from then on their cost is known, and they get a tenth of the time. A run from given weights is
 * scored before its first step, because nothing else shows whether it improves. A run from scratch has
 * nothing to compare with, and waits until there is something to see.
 */
import { isDeath } from '../../engine/codes.js';
import { CodedError } from '../../failure.js';
import { FIRST, PART, scoringShare } from '../plan/time.js';

/** @import { TrainScored } from '../worker/protocol.js' */

/** A stopped run is scored only if that takes fewer seconds. */
const QUICK = 20;

export class Scorer {
  #host;
  #engine;
  #given;
  #tell;
  /** When scores were last computed, in seconds trained, and their cost. @type {{ at: number, cost: number } | null} */
  #last = null;
  /** Whether the engine has a classifier, and the seconds that it took. */
  #judged = false;
  #learnt = 0;
  #able = true;
  /** Whether scores are being computed. */
  busy = false;

  /**
   * @param {Pick<import('../../page/host.js').Host, 'now'>} host
   * @param {Pick<import('../../engine/client.js').EngineClient, 'request'>} engine
   * @param {boolean} given the run does not start from scratch
   * @param {import('../../page/notices.js').Tell} tell
   */
  constructor(host, engine, given, tell) {
    this.#host = host;
    this.#engine = engine;
    this.#given = given;
    this.#tell = tell;
  }

  /** The engine was replaced, and has no classifier. */
  restarted() {
    this.#judged = false;
  }

  /** See {@link scoringShare}. @param {number} trained @param {boolean} slow */
  share(trained, slow) {
    return this.#able ? scoringShare(trained, slow, this.#given) : 0;
  }

  /**
   * @param {number} trained seconds
   * @param {{ slow: boolean, over: boolean, stopping: boolean }} run
   */
  due(trained, { slow, over, stopping }) {
    if (!this.#able) return false;
    if (!this.#last) {
      if (stopping && !over) return false;
      return this.#given || trained >= FIRST[slow ? 'slow' : 'graphics'];
    }
    const { at } = this.#last;
    const cost = this.#last.cost + (this.#judged ? 0 : this.#learnt);
    if (over || stopping) return over || cost < QUICK;
    return trained >= at + cost / PART;
  }

  /**
   * @param {number} trained seconds
   * @param {import('../keep/record.js').Scores | null} best so far, to compare with
   * @returns {Promise<TrainScored | null>} null: they cannot be computed, which is reported once
   * @throws {CodedError} when the engine died
   */
  async compute(trained, best) {
    let started = this.#host.now();
    this.busy = true;
    try {
      if (!this.#judged) {
        await this.#engine.request('train-classifier', {});
        this.#judged = true;
        this.#learnt = (this.#host.now() - started) / 1000;
        started = this.#host.now();
      }
      const given = best?.step === 0;
      return await this.#engine.request('train-scores', { best: best?.merit ?? null, given });
    } catch (error) {
      if (!(error instanceof CodedError) || isDeath(error.code)) throw error;
      this.#able = false;
      this.#tell('scores-failed', { code: error.code }, 'warning', error.message);
      return null;
    } finally {
      this.busy = false;
      this.#last = { at: trained, cost: (this.#host.now() - started) / 1000 };
    }
  }
}
