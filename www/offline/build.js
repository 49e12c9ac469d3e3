/** The part of the build that writes the service worker, which knows every file of its version by name and digest. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** @import { Plugin } from 'vite' */
/** @import { Site } from './types.js' */

const WORKER = 'sw.js';
/** Stored with the first visit; anything else once it was used. */
const FIRST = /\.(js|css|svg|webmanifest)$/;
/** Not the page's own: a host's models, and pictures that only the browser asks for. */
const OTHERS = /^(models|icons)\//;

/** @returns {Plugin} */
export function offline() {
  return {
    name: 'offline',
    apply: 'build',
    writeBundle: {
      order: 'post',
      sequential: true,
      handler: ({ dir = 'dist' }) => writeServiceWorker(dir),
    },
  };
}

/**
 * Writes `sw.js` for the site in a folder.
 * @param {string} folder with everything else that the site has
 */
export async function writeServiceWorker(folder) {
  const site = JSON.stringify(siteIn(folder));
  const made = await build({
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    define: { SITE: site },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rollupOptions: {
        input: fileURLToPath(new URL('worker.js', import.meta.url)),
        output: { format: 'iife', entryFileNames: WORKER },
      },
    },
  });
  const [output] = 'output' in made ? made.output : [];
  if (output?.type !== 'chunk') throw new Error('the service worker was not built');
  writeFileSync(join(folder, WORKER), output.code);
}

/** @param {string} folder @returns {Site} */
function siteIn(folder) {
  const all = /** @type {string[]} */ (readdirSync(folder, { recursive: true }));
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  /** @type {Site} */
  const site = { version: '', first: {}, used: {} };
  for (const path of all.map((one) => one.replaceAll('\\', '/')).sort()) {
    if (!/\.\w+$/.test(path) || path === WORKER || OTHERS.test(path)) continue;
    const digest = `sha256-${digestOf(readFileSync(join(folder, path))).toString('base64')}`;
    // Hosts redirect index.html to its folder.
    if (path === 'index.html') site.first[''] = digest;
    else site[FIRST.test(path) || html.includes(path) ? 'first' : 'used'][path] = digest;
  }
  site.version = digestOf(JSON.stringify(site)).toString('hex').slice(0, 12);
  return site;
}

/** @param {import('node:crypto').BinaryLike} bytes */
const digestOf = (bytes) => createHash('sha256').update(bytes).digest();
