/** Another version of the built site: other scripts, another style, another engine, all with other names. */
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { writeServiceWorker } from '../../../www/offline/build.js';
import { DIST } from './site.js';

/** An empty section of a wasm, which changes nothing but its bytes. */
const SECTION = Buffer.from('\0\x05\x04next', 'latin1');
const CHANGED = /-([\w-]{8})(\.(?:js|css|wasm))$/;

/** @typedef {{ folder: string, changed: string[], remove: () => Promise<void> }} Version `changed`: names of its own */

/** @returns {Promise<Version>} */
export async function anotherVersion() {
  const folder = `${await mkdtemp(join(tmpdir(), 'next-'))}/`;
  await cp(DIST, folder, { recursive: true });
  const assets = join(folder, 'assets');
  const names = Object.fromEntries(
    (await readdir(assets))
      .filter((name) => CHANGED.test(name))
      .map((name) => [name, name.replace(CHANGED, (_, digest, end) => `-${turned(digest)}${end}`)]),
  );
  const engine = Object.keys(names).find((name) => name.endsWith('.wasm')) ?? '';
  const bytes = await readFile(join(assets, engine));
  await writeFile(join(assets, engine), Buffer.concat([bytes, SECTION]));
  for (const path of [...Object.keys(names).map((name) => `assets/${name}`), 'index.html']) {
    if (extname(path) === '.wasm') continue;
    let source = await readFile(join(folder, path), 'utf8');
    for (const [old, name] of Object.entries(names)) source = source.replaceAll(old, name);
    source = source.replaceAll(String(bytes.length), String(bytes.length + SECTION.length));
    await writeFile(join(folder, path), source);
  }
  for (const [old, name] of Object.entries(names))
    await rename(join(assets, old), join(assets, name));
  await writeServiceWorker(folder);
  const remove = () => rm(folder, { recursive: true });
  return { folder, changed: Object.values(names), remove };
}

/** @param {string} digest */
const turned = (digest) => [...digest].reverse().join('').replaceAll('-', '_');
