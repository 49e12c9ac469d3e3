/**
 * The page's handle on the engine's worker: started when first needed, replaced when it dies.
 *
 * One request runs at a time; others wait. A worker that died (a panic, a lost graphics card), or was
 * ended because a request was aborted, is replaced at the next request: the device is opened again.
 *
 * Every translation names its weights. They are read, from their file, when the worker does not have them:
 * nothing else knows what is loaded, and no second copy of it is held.
 */
import { CodedError, coded, failureOf } from '../failure.js';
import { FATAL } from './codes.js';

/** @import { Commands, DeviceChoice, DeviceReport, Loading, ModelReport, Name, Precision, Reply, TranslateJob, Translated, Unasked, Values } from './protocol.js' */

/** @typedef {Reply | Unasked} Message */
/** @typedef {{ resolve: (value: any) => void, reject: (error: Error) => void }} Waiting */
/**
 * A weights file. The same object stands for the same weights.
 *
 * @typedef {object} Weights
 * @property {() => Promise<ArrayBuffer>} read rejects with a code `weights-…`, `model-…`
 * @property {string | null} sha256 what the file must have, in lower-case hexadecimal
 */

/** How long an aborted request may still finish by itself, in milliseconds. */
const PATIENCE = 400;
/**
 * How long a worker that starts, or opens a device, may say nothing, in milliseconds: a slow phone. While
 * the engine is fetched it tells of what has come, so a slow connection is not taken for a dead one.
 */
const SILENCE = 120_000;
/** Deaths in a row after which another worker is no longer the answer. */
const MAX_DEATHS = 3;

export class EngineClient {
  #spawn;
  #device;
  #precision;
  /** Why the CPU is used although nobody asked for it. @type {string | null} */
  #reason = null;
  #onOpen;
  #onLoading;
  #silence;
  /** Told how many of several passes over the present photo are behind. @type {(passes: number) => void} */
  #onPass = () => {};
  /** The worker that starts has said something. */
  #heard = () => {};
  /** @type {Worker | null} */
  #worker = null;
  /** The start of the present worker. @type {Promise<DeviceReport> | null} */
  #starting = null;
  /** Requests without a reply yet; 0 waits for the worker to be ready. @type {Map<number, Waiting>} */
  #waiting = new Map();
  #lastId = 0;
  /** The last of the queue. @type {Promise<unknown>} */
  #queue = Promise.resolve();
  /** What the present worker has. @type {{ weights: Weights, report: ModelReport } | null} */
  #loaded = null;
  #deaths = 0;
  /** How often it was closed: what was asked before waits no longer. */
  #closings = 0;
  /** Why the last worker ended. @type {Error} */
  #end = new CodedError('engine-unavailable', 'the engine was not started');

  /**
   * @param {() => Worker} spawn starts a worker
   * @param {DeviceChoice} device
   * @param {object} [options]
   * @param {Precision | null} [options.precision] null: what the device does best
   * @param {(report: DeviceReport) => void} [options.onOpen] told each time a device was opened, so also
   *   when a worker was replaced
   * @param {(loading: Loading) => void} [options.onLoading] told while the engine
   *   is fetched
   * @param {number} [options.silence] milliseconds after which a worker that starts is given up
   */
  constructor(
    spawn,
    device,
    { precision = null, onOpen = () => {}, onLoading = () => {}, silence = SILENCE } = {},
  ) {
    this.#spawn = spawn;
    this.#device = device;
    this.#precision = precision;
    this.#onOpen = onOpen;
    this.#onLoading = onLoading;
    this.#silence = silence;
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
   * Checks weights by making the worker's model of them, unless it already is. Those that are refused leave
   * the ones before in place.
   *
   * @param {Weights} weights
   * @param {AbortSignal} [signal]
   * @returns {Promise<ModelReport>}
   */
  load(weights, signal) {
    return this.#inTurn(async () => {
      await this.#started();
      return this.#load(weights);
    }, signal);
  }

  /**
   * Translates one photo. When aborted it rejects with the signal's reason, unless it finishes within
   * 400 ms: then the result is kept. After a code that {@link isFinal} the run should stop; after any
   * other it may go on with the next photo.
   *
   * @param {TranslateJob} job
   * @param {Weights} weights
   * @param {AbortSignal} [signal]
   * @param {(passes: number) => void} [onPass] told how many of several passes are behind
   * @returns {Promise<Translated>}
   */
  translate(job, weights, signal, onPass = () => {}) {
    return this.#inTurn(async () => {
      await this.#started();
      await this.#load(weights);
      this.#onPass = onPass;
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

  /** Ends the worker and whatever it is doing or was asked to. A later request would start a new one. */
  close() {
    this.#closings += 1;
    this.#drop(new DOMException('the engine was closed', 'AbortError'));
  }

  /**
   * @template T
   * @param {() => Promise<T>} task
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<T>}
   */
  #inTurn(task, signal) {
    const closings = this.#closings;
    const turn = this.#queue.then(() => {
      if (closings === this.#closings) return this.#attempt(task, signal);
      throw new DOMException('the engine was closed', 'AbortError');
    });
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
    let timer = setTimeout(tooLate, this.#silence);
    this.#heard = () => {
      clearTimeout(timer);
      timer = setTimeout(tooLate, this.#silence);
    };
    try {
      await this.#launch();
      this.#heard();
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
      this.#heard = () => {};
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
            : notStarted(told ?? 'the worker could not be loaded');
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
    if ('loaded' in message) {
      this.#heard();
      this.#onLoading(message);
      return;
    }
    if ('passed' in message) {
      this.#onPass(message.passed);
      return;
    }
    const id = 'ready' in message ? 0 : message.id;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if ('failure' in message) waiting?.reject(coded(message.failure));
    else waiting?.resolve('ready' in message ? undefined : message.value);
  }

  /** @param {Weights} weights @returns {Promise<ModelReport>} */
  async #load(weights) {
    if (this.#loaded?.weights === weights) return this.#loaded.report;
    const bytes = await weights.read();
    const report = await this.#post('load', { bytes, sha256: weights.sha256 }, [bytes]);
    this.#loaded = { weights, report };
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

/** A script that the browser has but cannot read is too new for it. @param {string} told */
function notStarted(told) {
  const code = told.includes('SyntaxError') ? 'browser-unsupported' : 'engine-unavailable';
  return new CodedError(code, told);
}
