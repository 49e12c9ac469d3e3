/** The weights of each model: where to read them, and those that the visitor adds, renames, forgets. */
import { bytesOf } from '../files/weights-store.js';
import { forgetMismatch, ownModel, readGenerator, readHosted } from '../models/models.js';

/** @import { EngineClient, Weights } from '../engine/client.js' */
/** @import { CodedError } from '../failure.js' */
/** @import { StoredWeights, WeightsStore } from '../files/weights-store.js' */
/** @import { Model, OnProgress } from '../models/models.js' */

/** @typedef {Pick<EngineClient, 'load'>} Engine */

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
   * Adds a visitor's weights file, if the engine accepts it, and remembers it.
   * @param {File} file
   * @returns {Promise<StoredWeights & { network: import('../pkg/cyclegan_web.js').ModelReport }>} under its
   *   actual name
   * @throws {CodedError} the engine's `weights-…` codes
   */
  async add(file) {
    const weights = { read: () => bytesOf(file, 'weights-unreadable'), sha256: null };
    const network = await this.#engine.load(weights);
    const stored = await this.#store.add(file.name, file);
    this.#keep(stored.name, weights);
    return { ...stored, network };
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
      weights = { read: () => this.#read(model), sha256 };
    }
    try {
      await this.#engine.load(weights, signal);
    } catch (error) {
      forgetMismatch(model, error);
      throw error;
    }
    this.#known.set(model.value, weights);
    return weights;
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
    const weights = this.#known.get(`own:${from}`);
    if (weights) this.#keep(name, weights);
    if (name !== from) this.#known.delete(`own:${from}`);
    return name;
  }

  /** @param {string} name of weights to remove */
  async forget(name) {
    this.#known.delete(`own:${name}`);
    await this.#store.remove(name);
  }

  /**
   * From now on they are read from where they are stored: the original file may disappear.
   * @param {string} name
   * @param {Weights} weights
   */
  #keep(name, weights) {
    const model = ownModel(name);
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
