/** The built site as files: what it weighs, that no URL in it leaves its folder, and what its code avoids. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { DIST } from './support/site.js';

const WASM_LIMIT = 2.25 * 2 ** 20;
/** JavaScript and CSS of a first visit, and all there is. */
const FIRST_LIMIT = 87 * 2 ** 10;
const PAGE_LIMIT = 192 * 2 ** 10;
/**
 * What is fetched when the page has started or it is needed: runs, how long they take, what stores and saves
 * their results, the Train view, its charts, its worker's side, the Live view, its words and its worker's side,
 * downloads, another language, and what makes the page work offline.
 */
const LATER =
  /(loop|estimate|disk-worker|keep|results|page|live-en|frames|plot|trainer|export-model|pth-reader|zh|offline|zoom)-[\w-]+\.(js|css)$|^sw\.js$/;
/** Names of XML's vocabularies, which nobody fetches. */
const NAMESPACES =
  /https?:\/\/www\.w3\.org\/(2000\/svg|1999\/xlink|1999\/xhtml|1998\/Math\/MathML)/g;
/** The licence of the example and the sample photos: a link that nobody follows without a click. */
const LICENCE = 'https://creativecommons.org/licenses/by/4.0/';
const UNSAFE = /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function\b)/;

/** @param {string} folder @returns {{ path: string, bytes: Buffer }[]} */
function filesIn(folder) {
  const paths = /** @type {string[]} */ (readdirSync(folder, { recursive: true }));
  return paths
    .filter((path) => extname(path))
    .map((path) => ({ path, bytes: readFileSync(join(folder, path)) }));
}

const dist = filesIn(DIST);
/** @param {...string} extensions */
const texts = (...extensions) =>
  dist
    .filter(({ path }) => extensions.includes(extname(path)))
    .map(({ path, bytes }) => ({ path, text: bytes.toString() }));

test('the site is there', () => {
  for (const extension of ['.html', '.js', '.css', '.wasm', '.safetensors']) {
    assert.ok(
      dist.some(({ path }) => extname(path) === extension),
      extension,
    );
  }
});

test('no URL begins at the root of a host', () => {
  for (const { path, text } of texts('.html')) {
    assert.deepEqual(text.match(/\b(src|href|action)\s*=\s*["']?\/[^"'\s]*/g), null, path);
  }
  for (const { path, text } of texts('.css')) {
    assert.deepEqual(text.match(/(url\(|@import)\s*["']?\/[^)"']*/g), null, path);
  }
  for (const { path, text } of texts('.js')) {
    assert.deepEqual(text.match(/["'`]\/[\w.-]+(\/[\w.-]+)*\.?\w*["'`]/g), null, path);
  }
});

test('no other host is named', () => {
  for (const { path, text } of texts('.html', '.css', '.js', '.svg')) {
    const named = text.replace(NAMESPACES, '').match(/(https?|wss?):\/\/[^\s"'`)]*/g) ?? [];
    const linked = path === 'index.html' ? [LICENCE, LICENCE] : [];
    assert.deepEqual(named, linked, path);
  }
});

test('no code turns text into markup or into code', () => {
  const sources = filesIn(fileURLToPath(new URL('../../www/', import.meta.url)));
  const own = sources.filter(({ path }) => extname(path) === '.js' && !path.startsWith('pkg'));
  assert.ok(own.length > 20, `${own.length} sources`);
  for (const { path, bytes } of own) {
    assert.equal(UNSAFE.exec(bytes.toString())?.[0], undefined, path);
  }
  for (const { path, text } of texts('.js')) assert.equal(UNSAFE.exec(text)?.[0], undefined, path);
});

test('no regular expression looks behind, which a browser before Safari 16.4 cannot read', () => {
  for (const { path, text } of texts('.js')) {
    assert.equal(/\(\?<[=!]/.exec(text)?.[0], undefined, path);
  }
});

test('the page’s policy is in its markup, before anything that loads', () => {
  const [{ text }] = texts('.html');
  const policy = text.indexOf('http-equiv="Content-Security-Policy"');
  assert.ok(policy > 0);
  assert.ok(policy < text.search(/<(script|link|img|style)\b/));
  assert.match(text, /default-src 'none'/);
  assert.doesNotMatch(text, /unsafe-inline|'unsafe-eval'|\bon\w+=|<style|style=/);
});

test('the sizes stay within their budgets', (t) => {
  const [wasm] = dist.filter(({ path }) => extname(path) === '.wasm');
  assert.ok(WebAssembly.validate(Uint8Array.from(wasm.bytes)));
  const packed = brotliCompressSync(wasm.bytes, {
    // Quality 9 is a tenth of the time of 11, and a little larger.
    params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
  const weigh = (/** @type {{ text: string }[]} */ files) =>
    files.reduce((sum, { text }) => sum + gzipSync(text).length, 0);
  const all = texts('.js', '.css');
  const [page, first] = [weigh(all), weigh(all.filter(({ path }) => !LATER.test(path)))];
  t.diagnostic(
    `wasm ${wasm.bytes.length}, brotli ${packed.length}; ` +
      `JavaScript and CSS ${first} at first and ${page} in all, gzip`,
  );
  assert.equal(all.filter(({ path }) => LATER.test(path)).length, 18);
  assert.ok(first <= FIRST_LIMIT, `${first}`);
  assert.ok(packed.length <= WASM_LIMIT, `${packed.length}`);
  assert.ok(page <= PAGE_LIMIT, `${page}`);
});
