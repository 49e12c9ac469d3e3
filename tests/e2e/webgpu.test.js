/** WebGPU, on the software adapter: small networks, and what the page does when the card lets it down. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import { panicAtForty, patchWorker, setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import {
  by,
  cards,
  nearness,
  picture,
  problems,
  ready,
  states,
  translate,
  useWeights,
  withoutAlpha,
} from './support/page.js';
import { generatorFile } from './support/weights.js';

const visit = setUp({ gpu: true });

/** @param {string} name */
const fixture = (name) => readFile(new URL(`fixtures/${name}`, import.meta.url));

/** Compiling the pipelines takes the software adapter a while. */
const PATIENCE = 240_000;

/** @param {import('playwright-core').Page} page */
async function translateTwo(page) {
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), [
    upload('odd.png', await fixture('odd.png')),
    upload('painted.png', photo(80, 56)),
  ]);
  await translate(page, 2, PATIENCE);
  assert.deepEqual(await states(page), ['done', 'done']);
  return [await picture(page, 'odd.png'), await picture(page, 'painted.png')];
}

visit(
  'WebGPU gives what the CPU and PyTorch give',
  { query: '?device=webgpu', timeout: 2 * PATIENCE },
  async ({ page, site, t }) => {
    await ready(page, 'webgpu');
    const onGpu = await translateTwo(page);
    const cpu = await page.context().newPage();
    await cpu.goto(`${site.url}?device=cpu`);
    await ready(cpu);
    // Remembered by the other tab: a second file of one name would get another.
    await cpu.selectOption(by('model-select'), 'own:tiny.safetensors');
    await cpu.setInputFiles(by('photos-input'), [
      upload('odd.png', await fixture('odd.png')),
      upload('painted.png', photo(80, 56)),
    ]);
    await translate(cpu, 2);
    const onCpu = [await picture(cpu, 'odd.png'), await picture(cpu, 'painted.png')];
    const expected = PNG.sync.read(await fixture('odd.tiny.png'));
    const pairs = /** @type {const} */ ([
      ['CPU', onCpu[0], onCpu[0].rgb, onGpu[0].rgb],
      ['CPU', onCpu[1], onCpu[1].rgb, onGpu[1].rgb],
      ['PyTorch', onCpu[0], withoutAlpha(expected.data), onGpu[0].rgb],
    ]);
    for (const [what, { width, height }, a, b] of pairs) {
      const { within, max } = nearness(a, b);
      t.diagnostic(
        `WebGPU and ${what}, ${width}x${height}: ${within} within one level, at most ${max}`,
      );
      assert.ok(within >= 0.999, `WebGPU and ${what}: only ${within} within one level`);
    }
  },
);

/** Modules whose messages are read have their kernel's name, those that are launched are called "main". */
const WATCH_SHADERS = `
  const channel = new BroadcastChannel('launched');
  const read = new Set();
  const { createShaderModule } = GPUDevice.prototype;
  GPUDevice.prototype.createShaderModule = function (made) {
    if (made.label === 'main') channel.postMessage([read.has(made.code), made.code]);
    else read.add(made.code);
    return createShaderModule.call(this, made);
  };`;

visit(
  'every kernel that a translation launches was read when the device was opened',
  {
    query: '?device=webgpu',
    timeout: 2 * PATIENCE,
    async prepare(page) {
      await patchWorker(page, WATCH_SHADERS);
      await page.addInitScript(() => {
        const launched = /** @type {[boolean, string][]} */ ([]);
        new BroadcastChannel('launched').onmessage = ({ data }) => launched.push(data);
        Object.assign(globalThis, { launched });
      });
    },
  },
  async ({ page }) => {
    await ready(page, 'webgpu');
    await useWeights(page, generatorFile({ ngf: 8, blocks: 1, seed: 7 }));
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(64, 64)));
    await translate(page, 1, PATIENCE);
    /** @type {[boolean, string][]} */
    const launched = await page.evaluate(() => /** @type {any} */ (globalThis).launched);
    assert.ok(launched.length >= 8, `${launched.length} kernels`);
    assert.equal(
      launched.find(([read]) => !read),
      undefined,
    );
  },
);

visit('a software adapter is not chosen by itself', { query: '' }, async ({ page }) => {
  await ready(page, 'cpu');
  assert.match((await page.textContent('#advice-reason')) ?? '', /only a software graphics card/);
});

/** What opening a card comes to, by how it fails: a refusal, or a driver that takes the engine down. */
const FAILURES = {
  'refuses a device': `Promise.reject(new DOMException('refused', 'OperationError'))`,
  'takes the engine down': `{ throw new WebAssembly.RuntimeError('unreachable'); }`,
};
for (const [how, answer] of Object.entries(FAILURES)) {
  visit(
    `a card that ${how} leaves the CPU, and the page says so`,
    {
      query: '',
      prepare: (page) =>
        patchWorker(
          page,
          // Not a software adapter by its own account.
          `Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });
           GPUAdapter.prototype.requestDevice = () => ${answer};`,
        ),
    },
    async ({ page }) => {
      await ready(page, 'cpu');
      assert.ok(await page.isVisible('#advice'));
      assert.match((await page.textContent('#advice-reason')) ?? '', /was found, but/);
      await useWeights(page);
      await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 32)));
      await translate(page, 1);
      assert.equal((await cards(page))[0].state, 'done');
    },
  );
}

