/**
 * This tab among others and before a person: one tab trains at a time, the screen stays on while it does,
 * and the run is saved when the page goes out of sight, since it may not come back.
 */
import { Lease } from '../../engine/lease.js';

export class Presence {
  #host;
  #onHeld;
  /** Resolves when the last claim of this tab was given back. @type {Promise<void>} */
  #turn = Promise.resolve();
  /** Lets the screen go dark. @type {(() => void) | null} */
  #sleep = null;
  #awake = false;
  /** Another tab trains. */
  held = false;

  /**
   * @param {import('../../page/host.js').Host} host
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

  /**
   * The right to train, or to remove what was trained. Within this tab claims wait for each other: another
   * tab is not what stands in their way.
   *
   * @param {AbortSignal} [signal] ends the waiting for this tab's own
   * @returns {Promise<Lease | null>} null: another tab has it, which was told
   */
  async claim(signal) {
    const before = this.#turn;
    /** @type {() => void} */
    let next = () => {};
    this.#turn = new Promise((resolve) => {
      next = resolve;
    });
    await Promise.race([before, aborted(signal)]);
    if (signal?.aborted) before.then(next);
    signal?.throwIfAborted();
    const lease = await this.#host.lock();
    if (!lease) {
      next();
      this.#yield();
      return null;
    }
    return new Lease(() => {
      lease.release();
      next();
    });
  }

  /** Waits until no other tab trains. */
  async #yield() {
    if (this.held) return;
    this.held = true;
    this.#onHeld(true);
    await this.#host.unlocked().catch(() => {});
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

/** @param {AbortSignal} [signal] @returns {Promise<void>} */
function aborted(signal) {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
}
