/**
 * The page's handle on the engine's worker, which is started when first needed and replaced when it dies.
 *
 * One request runs at a time; others wait, except that translations with the same weights run beside each other. A
 * worker that died (a panic, a lost graphics card), or that was terminated to abort a request, is replaced at the
 * next request, and the device is opened again.
 *
 * Every translation names its weights. If the worker does not have them, they are read from their file:
 * nothing else knows what is loaded, and no second copy is kept.
 */
import { CodedError } from '../failure.js';
import { FATAL } from './codes.js';
import { Connection } from './connection.js';
import { Turns } from './turns.js';

/** @import { DeviceChoice, ModelReport, WeightsReport } from '../pkg/cyclegan_web.js' */
/** @import { Commands, DeviceReport, ExportJob, LiveFrame, Name, TranslateJob, Translated, Values } from './protocol.js' */

/**
 * A weights file. The same object always means the same weights.
 * @typedef {object} Weights
 * @property {() => Promise<ArrayBuffer>} read rejects with a code `weights-…`, `model-…`
 * @property {string | null} sha256 the expected hash of the file, in lower-case hexadecimal
 * @property {string | null} [network] the one to take from a file of several
 */

/** How long an aborted request may still finish on its own, in milliseconds. */
const PATIENCE = 400;
/** Deaths in a row after which another worker will not help. */
const MAX_DEATHS = 3;

export class EngineClient {
  #line;
  #connect;
  #requests = new Turns();
  #loads = new Turns();
  #running = 0;
  #deaths = 0;
  /** The latest death. @type {unknown} */
  #death = null;
  /** How often it was closed: requests from before a close are dropped. */
  #closings = 0;

  /**
   * @param {() => Worker} spawn starts a worker
   * @param {DeviceChoice} device
   * @param {import('./connection.js').Options} [options]
   */
  constructor(spawn, device, options) {
    this.#connect = () => new Connection(spawn, device, options);
    this.#line = this.#connect();
  }

  /** Bytes that its worker has taken for photos so far. */
  get memory() {
    return this.#line.memory;
  }

  /**
   * Starts the engine if it is not running.
   * @param {AbortSignal} [signal]
   * @returns {Promise<DeviceReport>}
   * @throws {CodedError} `engine-unavailable` when the worker cannot be loaded or does not start in time,
   *   `browser-unsupported`, or the engine's own codes
   */
  open(signal) {
    return this.#inTurn(async (report) => report, signal);
  }

  /**
   * Checks weights by loading them as the worker's model, unless they already are. If they are refused, the
   * previous model stays.
   * @param {Weights} weights
   * @param {AbortSignal} [signal]
   * @param {() => Promise<ArrayBuffer>} [read] another place to read them from
   * @returns {Promise<ModelReport>}
   */
  load(weights, signal, read) {
    return this.#inTurn(() => this.#load(weights, read), signal);
  }

