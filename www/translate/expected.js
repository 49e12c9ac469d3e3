/** Says how long what the Translate button would do will take, as far as that is known. */
import { formatTime, text } from '../page/messages.js';
import { settings } from './controls.js';
import { chosenModel } from './model-list.js';
import { hideProgress, showIdle } from './progress.js';
import { unfinished } from './queue.js';

/** @import { DeviceReport } from '../engine/protocol.js' */
/** @import { Queue, Result } from './queue.js' */

/** Milliseconds without a change before it is said: folders arrive in many pieces. */
const QUIET = 300;

export class Expected {
  #run;
  #engine;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Whether it stands on the page. */
  #isShown = false;
  /** Not needed before photos are there. */
  #estimate = () => import('./estimate.js');

  /**
   * @param {Queue} run
   * @param {{ device: () => DeviceReport | null, test: () => Promise<number | null> }} engine
   */
  constructor(run, engine) {
    this.#run = run;
    this.#engine = engine;
  }

  /** Something has changed: it will be said anew. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#say().catch(() => {}), QUIET);
  }

  /** What is on the page is to be read first: it will be said after the next change. */
  later() {
    clearTimeout(this.#timer);
  }

  /** Learns from a result that was just made, in so many passes. @param {Result} result @param {number} passes */
  async learn({ picture }, passes) {
    const device = this.#engine.device();
    const { learn } = await this.#estimate();
    if (device) learn(device, picture, passes);
  }

  async #say() {
    const device = this.#engine.device();
    const photos = unfinished(this.#run).flatMap(({ file }) => file ?? []);
    let seconds = null;
    if (device && photos.length > 0 && !this.#run.running) {
      const { secondsFor } = await this.#estimate();
      const lanes = device.device === 'cpu' ? navigator.hardwareConcurrency || 1 : 1;
      const { test } = this.#engine;
      const how = { model: chosenModel(), settings: settings(), device, lanes, test };
      seconds = await secondsFor(photos, how);
    }
    if (!this.#run.running) {
      if (seconds !== null) {
        showIdle(text('progress.expected', { n: photos.length, time: formatTime(seconds) }));
      } else if (this.#isShown) hideProgress();
    }
    this.#isShown = seconds !== null;
  }
}
