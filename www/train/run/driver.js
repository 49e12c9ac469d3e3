/**
 * Drives a run until it is over, halted or beyond help, call after call. When the engine dies or numbers
 * become NaN or infinite, it goes back to the last checkpoint. It uses no timer, so that a hidden page
 * continues as fast as a visible one. After any other failure, such as an unplugged folder, the engine is
 * still intact: the run is saved, and waits.
 */
import { isDeath } from '../../engine/codes.js';
import { failureOf } from '../../failure.js';
import { smallerCrop } from '../plan/settings.js';

/** @typedef {'training' | 'saving' | 'recovering'} Doing */
/** @typedef {'paused' | 'finished' | 'failed' | 'closed'} End */

/** After these codes the run goes back, and waits for the person to choose gentler rates. */
const NOT_FINITE = new Set(['training-not-finite', 'output-not-finite']);

export class Driver {
  #run;
  #restarts;
  #onDoing;
  #tell;
  /** @type {'pause' | 'stop' | null} */
  #halt = null;
  #closed = false;
  /** Why and from where the run goes back to its checkpoint; null: it does not. @type {{ code: string, step: number } | null} */
  #broken = null;

  /**
   * @param {import('./run.js').TrainRun} run
   * @param {object} parts
   * @param {import('./restarts.js').Restarts} parts.restarts
   * @param {(doing: Doing) => void} parts.onDoing
   * @param {import('../../page/notices.js').Tell} parts.onTell
   */
  constructor(run, { restarts, onDoing, onTell }) {
    this.#run = run;
    this.#restarts = restarts;
    this.#onDoing = onDoing;
    this.#tell = onTell;
  }

  /** @param {'pause' | 'stop'} how after the current call */
  halt(how) {
    if (this.#halt !== 'stop') this.#halt = how;
  }

  /** Ignores whatever happens from now on: the engine was taken away. */
  close() {
    this.#closed = true;
  }

  /**
   * @param {object} [how]
   * @param {number} [how.steps] at most
   * @param {boolean} [how.restore] the engine does not have the run: start with its last checkpoint
   * @returns {Promise<End>}
   */
  async go({ steps = Number.POSITIVE_INFINITY, restore = false } = {}) {
    const run = this.#run;
    let left = steps;
    let back = restore;
    for (;;) {
      try {
        if (back) await this.#restore();
        back = false;
        if (!run.over && !this.#halt && left > 0) this.#onDoing('training');
        while (!run.over && !this.#halt && left > 0) {
          const before = run.step;
          await run.advance(left);
          left -= run.step - before;
        }
        return await this.#end();
      } catch (error) {
        if (this.#closed) return 'closed';
        if (!this.#goesBack(error)) {
          const { code, detail } = failureOf(error);
          this.#tell(code, {}, 'problem', detail);
          const kept = !back && (await this.#rescue());
          if (this.#closed) return 'closed';
          return kept ? 'paused' : 'failed';
        }
        if (!this.#survives(error)) return 'failed';
        back = true;
      }
    }
  }

  /** @returns {Promise<End>} */
  async #end() {
    const run = this.#run;
    if (run.over || this.#halt === 'stop') {
      this.#onDoing('saving');
      await run.finish(!run.over);
      return 'finished';
    }
    if (this.#halt === 'pause' && run.unsaved !== 0) {
      this.#onDoing('saving');
      await run.save();
    }
    return 'paused';
  }

  async #restore() {
    const run = this.#run;
    this.#onDoing('recovering');
    const otherDevice = await run.restore();
    const broken = this.#broken;
    this.#broken = null;
    if (otherDevice) {
      this.#tell('device-changed', { from: run.record.device, to: otherDevice }, 'warning');
      run.record.device = otherDevice;
      this.halt('pause');
    }
    if (!broken) return;
    const back = run.step;
    if (NOT_FINITE.has(broken.code)) {
      const { lr, lambdaCycle, lambdaIdentity } = run.record.settings;
      run.proposal = { lr: lr / 2, lambdaCycle, lambdaIdentity };
      this.#tell('training-not-finite', { step: broken.step, back, lr: lr / 2 }, 'problem');
      this.halt('pause');
    } else {
      run.record.recoveries += 1;
      this.#tell('recovered', { ...broken, back }, 'warning');
    }
  }

  /** Whether this failure loses the engine's state. @param {unknown} error */
  #goesBack(error) {
    const { code } = failureOf(error);
    return isDeath(code) || NOT_FINITE.has(code);
  }

  /** Saves what no checkpoint has. @returns {Promise<boolean>} whether the engine can continue */
  async #rescue() {
    this.#onDoing('saving');
    try {
      if (this.#run.unsaved !== 0) await this.#run.save();
      return true;
    } catch {
      return false; // then it goes back to the last checkpoint
    }
  }

  /** @param {unknown} error @returns {boolean} whether to go back to the last checkpoint */
  #survives(error) {
    const { code, detail } = failureOf(error);
    const step = this.#broken?.step ?? this.#run.step;
    this.#broken = { code, step };
    if (this.#restarts.again()) return true;
    const { crop } = this.#run.record.settings;
    const values = { code, times: this.#restarts.count, crop: smallerCrop(crop) };
    this.#tell('training-keeps-dying', values, 'problem', detail);
    return false;
  }
}
