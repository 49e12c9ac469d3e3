/**
 * The worker's side of training: answers the `train-…` requests of `protocol.d.ts` with the engine's
 * `Training`. A run lives here as long as the worker does; what outlives it is in the run's folder.
 */
import { CodedError, failureOf } from '../../failure.js';
import { Disk } from '../../files/disk.js';
import { DOMAINS } from '../gather/domains.js';
import { readIndex } from '../keep/run-files.js';
import { own, reader, weightsBytes } from './bytes.js';
import { keepPhotos, saveCheckpoint, saveResult } from './storing.js';
import { Supply } from './supply.js';

/** @import { Lease } from '../../engine/lease.js' */
/** @import { Commands, Values } from '../../engine/protocol.js' */
/** @import { Engine, Training, TrainReport } from '../../pkg/cyclegan_web.js' */
/** @import { Domain } from '../gather/domains.js' */
/** @import { TrainStart, TrainStored } from './protocol.js' */
/** @import { Codec } from './supply.js' */

/** Bytes of decoded, resized photos in the engine: 400 of photo size 256, 100 of 512. */
const CACHE = 256 * 1024 * 1024;
/** Maximum photos of each folder on which the scores' classifier is trained. */
const SEEN = 64;
/** Codes of an unusable checkpoint, after which the previous one is tried. */
const UNUSABLE = /^(checkpoint-damaged|checkpoint-not-recognised|weights-not-finite)$/;

/**
 * What exists only in a browser, besides its {@link Codec}.
 * @typedef {object} Tools
 * @property {() => number} now milliseconds of a monotonic clock
 * @property {() => void} panic panics in wasm, as a bug in the engine would
 * @property {() => Promise<FileSystemDirectoryHandle>} storage of this site
 * @property {(run: string) => Promise<Lease | null>} hold marks this worker, until it ends, as the one
 *   writing the run's folder
 */

export class Trainer {
  #tools;
  /** @type {Training | null} */
  #training = null;
  /** @type {Supply | null} */
  #supply = null;
  /** The run's folder. @type {Disk | null} */
  #disk = null;
  /** The lease of that folder. @type {Lease | null} */
  #lease = null;
  /** The engine's indices of the photos to preview; -1: cannot be decoded. @type {Record<Domain, number[]>} */
  #previews = { A: [], B: [] };

  /** @param {Tools & Codec} tools */
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
    /** @type {Record<string, () => unknown>} */
    const tasks = {
      'weigh-run': () => engine().trainingNeed(given.config),
      'train-start': () => this.#start(given, engine()),
      'train-keep': () => this.#keep(given),
      'train-photos': () => this.#provide(given.photos),
      'train-steps': () => this.#steps(given.steps),
      'train-preview': () => this.#preview(given.domain, given.index),
      'train-classifier': () => this.#trainClassifier(),
      'train-scores': () => this.#scores(given),
      'train-change': () => this.#run().change(given.config) ?? null,
      'train-learn-on': () => this.#learnOn(given),
      'train-save': () => this.#save(given),
      'train-finish': () => this.#finish(given),
      'train-weights': () => this.#weights(given.direction),
      'train-fault': () => this.#provoke(given),
    };
    const task = tasks[name];
    if (!task) throw new CodedError('engine-usage', `nothing is called ${name}`);
    return task();
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
    this.#provide(photos);
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
        : await Promise.all([from.dA, from.dB].map(weightsBytes));
      const [gA, gB] = await Promise.all([a, b].map(weightsBytes));
      const training = engine.startTraining(config, ...counts, gA, gB, dA, dB);
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

  /** Checkpoints in the run's folder, latest first. @returns {Promise<Blob[]>} */
  async #stored() {
    const index = this.#disk && (await readIndex(this.#disk));
    const files = (index?.checkpoints ?? []).map(({ checkpoint }) => this.#disk?.read(checkpoint));
    // A missing checkpoint counts as damaged.
    return (await Promise.all(files)).map((file) => file ?? new Blob());
  }

  /**
   * @param {Domain} domain
   * @param {import('../keep/record.js').PreviewPhoto | null} shown
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
    return keepPhotos(await this.#folder(run), photos, this.#run(), this.#tools);
  }

  /** @param {TrainStart['photos']} photos */
  #provide(photos) {
    this.#supply = new Supply(photos, this.#tools.decode);
    return null;
  }

  /** @param {Commands['train-learn-on']} how */
  #learnOn({ steps, lr }) {
    this.#run().learnOn(steps, lr ?? undefined);
    return this.#run().report();
  }

  /** @param {number} count @returns {Promise<Values['train-steps']>} */
  async #steps(count) {
    const training = this.#run();
    const excluded = (await this.#supply?.before(training, count)) ?? [];
    const reports = await training.trainSteps(count);
    const steps = reports.map(({ skipped, ...report }) => {
      for (const { domain, index, code } of skipped) {
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
    const made = await this.#run().preview(domain, number);
    const { width, height } = made;
    const [input, translated, back] = await Promise.all(
      [made.input, made.translated, made.back].map((rgba) =>
        this.#tools.encode(rgba, width, height, 'png'),
      ),
    );
    return { ...made, input, translated, back };
  }

  /** @returns {Promise<null>} */
  async #trainClassifier() {
    const training = this.#run();
    await this.#supply?.show(training, SEEN);
    await training.trainClassifier();
    return null;
  }

  /**
   * @param {Commands['train-scores']} bar the best merit so far, and whether that is the initial weights'
   * @returns {Promise<Values['train-scores']>}
   */
  async #scores({ best: merit, given }) {
    const training = this.#run();
    const { better, ...scores } = await training.scores(merit ?? undefined, given);
    const best = better ? { A: await this.#weights('A'), B: await this.#weights('B') } : null;
    return { ...scores, best };
  }

  /** @param {TrainStored} given @returns {Promise<Values['train-save']>} */
  async #save(given) {
    const started = this.#tools.now();
    const saved = await saveCheckpoint(this.#disk, this.#run(), given);
    return { ...saved, seconds: (this.#tools.now() - started) / 1000 };
  }

  /** @param {TrainStored} given @returns {Promise<Values['train-finish']>} */
  async #finish(given) {
    const weights = { a: await this.#weights('A'), b: await this.#weights('B') };
    return saveResult(this.#disk, this.#run(), weights, given);
  }

  /** Causes an artificial fault. @param {Commands['train-fault']} fault */
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
