/**
 * The worker, where all photos are decoded and all wasm runs. It answers the requests of `protocol.d.ts`
 * one after another, but translations beside each other (`engine/pipeline.js`).
 *
 * A panic ends the wasm instance. It throws a `RuntimeError`, but an asynchronous call in which it happens
 * never settles: only the worker's `error` event reports it. Either way all running requests fail with
 * `engine-died`, and the page replaces the worker.
 *
 * The engine is one WebAssembly module: the first worker compiles it, others are given it.
 */
import { decode, decodeTo, encode } from './engine/decode.js';
import { writable } from './engine/formats.js';
import { holdRun } from './engine/lease.js';
import { Pipeline } from './engine/pipeline.js';
import { selfTest } from './engine/self-test.js';
import { Turns } from './engine/turns.js';
import { CodedError, failureOf, notFetched } from './failure.js';
import { sha256 } from './files/digest.js';
import { fetchFile } from './files/download.js';
import { keepOwn } from './files/kept.js';
import { keepWeights } from './files/weights-store.js';
import init, {
  Engine,
  exportWeights,
  inspectWeights,
  paint,
  provokePanic,
  Shrink,
} from './pkg/cyclegan_web.js';

/** @import { ModelReport, Polishing } from './pkg/cyclegan_web.js' */
/** @import { Trainer } from './train/worker/trainer.js' */
/** @import { Commands, DeviceReport, LiveFrame, Request, Start, TranslateJob, Translated } from './engine/protocol.js' */

/** Default longest side: takes a few seconds at most on a typical machine. */
const DEFAULT_SIZE = /** @type {const} */ ({ webgpu: 1024, cpu: 512 });

/** Milliseconds between two reports of download progress. */
const TELL_EVERY = 100;

/** @type {Engine | null} */
let engine = null;
/** The engine's. @type {WebAssembly.Memory} */
let memory;
/** The model loaded last. @type {ModelReport | null} */
let model = null;
/** The model being polished. @type {Polishing | null} */
let polishing = null;
/** Fetched by the first request about training. @type {Promise<Trainer> | null} */
let trainer = null;
/** Why this worker is no longer usable. @type {CodedError | null} */
let dead = null;
/** Each fails a running request. @type {Set<(error: CodedError) => void>} */
const running = new Set();
const pipeline = new Pipeline({ decodeTo, encode, Shrink });
const requests = new Turns();

addEventListener('message', ({ data }) => {
  if ('module' in data) start(/** @type {Start} */ (data));
  else requests.take(() => answer(data), data.do === 'translate' ? 'translate' : null);
});
addEventListener('error', (event) => die(event.error ?? event.message));
addEventListener('unhandledrejection', ({ reason }) => {
  if (reason instanceof WebAssembly.RuntimeError) die(reason);
});

postMessage({ evaluated: true });

/** @param {Start} given */
async function start(given) {
  try {
    const module = given.module ?? (await compile());
    ({ memory } = await init({ module_or_path: module }));
    postMessage({ ready: true, module });
  } catch (error) {
    postMessage({ crash: failureOf(error, 'engine-unavailable') });
  }
}

/** Fetches and compiles the engine, and reports download progress to the page. */
async function compile() {
  if (!globalThis.WebAssembly) throw new CodedError('browser-unsupported', 'no WebAssembly');
  const url = new URL('./pkg/cyclegan_web_bg.wasm', import.meta.url);
  let loaded = 0;
  let telling = false;
  const tell = () => {
    telling = false;
    postMessage({ loaded, total: WASM_BYTES });
  };
  try {
    const start = (/** @type {Response} */ response) => {
      keepOwn(url, response.clone(), WASM_BYTES);
      return compiled(response);
    };
    return await fetchFile(url, start, {
      onBytes(count) {
        loaded = count;
        if (!telling) setTimeout(tell, TELL_EVERY);
        telling = true;
      },
    });
  } catch (error) {
    // The file is complete, but this browser cannot compile it.
    const old = error instanceof WebAssembly.CompileError && loaded === WASM_BYTES;
    throw new CodedError(old ? 'browser-unsupported' : 'engine-unavailable', String(error));
  }
}

