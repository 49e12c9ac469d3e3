/** What is stored: unfinished runs on offer, finished runs, and the space they take. */

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
  /** The last refresh. */
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

  /** Unfinished runs, latest first. */
  get offers() {
    return this.#offers.filter(({ id }) => !this.#stored.isGone(id));
  }

  /** Finished runs, latest first. */
  get runs() {
    return this.#runs.filter(({ id }) => !this.#stored.isGone(id));
  }

  /**
   * Refreshes the lists, after refreshes already under way, so that the result is never older than before.
   * @param {object} [options]
   * @param {boolean} [options.sweep] removes leftovers; only if no tab is training
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

  /** Asks how much space there is, and whether the browser will keep the data. */
  async weigh() {
    this.space = await this.#host.space();
  }
}
