/** Training on WebGPU, on the software adapter: a few steps of the smallest network. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cards, ready, translate } from './support/page.js';
import { lossRows, startSmall, stepOf, until } from './support/training.js';

const visit = setUp({ gpu: true });

/** Compiling the pipelines takes the software adapter a while. */
const PATIENCE = 240_000;

visit(
  'a few steps on WebGPU, as on the CPU, with the time that is left',
  { query: '?device=webgpu', timeout: 2 * PATIENCE },
  async ({ page, site, t }) => {
    await ready(page, 'webgpu');
    const settings = { ngf: 2, blocks: 0, 'preview-every': 100 };
    await startSmall(page, 6, settings);
    await until(page, 'training', { step: 3, timeout: PATIENCE });
    assert.match((await page.textContent(by('train-facts'))) ?? '', /a step/);
    await until(page, 'finished', { step: 6, timeout: PATIENCE });
    const onGpu = await lossRows(page);

    const cpu = await page.context().newPage();
    await cpu.goto(`${site.url}?device=cpu`);
    await ready(cpu);
    await startSmall(cpu, 6, settings);
    await until(cpu, 'finished', { step: 6 });
    const onCpu = await lossRows(cpu);
    for (const [i, { losses }] of onGpu.entries()) {
      for (const [name, value] of Object.entries(losses)) {
        const other = onCpu[i].losses[name];
        const near = Math.abs(value - other) <= 0.02 * Math.max(Math.abs(other), 0.05);
        assert.ok(near, `${name} in step ${i + 1}: ${value} on WebGPU, ${other} on the CPU`);
      }
    }
    t.diagnostic(`last losses on WebGPU: ${JSON.stringify(onGpu.at(-1)?.losses)}`);
  },
);

visit(
  'on WebGPU too a run is paused, reloaded, continued, used and downloaded',
  { query: '?device=webgpu', timeout: 3 * PATIENCE },
  async ({ page }) => {
    await ready(page, 'webgpu');
    await startSmall(page, 8, { ngf: 2, blocks: 0, 'preview-every': 4 });
    await until(page, 'training', { step: 2, timeout: PATIENCE });
    await page.click(by('pause-button'));
    await until(page, 'paused', { step: 2, timeout: PATIENCE });
    const paused = await stepOf(page);
    assert.ok(paused < 8, `paused at ${paused}`);
    const before = await lossRows(page);
    await page.reload();
    await ready(page, 'webgpu');
    await page.click(by('offer-accept'));
    await until(page, 'finished', { step: 8, timeout: PATIENCE });
    const rows = await lossRows(page);
    assert.equal(rows.length, 8);
    assert.deepEqual(rows.slice(0, paused), before);
    assert.ok(rows.every(({ losses }) => Object.values(losses).every(Number.isFinite)));
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.click(by('download-weights')),
    ]);
    assert.match(file.suggestedFilename(), /\.safetensors$/);
    await page.click(by('use-in-translate'));
    await page.waitForFunction(
      ([list]) =>
        /** @type {HTMLSelectElement} */ (document.querySelector(list)).value.startsWith('own:'),
      [by('model-select')],
    );
    await page.setInputFiles(by('photos-input'), upload('x.png', photo(56, 40, 900)));
    await translate(page, 1, PATIENCE);
    assert.equal((await cards(page))[0].state, 'done');
  },
);
