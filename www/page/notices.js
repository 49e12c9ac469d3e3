/** What the person should know, latest last. */
import { failureOf } from '../failure.js';

/** @import { Remark } from './messages.js' */

/**
 * Something that the person should know. Codes and their values:
 *
 * - `recovered` {code, step, back}: the engine ended (`code`: why) after `step`; continues from `back`
 * - `training-keeps-dying` {code, times, crop}: given up after `times` deaths; try a crop of `crop`
 * - `training-not-finite` {step, back, lr}: stopped at `step`, went back to `back`; try the rate `lr`
 * - `storage-full` {bytes}, `storage-unavailable`: saved in memory only, the next save tries again
 * - `storage-saved`: saving works again
 * - `photos-not-kept`: no copies of the photos; continuing after a reload needs the folders again
 * - `checkpoint-older` {step}: the newest checkpoint was damaged, the previous one is used
 * - `photo-skipped` {domain, name, code}: one photo cannot be read or decoded and is left out
 * - `calibration-failed` {code, crop}: the device cannot do a step; try a crop of `crop`
 * - `held-by-another-tab`: another tab is training; nothing can be started here meanwhile
 * - `device-changed` {from, to}: the run is paused, because it would continue on another device
 * - `scores-failed` {code}: no more scores in this run
 * - `folders-needed`: the photos of the unfinished run are not stored, drop both folders again
 * - `folders-differ` {n}: `n` photos of the unfinished run are in neither folder
 * - any code of an engine failure: the state is `failed`, or a request was refused
 * @typedef {Remark & { id: number, tone: Tone, detail: string }} Notice `id` counts up; `detail` is for a log
 */
/** @typedef {'info' | 'warning' | 'problem'} Tone */
/** @typedef {(code: string, values?: Remark['values'], tone?: Tone, detail?: string) => void} Tell */

const MOST = 20;

export class Notices {
  #onChange;
  #lastId = 0;
  /** @type {Notice[]} */
  all = [];

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** @type {Tell} */
  tell = (code, values = {}, tone = 'warning', detail = '') => {
    this.#lastId += 1;
    const notice = { id: this.#lastId, tone, code, values, detail };
    this.all = [...this.all, notice].slice(-MOST);
    if (detail) console.warn(`${code}: ${detail}`);
    this.#onChange();
  };

  /**
   * @param {unknown} error
   * @param {Tone} [tone]
   * @param {string} [fallback] code of an error that has none of its own
   */
  tellError(error, tone = 'problem', fallback) {
    const { code, detail, values } = failureOf(error, fallback);
    this.tell(code, values, tone, detail);
  }

  /** @param {number} id */
  dismiss(id) {
    this.all = this.all.filter((notice) => notice.id !== id);
    this.#onChange();
  }

  /** @param {string} code */
  remove(code) {
    this.all = this.all.filter((notice) => notice.code !== code);
    this.#onChange();
  }

  clear() {
    this.all = [];
    this.#onChange();
  }
}
