/**
 * The current activity, one at a time: something that can be aborted, or the run on the page, which is driven
 * until it is over or halted.
 */
import { Driver } from './run/driver.js';
import { Presence } from './run/presence.js';
import { Restarts } from './run/restarts.js';

/** @import { Notices } from '../page/notices.js' */
/** @import { State } from './snapshot.js' */

/** Notices with advice, which is outdated as soon as the run continues. */
const ADVICE = [
  'training-not-finite',
  'training-keeps-dying',
  'device-changed',
  'photos-gone',
  'dataset-empty',
];

export class Work {
  #engine;
  #presence;
  #restarts;
  #notices;
  #onChange;
  #refresh;
  /** @type {Driver | null} */
  #driver = null;
  /** Aborts what can be aborted. @type {AbortController | null} */
  #abort = null;
  /** The current activity; null: a run is in preparation. @type {State | null} */
  doing = null;
  /** The run on the page. @type {import('./run/run.js').TrainRun | null} */
  run = null;

  /**
   * @param {object} parts
   * @param {Pick<import('../engine/client.js').EngineClient, 'close'>} parts.engine
   * @param {import('../page/host.js').Host} parts.host
   * @param {Notices} parts.notices
   * @param {() => void} parts.onChange
   * @param {() => Promise<void>} parts.refresh refreshes the lists of what is stored
   */
  constructor({ engine, host, notices, onChange, refresh }) {
    this.#engine = engine;
    this.#notices = notices;
    this.#onChange = onChange;
    this.#refresh = refresh;
    this.#restarts = new Restarts(() => host.now());
    this.#presence = new Presence(host, {
      onHide: () => this.#onHide(),
      wouldLose: () => this.run?.wouldLose ?? false,
      onHeld: (held) => this.#onHeld(held),
    });
  }

  /** Whether another tab is training. */
  get held() {
    return this.#presence.held;
  }

  /** See {@link Presence.claim}. @param {AbortSignal} [signal] */
  claim(signal) {
    return this.#presence.claim(signal);
  }

  /** @param {State | null} doing */
  do(doing) {
    this.doing = doing;
    this.#onChange();
  }

  /**
   * Runs something that only one tab may do at a time. The lease is released afterwards, unless it was taken.
   * @template T
   * @param {State} doing
   * @param {(signal: AbortSignal, lease: import('../engine/lease.js').Lease) => Promise<T>} task
   * @returns {Promise<T | null>} null: it failed, was aborted, or another tab is training
   */
  alone(doing, task) {
    return this.attempt(doing, async (signal) => {
      const lease = await this.claim(signal);
      if (!lease) return null;
      try {
        signal.throwIfAborted();
        return await task(signal, lease);
      } finally {
        lease.release();
      }
    });
  }

  /**
   * Runs something that can be aborted. A failure is reported, and the run is in preparation again.
   * @template T
   * @param {State} doing
   * @param {(signal: AbortSignal) => Promise<T>} task
   * @returns {Promise<T | null>} null: it failed or was aborted
   */
  async attempt(doing, task) {
    const abort = new AbortController();
    // The engine's requests ignore the signal: they end with the engine.
    abort.signal.addEventListener('abort', () => this.#engine.close());
    this.#abort = abort;
    this.do(doing);
    try {
      return await task(abort.signal);
    } catch (error) {
      if (!abort.signal.aborted) this.#notices.tellError(error);
      if (this.#abort === abort) this.do(null);
      return null;
    } finally {
      if (this.#abort === abort) this.#abort = null;
    }
  }

  /** Aborts what can be aborted. @returns {boolean} whether there was anything */
  abort() {
    this.#abort?.abort();
    return this.#abort !== null;
  }

  /** @param {{ steps?: number, restore?: boolean, halt?: 'stop' }} [how] */
  async drive({ steps, restore, halt } = {}) {
    const { run } = this;
    if (!run || this.#driver) return;
    if (restore) this.#restarts.forget();
    for (const code of ADVICE) this.#notices.remove(code);
    const driver = new Driver(run, {
      restarts: this.#restarts,
      onDoing: (doing) => this.do(doing),
      onTell: this.#notices.tell,
    });
    this.#driver = driver;
    if (halt) driver.halt(halt);
    this.#presence.stayAwake(true);
    const end = await driver.go({ steps, restore });
    if (this.#driver !== driver) return; // discarded in the meantime
    this.#driver = null;
    this.#presence.stayAwake(false);
    if (end === 'finished') {
      this.#engine.close();
      await this.#refresh();
      if (this.run !== run) return; // taken off the page in the meantime
      run.lease.release();
    }
    this.do(end === 'closed' ? 'failed' : end);
  }

  /** @param {'pause' | 'stop'} how after the current call @returns {boolean} whether the run is driven */
  halt(how) {
    this.#driver?.halt(how);
    return this.#driver !== null;
  }

  /** Takes the run off the page and frees everything it holds, except the right to train. */
  forgetRun() {
    this.#driver?.close();
    this.#driver = null;
    this.run = null;
    this.#engine.close();
    this.#presence.stayAwake(false);
    this.do(null);
  }

  /** Another tab started or stopped training; what it left may have changed. @param {boolean} held */
  async #onHeld(held) {
    if (held) {
      this.#notices.tell('held-by-another-tab');
      return;
    }
    this.#notices.remove('held-by-another-tab');
    await this.#refresh();
  }

  async #onHide() {
    const { run } = this;
    if (!run || run.unsaved === 0) return;
    run.saver.want();
    if (this.doing !== 'paused') return;
    // Resuming the run will notice if the engine died meanwhile.
    await run.save().catch(() => {});
  }
}
