/** A stand-in for `navigator.locks` of one browser: what the specification says, one task later. */

/** @typedef {{ name: string, mode: string, callback: (lock: object) => unknown, resolve: (value: unknown) => void }} Asked */

export class FakeLocks {
  /** @type {Asked[]} */
  held = [];
  /** @type {Asked[]} */
  waiting = [];

  /** @param {string} name */
  isHeld(name) {
    return this.held.some((one) => one.name === name && one.mode === 'exclusive');
  }

  /**
   * @param {string} name
   * @param {{ mode?: string, signal?: AbortSignal }} options
   * @param {(lock: object) => unknown} callback
   */
  request(name, options, callback) {
    return new Promise((resolve, reject) => {
      const asked = { name, mode: options.mode ?? 'exclusive', callback, resolve };
      this.waiting.push(asked);
      options.signal?.addEventListener('abort', () => {
        if (!this.waiting.includes(asked)) return;
        this.waiting = this.waiting.filter((one) => one !== asked);
        reject(options.signal?.reason);
        this.#later();
      });
      this.#later();
    });
  }

  #later() {
    setImmediate(() => this.#grant());
  }

  #grant() {
    const passed = new Set();
    for (const asked of [...this.waiting]) {
      const others = this.held.filter(({ name }) => name === asked.name);
      const free = others.every(({ mode }) => mode === 'shared' && asked.mode === 'shared');
      if (!free || passed.has(asked.name)) {
        passed.add(asked.name);
        continue;
      }
      this.waiting = this.waiting.filter((one) => one !== asked);
      this.held.push(asked);
      Promise.resolve(asked.callback({})).finally(() => {
        this.held = this.held.filter((one) => one !== asked);
        asked.resolve(undefined);
        this.#later();
      });
    }
  }
}
