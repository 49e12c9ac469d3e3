/**
 * Thousands of photos through the page in Chromium, on the CPU with a small network, and what they do to memory:
 * `node tests/e2e/many.js [--photos 2000] [--side 1024] [--format jpeg]`. No part of the tests: it takes as long
 * as the photos take.
 *
 * At every tenth of the photos, and at 100, it prints the RAM of the browser's processes (resident and
 * proportional set size, from /proc, added up) and JavaScript's heap in the page, behind a garbage collection.
 * In the middle it reloads the page and chooses the same folder again. At the end it downloads the zip, reads
 * it, and compares its entries with the photos.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { ARGUMENTS } from './support/browser.js';
import { photo } from './support/files.js';
import { by, ready, useWeights } from './support/page.js';
import { serveSite } from './support/site.js';

const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '2000' },
    side: { type: 'string', default: '1024' },
    format: { type: 'string', default: 'png' },
  },
});
const count = Number(values.photos);
const side = Number(values.side);
/** Different pictures among the photos. */
const DIFFERENT = 20;
const PATIENCE = 12 * 3600 * 1000;

const folder = mkdtempSync(join(tmpdir(), 'cyclegan-many-'));
const album = join(folder, 'album');
mkdirSync(album);
const pictures = Array.from({ length: DIFFERENT }, (_, i) =>
  photo(side, Math.round((2 * side) / 3), i),
);
const names = Array.from({ length: count }, (_, i) => `${String(i).padStart(5, '0')}.png`);
for (const [i, name] of names.entries()) writeFileSync(join(album, name), pictures[i % DIFFERENT]);

const site = await serveSite();
const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ARGUMENTS,
  locale: 'en-US',
});
context.setDefaultTimeout(PATIENCE);
const page = await context.newPage();
page.on('dialog', (dialog) => dialog.accept());
await page.goto(`${site.url}?device=cpu`);
await ready(page);
await useWeights(page);
await page.selectOption(by('size-select'), values.side);
await page.selectOption(by('format-select'), values.format);
const browser = await context.browser()?.newBrowserCDPSession();

/** Megabytes of all processes of the browser. */
async function memory() {
  const session = await context.newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  const found = await browser?.send('SystemInfo.getProcessInfo');
  const sum = { resident: 0, proportional: 0 };
  for (const { id } of found?.processInfo ?? []) {
    try {
      const text = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8');
      sum.resident += Number(/^Rss:\s*(\d+)/m.exec(text)?.[1]);
      sum.proportional += Number(/^Pss:\s*(\d+)/m.exec(text)?.[1]);
    } catch {
      // It has ended meanwhile.
    }
  }
  const megabytes = (/** @type {number} */ kilobytes) => Math.round(kilobytes / 1024);
  return { ...sum, heap: megabytes(usedSize / 1024), megabytes };
}

const started = Date.now();
/** @param {number} done photos to wait for */
async function at(done) {
  await page.waitForFunction(
    ([card, wanted]) => document.querySelectorAll(`${card}[data-state=done]`).length >= wanted,
    /** @type {const} */ ([by('result-card'), done]),
    { polling: 1000 },
  );
  const { resident, proportional, heap, megabytes } = await memory();
  const stored = await page.textContent('#stored-words');
  const minutes = ((Date.now() - started) / 60_000).toFixed(1);
  console.log(
    `| ${done} | ${megabytes(resident)} | ${megabytes(proportional)} | ${heap} | ${minutes} | ${stored} |`,
  );
}

console.log(
  '| photos | resident, MB | proportional, MB | JavaScript heap, MB | minutes | storage |',
);
console.log('|---|---|---|---|---|---|');
await page.setInputFiles(by('folder-input'), album);
await page.waitForFunction(
  ([card, wanted]) => document.querySelectorAll(`${card}`).length === wanted,
  /** @type {const} */ ([by('result-card'), count]),
  { polling: 200 },
);
await page.click(by('translate-button'));
const stops = [100, ...Array.from({ length: 10 }, (_, i) => ((i + 1) * count) / 10)]
  .filter((stop, i, all) => stop <= count && all.indexOf(stop) === i)
  .sort((a, b) => a - b);
for (const stop of stops) {
  await at(stop);
  if (stop !== count / 2) continue;
  await page.reload();
  await ready(page);
  await page.waitForFunction(
    ([card, wanted]) => document.querySelectorAll(`${card}`).length === wanted,
    /** @type {const} */ ([by('result-card'), count]),
    { polling: 200 },
  );
  const kept = await page.locator(`${by('result-card')}[data-state=done]`).count();
  console.log(`reloaded: ${kept} of ${count} are there and done`);
  assert.ok(kept >= stop);
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.click(by('translate-button')),
  ]);
  await chooser.setFiles(album);
}
await page.waitForSelector(`${by('cancel-button')}[hidden]`, { state: 'attached' });
const [file] = await Promise.all([page.waitForEvent('download'), page.click(by('download-all'))]);
const path = await file.path();
await at(count);
const { entries, broken } = await zipAt(path);
console.log(`zip: ${entries.length} entries, ${broken} broken`);
assert.equal(broken, 0);
const ending = values.format === 'jpeg' ? 'jpg' : values.format;
const wanted = names.map((name) => `album/${name.replace(/png$/, ending)}`);
assert.deepEqual(entries.sort(), [...wanted, 'manifest.json'].sort());
await context.close();
await site.close();
rmSync(folder, { recursive: true, force: true });

/** @param {string} path of a zip, which may be larger than a buffer @returns {Promise<{ entries: string[], broken: number }>} */
async function zipAt(path) {
  const { execFileSync } = await import('node:child_process');
  const script = `import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
print(json.dumps({'entries': z.namelist(), 'broken': 0 if z.testzip() is None else 1}))`;
  return JSON.parse(
    execFileSync('python3', ['-c', script, path], { encoding: 'utf8', maxBuffer: 2 ** 26 }),
  );
}
