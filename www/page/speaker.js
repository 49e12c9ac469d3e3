/**
 * Tells screen readers one thing after another: a live region only announces its current contents, so of two
 * texts written together the first would be lost. After the last one the region is emptied, so that the same
 * words can be news again.
 */

/** Milliseconds that a text stays, so that a screen reader finds it. */
const STAY = 600;

export class Speaker {
  #write;
  #later;
  /** @type {{ words: string, topic: string }[]} */
  #waiting = [];
  #speaking = false;

  /**
   * @param {(words: string) => void} write writes to the live region
   * @param {(then: () => void, milliseconds: number) => unknown} [later]
   */
  constructor(write, later = (then, milliseconds) => setTimeout(then, milliseconds)) {
    this.#write = write;
    this.#later = later;
  }

  /**
   * @param {string} words
   * @param {string} [topic] of which only the latest matters: earlier words still waiting are dropped
   */
  say(words, topic = words) {
    this.#waiting = this.#waiting.filter((one) => one.topic !== topic);
    this.#waiting.push({ words, topic });
    if (!this.#speaking) this.#next();
  }

  #next() {
    const next = this.#waiting.shift();
    this.#speaking = next !== undefined;
    this.#write(next?.words ?? '');
    if (this.#speaking) this.#later(() => this.#next(), STAY);
  }
}
