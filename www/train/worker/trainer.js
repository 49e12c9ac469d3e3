/**
 * The worker's side of training: answers the requests `train-…` of `protocol.d.ts` with the engine's
 * `Training`. A run lives here as long as the worker does; what outlives it is in the run's folder.
 */

import { CodedError, failureOf } from '../../failure.js';
import { Disk } from '../../files/disk.js';
import { DOMAINS } from '../gather/domains.js';
import { PHOTOS, readIndex, storeCheckpoint, storeResult } from '../keep/run-files.js';
import { Supply } from './supply.js';

/** @import { Lease } from '../../engine/lease.js' */
/** @import { Commands, Values } from '../../engine/protocol.js' */
/** @import { Failure } from '../../failure.js' */
/** @import { Pieces, Write } from '../../files/disk.js' */
/** @import { Engine, Training } from '../../pkg/cyclegan_web.js' */
/** @import { Domain } from '../gather/domains.js' */
/** @import { Kept, PreviewPhoto, ToKeep } from '../keep/record.js' */
/** @import { TrainReport, TrainStart, TrainStored } from './protocol.js' */

/** Bytes of decoded, resized photos that the engine keeps: 400 of photo size 256, 100 of 512. */
const CACHE = 256 * 1024 * 1024;
/** Photos of each folder from which the classifier of the scores learns, at most. */
const SEEN = 64;
/** Codes of what is no fault of the engine. */
const DISK = /^(storage-.*|file-gone|out-of-memory)$/;
/** Codes of a checkpoint that cannot be used, so that the one before is tried. */
const UNUSABLE = /^(checkpoint-damaged|checkpoint-not-recognised|weights-not-finite)$/;

/**
 * @typedef {object} Tools what there is only in a browser
 * @property {(file: Blob) => Promise<import('./supply.js').Pixels>} decode
 * @property {(rgba: Uint8Array, width: number, height: number, format: 'png') => Promise<Blob>} encode
 * @property {() => number} now milliseconds of a clock that is never set
 * @property {() => void} panic ends wasm as a mistake in the engine would
 * @property {() => Promise<FileSystemDirectoryHandle>} storage of this site
 * @property {(run: string) => Promise<Lease | null>} hold tells everybody that this worker
 *   writes the run's folder, until it ends
 */

export class Trainer {
  #tools;
  /** @type {Training | null} */
  #training = null;
  /** @type {Supply | null} */
  #supply = null;
  /** The run's folder. @type {Disk | null} */
  #disk = null;
  /** Of that folder. @type {Lease | null} */
  #lease = null;
  /** The engine's numbers of the photos to preview; -1: cannot be. @type {Record<Domain, number[]>} */
  #previews = { A: [], B: [] };

  /** @param {Tools} tools */
  constructor(tools) {
    this.#tools = tools;
  }

  /**
   * @template {keyof Commands} K
   * @param {K} name
   * @param {Commands[K]} fields
   * @param {() => Engine} engine
   * @returns {Promise<unknown>} of type `Values[K]`
   */
  async perform(name, fields, engine) {
    const given = /** @type {any} */ (fields);
    switch (name) {
      case 'weigh-run':
        return engine().trainingNeed(given.config);
      case 'train-start':
        return this.#start(given, engine());
      case 'train-keep':
        return this.#keep(given);
      case 'train-photos':
        this.#supply = new Supply(given.photos, this.#tools.decode);
        return null;
      case 'train-steps':
        return this.#steps(given.steps);
      case 'train-preview':
        return this.#preview(given.domain, given.index);
      case 'train-classifier':
        return this.#learnLooks();
      case 'train-scores':
        return this.#scores(given);
      case 'train-change':
        this.#run().change(given.config);
        return null;
      case 'train-learn-on':
        this.#run().learnOn(given.steps, given.lr ?? undefined);
        return this.#run().report();
      case 'train-save':
        return this.#save(given);
      case 'train-finish':
        return this.#finish(given);
      case 'train-weights':
        return this.#weights(given.direction);
      case 'train-fault':
        return this.#provoke(given);
      default:
        throw new CodedError('engine-usage', `nothing is called ${name}`);
    }
  }

