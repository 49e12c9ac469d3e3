/**
 * Serves the pages as a good host would: brotli at its best, caches that last; over a connection of limited speed
 * if so asked, which all requests share.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};
const COMPRESSED = new Set(Object.keys(TYPES));
/** Bytes sent at a time. */
const PIECE = 16384;
/** Milliseconds to the first byte of a limited connection. */
const LATENCY = 40;

/** @param {Buffer} bytes @param {string} folder where it is kept, because it takes a minute */
function brotli(bytes, folder) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${createHash('sha256').update(bytes).digest('hex')}.br`);
  try {
    return readFileSync(file);
  } catch {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    const packed = brotliCompressSync(bytes, { params });
    writeFileSync(file, packed);
    return packed;
  }
}

/**
 * @param {string} root the repository
 * @param {(path: string, query: URLSearchParams) => Buffer | string | null} made files that are not there but made
 */
export async function serve(root, made) {
  /** @type {Map<string, { body: Buffer, packed: boolean }>} */
  const files = new Map();
  const link = { mbit: /** @type {number | null} */ (null), free: 0, bytes: 0 };

  const read = (/** @type {string} */ path) => {
    const known = files.get(path);
    if (known) return known;
    const bytes = readFileSync(join(root, path));
    const packed = COMPRESSED.has(extname(path));
    const cache = join(root, 'node_modules/.cache/cyclegan-bench/brotli');
    const file = { body: packed ? brotli(bytes, cache) : bytes, packed };
    files.set(path, file);
    return file;
  };

  /** @param {import('node:http').ServerResponse} response @param {Buffer} body */
  const send = async (response, body) => {
    link.bytes += body.length;
    const { mbit } = link;
    if (mbit === null) return response.end(body);
    await new Promise((resolve) => setTimeout(resolve, LATENCY));
    for (let at = 0; at < body.length; at += PIECE) {
      const piece = body.subarray(at, at + PIECE);
      const now = performance.now();
      link.free = Math.max(link.free, now) + (8 * piece.length) / (1000 * mbit);
      if (link.free > now + 1) await new Promise((resolve) => setTimeout(resolve, link.free - now));
      if (response.destroyed) return;
      response.write(piece);
    }
    response.end();
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = normalize(url.pathname);
    try {
      const special = made(path, url.searchParams);
      const file = special === null ? read(path) : { body: Buffer.from(special), packed: false };
      const page = path.endsWith('.html') || path.endsWith('/sw.js');
      response.writeHead(200, {
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
        'content-length': file.body.length,
        'cache-control': page ? 'no-cache' : 'public, max-age=31536000, immutable',
        ...(file.packed ? { 'content-encoding': 'br' } : {}),
      });
      send(response, file.body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { origin: `http://127.0.0.1:${port}`, link, read, close: () => server.close() };
}
