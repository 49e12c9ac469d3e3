/**
 * The available models: those that come with the page, each with a card, and the visitor's own weights.
 * Weights are fetched when they are first needed.
 */
import { CodedError } from '../failure.js';
import { fetchFile } from '../files/download.js';
import cards from './cards.json';

export { cards };

/** @import { ModelReport, Season } from '../pkg/cyclegan_web.js' */
/** @import { Smooth } from '../engine/protocol.js' */

/** @typedef {(typeof cards)[number]} Card */

/**
 * @typedef {object} Model
 * @property {string} value in the select: a card's id, or `own:<name>`
 * @property {string | null} name of the visitor's own weights
 * @property {Card | null} card of a model that comes with the page
 * @property {'ab' | 'ba' | 'own'} direction A is summer and warm, B is winter and cool
 * @property {Season[]} seasons what its photos should show
 * @property {number} margin pixels
 * @property {Smooth} smooth
 * @property {number | null} bytes of the weights; null: unknown
 * @property {ModelReport | null} network of the visitor's own weights, once read; null: unknown
 */

/** Written out, so that the build finds the files and gives them hashed names. */
const FILES = /** @type {Record<string, URL>} */ ({
  summer2winter: new URL('./summer2winter.safetensors', import.meta.url),
  winter2summer: new URL('./winter2summer.safetensors', import.meta.url),
  vintage: new URL('./vintage.safetensors', import.meta.url),
});

/** The discriminators a model was trained against, fetched when a training run starts from it. */
const DISCRIMINATORS = /** @type {Record<string, URL>} */ ({
  summer2winter: new URL('./summer2winter.discriminator.safetensors', import.meta.url),
  winter2summer: new URL('./winter2summer.discriminator.safetensors', import.meta.url),
});

/** @type {Record<string, 'ab' | 'ba'>} */
const DIRECTIONS = { summer: 'ab', winter: 'ba' };
const SEASONS = /** @type {Season[]} */ (Object.keys(DIRECTIONS));

/** @type {Map<string, Blob>} Weights fetched in this visit. */
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
 * The weights of a model that comes with the page, and their expected hash.
 * @param {Card} card
 * @param {(fraction: number) => void} [onProgress] 0 to 1
 * @param {AbortSignal} [signal]
 * @throws {CodedError} `model-unavailable` when the file cannot be fetched whole
 */
export async function readGenerator({ id, bytes, sha256 }, onProgress = () => {}, signal) {
  return { weights: await once(FILES[id], bytes, onProgress, signal), sha256 };
}

/**
 * The discriminator of a model that comes with the page, and its expected hash.
 * @param {Card} card
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ weights: Blob, sha256: string } | null>} null: it has none
 * @throws {CodedError} `model-unavailable`
 */
export async function readDiscriminator({ id, discriminator }, signal) {
  if (!discriminator) return null;
  const { bytes, sha256 } = discriminator;
  return { weights: await once(DISCRIMINATORS[id], bytes, () => {}, signal), sha256 };
}

/**
 * A file that comes with the page, fetched once per visit.
 * @param {URL} url
 * @param {number} bytes the expected length; a server may report the compressed one
 * @param {(fraction: number) => void} onProgress
 * @param {AbortSignal} [signal]
 */
async function once(url, bytes, onProgress, signal) {
  const options = {
    onBytes: (/** @type {number} */ count) => onProgress(Math.min(1, count / bytes)),
    signal,
  };
  const known = fetched.get(url.href);
  const weights =
    known ??
    (await fetchFile(url, (response) => response.blob(), options).catch((error) => {
      if (signal?.aborted) throw error;
      throw new CodedError('model-unavailable', String(error));
    }));
  // A network that requires a login returns its own page.
  if (weights.size !== bytes)
    throw new CodedError('model-unavailable', `${weights.size} bytes instead of ${bytes}`);
  fetched.set(url.href, weights);
  return weights;
}

/**
 * A model that did not match its published hash is fetched again the next time.
 * @param {string} id
 * @param {unknown} error the reason for refusing it
 */
export function forgetMismatch(id, error) {
  if (!(error instanceof CodedError && error.code === 'weights-hash-mismatch')) return;
  for (const url of [FILES[id], DISCRIMINATORS[id]]) if (url) fetched.delete(url.href);
}