  /** @returns {Training} */
  #run() {
    if (!this.#training) throw new CodedError('training-gone', 'this worker has no run');
    return this.#training;
  }

  /** @param {TrainStart} start @param {Engine} engine @returns {Promise<Values['train-start']>} */
  async #start({ run, from, photos, previews, previewSide }, engine) {
    this.#training?.free();
    this.#training = null;
    this.#lease?.release();
    this.#lease = run === null ? null : await this.#tools.hold(run);
    this.#disk = run === null ? null : await this.#folder(run).catch(() => null);
    const made = await this.#made(from, photos, engine);
    this.#training = made.training;
    this.#supply = new Supply(photos, this.#tools.decode);
    for (const domain of DOMAINS) {
      this.#previews[domain] = [];
      for (const photo of previews[domain]) {
        this.#previews[domain].push(await this.#addPreview(domain, photo, previewSide));
      }
    }
    return {
      report: made.training.report(),
      older: made.older,
      previews: {
        A: this.#previews.A.map((index) => index >= 0),
        B: this.#previews.B.map((index) => index >= 0),
      },
    };
  }

  /**
   * @param {TrainStart['from']} from
   * @param {TrainStart['photos']} photos
   * @param {Engine} engine
   * @returns {Promise<{ training: Training, older: boolean }>}
   */
  async #made(from, photos, engine) {
    const counts = /** @type {const} */ ([photos.A.length, photos.B.length, CACHE]);
    if (from.kind === 'new') {
      const { config, a, b, checkpoint } = from;
      const judges =
        checkpoint && (await engine.discriminatorsOf(reader(checkpoint), checkpoint.size));
      const [dA, dB] = judges
        ? [judges, judges]
        : await Promise.all([from.dA, from.dB].map(bytesOf));
      const generators = await Promise.all([a, b].map(bytesOf));
      const training = engine.startTraining(
        config,
        ...counts,
        generators[0],
        generators[1],
        dA,
        dB,
      );
      return { training, older: false };
    }
    const candidates = from.kind === 'stored' ? await this.#stored() : [from.bytes];
    /** @type {unknown} */
    let first = new CodedError('checkpoint-damaged', 'none is stored');
    for (const [i, candidate] of candidates.entries()) {
      try {
        const { size } = candidate;
        const training = await engine.resumeTrainingFrom(reader(candidate), size, ...counts);
        return { training, older: i > 0 };
      } catch (error) {
        if (i === 0) first = error;
        if (!UNUSABLE.test(failureOf(error).code)) throw error;
      }
    }
    throw first;
  }

  /** Checkpoints in the run's folder, the latest first. @returns {Promise<Blob[]>} */
  async #stored() {
    const index = this.#disk && (await readIndex(this.#disk));
    const files = (index?.checkpoints ?? []).map(async ({ checkpoint }) => {
      // One that is missing is as good as a damaged one.
      return (await this.#disk?.read(checkpoint)) ?? new Blob();
    });
    return Promise.all(files);
  }

  /**
   * @param {Domain} domain
   * @param {PreviewPhoto | null} shown
   * @param {number} side
   * @returns {Promise<number>} -1: it cannot be decoded
   */
  async #addPreview(domain, shown, side) {
    try {
      if (!shown) return -1;
      const photo = await this.#tools.decode(shown.photo);
      this.#run().addHeldOut(domain, photo.data, photo.width, photo.height);
      const whole = shown.whole ? await this.#tools.decode(shown.whole) : photo;
      return this.#run().addPreview(domain, whole.data, whole.width, whole.height, side);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      return -1;
    }
  }

  /** @param {Commands['train-keep']} given @returns {Promise<Values['train-keep']>} */
  async #keep({ run, photos }) {
    const parent = await this.#folder(run);
    const folder = await parent.inside(PHOTOS);
    const kept = [];
    try {
      for (const photo of photos) kept.push(await this.#keepOne(folder, photo));
    } catch (error) {
      await parent.remove(PHOTOS); // a part of them is of no use, and takes the room of checkpoints
      throw error;
    }
    return kept;
  }

  /** @param {Disk} folder @param {ToKeep} photo @returns {Promise<Kept>} */
  async #keepOne(folder, { name, blob, whole }) {
    const training = this.#run();
    let resized;
    let shown = null;
    try {
      const { data, width, height } = await this.#tools.decode(blob);
      resized = training.resized(data, width, height);
      if (whole) shown = training.whole(data, width, height, whole.longest);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      return { copy: null, whole: null, problem: failureOf(error, 'file-gone').code };
    }
    const copy = await this.#keepAs(folder, name, resized);
    return { copy, whole: whole && (await this.#keepAs(folder, whole.name, shown)), problem: null };
  }

  /** @param {Disk} folder @param {string} name @param {{ rgba: Uint8Array, width: number, height: number }} picture */
  async #keepAs(folder, name, { rgba, width, height }) {
    await folder.write(name, await this.#tools.encode(rgba, width, height, 'png'));
    return folder.read(name);
  }

  /** @param {number} count @returns {Promise<Values['train-steps']>} */
  async #steps(count) {
    const training = this.#run();
    const excluded = (await this.#supply?.before(training, count)) ?? [];
    /** @type {any[]} */
    const reports = await training.trainSteps(count);
    const steps = reports.map(({ skipped, ...report }) => {
      for (const { domain, index, code } of skipped ?? []) {
        const told = excluded.some((one) => one.domain === domain && one.index === index);
        if (!told) excluded.push({ domain, index, code });
      }
      return report;
    });
    return { steps, excluded, report: training.report(), memory: training.memory() };
  }

  /** @param {Domain} domain @param {number} index @returns {Promise<Values['train-preview']>} */
  async #preview(domain, index) {
    const number = this.#previews[domain][index] ?? -1;
    if (number < 0) throw new CodedError('image-unreadable', `no preview ${domain} ${index}`);
    const { width, height, input, translated, back, error } = await this.#run().preview(
      domain,
      number,
    );
    const [first, second, third] = await Promise.all(
      [input, translated, back].map((rgba) => this.#tools.encode(rgba, width, height, 'png')),
    );
    return { width, height, input: first, translated: second, back: third, error };
  }

  /** @returns {Promise<null>} */
  async #learnLooks() {
    const training = this.#run();
    await this.#supply?.show(training, SEEN);
    await training.trainClassifier();
    return null;
  }

  /**
   * @param {Commands['train-scores']} bar the merit of the best so far, and whether they are what the run was given
   * @returns {Promise<Values['train-scores']>}
   */
  async #scores({ best: merit, given }) {
    const training = this.#run();
    const { better, ...scores } = await training.scores(merit ?? undefined, given);
    const best = better ? { A: await this.#weights('A'), B: await this.#weights('B') } : null;
    return { ...scores, best };
  }

  /** @param {Commands['train-save']} given @returns {Promise<Values['train-save']>} */
  async #save({ record, history, best, pictures }) {
    const started = this.#tools.now();
    const training = this.#run();
    const { step } = training.report();
    let bytes = 0;
    const checkpoint = async (/** @type {Write} */ write) => {
      bytes = await training.saveCheckpoint(write);
    };
    const parts = { checkpoint, history: new Uint8Array(history) };
    const problem = await stored(this.#disk, (disk) =>
      storeCheckpoint(disk, { ...record, step }, { ...parts, best }, previewsOf(pictures)),
    );
    const unsaved = problem && { problem, checkpoint: await blobOf(checkpoint) };
    const seconds = (this.#tools.now() - started) / 1000;
    return { step, seconds, bytes, unsaved };
  }

  /** @param {Commands['train-finish']} given @returns {Promise<Values['train-finish']>} */
  async #finish({ record, history, best, pictures }) {
    const [a, b] = [await this.#weights('A'), await this.#weights('B')];
    const checkpoint = async (/** @type {Write} */ write) => {
      await this.#run().saveCheckpoint(write);
    };
    const store = (/** @type {typeof checkpoint | null} */ kept) =>
      stored(this.#disk, (disk) => {
        const parts = { a, b, best, history: new Uint8Array(history), checkpoint: kept };
        return storeResult(disk, record, parts, previewsOf(pictures));
      });
    let problem = await store(checkpoint);
    if (problem === null) return { a, b, problem, checkpoint: null };
    // What was learnt is worth more than that from which it could go on.
    if (problem.code === 'storage-full') problem = await store(null);
    if (problem?.code === 'storage-full') {
      await this.#disk?.remove(PHOTOS);
      problem = await store(null);
    }
    return { a, b, problem, checkpoint: await blobOf(checkpoint) };
  }

  /** A fault to order, as it would be met. @param {Commands['train-fault']} fault */
  #provoke({ kind, step }) {
    if (kind === 'panic') this.#tools.panic();
    if (kind === 'lost') throw new CodedError('gpu-lost', 'as ordered by ?fault=lost');
    if (kind === 'nan') this.#run().poison(step);
    if (kind === 'quota' && this.#disk) this.#disk.full = true;
    return null;
  }

  /** @param {string} run @throws {CodedError} `storage-unavailable`, as in some private windows */
  async #folder(run) {
    try {
      return await (await Disk.at(await this.#tools.storage())).inside(run);
    } catch (error) {
      if (error instanceof CodedError) throw error;
      throw new CodedError('storage-unavailable', failureOf(error).detail);
    }
  }

  /** @param {Domain} direction @returns {Promise<Blob>} */
  async #weights(direction) {
    return new Blob([own(await this.#run().weights(direction))]);
  }
}

/** Reads a file piece by piece. @param {Blob} file */
function reader(file) {
  return async (/** @type {number} */ at, /** @type {number} */ length) =>
    new Uint8Array(await file.slice(at, at + length).arrayBuffer());
}

/** Bytes of a file in memory that are handed to the browser at a time. */
const PART = 4 << 20;

/** A file that is kept outside of wasm's memory. @param {Pieces} pieces */
async function blobOf(pieces) {
  /** @type {Blob[]} */
  const parts = [];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  let last = [];
  /** @type {Uint8Array<ArrayBuffer> | null} */
  let header = null;
  let end = 0;
  await pieces((at, piece) => {
    const bytes = own(piece);
    if (at < end) return header?.set(bytes, at); // its digest, known at the end
    end += bytes.length;
    if (header === null) header = bytes;
    else last.push(bytes);
    if (last.length * bytes.length < PART) return;
    parts.push(new Blob(last));
    last = [];
  });
  return new Blob([header ?? '', ...parts, ...last]);
}

/** Bytes that wasm handed out are a copy, in no shared memory. @param {Uint8Array} bytes */
function own(bytes) {
  return /** @type {Uint8Array<ArrayBuffer>} */ (bytes);
}

/** Weights to start from. @param {Blob | null} blob @returns {Promise<Uint8Array | undefined>} */
async function bytesOf(blob) {
  if (!blob) return undefined;
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new CodedError('weights-unreadable', failureOf(error).detail);
  }
}

/** @param {TrainStored['pictures']} pictures */
function previewsOf(pictures) {
  if (!pictures) return null;
  const files = pictures.files.map(({ name, blob }) => ({ name, content: blob }));
  return { pictures: pictures.list, files };
}

/**
 * @param {Disk | null} disk
 * @param {(disk: Disk) => Promise<unknown>} store
 * @returns {Promise<Failure | null>} why it is not stored
 */
async function stored(disk, store) {
  if (!disk) return { code: 'storage-unavailable', detail: 'this run has no folder' };
  try {
    await store(disk);
    return null;
  } catch (error) {
    const { code, detail } = failureOf(error, 'storage-unavailable');
    if (error instanceof WebAssembly.RuntimeError || !DISK.test(code)) throw error;
    return { code: code.startsWith('storage-') ? code : 'storage-unavailable', detail };
  }
}