/** Compiles while it is fetched, unless the host calls the file something else. @param {Response} response */
async function compiled(response) {
  const known = response.headers.get('content-type')?.startsWith('application/wasm');
  if (known && 'compileStreaming' in WebAssembly) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** @param {unknown} error */
function die(error) {
  dead ??= new CodedError('engine-died', failureOf(error).detail);
  if (running.size === 0) postMessage({ crash: failureOf(dead) });
  for (const end of running) end(dead);
}

/** Sends exactly one reply. @param {Request} request */
async function answer(request) {
  let end = (/** @type {CodedError} */ _error) => {};
  try {
    const value = await new Promise((resolve, reject) => {
      if (dead) throw dead;
      end = reject;
      running.add(end);
      perform(request).then(resolve, reject);
    });
    const transfer = request.do === 'live-frame' ? [value.picture] : [];
    postMessage({ id: request.id, value }, { transfer });
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) die(error);
    postMessage({ id: request.id, failure: failureOf(dead ?? error) });
  } finally {
    running.delete(end);
  }
}

/** @param {Request} request @returns {Promise<unknown>} of type `Values[request.do]` */
async function perform(request) {
  switch (request.do) {
    case 'open':
      return open(request);
    case 'load': {
      const { sha256: wanted, network } = request;
      const bytes = new Uint8Array(request.bytes);
      const hash = (await sha256(bytes)) ?? undefined;
      model = ready().load(bytes, wanted ?? undefined, network ?? undefined, hash);
      return model;
    }
    case 'speed':
      return ready().speed() ?? null;
    case 'inspect':
      return inspectWeights(new Uint8Array(request.bytes));
    case 'translate':
      return translate(request);
    case 'keep':
      return keepWeights(await navigator.storage.getDirectory(), request.name, request.file);
    case 'polish-start':
      polishing?.free();
      polishing = null;
      polishing = await ready().startPolishing(
        new Uint8Array(request.bytes),
        request.steps,
        request.size,
        request.network ?? undefined,
      );
      return null;
    case 'polish-photo': {
      const { data, width, height } = await decode(request.file);
      return polished().learn(data, width, height);
    }
    case 'polish-finish': {
      const bytes = await polished().weights();
      polishing?.free();
      polishing = null;
      return bytes ? new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)]) : null;
    }
    case 'export':
      return exported(request);
    case 'live-frame':
      return live(request);
    case 'paint': {
      const { season, seed, width, height } = request;
      return encode(paint(season, seed, width, height), width, height, 'png');
    }
    default:
      trainer ??= fetchTrainer();
      return (await trainer).perform(request.do, request, ready);
  }
}

/** @returns {Promise<Trainer>} */
async function fetchTrainer() {
  try {
    const { Trainer } = await import('./train/worker/trainer.js');
    return new Trainer({
      decode,
      encode,
      now: () => performance.now(),
      panic: provokePanic,
      storage: () => navigator.storage.getDirectory(),
      hold: holdRun,
    });
  } catch (error) {
    trainer = null;
    throw new CodedError('engine-unavailable', String(error));
  }
}

/** @param {LiveFrame} job */
async function live(job) {
  const { translateFrame } = await import('./live/worker/frames.js').catch(notFetched);
  return translateFrame(ready(), job);
}

/** @param {Commands['export']} job */
function exported({ bytes, network, to, half, about }) {
  /** Each piece as a blob of its own, which the browser may keep outside of memory. @type {Blob[]} */
  const pieces = [];
  const weights = new Uint8Array(bytes);
  exportWeights(weights, network ?? undefined, to, half, about ?? undefined, (piece) => {
    pieces.push(new Blob([piece]));
  });
  return new Blob(pieces);
}

/** @returns {Polishing} */
function polished() {
  if (!polishing) throw new CodedError('engine-died', 'this worker polishes nothing');
  return polishing;
}

/** @returns {Engine} */
function ready() {
  if (!engine) throw new CodedError('engine-usage', 'the device was not opened');
  return engine;
}

/** @param {Commands['open']} request @returns {Promise<DeviceReport>} */
async function open({ device, precision, trains }) {
  const warning = await selfTest();
  engine = await (trains ? Engine.openToTrain(device) : Engine.open(device));
  engine.prefer(precision ?? 'auto');
  const report = engine.report();
  return {
    ...report,
    warning,
    formats: await writable(),
    defaultSize: DEFAULT_SIZE[report.device],
  };
}

/** @param {TranslateJob & { id: number }} job @returns {Promise<Translated>} */
async function translate({ id, ...job }) {
  const by = /** @type {ModelReport} */ (model);
  const tell = (/** @type {number} */ passed) => postMessage({ id, passed });
  const made = await pipeline.translate(job, ready(), tell);
  return { ...made, model: by, memory: memory.buffer.byteLength };
}
