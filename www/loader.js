/** Which model the engine has: checks weights by loading them, and loads a model when it is first needed. */
import { readModel } from './models.js';

/** @typedef {import('./models.js').Model} Model */
/** @typedef {import('./protocol.js').ModelReport} ModelReport */
/** @typedef {Pick<import('./client.js').EngineClient, 'load'>} Engine */

export class ModelLoader {
  #engine;
  #store;
  /** What the engine has, by the model's value; empty: nothing that is known. */
  #loaded = '';
  /** @type {ModelReport | null} */
  #report = null;

  /**
   * @param {Engine} engine
   * @param {import('./store.js').WeightsStore} store
   */
  constructor(engine, store) {
    this.#engine = engine;
    this.#store = store;
  }

  /**
   * Takes a visitor's weights file, if the engine does, and remembers it.
   * @param {File} file
   * @returns {Promise<import('./store.js').StoredWeights>} under the name that it got
   * @throws {import('./failure.js').CodedError} the engine's `weights-…` codes
   */
  async add(file) {
    this.#loaded = '';
    const report = await this.#engine.load(file, null);
    const stored = await this.#store.add(file.name, file);
    this.#report = report;
    this.#loaded = `own:${stored.name}`;
    return stored;
  }

  /**
   * Makes a model the engine's, unless it already is.
   * @param {Model} model
   * @param {(fraction: number) => void} onProgress 0 to 1
   * @param {AbortSignal} signal
   * @returns {Promise<ModelReport>}
   */
  async load(model, onProgress, signal) {
    if (this.#report && this.#loaded === model.value) return this.#report;
    this.#loaded = '';
    onProgress(0);
    const { weights, sha256 } = await readModel(model, this.#store, onProgress, signal);
    this.#report = await this.#engine.load(weights, sha256, signal);
    this.#loaded = model.value;
    return this.#report;
  }

  /**
   * @param {string} from
   * @param {string} to wanted
   * @returns {Promise<string>} the name that they got
   * @throws {import('./failure.js').CodedError} `weights-gone`, or that there was no room for a copy
   */
  async rename(from, to) {
    const name = await this.#store.rename(from, to);
    if (this.#loaded === `own:${from}`) this.#loaded = `own:${name}`;
    return name;
  }

  /** @param {string} name of weights that are to be kept no longer */
  async forget(name) {
    if (this.#loaded === `own:${name}`) this.#loaded = '';
    await this.#store.remove(name);
  }
}
