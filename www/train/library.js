/** What is stored: unfinished runs on offer, runs that are over, and the room that they take. */
import { failureOf } from '../failure.js';

export class Library {
  #host;
  #stored;
  #tell;
  /** The latest first. @type {import('./types.js').Offer[]} */
  offers = [];
  /** @type {import('./types.js').StoredRun[]} */
  runs = [];
  /** @type {import('./types.js').Snapshot['space']} */
  space = null;

  /**
   * @param {Pick<import('./host.js').Host, 'space'>} host
   * @param {import('./stored-runs.js').StoredRuns} stored
   * @param {import('./run.js').Tell} tell
   */
  constructor(host, stored, tell) {
    this.#host = host;
    this.#stored = stored;
    this.#tell = tell;
  }

  /**
   * @param {object} [options]
   * @param {boolean} [options.sweep] leftovers are removed; only where no tab trains
   * @param {string} [options.except] a run that is on the page
   */
  async refresh({ sweep = false, except } = {}) {
    try {
      const { offers, runs } = await this.#stored.list({ sweep });
      this.offers = offers.filter(({ id }) => id !== except);
      this.runs = runs;
    } catch (error) {
      const { code, detail } = failureOf(error, 'storage-unavailable');
      this.#tell(code, {}, 'warning', detail);
    }
    this.space = await this.#host.space();
  }
}
