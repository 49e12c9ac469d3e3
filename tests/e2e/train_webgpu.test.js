/** Training on WebGPU, on the software adapter: a few steps of the smallest network. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { by, ready } from './support/page.js';
import { lossRows, startSmall, until } from './support/training.js';

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
