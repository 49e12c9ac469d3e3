/**
 * Models that whoever hosts the page has put beside it: those that `models/models.json` lists, and the one that
 * a link names (`?model=models/monet.safetensors`). They lie at the page's own address or below it, because
 * the page asks nothing of any other place.
 */
import { CodedError } from '../failure.js';
import { basics, whole } from '../files/about.js';
import { keepBeside, keptBeside } from '../files/kept.js';

/**
 * @typedef {object} Hosted
 * @property {string} path from the page's folder
 * @property {URL} url
 * @property {string | null} network of those in its file; null: any
 * @property {string | null} from
 * @property {string | null} to
 * @property {number} margin pixels; 0: none, or not said
 * @property {number | null} size
 * @property {number | null} bytes
 * @property {string | null} sha256
 * @property {[before: URL, after: URL] | null} thumbnails
 */

/** The list, from the page's folder. */
const LIST = 'models/models.json';
/** Most models in it. */
const MOST = 200;

/**
 * The listed models. A list that is missing or makes no sense is none: the page has models of its own.
 * @param {URL} page its address
 * @returns {Promise<Hosted[]>} never rejects
 */
export async function hostedModels(page) {
  try {
    const url = new URL(LIST, folderOf(page));
    const response = await fresh(url);
    const list = response.ok ? await response.json() : [];
    return Array.isArray(list) ? list.slice(0, MOST).flatMap((one) => listed(one, url, page)) : [];
  } catch {
    return [];
  }
}

/** The list as it is now, or, without the network, as it was last. @param {URL} url @returns {Promise<Response>} */
async function fresh(url) {
  try {
    const response = await fetch(url, { cache: 'no-cache' });
    if (response.ok) keepBeside(url, response.clone());
    return response;
  } catch (error) {
    const kept = await keptBeside(url);
    if (!kept) throw error;
    return kept;
  }
}

/**
 * The model that a link names.
 * @param {string} asked from the page's folder
 * @param {URL} page
 * @param {string | null} [network] of those in its file
 * @returns {Hosted}
 * @throws {CodedError} `model-elsewhere`
 */
export function linkedModel(asked, page, network = null) {
  const url = beside(asked, folderOf(page), page);
  if (!url) throw new CodedError('model-elsewhere', `${asked} is not below ${folderOf(page)}`);
  return { ...UNKNOWN, network: network || null, url, path: pathOf(url, page) };
}

const UNKNOWN = {
  from: null,
  to: null,
  margin: 0,
  size: null,
  bytes: null,
  sha256: null,
  thumbnails: null,
};

/** @param {unknown} entry @param {URL} list @param {URL} page @returns {Hosted[]} one, or none */
function listed(entry, list, page) {
  if (typeof entry !== 'object' || entry === null) return [];
  const said = /** @type {Record<string, unknown>} */ (entry);
  const url = beside(said.file, list, page);
  if (!url) return [];
  const { network, sha256, thumbnails } = said;
  const pictures = Array.isArray(thumbnails) ? thumbnails : [];
  const [before, after] = pictures.map((picture) => beside(picture, list, page));
  return [
    {
      path: pathOf(url, page),
      url,
      network: typeof network === 'string' && network ? network : null,
      ...basics(said),
      bytes: whole(said.bytes),
      sha256: typeof sha256 === 'string' && /^[\da-f]{64}$/.test(sha256) ? sha256 : null,
      thumbnails: before && after ? [before, after] : null,
    },
  ];
}

/**
 * A file in the page's folder or below it.
 * @param {unknown} asked relative to `base`
 * @param {URL} base
 * @param {URL} page
 * @returns {URL | null} null: it is elsewhere, or no file
 */
function beside(asked, base, page) {
  // An encoded slash is one for some servers, which would leave the folder.
  if (typeof asked !== 'string' || /[\\?#]|%2f|%5c/i.test(asked)) return null;
  try {
    const url = new URL(asked, base);
    const inside = url.href.startsWith(folderOf(page).href) && !url.href.endsWith('/');
    return inside ? url : null;
  } catch {
    return null;
  }
}

/** @param {URL} page */
const folderOf = (page) => new URL('.', page.origin + page.pathname);

/** @param {URL} url @param {URL} page */
const pathOf = (url, page) => decoded(url.href.slice(folderOf(page).href.length));

/** @param {string} path */
function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // of a server that has never heard of UTF-8
  }
}
