/**
 * Versions of the site in the browser's caches. Files with a digest in their names lie in one cache for all
 * versions, so an update fetches what has changed; the page itself and the few others lie in a cache of their
 * version.
 */
import { OWN } from '../files/kept.js';

/** @import { Site } from './types.js' */

/** Other sites may lie on the same origin. @param {URL} folder */
const prefixOf = (folder) => `cyclegan-page ${folder.pathname} `;

/** @param {Site} site @param {URL} folder */
export const versionCache = (site, folder) => caches.open(prefixOf(folder) + site.version);

/**
 * Stores the files of a version: those of the page, and new ones in place of those that were used. If one does
 * not come whole, the version is none, and what was stored of it is removed.
 * @param {Site} site
 * @param {URL} folder
 */
export async function install(site, folder) {
  const [own, versioned] = [await caches.open(OWN), await versionCache(site, folder)];
  const before = (await own.keys()).map(({ url }) => url);
  const kinds = new Set(before.filter((url) => url.startsWith(folder.href)).map(unversioned));
  const used = Object.entries(site.used).filter(([path]) =>
    kinds.has(unversioned(folder.href + path)),
  );
  /** @type {string[]} */
  const added = [];
  try {
    for (const [path, digest] of [...Object.entries(site.first), ...used]) {
      const url = folder.href + path;
      const hashed = path.startsWith('assets/');
      if (hashed && before.includes(url)) continue;
      const response = await whole(url, digest, hashed ? 'default' : 'no-cache');
      added.push(url);
      await (hashed ? own : versioned).put(url, response);
    }
  } catch (error) {
    for (const url of added) await own.delete(url);
    await caches.delete(prefixOf(folder) + site.version);
    throw error;
  }
}

/** @param {string} url of a file, without the digest in its name */
const unversioned = (url) => url.replace(/-[\w-]{8}(?=\.\w+$)/, '');

/**
 * A file, if it is what the build has made.
 * @param {string} url
 * @param {string} integrity
 * @param {RequestCache} cache
 * @returns {Promise<Response>}
 */
async function whole(url, integrity, cache) {
  const fetched = (/** @type {RequestCache} */ how) =>
    fetch(url, { integrity, cache: how, redirect: 'error' });
  // The browser's own cache may hold something else, such as a login page.
  const response = await fetched(cache).catch(() => fetched('reload'));
  if (!response.ok) throw new TypeError(`HTTP ${response.status} for ${url}`);
  return response;
}

/**
 * Removes the files of all other versions.
 * @param {Site} site
 * @param {URL} folder
 */
export async function tidy(site, folder) {
  const [prefix, assets] = [prefixOf(folder), new URL('assets/', folder).href];
  for (const name of await caches.keys()) {
    if (name.startsWith(prefix) && name !== prefix + site.version) await caches.delete(name);
  }
  const own = await caches.open(OWN);
  for (const request of await own.keys()) {
    const path = request.url.slice(folder.href.length);
    const current = path in site.first || path in site.used;
    if (request.url.startsWith(assets) && !current) await own.delete(request);
  }
}
