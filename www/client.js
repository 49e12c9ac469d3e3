/**
 * The page's handle on the engine's worker: started when first needed, replaced when it dies.
 *
 * One request runs at a time; others wait. A worker that died (a panic, a lost graphics card), or was
 * ended because a request was aborted, is replaced at the next request: the device is opened again, and
 * the model is read again from its file, so no second copy of it is held.
 */
import { CodedError, failureOf, readError } from './failure.js';

/** @typedef {import('./protocol.js').Name} Name */
/** @typedef {import('./protocol.js').Commands} Commands */
/** @typedef {import('./protocol.js').Values} Values */
/** @typedef {import('./protocol.js').DeviceReport} DeviceReport */
/** @typedef {import('./protocol.js').Reply | import('./protocol.js').Notice} Message */
/** @typedef {{ resolve: (value: any) => void, reject: (error: Error) => void }} Waiting */
/** @typedef {{ file: Blob, sha256: string | null }} Weights */

/** How long an aborted request may still finish by itself, in milliseconds. */
const PATIENCE = 400;
/** How long a worker may take to start, and a device to open, in milliseconds: a slow phone. */
const START_LIMIT = 120_000;
/** Deaths in a row after which another worker is no longer the answer. */
const MAX_DEATHS = 3;
/** After these codes the worker is of no more use. */
const FATAL = new Set(['engine-died', 'gpu-lost', 'engine-unavailable']);
/** After these codes the next photo would fare no better: stop the run. */
export const FINAL_CODES = new Set([
  'engine-unavailable',
  'engine-keeps-dying',
  'browser-unsupported',
]);

export class EngineClient {
  #spawn;
  #device;
  #precision;
  /** Why the CPU is used although nobody asked for it. @type {string | null} */
  #reason = null;
  #onOpen;
  #startLimit;
  /** @type {Worker | null} */
  #worker = null;
  /** The start of the present worker. @type {Promise<DeviceReport> | null} */
  #starting = null;
  /** Requests without a reply yet; 0 waits for the worker to be ready. @type {Map<number, Waiting>} */
  #waiting = new Map();
  #lastId = 0;
  /** The last of the queue. @type {Promise<unknown>} */
  #queue = Promise.resolve();
  /** What was loaded last. @type {Weights | null} */
  #weights = null;
  /** What the present worker has. @type {Weights | null} */
  #loaded = null;
  #deaths = 0;
  /** Why the last worker ended. @type {Error} */
  #end = new CodedError('engine-unavailable', 'the engine was not started');

  /**
   * @param {() => Worker} spawn starts a worker
   * @param {import('./protocol.js').DeviceChoice} device
   * @param {(report: DeviceReport) => void} [onOpen] told each time a device was opened, so also when a
   *   worker was replaced
   * @param {number} [startLimit] milliseconds
   * @param {import('./protocol.js').Precision | null} [precision] null: what the device does best
   */
  constructor(spawn, device, onOpen = () => {}, startLimit = START_LIMIT, precision = null) {
    this.#spawn = spawn;
    this.#device = device;
    this.#onOpen = onOpen;
    this.#startLimit = startLimit;
    this.#precision = precision;
  }

  /**
   * Starts the engine if it is not running.
   *
   * @param {AbortSignal} [signal]
   * @returns {Promise<DeviceReport>}
   * @throws {CodedError} `engine-unavailable` when the worker cannot be loaded or does not start in time,
   *   `browser-unsupported`, or the engine's own codes
   */
  open(signal) {
    return this.#inTurn(() => this.#started(), signal);
  }

