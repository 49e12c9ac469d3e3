/**
 * The connection to the engine's worker: starts one when it is needed, opens the device in it, sends requests
 * and receives replies, and terminates it.
 */
import { CodedError, coded, failureOf } from '../failure.js';

/** @import { DeviceChoice, ModelReport, Precision } from '../pkg/cyclegan_web.js' */
/** @import { Commands, DeviceReport, Loading, Name, Reply, Unasked, Values } from './protocol.js' */

/**
 * @typedef {object} Waiting
 * @property {(value: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {(passes: number) => void} [onPass] called with the number of completed passes over a photo
 */
/**
 * @typedef {object} Options
 * @property {Precision | null} [precision] null: what the device does best
 * @property {boolean} [trains] it is to train, and not only to translate
 * @property {(report: DeviceReport) => void} [onOpen] called each time a device was opened, so also when a
 *   worker was replaced
 * @property {(loading: Loading) => void} [onLoading] called while the engine is fetched
 * @property {number} [silence] milliseconds before giving up on a worker that is starting
 */

/**
 * How long a worker may be silent while it starts or opens a device, in milliseconds: long enough for a slow
 * phone. It reports progress while it fetches the engine, so a slow connection does not count as silence.
 */
const SILENCE = 120_000;

export class Connection {
  #spawn;
  #device;
  /** Why the CPU is used although it was not requested. @type {string | null} */
  #reason = null;
  #options;
  /** What the current worker has loaded. @type {{ weights: object, report: ModelReport } | null} */
  loaded = null;
  /** Called when the starting worker reports anything. */
  #heard = () => {};
  /** Bytes of the current worker's wasm memory after its last photo. */
  memory = 0;
  /** @type {Worker | null} */
  #worker = null;
  /** The current worker's start. @type {Promise<DeviceReport> | null} */
  #starting = null;
  /** Requests without a reply yet; request 0 waits for the worker to be ready. @type {Map<number, Waiting>} */
  #waiting = new Map();
  #lastId = 0;
  /** Why the last worker ended. @type {Error} */
  #end = new CodedError('engine-unavailable', 'the engine was not started');

  /**
   * @param {() => Worker} spawn
   * @param {DeviceChoice} device
   * @param {Options} [options]
   */
  constructor(spawn, device, options = {}) {
    this.#spawn = spawn;
    this.#device = device;
    this.#options = options;
  }

  /** The device, opened if necessary. @returns {Promise<DeviceReport>} */
  started() {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** @returns {Promise<DeviceReport>} */
  async #start() {
    const tooLate = () =>
      this.drop(new CodedError('engine-unavailable', 'the engine did not start in time'));
    const { silence = SILENCE, precision = null, trains = false, onOpen } = this.#options;
    let timer = setTimeout(tooLate, silence);
    this.#heard = () => {
      clearTimeout(timer);
      timer = setTimeout(tooLate, silence);
    };
    try {
      await this.#launch();
      this.#heard();
      const report = await this.post('open', { device: this.#device, precision, trains });
      report.reason ??= this.#reason;
      onOpen?.(report);
      return report;
    } catch (error) {
      this.drop(/** @type {Error} */ (error)); // a worker can open a device only once
      const died = error instanceof CodedError && error.code === 'engine-died';
      if (!died || this.#device !== 'auto') throw error;
      // The graphics card's driver does not even start; the CPU always works.
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
          this.drop(error, worker);
        };
        worker.addEventListener('error', broken);
        worker.addEventListener('messageerror', broken);
      } catch (error) {
        reject(new CodedError('engine-unavailable', failureOf(error).detail));
      }
    });
  }

  /** @param {Worker} worker @param {Reply | Unasked} message */
  #receive(worker, message) {
    if (worker !== this.#worker || 'evaluated' in message) return;
    if ('crash' in message) {
      this.drop(new CodedError(message.crash.code, message.crash.detail));
      return;
    }
    if ('loaded' in message) {
      this.#heard();
      this.#options.onLoading?.(message);
      return;
    }
    if ('passed' in message) {
      this.#waiting.get(message.id)?.onPass?.(message.passed);
      return;
    }
    const id = 'ready' in message ? 0 : message.id;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if ('failure' in message) waiting?.reject(coded(message.failure));
    else waiting?.resolve('ready' in message ? undefined : message.value);
  }

  /**
   * @template {Name} K
   * @param {K} name
   * @param {Commands[K]} fields
   * @param {Transferable[]} [transfer]
   * @param {Waiting['onPass']} [onPass]
   * @returns {Promise<Values[K]>}
   */
  post(name, fields, transfer = [], onPass) {
    return new Promise((resolve, reject) => {
      if (!this.#worker) throw this.#end; // it ended during the last await
      this.#lastId += 1;
      this.#waiting.set(this.#lastId, { resolve, reject, onPass });
      this.#worker.postMessage({ id: this.#lastId, do: name, ...fields }, transfer);
    });
  }

  /**
   * Terminates the current worker; everything that waits for it fails with `error`.
   * @param {Error} error
   * @param {Worker | null} [worker] only if it is still this one
   */
  drop(error, worker = this.#worker) {
    if (worker !== this.#worker) return;
    this.#worker?.terminate();
    this.#worker = null;
    this.#end = error;
    this.#starting = null;
    this.loaded = null;
    this.memory = 0;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

/** The browser has the script but cannot parse it: it is too old. @param {string} told */
function notStarted(told) {
  const code = told.includes('SyntaxError') ? 'browser-unsupported' : 'engine-unavailable';
  return new CodedError(code, told);
}
