/** Tasks take turns. */

export class Turns {
  /** @type {{ start: () => void, company: unknown }[]} */
  #waiting = [];
  #running = 0;
  /** What those that run have in common. @type {unknown} */
  #company = null;

  /**
   * Runs a task when all before it have ended; beside those just before it that have the same company.
   * @template T
   * @param {() => T | Promise<T>} task
   * @param {unknown} [company] null: it runs alone
   * @returns {Promise<T>}
   */
  async take(task, company = null) {
    await new Promise((resolve) => {
      this.#waiting.push({ start: () => resolve(undefined), company });
      this.#next();
    });
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#next(); // before whoever waits for this one goes on
    }
  }

  #next() {
    for (;;) {
      const [first] = this.#waiting;
      const joins = first?.company !== null && first?.company === this.#company;
      if (!first || (this.#running > 0 && !joins)) return;
      this.#waiting.shift();
      this.#running += 1;
      this.#company = first.company;
      first.start();
    }
  }
}
