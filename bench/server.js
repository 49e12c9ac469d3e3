/**
 * Serves the bench's page on loopback without cross-origin isolation, as a plain static host would: engines
 * must make do with one thread. Below `/isolated/` the same files have the headers that threads need.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const SERVED = [
  '/bench/',
  '/www/',
  '/node_modules/onnxruntime-web/dist/',
  '/node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/',
  '/node_modules/@litertjs/',
  '/node_modules/@jax-js/',
  '/node_modules/.cache/cyclegan-bench/',
];
/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
export const ISOLATED = '/isolated';
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/**
 * @param {string} root the repository
 * @returns {Promise<{ origin: string, close: () => void }>}
 */
export async function serve(root) {
  const server = createServer(async (request, response) => {
    const asked = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const isolated = asked.startsWith(`${ISOLATED}/`);
    const path = isolated ? asked.slice(ISOLATED.length) : asked;
    try {
      if (!SERVED.some((folder) => path.startsWith(folder))) throw new Error(`not served: ${path}`);
      const body = await readFile(join(root, path));
      const type = TYPES[extname(path)] ?? 'text/plain';
      const headers = { 'content-type': type, ...(isolated ? ISOLATION : {}) };
      response.writeHead(200, headers).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('the server has no port');
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}
