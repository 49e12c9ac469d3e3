/**
 * The page's handle on the engine's worker: started when first needed, replaced when it dies.
 *
 * One request runs at a time; others wait. A worker that died (a panic, a lost graphics card), or was
 * ended because a request was aborted, is replaced at the next request: the device is opened again.
 *
 * Every translation names its weights. They are read, from their file, when the worker does not have them:
 * nothing else knows what is loaded, and no second copy of it is held.
 */
import { CodedError } from '../failure.js';
import { FATAL } from './codes.js';
import { Connection } from './connection.js';

/** @import { Commands, DeviceChoice, DeviceReport, ModelReport, Name, TranslateJob, Translated, Values } from './protocol.js' */

/**
 * A weights file. The same object stands for the same weights.
 *
 * @typedef {object} Weights
 * @property {() => Promise<ArrayBuffer>} read rejects with a code `weights-…`, `model-…`
 * @property {string | null} sha256 what the file must have, in lower-case hexadecimal
 */

/** How long an aborted request may still finish by itself, in milliseconds. */
const PATIENCE = 400;
/** Deaths in a row after which another worker is no longer the answer. */
const MAX_DEATHS = 3;

export class EngineClient {
  #line;
  /** The last of the queue. @type {Promise<unknown>} */
  #queue = Promise.resolve();
  #deaths = 0;
  /** How often it was closed: what was asked before waits no longer. */
  #closings = 0;

  /**
   * @param {() => Worker} spawn starts a worker
   * @param {DeviceChoice} device
   * @param {import('./connection.js').Options} [options]
   */
  constructor(spawn, device, options) {
    this.#line = new Connection(spawn, device, options);
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
    return this.#inTurn(async (report) => report, signal);
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
    return this.#inTurn(() => this.#load(weights), signal);
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
      await this.#load(weights);
      this.#line.onPass = onPass;
      const value = await this.#line.post('translate', job);
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
    return this.#inTurn(() => this.#line.post('paint', scene), signal);
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
      const value = await this.#line.post(name, fields);
      this.#deaths = 0;
      return value;
    }, signal);
  }

  /** Ends the worker and whatever it is doing or was asked to. A later request would start a new one. */
  close() {
    this.#closings += 1;
    this.#line.drop(new DOMException('the engine was closed', 'AbortError'));
  }

  /**
   * Starts the engine if it is not running, and does something with it.
   * @template T
   * @param {(report: DeviceReport) => Promise<T>} task
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
   * @param {(report: DeviceReport) => Promise<T>} task
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<T>}
   */
  async #attempt(task, signal) {
    signal?.throwIfAborted();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const onAbort = () => {
      timer = setTimeout(() => this.#line.drop(signal?.reason), PATIENCE);
    };
    signal?.addEventListener('abort', onAbort);
    try {
      return await task(await this.#line.started());
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
    this.#line.drop(error);
    if (error.code === 'engine-unavailable') return error;
    this.#deaths += 1;
    if (this.#deaths < MAX_DEATHS) return error;
    return new CodedError(
      'engine-keeps-dying',
      `${this.#deaths} times in a row; the last: ${error.code}: ${error.message}`,
    );
  }

  /** @param {Weights} weights @returns {Promise<ModelReport>} */
  async #load(weights) {
    const { loaded } = this.#line;
    if (loaded?.weights === weights) return loaded.report;
    const bytes = await weights.read();
    const report = await this.#line.post('load', { bytes, sha256: weights.sha256 }, [bytes]);
    this.#line.loaded = { weights, report };
    return report;
  }
}
