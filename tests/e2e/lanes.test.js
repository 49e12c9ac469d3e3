/** A batch on the CPU in several workers, in a browser that names several processors. */
import assert from 'node:assert/strict';
import { panicAtForty, setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cards, finished, picture, problems, ready, states } from './support/page.js';

const visit = setUp();

/** @param {import('playwright-core').Page} page @param {number} processors */
const nameProcessors = (page, processors) =>
  page.addInitScript((count) => {
    Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => count });
  }, processors);

/** Large enough that a batch takes seconds. @param {number} count */
const photos = (count) =>
  Array.from({ length: count }, (_, i) => upload(`${i}.png`, photo(320, 240, i)));

/** The most workers beside each other. @param {import('playwright-core').Page} page */
function countWorkers(page) {
  const seen = { most: page.workers().length };
  page.on('worker', () => {
    seen.most = Math.max(seen.most, page.workers().length);
  });
  return seen;
}

visit(
  'a batch has workers of its own, of one module that is fetched once, and equals one worker’s',
  { prepare: (page) => nameProcessors(page, 2), timeout: 240_000 },
  async ({ page, site, t }) => {
    await ready(page);
    await page.selectOption(by('size-select'), '256');
    const before = page.workers().length;
    const seen = countWorkers(page);
    await page.setInputFiles(by('photos-input'), photos(8));
    await page.click(by('translate-button'));
    await page.waitForFunction(() => document.querySelectorAll('li[data-active]').length === 2, {
      timeout: 60_000,
    });
    await finished(page, 8);
    assert.deepEqual(await states(page), Array(8).fill('done'));
    t.diagnostic(`${before} workers before, ${seen.most} during it`);
    assert.ok(seen.most >= before + 2);
    assert.equal(site.served.filter((path) => path.endsWith('.wasm')).length, 1);
    await page.waitForFunction(() => !document.querySelector('li[data-active]'));
    assert.ok(page.workers().length < seen.most, 'they end with the batch');

    const [first, last] = [await picture(page, '0.png'), await picture(page, '7.png')];
    for (const name of ['0.png', '7.png']) {
      await page.click(`[data-name="${name}"] [data-role=remove]`);
      await page.setInputFiles(
        by('photos-input'),
        photos(8).filter((one) => one.name === name),
      );
      await page.click(by('translate-button'));
      await finished(page, 8);
    }
    assert.ok((await picture(page, '0.png')).rgb.equals(first.rgb));
    assert.ok((await picture(page, '7.png')).rgb.equals(last.rgb));
  },
);

visit(
  'what is asked for during a batch does not wait for it',
  { prepare: (page) => nameProcessors(page, 1), timeout: 240_000 },
  async ({ page }) => {
    await ready(page);
    await page.selectOption(by('size-select'), '512');
    await page.setInputFiles(by('photos-input'), photos(12));
    await page.click(by('translate-button'));
    await page.waitForSelector(`${by('result-card')}[data-name="1.png"][data-active]`, {
      timeout: 60_000,
    });
    await page.setInputFiles(by('photos-input'), upload('urgent.png', photo(64, 48, 99)));
    await page.waitForSelector(`${by('result-card')}[data-name="urgent.png"][data-state=done]`, {
      timeout: 60_000,
    });
    const done = (await cards(page)).filter(({ state }) => state === 'done');
    assert.ok(done.length < 12, `${done.length} were done before it`);
    await page.click(by('cancel-button'));
  },
);

visit(
  'a photo that ends its worker fails by itself, with several at work',
  {
    prepare: async (page) => {
      await nameProcessors(page, 2);
      await panicAtForty(page);
    },
    timeout: 240_000,
  },
  async ({ page }) => {
    await ready(page);
    await page.selectOption(by('size-select'), '256');
    const all = photos(8);
    all.splice(4, 0, upload('fatal.png', photo(40, 40)));
    await page.setInputFiles(by('photos-input'), all);
    await page.click(by('translate-button'));
    await finished(page, 9);
    assert.deepEqual(await problems(page), { 'fatal.png': 'engine-died' });
    assert.equal((await cards(page)).filter(({ state }) => state === 'done').length, 8);
  },
);
