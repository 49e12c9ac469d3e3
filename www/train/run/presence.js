/**
 * Relations to other tabs and to the person: one tab trains at a time, the screen stays on meanwhile, and the
 * run is saved when the page is hidden, because it may not come back.
 */
import { Lease } from '../../engine/lease.js';

export class Presence {
  #host;
  #onHeld;
  /** Resolves when the last claim of this tab was released. @type {Promise<void>} */
  #turn = Promise.resolve();
  /** Lets the screen turn off. @type {(() => void) | null} */
  #sleep = null;
  #awake = false;
  /** Whether another tab is training. */
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
      show: () => this.stayAwake(this.#awake), // browsers release it when a page is hidden
      leave: wouldLose,
    });
  }

  /**
   * The right to train, or to remove runs. Claims within this tab wait for each other, so only another tab
   * can refuse it.
   * @param {AbortSignal} [signal] ends the waiting for this tab's own claims
   * @returns {Promise<Lease | null>} null: another tab has it, which was reported
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

  /** Waits until no other tab is training. */
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
