/** WebGPU, on the software adapter: small networks, and what the page does when the card lets it down. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import { patchWorker, setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import {
  by,
  cards,
  nearness,
  picture,
  ready,
  states,
  translate,
  useWeights,
  withoutAlpha,
} from './support/page.js';

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
