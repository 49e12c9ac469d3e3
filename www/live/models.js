/** Which model Live uses: any of Translate's list, or one of the training that was over last. */

import { select } from '../page/dom.js';
import { text } from '../page/messages.js';
import { choose, chosenModel, modelOf, nameOf } from '../translate/model-list.js';

/** @import { Weights } from '../engine/client.js' */
/** @import { OnProgress, Trained } from '../models/models.js' */
/** @import { Season } from '../pkg/cyclegan_web.js' */
/** @import { ModelLoader } from '../translate/loader.js' */

/**
 * @typedef {object} Chosen
 * @property {string} value
 * @property {string} name
 * @property {'ab' | 'ba' | 'own'} direction
 * @property {Season} season what scenes should show
 */

const TRAINED = /** @type {const} */ (['A', 'B']);

export class LiveModels {
  #list;
  #loader;
  /** @type {Trained | null} */
  #trained = null;
  /** Of the training, by direction. @type {Partial<Record<'A' | 'B', Weights>>} */
  #weights = {};
  /** The training is to be seen: it has just been over. */
  #wanted = false;
  /** What Translate's choice was when it was last taken over. @type {string | null} */
  #followed = null;

  /** @param {HTMLSelectElement} list @param {ModelLoader} loader with Live's own engine */
  constructor(list, loader) {
    this.#list = list;
    this.#loader = loader;
    // Models are added, renamed and removed there.
    new MutationObserver(() => this.#fill()).observe(select('model'), {
      childList: true,
      subtree: true,
      characterData: true,
    });
    this.#fill();
  }

  /** @param {Trained | null} trained */
  offer(trained) {
    if (trained?.key === this.#trained?.key) return;
    this.#weights = {};
    this.#trained = trained;
    this.#wanted = trained?.fresh ?? false;
    this.#fill();
  }

  /** Chooses what has just been trained, or what Translate has chosen, if that is another one than before. */
  follow() {
    if (chosenModel().value !== this.#followed && !this.#wanted) return this.take();
    if (this.#wanted) this.#list.value = trainedValue('A');
    this.#followed = chosenModel().value;
    this.#wanted = false;
  }

  /** Chooses what Translate has chosen. */
  take() {
    const { value } = chosenModel();
    choose(this.#list, value);
    this.#followed = value;
    this.#wanted = false;
  }

  #fill() {
    const { value } = this.#list;
    const options = [...select('model').children].map((child) => child.cloneNode(true));
    this.#list.replaceChildren(...this.#ofTraining(), ...options);
    choose(this.#list, value || chosenModel().value);
  }

  /** @returns {HTMLElement[]} */
  #ofTraining() {
    if (!this.#trained) return [];
    const { names } = this.#trained;
    const group = document.createElement('optgroup');
    group.label = text('live.trained');
    group.append(
      ...TRAINED.map((direction) => new Option(names[direction], trainedValue(direction))),
    );
    return [group];
  }

  /** @returns {Chosen} */
  get chosen() {
    const { value } = this.#list;
    const model = modelOf(value);
    if (model) {
      const { direction, seasons } = model;
      return { value, name: nameOf(model), direction, season: seasons[0] };
    }
    const isB = value === trainedValue('B');
    const name = this.#trained?.names[isB ? 'B' : 'A'] ?? '';
    return { value, name, direction: isB ? 'ba' : 'ab', season: isB ? 'winter' : 'summer' };
  }

  /**
   * Loads the chosen one into Live's engine.
   * @param {OnProgress} onProgress
   * @param {AbortSignal} signal
   * @returns {Promise<Weights>}
   */
  async load(onProgress, signal) {
    const { value } = this.#list;
    const model = modelOf(value);
    if (model) return this.#loader.load(model, onProgress, signal);
    const direction = value === trainedValue('B') ? 'B' : 'A';
    const trained = this.#trained;
    this.#weights[direction] ??= {
      read: async () => (await /** @type {Trained} */ (trained).weights(direction)).arrayBuffer(),
      sha256: null,
    };
    return this.#weights[direction];
  }
}

/** @param {'A' | 'B'} direction */
const trainedValue = (direction) => `trained:${direction}`;
