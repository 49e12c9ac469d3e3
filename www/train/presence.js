/**
 * This tab among others and before a person: one tab trains at a time, the screen stays on while it does,
 * and the run is saved when the page goes out of sight, since it may not come back.
 */

export class Presence {
  #host;
  #onHeld;
  /** Lets other tabs train. @type {(() => void) | null} */
  #release = null;
  /** Lets the screen go dark. @type {(() => void) | null} */
  #sleep = null;
  #awake = false;
  /** Another tab trains. */
  held = false;

  /**
   * @param {import('./host.js').Host} host
   * @param {object} on
   * @param {() => void} on.onHide
   * @param {() => boolean} on.wouldLose whether leaving the page would lose something
   * @param {(held: boolean) => void} on.onHeld
   */
  constructor(host, { onHide, wouldLose, onHeld }) {
    this.#host = host;
    this.#onHeld = onHeld;
    host.watch({
      hide: onHide,
      show: () => this.stayAwake(this.#awake), // browsers let go of the screen when a page is hidden
      leave: wouldLose,
    });
  }

  /** @returns {Promise<boolean>} whether this tab may train */
  async lock() {
    this.#release ??= await this.#host.lock();
    if (!this.#release) this.#yield();
    return this.#release !== null;
  }

  unlock() {
    this.#release?.();
    this.#release = null;
  }

  /** Waits until no other tab trains. */
  async #yield() {
    if (this.held) return;
    this.held = true;
    this.#onHeld(true);
    await this.#host.unlocked();
    this.held = false;
    this.#onHeld(false);
  }

  /** @param {boolean} awake */
  async stayAwake(awake) {
    this.#awake = awake;
    this.#sleep?.();
    this.#sleep = null;
    if (!awake || this.#host.hidden()) return;
    const sleep = await this.#host.keepAwake();
    if (this.#awake && !this.#sleep) this.#sleep = sleep;
    else sleep();
  }
}
