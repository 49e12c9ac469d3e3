/** How many pictures a second there are, how late they come, and whether a smaller size is needed. */

/** Over how long means are taken, in milliseconds. */
const SPAN = 3000;
/** Below so many pictures a second, motion falls apart. */
const LEAST = 10;

/**
 * @typedef {object} Picture
 * @property {number} at when it was shown, in milliseconds
 * @property {number} took milliseconds that the engine needed
 * @property {number} delay milliseconds from the camera to the page
 */

export class Pace {
  /** Of the last seconds. @type {Picture[]} */
  #pictures = [];
  /** The first one also allocates, compiles and waits for the model. */
  #first = true;

  /** Something has changed that makes earlier pictures no measure. */
  reset() {
    this.#pictures = [];
    this.#first = true;
  }

  /** @param {Picture} picture */
  add(picture) {
    if (!this.#first) this.#pictures.push(picture);
    this.#first = false;
    // However slow, two make a rate.
    while (this.#pictures.length > 2 && picture.at - this.#pictures[0].at > SPAN) {
      this.#pictures.shift();
    }
  }

  /** @returns {{ rate: number, delay: number } | null} pictures a second, and milliseconds; null: unknown yet */
  get now() {
    const [first, ...others] = this.#pictures;
    const last = others.at(-1);
    if (!last || last.at <= first.at) return null;
    return {
      rate: (1000 * others.length) / (last.at - first.at),
      delay: others.reduce((sum, { delay }) => sum + delay, 0) / others.length,
    };
  }

  /**
   * Whether the engine has been too slow for some seconds. A camera that gives few pictures, as many do in the
   * dark, is none of its fault: only the time that the engine needs counts.
   */
  get isSlow() {
    const took = this.#pictures.reduce((sum, picture) => sum + picture.took, 0);
    return took >= SPAN * 0.9 && (1000 * this.#pictures.length) / took < LEAST;
  }
}
