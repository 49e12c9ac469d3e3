/** The weights that a run starts from: those of the page, a visitor's own, or those of an earlier run. */
import { CodedError } from '../failure.js';
import { forgetMismatch, ownModel, readModel, shippedModels } from '../models.js';
import { contentHash } from './dataset.js';

/** @typedef {import('./types.js').StartChoice} StartChoice */
/** @typedef {{ a: Blob | null, b: Blob | null, name: string }} Weights of the generators A to B and B to A */

export class WeightsSource {
  #store;

  /** @param {import('../store.js').WeightsStore} store a visitor's own weights */
  constructor(store) {
    this.#store = store;
  }

  /**
   * The network that the weights are of, as far as it is known without reading them.
   *
   * @param {StartChoice} choice
   * @returns {import('./settings.js').Network | null}
   */
  network(choice) {
    const card = choice.kind === 'model' ? cardOf(choice.id) : undefined;
    return card ? { ngf: card.ngf, blocks: card.blocks } : null;
  }

  /**
   * @param {StartChoice} choice
   * @param {import('./stored-runs.js').StoredRuns} runs
   * @param {AbortSignal} signal
   * @returns {Promise<Weights>}
   * @throws {CodedError} `model-unavailable`, `weights-hash-mismatch`, `weights-gone`, `run-gone`
   */
  async read(choice, runs, signal) {
    switch (choice.kind) {
      case 'scratch':
        return { a: null, b: null, name: '' };
      case 'files':
        return { a: choice.a, b: choice.b, name: choice.a?.name ?? choice.b?.name ?? '' };
      case 'run': {
        const [a, b] = [await runs.weights(choice.id, 'A'), await runs.weights(choice.id, 'B')];
        return { a, b, name: choice.id };
      }
      case 'model':
        return this.#model(choice.id, signal);
    }
  }

  /** @param {string} id @param {AbortSignal} signal @returns {Promise<Weights>} */
  async #model(id, signal) {
    if (id.startsWith('own:')) {
      const name = id.slice('own:'.length);
      const { weights } = await readModel(ownModel(name), this.#store, () => {}, signal);
      return { a: weights, b: null, name };
    }
    const card = cardOf(id);
    if (!card) throw new CodedError('model-unavailable', `no model is called ${id}`);
    const back = shippedModels().find(
      (model) => model.card?.source === card.target && model.card.target === card.source,
    );
    const a = await this.#shipped(id, signal);
    const b = back ? await this.#shipped(back.value, signal) : null;
    return { a, b, name: id };
  }

  /** @param {string} id @param {AbortSignal} signal */
  async #shipped(id, signal) {
    const model = shippedModels().find(({ value }) => value === id);
    if (!model) throw new CodedError('model-unavailable', `no model is called ${id}`);
    const { weights, sha256 } = await readModel(model, this.#store, () => {}, signal);
    const found = await contentHash(weights);
    if (crypto.subtle && sha256 !== found) {
      const error = new CodedError('weights-hash-mismatch', `${id}: ${found} instead of ${sha256}`);
      forgetMismatch(model, error);
      throw error;
    }
    return weights;
  }
}

/** @param {string} id */
function cardOf(id) {
  return shippedModels().find(({ value }) => value === id)?.card;
}
