/**
 * The available models: those that come with the page, each with a card, those that its host has put beside it,
 * and the visitor's own weights. Weights are fetched when they are first needed.
 */
import { CodedError } from '../failure.js';
import { NOTHING_SAID } from '../files/about.js';
import { FetchError, fetchFile } from '../files/download.js';
import { forgetBeside, forgetOwn, keepBeside, keepOwn, keptBeside } from '../files/kept.js';
import cards from './cards.json';

export { cards };

/** @import { ModelReport, Season } from '../pkg/cyclegan_web.js' */
/** @import { Smooth } from '../engine/protocol.js' */
/** @import { About } from '../files/about.js' */
/** @import { Hosted } from './hosted.js' */

/** @typedef {(typeof cards)[number]} Card */

/**
 * @typedef {object} Model
 * @property {string} value in the select: a card's id, `site:<path>`, `own:<file>`, or `own:<file>/<part>`
 * @property {string | null} name that is shown; null: of a card, for which the page has words
 * @property {Card | null} card of a model that comes with the page
 * @property {Hosted | null} hosted a model beside the page
 * @property {string | null} file of the visitor's own weights, as the store has it
 * @property {string | null} part the network to take from a file with several; null: the only one
 * @property {'ab' | 'ba' | 'own'} direction A is summer and warm, B is winter and cool
 * @property {Season[]} seasons what its photos should show
 * @property {number} margin pixels
 * @property {Smooth} smooth
 * @property {number | null} bytes of the weights; null: unknown
 * @property {Facts | null} network as far as its weights have been read; null: unknown
 * @property {About} about what its file says of itself
 */
/**
 * Facts of a network.
 * @typedef {Pick<ModelReport, 'ngf' | 'blocks' | 'up' | 'norm' | 'parameters'>
 *   & Partial<Pick<ModelReport, 'pictures' | 'down'>>} Facts
 */
/**
 * Both models of a training, as they are offered to be tried at once.
 * @typedef {object} Trained
 * @property {string} key another one for another training, or when the person wants to see it again
 * @property {boolean} fresh it has just been over
 * @property {Record<'A' | 'B', string>} names what they do, from A and from B
 * @property {(direction: 'A' | 'B') => Promise<Blob>} weights
 */
/** @typedef {(fraction: number | null, bytes: number) => void} OnProgress 0 to 1, null if the whole is unknown */

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

/** Bytes of the largest file to fetch: the engine holds no more. */
const LARGEST = 2 ** 30;

/** @type {Map<string, Blob>} Weights fetched in this visit. */
const fetched = new Map();

/** @returns {Model[]} */
export function shippedModels() {
  return cards.map((card) => ({
    ...PLAIN,
    value: card.id,
    card,
    direction: DIRECTIONS[card.source] ?? 'own',
    seasons: card.source in DIRECTIONS ? [/** @type {Season} */ (card.source)] : SEASONS,
    margin: card.margin,
    smooth: /** @type {Smooth} */ (card.smooth),
    bytes: card.bytes,
  }));
}

/** @type {Omit<Model, 'value'>} */
const PLAIN = {
  name: null,
  card: null,
  hosted: null,
  file: null,
  part: null,
  direction: 'own',
  seasons: ['summer', 'winter'],
  margin: 0,
  smooth: 1,
  bytes: null,
  network: null,
  about: NOTHING_SAID,
};

/**
 * @param {string} file as the store has it
 * @param {Partial<Pick<Model, 'name' | 'part' | 'margin' | 'bytes' | 'network' | 'about'>>} [facts]
 * @returns {Model}
 */
export function ownModel(file, facts = {}) {
  const { part = null } = facts;
  const value = part === null ? `own:${file}` : `own:${file}/${part}`;
  return { ...PLAIN, ...facts, value, file, name: facts.name ?? file };
}

/**
 * A model beside the page, by its file's name. What its list says of it comes before what its file says.
 * @param {Hosted} hosted
 * @param {About} [about] once it has been fetched
 * @param {Partial<Pick<Model, 'part' | 'network'>>} [facts]
 * @returns {Model}
 */
