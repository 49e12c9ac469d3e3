/** The weights that a run starts from: those of the page, a visitor's own, or those of an earlier run. */
import { CodedError } from '../../failure.js';
import { contentHash } from '../../files/digest.js';
import {
  forgetMismatch,
  ownModel,
  readDiscriminator,
  readModel,
  shippedModels,
} from '../../models/models.js';

/** @import { Start } from '../../engine/protocol.js' */
/** @import { StartChoice } from './types.js' */

/** @typedef {Start & { name: string }} Weights */

/** @type {Start} */
const NOTHING = { a: null, b: null, dA: null, dB: null, checkpoint: null };

export class WeightsSource {
  #store;

  /** @param {import('../../files/weights-store.js').WeightsStore} store a visitor's own weights */
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
    if (!card) return null;
    const { ngf, blocks, discriminator } = card;
    const judged = discriminator && backOf(card)?.discriminator;
    return { ngf, blocks, ndf: judged ? discriminator.ndf : null };
  }

  /**
   * @param {StartChoice} choice
   * @param {import('../keep/stored-runs.js').StoredRuns} runs
   * @param {AbortSignal} signal
   * @returns {Promise<Weights>}
   * @throws {CodedError} `model-unavailable`, `weights-hash-mismatch`, `weights-gone`, `run-gone`
   */
  async read(choice, runs, signal) {
    switch (choice.kind) {
      case 'scratch':
        return { ...NOTHING, name: '' };
      case 'files': {
        const { a, b, dA, dB } = choice;
        return { ...NOTHING, a, b, dA, dB, name: a?.name ?? b?.name ?? '' };
      }
      case 'run': {
        const [a, b] = [await runs.weights(choice.id, 'A'), await runs.weights(choice.id, 'B')];
        const checkpoint = choice.judges ? await runs.checkpoint(choice.id) : null;
        return { ...NOTHING, a, b, checkpoint, name: choice.id };
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
      return { ...NOTHING, a: weights, name };
    }
    const card = cardOf(id);
    if (!card) throw new CodedError('model-unavailable', `no model is called ${id}`);
    const back = backOf(card);
    const [a, dA] = await this.#shipped(id, signal);
    const [b, dB] = back ? await this.#shipped(back.id, signal) : [null, null];
    return { ...NOTHING, a, b, dA, dB, name: id };
  }

  /**
   * A generator that comes with the page, and the judge of what it makes, if that comes too.
   * @param {string} id
   * @param {AbortSignal} signal
   * @returns {Promise<[Blob, Blob | null]>}
   */
  async #shipped(id, signal) {
    const model = shippedModels().find(({ value }) => value === id);
    if (!model?.card) throw new CodedError('model-unavailable', `no model is called ${id}`);
    const generator = await readModel(model, this.#store, () => {}, signal);
    const judge = await readDiscriminator(model.card, signal);
    for (const { weights, sha256 } of [generator, ...(judge ? [judge] : [])]) {
      const found = await contentHash(weights);
      if (!crypto.subtle || sha256 === found) continue;
      const detail = `${id}: ${found} instead of ${sha256}`;
      const error = new CodedError('weights-hash-mismatch', detail);
      forgetMismatch(model, error);
      throw error;
    }
    return [generator.weights, judge?.weights ?? null];
  }
}

/** The model of the other direction. @param {import('../../models/models.js').Card} card */
function backOf({ source, target }) {
  const cards = shippedModels().flatMap(({ card }) => card ?? []);
  return cards.find((card) => card.source === target && card.target === source);
}

/** @param {string} id */
function cardOf(id) {
  return shippedModels().find(({ value }) => value === id)?.card;
}
