/**
 * What the browser remembers of the visitor's weights files beside the files themselves: which networks of a
 * file are models, and the names that they were given.
 */
import { aboutIn } from '../files/about.js';
import { ownModel } from '../models/models.js';
import { forget, recall, remember } from '../page/memory.js';
import { pairName } from './model-list.js';

/** @import { Facts, Model } from '../models/models.js' */

/**
 * A network of a file that is a model.
 * @typedef {object} Part
 * @property {string | null} part null: the only one
 * @property {string} [name] that the visitor gave it
 * @property {Facts} [network] if it has just been read
 */

/** @param {string} file */
const keyOf = (file) => `weights/${file}`;

/** The networks of a file that are models. @param {string} file @returns {Part[]} */
export function partsOf(file) {
  try {
    const parts = JSON.parse(recall(keyOf(file)) ?? '');
    const isPart = (/** @type {Part} */ { part, name = '' }) =>
      (part === null || typeof part === 'string') && typeof name === 'string';
    if (Array.isArray(parts) && parts.length > 0 && parts.every(isPart)) return parts;
  } catch {
    // Nothing is remembered: the file's likeliest network is the model.
  }
  return [{ part: null }];
}

/** @param {string} file @param {Part[]} parts none: forgets the file */
export function rememberParts(file, parts) {
  const [first] = parts;
  const plain = parts.length === 1 && first.part === null && first.name === undefined;
  if (parts.length === 0 || plain) forget(keyOf(file));
  else remember(keyOf(file), JSON.stringify(parts.map(({ part, name }) => ({ part, name }))));
}

/**
 * The models of a stored file.
 * @param {string} file
 * @param {Blob} weights
 * @param {object} [known]
 * @param {number} [known.margin] otherwise the file's own
 * @param {Part[]} [known.parts] otherwise those that are remembered
 * @returns {Promise<Model[]>}
 */
export async function modelsIn(file, weights, { margin, parts = partsOf(file) } = {}) {
  const said = await aboutIn(weights);
  return parts.map(({ part, name, network = null }) => {
    // Of which of several networks a file names the looks, it does not say.
    const about = part === null ? said : { ...said, from: null, to: null };
    return ownModel(file, {
      part,
      name: name ?? (part === null ? (pairName(about) ?? file) : `${file} · ${part}`),
      margin: margin ?? about.margin,
      bytes: weights.size,
      network,
      about,
    });
  });
}
