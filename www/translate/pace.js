/**
 * How many workers translate a batch at once. That is measured: a number is kept if it makes the batch clearly
 * faster than the best before it. Numbers double, and from one that did not pay the search goes halfway back.
 * Now and then one more is tried again, because other programs may have disturbed the search.
 */

/** More workers must bring at least this share of what as many more processors would. */
const WORTH = 0.3;
/** Photos after which a finished search is repeated; each time twice as many. */
const AGAIN = 24;

export class Pace {
  #most;
  /** Workers to use now. */
  lanes = 1;
  /** @type {{ lanes: number, rate: number } | null} */
  #best = null;
  /** The smallest number that did not pay. @type {number | null} */
  #bad = null;
  /** Whether to double their number, or to try one more. */
  #leap = true;
  #settled = false;
  /** Photos since the search ended. */
  #since = 0;
  #again = AGAIN;
  /** Workers that have begun a photo. @type {Set<object>} */
  #begun = new Set();
  /** Those whose present photo began when all had begun one. @type {Set<object>} */
  #fair = new Set();
  /** What each worker did in a second, beside as many others as now. @type {Map<object, number>} */
  #rates = new Map();

  /** @param {number} most workers, 1 or more */
  constructor(most) {
    this.#most = most;
  }

  /** A worker begins a photo. @param {object} worker */
  begins(worker) {
    this.#begun.add(worker);
    if (this.#begun.size >= this.lanes) this.#fair.add(worker);
  }

  /**
   * A worker has ended its photo.
   * @param {object} worker
   * @param {number | null} rate work in a second, in the same unit for all photos; null: it failed
   * @param {number} busy workers that have photos, this one included
   */
  ends(worker, rate, busy) {
    const fair = this.#fair.delete(worker) && busy === this.lanes;
    if (rate === null) return;
    if (this.#settled) {
      this.#since += 1;
      if (this.#since >= this.#again) this.#search();
    } else if (fair) {
      this.#rates.set(worker, rate);
      if (this.#rates.size >= this.lanes) this.#judge();
    }
  }

  /** A worker has been closed. @param {object} worker */
  gone(worker) {
    this.#begun.delete(worker);
    this.#rates.delete(worker);
  }

  /** Memory did not suffice for so many: there will be fewer from now on. @param {number} lanes */
  tooMany(lanes) {
    this.#most = Math.max(1, Math.min(this.#most, lanes - 1));
    if (this.lanes > this.#most) this.#settle(this.#most);
  }

  /** The photos at hand leave room for so many. @param {number} lanes */
  only(lanes) {
    if (lanes < this.lanes) this.#settle(lanes);
  }

  #judge() {
    const rate = [...this.#rates.values()].reduce((sum, one) => sum + one, 0);
    const best = this.#best;
    const pays = !best || rate > best.rate * (1 + WORTH * (this.lanes / best.lanes - 1));
    if (pays && best) this.#leap = true;
    if (pays) this.#best = { lanes: this.lanes, rate };
    else this.#bad = this.lanes;
    const { lanes } = /** @type {{ lanes: number }} */ (this.#best);
    const more = this.#leap ? 2 * lanes : lanes + 1;
    const tried = Math.min(this.#bad ? Math.floor((lanes + this.#bad) / 2) : more, this.#most);
    if (tried > lanes) this.#use(tried);
    else this.#settle(lanes);
  }

  /** Measures what there is, and tries more. */
  #search() {
    this.#again *= 2;
    this.#leap = false;
    this.#settled = false;
    this.#best = null;
    this.#bad = null;
    this.#use(this.lanes);
  }

  /** @param {number} lanes */
  #settle(lanes) {
    this.#settled = true;
    this.#since = 0;
    this.#use(lanes);
  }

  /** @param {number} lanes */
  #use(lanes) {
    this.lanes = lanes;
    this.#rates.clear();
    this.#fair.clear();
  }
}
