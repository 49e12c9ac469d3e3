/**
 * When and where a run is saved: on the disk, at least once a minute but taking no more than a twentieth of
 * the time; in memory if the disk is full or there is none, so that at least the engine's death is
 * survivable. The disk is tried again each time.
 */

/** @import { Domain } from '../gather/domains.js' */
/** @import { History } from '../keep/history.js' */
/** @import { RunRecord } from '../keep/record.js' */
/** @import { TrainFrom } from '../worker/protocol.js' */
/** @import { Previews } from './previews.js' */

/** @typedef {Record<Domain, Blob> | null} Best the best weights so far */

/** `memory`: until the page is closed. @typedef {'disk' | 'memory'} Kept */

/** Saving may take one part in this many of the time. */
const PART = 20;

export class Saver {
  #host;
  #engine;
  #tell;
  #last = 0;
  /** How long the last save took. */
  #seconds = 0;
  #wanted = false;
  /** The last checkpoint, if it is not on the disk. @type {Blob | null} */
  #inMemory = null;
  #full = false;
  /** The best weights on the disk. @type {Best} */
  #best = null;

  /**
   * @param {import('../../page/host.js').Host} host
   * @param {Pick<import('../../engine/client.js').EngineClient, 'request'>} engine
   * @param {import('../../page/notices.js').Tell} tell
   */
  constructor(host, engine, tell) {
    this.#host = host;
    this.#engine = engine;
    this.#tell = tell;
    /** The step of the latest checkpoint, and where it is kept. @type {{ step: number, kept: Kept } | null} */
    this.saved = null;
    /** Where the result is kept; null: there is none. @type {Kept | null} */
    this.resultKept = null;
    this.#last = host.now();
  }

  /** Saves at the next opportunity: the page may be closed. */
  want() {
    this.#wanted = true;
  }

  /** Whether it is time to save. */
  due() {
    return this.#wanted || this.#host.now() - this.#last >= this.#every * 1000;
  }

  /** Seconds between checkpoints. */
  get #every() {
    return Math.max(this.#host.saveEvery, PART * this.#seconds);
  }

  /** Time for saving, as a share of that for steps. */
  get share() {
    return Math.min(1 / PART, this.#seconds / Math.max(this.#every, 1));
  }

  /** Where to continue from; null: nothing was saved yet. @returns {TrainFrom | null} */
  get last() {
    if (this.#inMemory) return { kind: 'checkpoint', bytes: this.#inMemory };
    return this.saved && { kind: 'stored' };
  }

  /** A run read from the disk is saved there. @param {number} step */
  found(step) {
    this.saved = { step, kept: 'disk' };
  }

  /**
   * @param {RunRecord} record
   * @param {History} history
   * @param {Previews} previews
   * @param {Best} best
   */
  async save(record, history, previews, best) {
    this.#wanted = false;
    try {
      const pictures = previews.toStore();
      const { step, seconds, bytes, unsaved } = await this.#engine.request('train-save', {
        record,
        history: history.bytes(),
        best: this.#unstored(best),
        pictures,
      });
      this.#inMemory = unsaved?.checkpoint ?? null;
      this.saved = { step, kept: unsaved ? 'memory' : 'disk' };
      this.#seconds = seconds;
      if (!unsaved) {
        previews.stored(pictures);
        this.#best = best;
      }
      this.#report(unsaved?.problem ?? null, bytes);
    } finally {
      this.#last = this.#host.now();
    }
  }

  /** A run read from the disk has its best weights there. @param {Best} best */
  foundBest(best) {
    this.#best = best;
  }

  /** The best weights unless they are on the disk. @param {Best} best */
  #unstored(best) {
    return best === this.#best ? null : best;
  }

  /** @param {import('../../failure.js').Failure | null} problem @param {number} bytes */
  #report(problem, bytes) {
    if (problem && !this.#full) this.#tell(problem.code, { bytes }, 'warning', problem.detail);
    if (!problem && this.#full) this.#tell('storage-saved', {}, 'info');
    this.#full = problem !== null;
  }

  /**
   * @param {RunRecord} record
   * @param {History} history
   * @param {Previews} previews
   * @param {Best} best
   * @returns {Promise<Record<Domain, Blob>>} the weights
   */
  async finish(record, history, previews, best) {
    const { a, b, problem, checkpoint } = await this.#engine.request('train-finish', {
      record,
      history: history.bytes(),
      best: record.best?.step === record.step ? null : this.#unstored(best),
      pictures: previews.toStore(),
    });
    this.resultKept = problem ? 'memory' : 'disk';
    this.#inMemory = checkpoint;
    this.#report(problem, a.size + b.size);
    return { A: a, B: b };
  }
}
