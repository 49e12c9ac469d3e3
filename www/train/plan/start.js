/** The initial weights of a run: the page's, a visitor's own, or those of an earlier run. */
import { CodedError } from '../../failure.js';
import { sha256 } from '../../files/digest.js';
import { cards, forgetRefused, readDiscriminator, readGenerator } from '../../models/models.js';

/** @import { Card } from '../../models/models.js' */
/** @import { Domain } from '../gather/domains.js' */
/** @import { Network, Start, StartChoice } from './types.js' */

/** @typedef {Start & { name: string }} Weights */
/**
 * Stored runs.
 * @typedef {object} Runs
 * @property {(id: string, direction: Domain) => Promise<Blob>} weights
 * @property {(id: string) => Promise<Blob | null>} checkpoint null: not kept
 */
/** What this file offers, so that tests can replace it. @typedef {{ network: typeof network, read: typeof read }} Source */

/** @type {Start} */
const NOTHING = { a: null, b: null, dA: null, dB: null, checkpoint: null };

/**
 * The network of the weights, as far as it is known without reading them.
 * @param {StartChoice} choice
 * @returns {Network | null}
 */
export function network(choice) {
  const card = choice.kind === 'model' ? cardOf(choice.id) : undefined;
  if (!card) return null;
  const { ngf, blocks, discriminator } = card;
  const judged = discriminator && backOf(card)?.discriminator;
  return { ngf, blocks, ndf: judged ? discriminator.ndf : null };
}

/**
 * @param {StartChoice} choice
 * @param {Runs} runs
 * @param {AbortSignal} signal
 * @returns {Promise<Weights>}
 * @throws {CodedError} `model-unavailable`, `weights-hash-mismatch`, `run-gone`
 */
export async function read(choice, runs, signal) {
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
    case 'model': {
      const { id } = choice;
      const card = cardOf(id);
      if (!card) throw new CodedError('model-unavailable', `no model is called ${id}`);
      const back = backOf(card);
      const [a, dA] = await shipped(card, signal);
      const [b, dB] = back ? await shipped(back, signal) : [null, null];
      return { ...NOTHING, a, b, dA, dB, name: id };
    }
  }
}

/**
 * A generator that comes with the page, and the discriminator of its output, if there is one.
 * @param {Card} card
 * @param {AbortSignal} signal
 * @returns {Promise<[Blob, Blob | null]>}
 */
async function shipped(card, signal) {
  const generator = await readGenerator(card, () => {}, signal);
  const judge = await readDiscriminator(card, signal);
  for (const { weights, sha256: wanted } of [generator, ...(judge ? [judge] : [])]) {
    const found = await sha256(await weights.arrayBuffer());
    if (found === null || found === wanted) continue;
    const detail = `${card.id}: ${found} instead of ${wanted}`;
    const error = new CodedError('weights-hash-mismatch', detail);
    forgetRefused({ card, hosted: null }, error);
    throw error;
  }
  return [generator.weights, judge?.weights ?? null];
}

/** The model of the opposite direction. @param {Card} card */
function backOf({ source, target }) {
  return cards.find((card) => card.source === target && card.target === source);
}

/** @param {string} id */
const cardOf = (id) => cards.find((card) => card.id === id);
