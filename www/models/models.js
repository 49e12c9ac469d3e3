/**
 * The models to choose from: those that come with the page, each with a card, and the visitor's
 * own weights. A model's weights are fetched when they are first needed.
 */
import { CodedError } from '../failure.js';
import { fetchFile } from '../files/download.js';
import cards from './cards.json';

export { cards };

/** @import { ModelReport, Season, Smooth } from '../engine/protocol.js' */

/** @typedef {(typeof cards)[number]} Card */

/**
 * @typedef {object} Model
 * @property {string} value in the select: a card's id, or `own:<name>`
 * @property {string | null} name of own weights
 * @property {Card | null} card of a model that comes with the page
 * @property {'ab' | 'ba' | 'own'} direction A is summer and warm, B is winter and cool
 * @property {Season[]} seasons what its photos should show
 * @property {number} margin pixels
 * @property {Smooth} smooth
 * @property {number | null} bytes of the weights; null: not known
 * @property {ModelReport | null} network of own weights, once they were read; null: not known
 */

/** Written out, so that the build finds the files and gives them hashed names. */
const FILES = /** @type {Record<string, URL>} */ ({
  summer2winter: new URL('./summer2winter.safetensors', import.meta.url),
  winter2summer: new URL('./winter2summer.safetensors', import.meta.url),
  vintage: new URL('./vintage.safetensors', import.meta.url),
});

/** Those that judged a model's translations in its own training: fetched when a training starts from it. */
const DISCRIMINATORS = /** @type {Record<string, URL>} */ ({
  summer2winter: new URL('./summer2winter.discriminator.safetensors', import.meta.url),
  winter2summer: new URL('./winter2summer.discriminator.safetensors', import.meta.url),
});

/** @type {Record<string, 'ab' | 'ba'>} */
const DIRECTIONS = { summer: 'ab', winter: 'ba' };
const SEASONS = /** @type {Season[]} */ (Object.keys(DIRECTIONS));

/** @type {Map<string, Blob>} Weights that were fetched in this visit. */
const fetched = new Map();

/** @returns {Model[]} */
export function shippedModels() {
  return cards.map((card) => ({
    value: card.id,
    name: null,
    card,
    direction: DIRECTIONS[card.source] ?? 'own',
    seasons: card.source in DIRECTIONS ? [/** @type {Season} */ (card.source)] : SEASONS,
    margin: card.margin,
    smooth: /** @type {Smooth} */ (card.smooth),
    bytes: card.bytes,
    network: null,
  }));
}

/**
 * @param {string} name as the store has it
 * @param {Pick<Model, 'margin' | 'bytes'> & Partial<Pick<Model, 'network'>>} [about]
 * @returns {Model}
 */
export function ownModel(name, { margin, bytes, network = null } = { margin: 0, bytes: null }) {
  return {
    value: `own:${name}`,
    name,
    card: null,
    direction: 'own',
    seasons: ['summer', 'winter'],
    margin,
    smooth: 1,
    bytes,
    network,
  };
}

/**
 * The weights of a model that comes with the page, and the hash that they must have.
 * @param {Card} card
 * @param {(fraction: number) => void} [onProgress] 0 to 1
 * @param {AbortSignal} [signal]
 * @throws {CodedError} `model-unavailable` when the file cannot be fetched whole
 */
export async function readGenerator({ id, bytes, sha256 }, onProgress = () => {}, signal) {
  return { weights: await once(FILES[id], bytes, onProgress, signal), sha256 };
}

/**
 * The discriminator of a model that comes with the page, and the hash that it must have.
 * @param {Card} card
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ weights: Blob, sha256: string } | null>} null: it comes without
 * @throws {CodedError} `model-unavailable`
 */
export async function readDiscriminator({ id, discriminator }, signal) {
  if (!discriminator) return null;
  const { bytes, sha256 } = discriminator;
  return { weights: await once(DISCRIMINATORS[id], bytes, () => {}, signal), sha256 };
}

/**
 * A file that comes with the page, fetched once in a visit.
 * @param {URL} url
 * @param {number} bytes
 * @param {(fraction: number) => void} onProgress
 * @param {AbortSignal} [signal]
 */
async function once(url, bytes, onProgress, signal) {
  const weights = fetched.get(url.href) ?? (await fetchWeights(url, bytes, onProgress, signal));
  // A network that wants a login first answers with a page of its own.
  if (weights.size !== bytes)
    throw new CodedError('model-unavailable', `${weights.size} bytes instead of ${bytes}`);
  fetched.set(url.href, weights);
  return weights;
}

/**
 * A model that arrived as another than was published is fetched again when it is next asked for.
 * @param {string} id
 * @param {unknown} error that it was refused with
 */
export function forgetMismatch(id, error) {
  if (!(error instanceof CodedError && error.code === 'weights-hash-mismatch')) return;
  for (const url of [FILES[id], DISCRIMINATORS[id]]) if (url) fetched.delete(url.href);
}

/**
 * @param {URL} url
 * @param {number} bytes the length to expect; what a server says may be the compressed one
 * @param {(fraction: number) => void} onProgress
 * @param {AbortSignal | undefined} signal
 */
async function fetchWeights(url, bytes, onProgress, signal) {
  try {
    return await fetchFile(url, (response) => response.blob(), {
      onBytes: (count) => onProgress(Math.min(1, count / bytes)),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new CodedError('model-unavailable', String(error));
  }
}
