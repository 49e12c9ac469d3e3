/**
 * The service worker: serves the page's own files from the browser's caches, all of one version. It answers
 * GET requests for these files alone and fetches nothing else, so a policy of its own, which a static host
 * could not give it, would have nothing to forbid.
 *
 * A new version is installed beside the old one once all its files have come whole, and waits. It takes over
 * when no tab is open any more, when a page is opened or reloaded while nothing runs, or when the person says so.
 */
import { OWN } from '../files/kept.js';
import { shareIn } from './inbox.js';
import { BUSY, TAKE_OVER, TIDY } from './messages.js';
import { isBusy } from './quiet.js';
import { install, tidy, versionCache } from './versions.js';

/** @import { FetchEvent, ServiceWorkerScope } from './types.js' */

const worker = /** @type {ServiceWorkerScope} */ (/** @type {unknown} */ (self));
const folder = new URL('./', location.href);
const site = SITE;

worker.addEventListener('install', (event) => event.waitUntil(install(site, folder)));
// On the first visit the page is there before its service worker.
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('message', (event) => {
  if (event.data === TAKE_OVER) {
    const answer = async () => {
      if (await isBusy(await openTabs())) event.source?.postMessage(BUSY);
      else await worker.skipWaiting();
    };
    event.waitUntil(answer());
  }
  if (event.data === BUSY) patience = 0; // the version that waits goes on waiting
  if (event.data === TIDY) {
    // Another tab may still be of the previous version.
    const tidied = async () => (await openTabs()) <= 1 && tidy(site, folder);
    event.waitUntil(tidied());
  }
});

worker.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  const { href, origin, pathname, search } = new URL(url);
  if (origin !== folder.origin || !pathname.startsWith(folder.pathname)) return;
  const path = pathname.slice(folder.pathname.length);
  if (mode === 'navigate') {
    if (method === 'POST' && path === 'share') event.respondWith(shareIn(event.request, folder));
    // The page reads its query itself.
    if (method === 'GET' && (path === '' || path === 'index.html')) event.respondWith(open(event));
  } else if (method === 'GET' && search === '' && isOwn(path)) {
    event.respondWith(answer(event.request, href));
  }
});

/** Also files of another version, for a tab that is older or newer. @param {string} path */
const isOwn = (path) => path in site.first || path in site.used || path.startsWith('assets/');

/** An empty page, for which the browser looks for no icon. */
const AGAIN = '<!doctype html><title>CycleGAN</title><link rel="icon" href="data:,">';

/** A version that cannot take over is asked once. */
let asked = false;
/** Until when it may be about to take over. */
let patience = 0;
/** How long that may take at most, in milliseconds. */
const LONGEST = 2000;

/** Opens the page, in the version that waits if nothing runs. @param {FetchEvent} event @returns {Promise<Response>} */
async function open(event) {
  const { waiting } = worker.registration;
  // On a reload, the tab itself is still there. Where nobody tells whether something runs, it waits.
  if (waiting && !asked && navigator.locks && (await openTabs()) <= 1 && !(await isBusy(1))) {
    asked = true;
    patience = Date.now() + LONGEST;
    waiting.postMessage(TAKE_OVER);
  }
  // It can only take over when this is answered, and a moment later: until then the page is asked for once more.
  if (Date.now() < patience)
    return new Response(AGAIN, { headers: { 'content-type': 'text/html', refresh: '0' } });
  const cached = await (await versionCache(site, folder)).match(folder.href);
  return cached ?? fetch(event.request);
}

/** @param {Request} request @param {string} href @returns {Promise<Response>} */
async function answer(request, href) {
  const cached =
    (await (await versionCache(site, folder)).match(href)) ??
    (await caches.match(href, { cacheName: OWN }));
  // The policy of the page would not be asked where a redirect leads.
  return cached ?? fetch(new Request(request, { redirect: 'error' }));
}

/** How many tabs show the page. */
async function openTabs() {
  const all = await worker.clients.matchAll({ includeUncontrolled: true });
  return all.filter(({ url }) => url.startsWith(folder.href)).length;
}
