/** Folders dropped on the page, as from a file manager: nested, long, circular, and ten thousand at once. */
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setUp } from './support/browser.js';
import { folderOf, photo } from './support/files.js';
import {
  by,
  cards,
  cardsShown,
  drop,
  finished,
  problems,
  ready,
  states,
  useWeights,
} from './support/page.js';

const visit = setUp();

visit('a dropped folder is read to its end', {}, async ({ page, t }) => {
  const many = Array.from({ length: 230 }, (_, i) => [`album/many/${i}.png`, photo(8, 8)]);
  const deep = `album/${Array.from({ length: 40 }, (_, i) => `d${i}`).join('/')}/deep.png`;
  const folder = folderOf(t, {
    ...Object.fromEntries(many),
    'album/one/two/three/leaf.png': photo(8, 8),
    [deep]: photo(8, 8),
    'album/notes.txt': 'text',
    'album/clip.mp4': 'video',
    'album/scan.tiff': 'II*\0',
    'album/drawing.svg': '<svg/>',
    'album/.DS_Store': 'x',
    'album/Thumbs.db': 'x',
    'album/._one.jpg': 'x',
    'album/.hidden/secret.png': photo(8, 8),
  });
  symlinkSync('..', join(folder, 'album/one/loop'));
  await ready(page);
  await drop(page, [join(folder, 'album')]);
  await page.waitForFunction(
    ([card]) => document.querySelectorAll(`${card}[data-name$="leaf.png"]`).length > 0,
    [by('result-card')],
  );
  await page.waitForFunction(
    () => document.getElementById('announce')?.textContent?.includes('photos added'),
    undefined,
    { timeout: 20_000 },
  );
  const names = new Set((await cards(page)).map(({ name }) => name));
  for (const [name] of many) assert.ok(names.has(String(name)), `${name} is missing`);
  assert.ok(names.has('album/one/two/three/leaf.png'));
  assert.ok(!names.has('album/.hidden/secret.png'));
  assert.ok(![...names].some((name) => /txt|mp4|Thumbs|DS_Store|\._/.test(name)));
  // The loop and the fortieth folder end at the same depth, with a reason.
  assert.ok(!names.has(deep));
  const told = await problems(page);
  const codes = new Set(Object.values(told));
  assert.deepEqual([...codes].sort(), ['folder-too-deep', 'image-unsupported']);
  for (const name of ['album/scan.tiff', 'album/drawing.svg']) {
    assert.equal(told[name], 'image-unsupported', name);
  }
  assert.match(
    (await page.textContent('#ignored')) ?? '',
    /^2 other files are not photos .*\(\.mp4, \.txt\)/,
  );
});

visit('an empty folder, and one without photos, are told of', {}, async ({ page, t }) => {
  const folder = folderOf(t, { 'only/notes.txt': 'text', 'none/inner/.keep': '' });
  await ready(page);
  await drop(page, [join(folder, 'only')]);
  await page.waitForSelector('#ignored:not([hidden])');
  assert.match(
    (await page.textContent('#ignored')) ?? '',
    /^1 other file is not a photo .*\(\.txt\)/,
  );
  assert.equal((await cards(page)).length, 0);
  assert.ok(await page.isDisabled(by('translate-button')));
});

/** The page may not be busy for longer than this, in milliseconds, while thousands of photos arrive. */
const LONGEST_TASK = 100;
/** What a machine that has other work may add: a few longer tasks, none of them much longer. */
const ALLOWANCE = { tasks: 3, milliseconds: 400 };
/** Milliseconds for all their cards. */
const PATIENCE = 60_000;

visit('ten thousand files never block the page', { timeout: 2 * PATIENCE }, async ({ page, t }) => {
  const bytes = photo(8, 8);
  const folder = folderOf(
    t,
    Object.fromEntries(
      Array.from({ length: 10_050 }, (_, i) => [`big/${Math.floor(i / 500)}/${i}.png`, bytes]),
    ),
  );
  await ready(page);
  await useWeights(page);
  await page.evaluate(() => {
    const tasks = /** @type {number[]} */ ([]);
    Object.assign(globalThis, { tasks });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(Math.round(duration));
    }).observe({ type: 'longtask' });
  });
  const started = Date.now();
  await drop(page, [join(folder, 'big')]);
  await page.waitForSelector(by('result-card'), { timeout: 30_000 });
  const first = Date.now() - started;
  await cardsShown(page, 10_001, PATIENCE);
  const all = Date.now() - started;
  const tasks = await page.evaluate(() => /** @type {any} */ (globalThis).tasks);
  t.diagnostic(`first card after ${first} ms, all after ${all} ms; tasks over 50 ms: ${tasks}`);
  const long = tasks.filter((/** @type {number} */ duration) => duration > LONGEST_TASK);
  assert.ok(long.length <= ALLOWANCE.tasks, `tasks of ${long} ms`);
  assert.ok(Math.max(0, ...long) <= ALLOWANCE.milliseconds, `tasks of ${long} ms`);
  assert.deepEqual(Object.values(await problems(page)), ['too-many-photos']);
  await page.click(by('translate-button'));
  await page.waitForSelector(`${by('result-card')}[data-state=done]`, { timeout: 30_000 });
  await page.click(by('cancel-button'));
  await page.click(by('clear-button'));
  await page.waitForFunction(([card]) => !document.querySelector(card), [by('result-card')]);
});

visit('"Remove all" ends the reading of folders too', {}, async ({ page, t }) => {
  const bytes = photo(8, 8);
  const many = Array.from({ length: 6000 }, (_, i) => [`big/${i}.png`, bytes]);
  const folder = folderOf(t, Object.fromEntries(many));
  await ready(page);
  await drop(page, [join(folder, 'big')]);
  await page.waitForSelector(by('result-card'), { timeout: 30_000 });
  await page.evaluate(
    ([clear]) => /** @type {HTMLElement} */ (document.querySelector(clear)).click(),
    [by('clear-button')],
  );
  await page.waitForFunction(([card]) => !document.querySelector(card), [by('result-card')]);
  await page.waitForTimeout(3000); // what was not yet read would be there by then
  assert.equal((await cards(page)).length, 0);
});

visit('photos that arrive during a run are translated too', {}, async ({ page, t }) => {
  const folder = folderOf(t, {
    'first/a.png': photo(200, 160, 1),
    'first/b.png': photo(200, 160, 2),
    'second/c.png': photo(24, 16, 3),
  });
  await ready(page);
  await drop(page, [join(folder, 'first')]);
  await cardsShown(page, 2);
  await page.click(by('translate-button'));
  await drop(page, [join(folder, 'second')]);
  await finished(page, 3);
  assert.deepEqual(await states(page), ['done', 'done', 'done']);
});