  /**
   * Makes a weights file the model of the next translations. The file is read again whenever a worker has
   * been replaced, so it has to stay readable.
   *
   * @param {Blob} file
   * @param {string | null} sha256 what the file must have, in lower-case hexadecimal
   * @param {AbortSignal} [signal]
   * @returns {Promise<import('./protocol.js').ModelReport>}
   */
  load(file, sha256, signal) {
    return this.#inTurn(async () => {
      await this.#started();
      return this.#load({ file, sha256 });
    }, signal);
  }

  /**
   * Translates one photo. When aborted it rejects with the signal's reason, unless it finishes within
   * 400 ms: then the result is kept. After a code in {@link FINAL_CODES} the run should stop; after any
   * other it may go on with the next photo.
   *
   * @param {import('./protocol.js').TranslateJob} job
   * @param {AbortSignal} [signal]
   * @returns {Promise<import('./protocol.js').Translated>}
   */
  translate(job, signal) {
    return this.#inTurn(async () => {
      await this.#started();
      if (this.#weights && this.#loaded !== this.#weights) await this.#load(this.#weights);
      const value = await this.#post('translate', job);
      this.#deaths = 0;
      return value;
    }, signal);
  }

  /**
   * A painted landscape, as PNG.
   *
   * @param {Commands['paint']} scene
   * @param {AbortSignal} [signal]
   * @returns {Promise<Blob>}
   */
  paint(scene, signal) {
    return this.#inTurn(async () => {
      await this.#started();
      return this.#post('paint', scene);
    }, signal);
  }

  /**
   * Any other request, such as those of training. What the worker was told before is not repeated to a
   * new one.
   *
   * @template {Name} K
   * @param {K} name
   * @param {Commands[K]} fields
   * @param {AbortSignal} [signal]
   * @returns {Promise<Values[K]>}
   */
  request(name, fields, signal) {
    return this.#inTurn(async () => {
      await this.#started();
      const value = await this.#post(name, fields);
      this.#deaths = 0;
      return value;
    }, signal);
  }

  /** Ends the worker and whatever it is doing. A later request would start a new one. */
  close() {
    this.#drop(new DOMException('the engine was closed', 'AbortError'));
  }

  /**
   * @template T
   * @param {() => Promise<T>} task
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<T>}
   */
  #inTurn(task, signal) {
    const turn = this.#queue.then(() => this.#attempt(task, signal));
    this.#queue = turn.catch(() => {});
    return turn;
  }

  /**
   * @template T
   * @param {() => Promise<T>} task
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<T>}
   */
  async #attempt(task, signal) {
    signal?.throwIfAborted();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const onAbort = () => {
      timer = setTimeout(() => this.#drop(signal?.reason), PATIENCE);
    };
    signal?.addEventListener('abort', onAbort);
    try {
      return await task();
    } catch (error) {
      throw this.#judged(error);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    }
  }

  /** Counts deaths, and ends a worker that is of no more use. @param {unknown} error */
  #judged(error) {
    if (!(error instanceof CodedError) || !FATAL.has(error.code)) return error;
    this.#drop(error);
    if (error.code === 'engine-unavailable') return error;
    this.#deaths += 1;
    if (this.#deaths < MAX_DEATHS) return error;
    return new CodedError(
      'engine-keeps-dying',
      `${this.#deaths} times in a row; the last: ${error.code}: ${error.message}`,
    );
  }

  #started() {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** @returns {Promise<DeviceReport>} */
  async #start() {
    const tooLate = () =>
      this.#drop(new CodedError('engine-unavailable', 'the engine did not start in time'));
    const timer = setTimeout(tooLate, this.#startLimit);
    try {
      await this.#launch();
      const report = await this.#post('open', {
        device: this.#device,
        precision: this.#precision,
      });
      report.reason ??= this.#reason;
      this.#onOpen(report);
      return report;
    } catch (error) {
      this.#drop(/** @type {Error} */ (error)); // a device is opened once in a worker's life
      const died = error instanceof CodedError && error.code === 'engine-died';
      if (!died || this.#device !== 'auto') throw error;
      // A graphics card whose driver cannot even be started: the CPU always can.
      this.#device = 'cpu';
      this.#reason = 'gpu-failed';
      this.#starting = this.#start();
      return this.#starting;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when the worker says that it is ready. @returns {Promise<void>} */
  #launch() {
    return new Promise((resolve, reject) => {
      try {
        const worker = this.#spawn();
        let ready = false;
        this.#worker = worker;
        this.#waiting.set(0, { resolve, reject });
        worker.addEventListener('message', ({ data }) => {
          ready ||= 'ready' in data;
          this.#receive(worker, data);
        });
        /** @param {Event} event */
        const broken = (event) => {
          const told = 'message' in event && event.message ? String(event.message) : null;
          const error = ready
            ? new CodedError('engine-died', told ?? event.type)
            : new CodedError('engine-unavailable', told ?? 'the worker could not be loaded');
          this.#drop(error, worker);
        };
        worker.addEventListener('error', broken);
        worker.addEventListener('messageerror', broken);
      } catch (error) {
        reject(new CodedError('engine-unavailable', failureOf(error).detail));
      }
    });
  }

  /** @param {Worker} worker @param {Message} message */
  #receive(worker, message) {
    if (worker !== this.#worker) return;
    if ('crash' in message) {
      this.#drop(new CodedError(message.crash.code, message.crash.detail));
      return;
    }
    const id = 'ready' in message ? 0 : message.id;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if ('failure' in message)
      waiting?.reject(new CodedError(message.failure.code, message.failure.detail));
    else waiting?.resolve('ready' in message ? undefined : message.value);
  }

  /** @param {Weights} weights @returns {Promise<import('./protocol.js').ModelReport>} */
  async #load(weights) {
    const bytes = await weights.file.arrayBuffer().catch((error) => {
      throw readError(error, 'weights-unreadable');
    });
    const report = await this.#post('load', { bytes, sha256: weights.sha256 }, [bytes]);
    this.#weights = weights;
    this.#loaded = weights;
    return report;
  }

  /**
   * @template {Name} K
   * @param {K} name
   * @param {Commands[K]} fields
   * @param {Transferable[]} [transfer]
   * @returns {Promise<Values[K]>}
   */
  #post(name, fields, transfer = []) {
    return new Promise((resolve, reject) => {
      if (!this.#worker) throw this.#end; // it ended while something else was awaited
      this.#lastId += 1;
      this.#waiting.set(this.#lastId, { resolve, reject });
      this.#worker.postMessage({ id: this.#lastId, do: name, ...fields }, transfer);
    });
  }

  /**
   * Ends the present worker; what waits for it fails with `error`.
   *
   * @param {Error} error
   * @param {Worker | null} [worker] only if it is still this one
   */
  #drop(error, worker = this.#worker) {
    if (worker !== this.#worker) return;
    this.#worker?.terminate();
    this.#worker = null;
    this.#end = error;
    this.#starting = null;
    this.#loaded = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