/** Photos that take the card different times, the last ones at once. */
const SIDES = [96, 48, 88, 40, 72, 64];
const NAMES = SIDES.map((_, i) => `${i}.png`);
const photos = () => SIDES.map((side, i) => upload(NAMES[i], photo(side, side - 8, i)));

/** The most cards that were active at once. @param {import('playwright-core').Page} page */
const watchCards = (page) =>
  page.evaluate((card) => {
    const seen = { most: 0 };
    new MutationObserver(() => {
      const now = document.querySelectorAll(`${card}[data-active]`).length;
      seen.most = Math.max(seen.most, now);
    }).observe(document.body, { subtree: true, attributeFilter: ['data-active'] });
    Object.assign(globalThis, { seen });
  }, by('result-card'));
const mostActive = (/** @type {import('playwright-core').Page} */ page) =>
  page.evaluate(() => /** @type {any} */ (globalThis).seen.most);

/**
 * Presses Cancel when the first photo is done, from the page itself: from here it might be too late.
 *
 * @param {import('playwright-core').Page} page
 */
const cancelAfterFirst = (page) =>
  page.evaluate(
    ([done, cancel]) => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector(done)) return;
        observer.disconnect();
        /** @type {HTMLElement} */ (document.querySelector(cancel)).click();
      }).observe(document.body, { subtree: true, attributeFilter: ['data-state'] });
    },
    [`${by('result-card')}[data-state=done]`, by('cancel-button')],
  );

/** @param {import('playwright-core').Page} page @param {string[]} names */
async function pictures(page, names) {
  const all = [];
  for (const name of names) all.push((await picture(page, name)).rgb);
  return all;
}

visit(
  'two photos at a time give what one at a time gives, and one that is damaged disturbs none',
  { query: '?device=webgpu', timeout: 2 * PATIENCE },
  async ({ page, context, site }) => {
    await ready(page, 'webgpu');
    await useWeights(page);
    await watchCards(page);
    const damaged = upload('damaged.png', photo(64, 64).subarray(0, 400));
    const all = photos();
    await page.setInputFiles(by('photos-input'), [...all.slice(0, 2), damaged, ...all.slice(2)]);
    await translate(page, 7, PATIENCE);
    assert.deepEqual(await states(page), [
      'done',
      'done',
      'skipped',
      'done',
      'done',
      'done',
      'done',
    ]);
    assert.equal(await mostActive(page), 2);
    const beside = await pictures(page, NAMES);
    assert.equal(new Set(beside.map((rgb) => rgb.toString('base64'))).size, NAMES.length);

    const other = await context.newPage();
    await other.goto(`${site.url}?device=webgpu`);
    await ready(other, 'webgpu');
    await other.selectOption(by('model-select'), 'own:tiny.safetensors');
    await watchCards(other);
    for (const [i, one] of all.entries()) {
      await other.setInputFiles(by('photos-input'), one);
      await translate(other, i + 1, PATIENCE);
    }
    assert.equal(await mostActive(other), 1);
    for (const [i, rgb] of (await pictures(other, NAMES)).entries())
      assert.ok(rgb.equals(beside[i]), NAMES[i]);
  },
);

visit(
  'Cancel with two photos under way loses none, and what is left can be done',
  { query: '?device=webgpu', timeout: 2 * PATIENCE },
  async ({ page }) => {
    await ready(page, 'webgpu');
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), photos());
    await cancelAfterFirst(page);
    await page.click(by('translate-button'));
    await page.waitForSelector(`${by('result-card')}[data-state=done]`, { timeout: PATIENCE });
    await page.waitForSelector(by('translate-button'), { state: 'visible' });
    assert.equal(await page.locator(`${by('result-card')}[data-active]`).count(), 0);
    const stopped = await states(page);
    assert.ok(stopped.every((state) => state === 'done' || state === 'waiting'));
    assert.ok(stopped.includes('waiting'), 'it was stopped in time');
    await translate(page, 6, PATIENCE);
    assert.deepEqual(await states(page), Array(6).fill('done'));
  },
);

visit(
  'a photo that ends the engine fails by itself, with another under way',
  { query: '?device=webgpu', timeout: 2 * PATIENCE, prepare: panicAtForty },
  async ({ page }) => {
    await ready(page, 'webgpu');
    await useWeights(page);
    await watchCards(page);
    await page.setInputFiles(by('photos-input'), photos());
    await translate(page, 6, PATIENCE);
    assert.deepEqual(await problems(page), { '3.png': 'engine-died' });
    assert.equal((await states(page)).filter((state) => state === 'done').length, 5);
    assert.equal(await mostActive(page), 2);
  },
);