export function siteModel(hosted, about = NOTHING_SAID, facts = {}) {
  const { path, bytes, margin, size } = hosted;
  const { part = hosted.network } = facts;
  const file = path.slice(path.lastIndexOf('/') + 1);
  // Of which of several networks the looks are named, only a list that names the network says.
  const listed = part === null || part === hosted.network ? hosted : null;
  const said = part === null ? about : null;
  return {
    ...PLAIN,
    ...facts,
    value: part === null ? `site:${path}` : `site:${path}/${part}`,
    name: part === null ? file : `${file} · ${part}`,
    part,
    hosted,
    margin: margin || about.margin,
    bytes,
    about: {
      ...about,
      from: listed?.from ?? said?.from ?? null,
      to: listed?.to ?? said?.to ?? null,
      size: size ?? about.size,
    },
  };
}

/**
 * The weights of a model beside the page, and their expected hash.
 * @param {Hosted} hosted
 * @param {OnProgress} [onProgress]
 * @param {AbortSignal} [signal]
 * @throws {CodedError} `model-unavailable`, `model-not-there`, `model-differs` from what the list says of it,
 *   `weights-too-large`
 */
export async function readHosted({ url, bytes, sha256 }, onProgress = () => {}, signal) {
  const codes = { missing: 'model-not-there', differs: 'model-differs' };
  return { weights: await once(url, bytes, onProgress, signal, codes), sha256 };
}

/** A network that requires a login returns its own page. */
const SHIPPED = { missing: 'model-unavailable', differs: 'model-unavailable' };

/**
 * The weights of a model that comes with the page, and their expected hash.
 * @param {Card} card
 * @param {OnProgress} [onProgress]
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
 * A file of this site, fetched once per visit.
 * @param {URL} url
 * @param {number | null} bytes the expected length, because a server may report the compressed one; null: unknown
 * @param {OnProgress} onProgress
 * @param {AbortSignal} [signal]
 * @param {typeof SHIPPED} codes of a file that is not there, and of one of another length
 */
async function once(url, bytes, onProgress, signal, codes = SHIPPED) {
  const known = fetched.get(url.href);
  if (known) return known;
  let whole = bytes;
  const options = {
    onBytes: (/** @type {number} */ count) =>
      onProgress(whole ? Math.min(1, count / whole) : null, count),
    signal,
    most: LARGEST,
  };
  const read = (/** @type {Response} */ response) => {
    whole ??= lengthOf(response);
    return response.blob();
  };
  let keep = codes === SHIPPED ? keepOwn : keepBeside;
  const weights = await fetchFile(url, read, options).catch(async (error) => {
    if (signal?.aborted) throw error;
    const code = whyNot(error, codes);
    if (code === codes.missing && codes !== SHIPPED) forgetBeside(url);
    const kept = code === 'model-unavailable' ? await keptBeside(url) : undefined;
    if (!kept) throw new CodedError(code, String(error));
    keep = async () => {};
    return kept.blob();
  });
  if (bytes !== null && weights.size !== bytes)
    throw new CodedError(codes.differs, `${weights.size} bytes instead of ${bytes}`);
  fetched.set(url.href, weights);
  keep(url, new Response(weights));
  return weights;
}

/** @param {unknown} error @param {typeof SHIPPED} codes */
function whyNot(error, { missing }) {
  if (!(error instanceof FetchError)) return 'model-unavailable';
  if (error.why === 'too-long') return 'weights-too-large';
  return error.status === 404 || error.status === 410 ? missing : 'model-unavailable';
}

/** The length of what arrives, unless it was compressed. @param {Response} response */
function lengthOf({ headers }) {
  return headers.has('content-encoding') ? null : Number(headers.get('content-length')) || null;
}

/**
 * Weights that were refused are fetched again the next time: another file may have come in their place.
 * @param {Pick<Model, 'card' | 'hosted'>} model
 * @param {unknown} error the reason for refusing them
 */
export function forgetRefused({ card, hosted }, error) {
  if (!(error instanceof CodedError && error.code.startsWith('weights-'))) return;
  const urls = card ? [FILES[card.id], DISCRIMINATORS[card.id]] : [hosted?.url];
  for (const url of urls) {
    if (!url) continue;
    fetched.delete(url.href);
    if (card) forgetOwn(url);
  }
}