  /**
   * Lists the networks in a weights file, without loading any.
   * @param {Weights} weights
   * @param {AbortSignal} [signal]
   * @returns {Promise<WeightsReport>}
   * @throws {CodedError} the `weights-…` codes of a file that cannot be read
   */
  inspect(weights, signal) {
    return this.#inTurn(async () => {
      const bytes = await weights.read();
      return this.#line.post('inspect', { bytes }, [bytes]);
    }, signal);
  }

  /**
   * Translates one photo. If aborted, it and all others that are under way reject with the signal's reason, unless
   * they finish within 400 ms: then their results are kept. After a code that {@link isFinal} the run should stop;
   * after any other it can continue with the next photo.
   * @param {TranslateJob} job
   * @param {Weights} weights
   * @param {AbortSignal} [signal]
   * @param {(passes: number) => void} [onPass] called with the number of completed passes
   * @returns {Promise<Translated>}
   */
  translate(job, weights, signal, onPass = () => {}) {
    return this.#inTurn(
      async () => {
        await this.#load(weights);
        const value = await this.#line.post('translate', job, [], onPass);
        this.#line.memory = value.memory;
        this.#deaths = 0;
        return value;
      },
      signal,
      weights,
    );
  }

  /**
   * Translates a frame of a video, which it closes.
   * @param {LiveFrame['frame']} frame
   * @param {Pick<LiveFrame, 'seen' | 'shown'>} sizes
   * @param {Weights} weights
   * @param {AbortSignal} [signal]
   * @returns {Promise<Values['live-frame']>}
   */
  async live(frame, sizes, weights, signal) {
    try {
      return await this.#inTurn(async () => {
        await this.#load(weights);
        const job = { frame, ...sizes };
        const value = await this.#line.post('live-frame', job, [frame]);
        this.#deaths = 0;
        return value;
      }, signal);
    } finally {
      frame.close(); // unless it is the worker's by now
    }
  }

  /**
   * Weights as a file for other programs. They need not be those of the model that is loaded.
   * @param {Weights} weights
   * @param {ExportJob} job
   * @param {AbortSignal} [signal]
   * @returns {Promise<Blob>} rejects with a code `weights-…`
   */
  export(weights, job, signal) {
    return this.#inTurn(async () => {
      const bytes = await weights.read();
      const file = await this.#line.post('export', { bytes, ...job }, [bytes]);
      this.#deaths = 0;
      return file;
    }, signal);
  }

  /**
   * A painted landscape, as PNG.
   * @param {Commands['paint']} scene
   * @param {AbortSignal} [signal]
   * @returns {Promise<Blob>}
   */
  paint(scene, signal) {
    return this.#inTurn(() => this.#line.post('paint', scene), signal);
  }

  /**
   * Any other request, such as those of training. State that earlier requests set up in a worker is not set
   * up again in a new one.
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

  /**
   * Hands its worker, with all that is loaded there, to another client whose own has not started. This one
   * starts a new worker when it next needs one.
   * @param {EngineClient} other
   * @param {AbortSignal} [signal]
   */
  handOver(other, signal) {
    return this.#inTurn(async () => {
      other.#line = this.#line;
      this.#line = this.#connect();
    }, signal);
  }

  /** Terminates the worker, whatever it is doing, and drops waiting requests. A later request starts a new one. */
  close() {
    this.#closings += 1;
    this.#line.drop(new DOMException('the engine was closed', 'AbortError'));
  }

  /**
   * Starts the engine if it is not running, and runs a task with it.
   * @template T
   * @param {(report: DeviceReport) => Promise<T>} task
   * @param {AbortSignal | undefined} signal
   * @param {Weights} [company] runs beside requests with the same
   * @returns {Promise<T>}
   */
  #inTurn(task, signal, company) {
    const closings = this.#closings;
    return this.#requests.take(() => {
      if (closings === this.#closings) return this.#attempt(task, signal);
      throw new DOMException('the engine was closed', 'AbortError');
    }, company);
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
    this.#running += 1;
    try {
      return await task(await this.#line.started());
    } catch (error) {
      throw this.#judged(error);
    } finally {
      this.#running -= 1;
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    }
  }

  /**
   * Terminates an unusable worker, and counts deaths of one request alone: of several, nobody knows which it was.
   * @param {unknown} reported
   */
  #judged(reported) {
    const error = withKind(reported);
    if (!(error instanceof CodedError) || !FATAL.has(error.code)) return error;
    if (error === this.#death) return error; // it has ended another request too
    this.#death = error;
    this.#line.drop(error);
    if (error.code === 'engine-unavailable' || this.#running > 1) return error;
    this.#deaths += 1;
    if (this.#deaths < MAX_DEATHS) return error;
    return new CodedError(
      'engine-keeps-dying',
      `${this.#deaths} times in a row; the last: ${error.code}: ${error.message}`,
    );
  }

  /** @param {Weights} weights @param {Weights['read']} [read] @returns {Promise<ModelReport>} */
  #load(weights, read = weights.read) {
    return this.#loads.take(async () => {
      const { loaded } = this.#line;
      if (loaded?.weights === weights) return loaded.report;
      const bytes = await read();
      const { sha256, network = null } = weights;
      const report = await this.#line.post('load', { bytes, sha256, network }, [bytes]);
      this.#line.loaded = { weights, report };
      return report;
    });
  }
}

/** A refusal of a packed file, of which nobody but the engine's detail tells. @param {unknown} error */
function withKind(error) {
  if (!(error instanceof CodedError) || error.code !== 'weights-not-recognised') return error;
  if (!/unpack/.test(error.message)) return error;
  return new CodedError(error.code, error.message, { kind: 'archive' });
}
