/**
 * Translates photos in three stages: the browser decodes, the engine computes, the browser encodes. While the
 * engine is at one photo, the next is decoded and the one before it encoded, so that a graphics card does not
 * wait. One photo at a time is decoded, since until then it is there at its full size.
 */
import { longestSides } from './sizes.js';
import { Turns } from './turns.js';

/** @import { Engine, Shrink } from '../pkg/cyclegan_web.js' */
/** @import { TranslateJob, Translated } from './protocol.js' */

/** Pixels up to which the photo is kept without loss. */
const EXACT = 512 * 512;

/**
 * How the photo is kept for comparison: without loss, a large one would take more room than the result.
 * @param {number} width
 * @param {number} height
 * @returns {['png' | 'jpeg', number?]} format and quality
 */
const shown = (width, height) => (width * height <= EXACT ? ['png'] : ['jpeg', 0.9]);

/**
 * @typedef {object} Tools
 * @property {typeof import('./decode.js').decodeTo} decodeTo
 * @property {typeof import('./decode.js').encode} encode
 * @property {typeof Shrink} Shrink
 */

export class Pipeline {
  #tools;
  #decoding = new Turns();
  #computing = new Turns();

  /** @param {Tools} tools */
  constructor(tools) {
    this.#tools = tools;
  }

  /**
   * @param {TranslateJob} job
   * @param {Pick<Engine, 'plan' | 'translate'>} engine whose model stays until all photos are through
   * @param {(passed: number) => void} tell
   * @returns {Promise<Omit<Translated, 'model' | 'memory'>>}
   */
  async translate(job, engine, tell) {
    const { decodeTo, encode, Shrink } = this.#tools;
    let seconds = 0;
    /** Counts what a stage takes, not the wait for it. @template T @param {() => Promise<T>} stage */
    const timed = (stage) => async () => {
      const started = performance.now();
      const value = await stage();
      seconds += (performance.now() - started) / 1000;
      return value;
    };
    const { result, network } = longestSides(job.size);
    const how = /** @type {const} */ ([result ?? 0, network ?? 0, job.margin, job.smooth]);
    /** @param {number} width @param {number} height @returns {[number, number]} */
    const sizeOf = (width, height) => {
      const plan = engine.plan(width, height, ...how);
      return [plan.width, plan.height];
    };
    const photo = await this.#decoding.take(timed(() => decodeTo(job.file, sizeOf, Shrink)));
    const { width, height, photoWidth, photoHeight } = photo;
    const compute = () => {
      const running = engine.translate(photo.data, width, height, ...how, tell);
      photo.data = new Uint8Array(0); // wasm has its own copy by now
      return running;
    };
    const made = await this.#computing.take(timed(compute));
    try {
      const { seen_width: seenWidth, seen_height: seenHeight, reduced } = made.plan;
      const both = timed(async () => ({
        after: await encode(made.takeAfter(), width, height, job.format, job.quality),
        before: await encode(made.takeBefore(), width, height, ...shown(width, height)),
      }));
      const pictures = await both();
      const sizes = { width, height, seenWidth, seenHeight, photoWidth, photoHeight, reduced };
      return { ...pictures, ...sizes, precision: made.precision, seconds };
    } finally {
      made.free();
    }
  }
}
