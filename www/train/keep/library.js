/** What is stored: unfinished runs on offer, runs that are over, and the room that they take. */

/** @import { Host } from '../../page/host.js' */
/** @import { Offer, StoredRun } from './stored-runs.js' */

export class Library {
  #host;
  #stored;
  #notices;
  /** @type {Offer[]} */
  #offers = [];
  /** @type {StoredRun[]} */
  #runs = [];
  /** The last look. */
  #last = Promise.resolve();
  /** @type {Awaited<ReturnType<Host['space']>>} */
  space = null;

  /**
   * @param {Pick<Host, 'space'>} host
   * @param {import('./stored-runs.js').StoredRuns} stored
   * @param {import('../../page/notices.js').Notices} notices
   */
  constructor(host, stored, notices) {
    this.#host = host;
    this.#stored = stored;
    this.#notices = notices;
  }

  /** Unfinished runs, the latest first. */
  get offers() {
    return this.#offers.filter(({ id }) => !this.#stored.isGone(id));
  }

  /** Runs that are over, the latest first. */
  get runs() {
    return this.#runs.filter(({ id }) => !this.#stored.isGone(id));
  }

  /**
   * Looks again, after those who look already: what is known is never older than before.
   * @param {object} [options]
   * @param {boolean} [options.sweep] leftovers are removed; only where no tab trains
   */
  refresh(options) {
    this.#last = this.#last.then(() => this.#look(options));
    return this.#last;
  }

  /** @param {{ sweep?: boolean }} [options] */
  async #look(options) {
    try {
      const { offers, runs } = await this.#stored.list(options);
      this.#offers = offers;
      this.#runs = runs;
    } catch (error) {
      this.#notices.tellError(error, 'warning', 'storage-unavailable');
    }
    await this.weigh();
  }

  /** Asks how much room there is, and whether the browser keeps what is in it. */
  async weigh() {
    this.space = await this.#host.space();
  }
}
