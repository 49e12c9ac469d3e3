/** What the person should know, the latest last. */

/** @import { Notice } from '../train/types.js' */

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

  /**
   * @param {Notice['tone']} tone
   * @param {string} code
   * @param {Notice['values']} [values]
   * @param {string} [detail]
   */
  add(tone, code, values = {}, detail = '') {
    this.#lastId += 1;
    const notice = { id: this.#lastId, tone, code, values, detail };
    this.all = [...this.all, notice].slice(-MOST);
    if (detail) console.warn(`${code}: ${detail}`);
    this.#onChange();
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
