/**
 * What is said to people who listen to the page, one thing after another: a live region only tells what stands
 * in it when it is looked at, so of two things written together the first would be lost. Behind the last one
 * the region is emptied, so that the same words are news again.
 */

/** Milliseconds that words stand, so that a screen reader finds them. */
const STAY = 600;

export class Speaker {
  #write;
  #later;
  /** @type {{ words: string, topic: string }[]} */
  #waiting = [];
  #speaking = false;

  /**
   * @param {(words: string) => void} write into the live region
   * @param {(then: () => void, milliseconds: number) => unknown} [later]
   */
  constructor(write, later = (then, milliseconds) => setTimeout(then, milliseconds)) {
    this.#write = write;
    this.#later = later;
  }

  /**
   * @param {string} words
   * @param {string} [topic] of which only the latest matters: what still waits is not said any more
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
