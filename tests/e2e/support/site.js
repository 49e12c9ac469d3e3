/**
 * Serves `dist/` on loopback under a sub-path, as a static host would: right MIME types, nothing above
 * the folder, 404 for all else, and no header that a plain host would not send.
 */
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const DIST = fileURLToPath(new URL('../../../dist/', import.meta.url));
/** The page must work anywhere, so it is never tested at the root. */
export const SUB_PATH = '/some/sub-path/';

const TYPES = /** @type {Record<string, string>} */ ({
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.json': 'application/json',
  '.safetensors': 'application/octet-stream',
  '.webmanifest': 'application/manifest+json',
});

/**
 * @typedef {object} Site
 * @property {string} origin
 * @property {string} url of the page
 * @property {string[]} served paths that were asked for, in order
 * @property {string} folder with its files
 * @property {Record<string, Buffer | string>} beside files that its host has added, by path from the page
 * @property {RegExp | null} hidden paths that are answered as if the file were not there
 * @property {((path: string, response: import('node:http').ServerResponse, bytes: Buffer) => boolean) | null} answer
 *   answers in its own way, and says whether it did
 * @property {() => Promise<void>} stop nobody answers
 * @property {() => Promise<void>} start again, at the same address
 * @property {() => Promise<void>} close
 */

/**
 * @returns {Promise<Site>}
 * @throws {Error} when there is no `dist/`
 */
export async function serveSite() {
  await stat(join(DIST, 'index.html')).catch(() => {
    throw new Error(`there is no ${DIST}index.html: run pkg-scripts/build first`);
  });
  /** @type {Site} */
  const site = {
    origin: '',
    url: '',
    served: [],
    folder: DIST,
    beside: {},
    hidden: null,
    answer: null,
    stop: async () => {},
    start: async () => {},
    close: async () => {},
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    site.served.push(pathname);
    const body = site.hidden?.test(pathname) ? null : await contentOf(pathname, site);
    const type = TYPES[extname(body?.path ?? '')] ?? 'application/octet-stream';
    if (body) response.setHeader('content-type', type);
    if (body && site.answer?.(pathname, response, body.bytes)) return;
    response.writeHead(body ? 200 : 404, { 'content-type': body ? type : 'text/plain' });
    response.end(body ? body.bytes : 'not found');
  });
  Object.assign(site, await listen(server));
  site.url = `${site.origin}${SUB_PATH}`;
  return site;
}

/**
 * Another origin that allows everything and counts what reaches it.
 *
 * @returns {Promise<{ origin: string, requests: string[], close: () => Promise<void> }>}
 */
export async function serveElsewhere() {
  /** @type {string[]} */
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.writeHead(200, { 'access-control-allow-origin': '*' }).end('reached');
  });
  return { ...(await listen(server)), requests };
}

/** @param {string} pathname @param {Site} site */
async function contentOf(pathname, { beside, folder }) {
  if (!pathname.startsWith(SUB_PATH)) return null;
  const inside = normalize(decodeURIComponent(pathname.slice(SUB_PATH.length)) || 'index.html');
  if (inside in beside) return { path: inside, bytes: Buffer.from(beside[inside]) };
  const path = join(folder, inside);
  if (!path.startsWith(folder)) return null;
  const bytes = await readFile(path).catch(() => null);
  return bytes && { path, bytes };
}

/** @param {import('node:http').Server} server */
async function listen(server) {
  let port = 0;
  const start = async () => {
    if (server.listening) return;
    await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)));
    port = /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  };
  const stop = async () => {
    if (!server.listening) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  await start();
  return { origin: `http://127.0.0.1:${port}`, start, stop, close: stop };
}
