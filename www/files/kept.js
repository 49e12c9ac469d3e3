/**
 * Files of this site that stay in the browser's caches once they were used, so that the page also works
 * without the network. The page stores them from the responses that it reads anyway, so nothing is fetched
 * twice. Where there are no caches (plain http, private windows) or no room, the page works without.
 */

/** The site's own files. Their names change with their contents, so one cache serves all versions. */
export const OWN = 'cyclegan-own';
/** What a host has put beside the page, as it was when it was last fetched. */
const BESIDE = 'cyclegan-beside';

/** Bytes of the largest file beside the page to keep, and how many of them. */
const LARGEST = 2 ** 28;
const MOST = 12;

/** The development server's files have no versions. */
const enabled = () => Boolean(import.meta.env?.PROD) && 'caches' in globalThis;

/**
 * Keeps a file of the site unless it is kept already.
 * @param {URL} url
 * @param {Response} copy that nobody else reads
 * @param {number} [bytes] its length, if known: a file of another one is not kept
 * @returns {Promise<void>} never rejects
 */
export async function keepOwn(url, copy, bytes) {
  try {
    if (!enabled() || (await caches.match(url, { cacheName: OWN }))) return copy.body?.cancel();
    const body = await copy.blob();
    const type = copy.headers.get('content-type') ?? body.type;
    if (body.size === (bytes ?? body.size)) await store(OWN, url, body, type);
  } catch {
    // No room, or a connection that broke.
  }
}

/**
 * Keeps a file beside the page in place of the one kept before.
 * @param {URL} url
 * @param {Response} copy that nobody else reads
 * @returns {Promise<void>} never rejects
 */
export async function keepBeside(url, copy) {
  try {
    if (!enabled()) return copy.body?.cancel();
    const body = await copy.blob();
    if (body.size > LARGEST) return;
    const cache = await caches.open(BESIDE);
    await cache.delete(url); // the oldest come first
    const kept = await cache.keys();
    for (const old of kept.slice(0, Math.max(0, kept.length + 1 - MOST))) await cache.delete(old);
    await store(BESIDE, url, body);
  } catch {
    // No room.
  }
}

/** @param {URL} url @returns {Promise<Response | undefined>} never rejects */
export async function keptBeside(url) {
  try {
    return enabled() ? await caches.match(url, { cacheName: BESIDE }) : undefined;
  } catch {
    return undefined;
  }
}

/** Its host has removed it. @param {URL} url */
export const forgetBeside = (url) => forget(BESIDE, url);

/** It came damaged. @param {URL} url */
export const forgetOwn = (url) => forget(OWN, url);

/** @param {string} name of the cache @param {URL} url */
async function forget(name, url) {
  try {
    if (enabled()) await (await caches.open(name)).delete(url);
  } catch {
    // Caches are switched off.
  }
}

/** @param {string} name of the cache @param {URL} url @param {Blob} body @param {string} [type] */
async function store(name, url, body, type = body.type) {
  const headers = { 'content-type': type, 'content-length': String(body.size) };
  await (await caches.open(name)).put(url, new Response(body, { headers }));
}
