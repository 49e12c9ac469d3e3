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
});

/**
 * @typedef {object} Site
 * @property {string} origin
 * @property {string} url of the page
 * @property {string[]} served paths that were asked for, in order
 * @property {Record<string, Buffer | string>} beside files that its host has added, by path from the page
 * @property {RegExp | null} hidden paths that are answered as if the file were not there
 * @property {((path: string, response: import('node:http').ServerResponse, bytes: Buffer) => boolean) | null} answer
 *   answers in its own way, and says whether it did
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
    beside: {},
    hidden: null,
    answer: null,
    close: async () => {},
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    site.served.push(pathname);
    const body = site.hidden?.test(pathname) ? null : await contentOf(pathname, site.beside);
    const type = TYPES[extname(body?.path ?? '')] ?? 'application/octet-stream';
    if (body) response.setHeader('content-type', type);
    if (body && site.answer?.(pathname, response, body.bytes)) return;
    response.writeHead(body ? 200 : 404, { 'content-type': body ? type : 'text/plain' });
    response.end(body ? body.bytes : 'not found');
  });
  const { origin, close } = await listen(server);
  return Object.assign(site, { origin, url: `${origin}${SUB_PATH}`, close });
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

/** @param {string} pathname @param {Site['beside']} beside */
async function contentOf(pathname, beside) {
  if (!pathname.startsWith(SUB_PATH)) return null;
  const inside = normalize(decodeURIComponent(pathname.slice(SUB_PATH.length)) || 'index.html');
  if (inside in beside) return { path: inside, bytes: Buffer.from(beside[inside]) };
  const path = join(DIST, inside);
  if (!path.startsWith(DIST)) return null;
  const bytes = await readFile(path).catch(() => null);
  return bytes && { path, bytes };
}

/** @param {import('node:http').Server} server */
async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://127.0.0.1:${port}`, close };
}
