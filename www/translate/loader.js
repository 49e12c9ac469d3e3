/** The weights of each model: where to read them, and those that the visitor adds, renames, forgets. */
import { CodedError, failureOf } from '../failure.js';
import { ONNX_NAME } from '../files/weights-kind.js';
import { bytesOf } from '../files/weights-store.js';
import { forgetRefused, ownModel, readGenerator, readHosted } from '../models/models.js';

/** @import { EngineClient, Weights } from '../engine/client.js' */
/** @import { StoredWeights, WeightsStore } from '../files/weights-store.js' */
/** @import { Model, OnProgress } from '../models/models.js' */

/** @import { NetworkReport, WeightsReport } from '../pkg/cyclegan_web.js' */

/** @typedef {Pick<EngineClient, 'load' | 'inspect'>} Engine */
/** @typedef {{ part: string | null, network: NonNullable<NetworkReport['network']> }} Generator null: the file’s only one */

export class ModelLoader {
  #engine;
  #store;
  /** Weights used in this visit, by the model's value. @type {Map<string, Weights>} */
  #known = new Map();

  /** @param {Engine} engine @param {WeightsStore} store */
  constructor(engine, store) {
    this.#engine = engine;
    this.#store = store;
  }

  /**
   * Adds a visitor's weights file, if the engine accepts a generator in it, and remembers it.
   * @param {File} file
   * @returns {Promise<StoredWeights & { networks: Generator[] }>} under its actual name, with its generators
   * @throws {CodedError} the engine's `weights-…` codes
   */
  async add(file) {
    const read = () => bytesOf(file, 'weights-unreadable');
    const networks = await this.generators({ read, sha256: null }).catch((error) => {
      throw ONNX_NAME.test(file.name) ? asOnnx(error) : error;
    });
    const all = networks.map(({ part }) => ({ read, sha256: null, network: part }));
    await this.#engine.load(all[0]);
    const stored = await this.#store.add(file.name, file);
    for (const weights of all) this.#keep(stored.name, weights);
    return { ...stored, networks };
  }

  /**
   * Fetches a model's weights, if need be, for a later {@link load}: the engine may still be starting.
   * @param {Model} model
   * @param {OnProgress} onProgress
   * @param {AbortSignal} signal
   */
  async fetch(model, onProgress, signal) {
    if (this.#known.has(model.value)) return;
    onProgress(0, 0);
    await this.#find(model, onProgress, signal);
  }

  /**
   * Loads a model into the engine, so that its problems show before the first photo.
   * @param {Model} model
   * @param {OnProgress} onProgress
   * @param {AbortSignal} signal
   * @returns {Promise<Weights>}
   */
  async load(model, onProgress, signal) {
    let weights = this.#known.get(model.value);
    if (!weights) {
      onProgress(0, 0);
      // Fetched here, because inside the request all other work of the engine would wait for it.
      const { sha256 } = await this.#find(model, onProgress, signal);
      weights = { read: () => this.#read(model), sha256, network: model.part };
    }
    try {
      weights = await this.#loaded(weights, signal);
    } catch (error) {
      forgetRefused(model, error);
      throw error;
    }
    this.#known.set(model.value, weights);
    return weights;
  }

  /**
   * Where it is not known which of several networks is meant, the first is.
   * @param {Weights} weights
   * @param {AbortSignal} signal
   * @returns {Promise<Weights>} those that are loaded
   */
  async #loaded(weights, signal) {
    try {
      await this.#engine.load(weights, signal);
      return weights;
    } catch (error) {
      if (failureOf(error).code !== 'weights-several') throw error;
    }
    const [{ part }] = await this.generators(weights, signal);
    const first = { ...weights, network: part };
    await this.#engine.load(first, signal);
    return first;
  }

  /**
   * @param {Weights} weights
   * @param {AbortSignal} [signal]
   * @returns {Promise<Generator[]>} one or more
   * @throws {CodedError} why there are none, or the engine's `weights-…` codes
   */
  async generators(weights, signal) {
    return generatorsIn(await this.#engine.inspect(weights, signal));
  }

  /** A model's file, as it was found or fetched. @param {Model} model @returns {Promise<Blob>} */
  async file(model) {
    return (await this.#find(model)).weights;
  }

  /**
   * @param {string} from
   * @param {string} to wanted
   * @returns {Promise<string>} their new name
   * @throws {CodedError} `weights-gone`, or that there was no room for a copy
   */
  async rename(from, to) {
    const name = await this.#store.rename(from, to);
    for (const [value, weights] of this.#of(from)) {
      if (name !== from) this.#known.delete(value);
      this.#keep(name, weights);
    }
    return name;
  }

  /** @param {string} name of weights to remove */
  async forget(name) {
    for (const [value] of this.#of(name)) this.#known.delete(value);
    await this.#store.remove(name);
  }

  /** What is known of a stored file. @param {string} file */
  #of(file) {
    const isOf = (/** @type {string} */ value) =>
      value === `own:${file}` || value.startsWith(`own:${file}/`);
    return [...this.#known].filter(([value]) => isOf(value));
  }

  /**
   * From now on they are read from where they are stored: the original file may disappear.
   * @param {string} name
   * @param {Weights} weights
   */
  #keep(name, weights) {
    const model = ownModel(name, { part: weights.network ?? null });
    weights.read = () => this.#read(model);
    this.#known.set(model.value, weights);
  }

  /** @param {Model} model */
  async #read(model) {
    const { weights } = await this.#find(model);
    return bytesOf(weights, model.file === null ? 'model-unavailable' : 'weights-gone');
  }

  /**
   * @param {Model} model
   * @param {OnProgress} [onProgress]
   * @param {AbortSignal} [signal]
   * @returns {Promise<{ weights: Blob, sha256: string | null }>}
   */
  async #find({ card, hosted, file }, onProgress, signal) {
    if (card) return readGenerator(card, onProgress, signal);
    if (hosted) return readHosted(hosted, onProgress, signal);
    return { weights: await this.#store.read(file ?? ''), sha256: null };
  }
}

/** @param {unknown} error why a file that is called so cannot be read */
function asOnnx(error) {
  const { code, detail } = failureOf(error);
  return code === 'weights-not-recognised' ? new CodedError(code, detail, { kind: 'onnx' }) : error;
}

/**
 * The generators of a file, averages before what they are averages of.
 * @param {WeightsReport} report
 * @returns {Generator[]} one or more
 * @throws {CodedError} why there are none
 */
export function generatorsIn({ networks }) {
  const found = networks.filter(({ kind, network }) => kind === 'generator' && network);
  if (found.length === 0) throw whyNone(networks);
  const sorted = [...found.filter(({ averaged }) => averaged), ...found.filter((n) => !n.averaged)];
  return sorted.map(({ name, network }) => ({
    part: found.length > 1 ? name : null,
    network: /** @type {Generator['network']} */ (network),
  }));
}

/** @param {NetworkReport[]} networks none of which is a generator */
function whyNone(networks) {
  const reason = networks.find((one) => one.reason)?.reason;
  if (reason) return new CodedError(reason.code, reason.detail);
  const judge = networks.find(({ kind }) => kind === 'discriminator');
  if (judge) return new CodedError('weights-discriminator', judge.name);
  return new CodedError('weights-not-generator', 'no network was found');
}
