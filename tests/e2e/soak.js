/**
 * A long training in one tab, and what it does to memory: `node tests/e2e/soak.js [--minutes 60]
 * [--device cpu|webgpu] [--fault panic@5000]`. No part of the tests, since it takes as long as it is told to.
 *
 * Once a minute, behind a garbage collection, it prints JavaScript's heap in the page and in the engine's
 * worker, wasm's linear memory, the device's pool, and what the renderer and the GPU process hold in RAM.
 * It ends with how much each has grown since the fifth minute, and fails when one has grown by more than
 * a tenth and 16 MB.
 */
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { ARGUMENTS, SOFTWARE_GPU } from './support/browser.js';
import { inWords, isFlat, megabytes, sampleOf, workerOf } from './support/memory.js';
import { ready } from './support/page.js';
import { serveSite } from './support/site.js';
import { startSmall, stepOf, until } from './support/training.js';

/** Minutes until everything is warm. */
const WARM = 5;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    device: { type: 'string', default: 'cpu' },
    fault: { type: 'string', default: '' },
  },
});

const site = await serveSite();
const gpu = values.device === 'webgpu';
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: gpu ? [...ARGUMENTS, ...SOFTWARE_GPU] : ARGUMENTS,
});
const page = await (await browser.newContext({ locale: 'en-US' })).newPage();
// What the worker tells the page of its memory with every step is not shown on the page.
await page.addInitScript(() => {
  globalThis.Worker = class extends Worker {
    /** @param {ConstructorParameters<typeof Worker>} given */
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        if (data?.value?.memory) Object.assign(globalThis, { soaked: data.value.memory });
      });
    }
  };
});
const session = await page.context().newCDPSession(page);
const whole = await browser.newBrowserCDPSession();
const fault = values.fault ? `&fault=${values.fault}` : '';
await page.goto(`${site.url}?device=${values.device}${fault}`);
await ready(page, gpu ? 'webgpu' : 'cpu');
await startSmall(page, 10_000_000, { ngf: 8, blocks: 2, 'preview-every': 100 });
await until(page, 'training', { step: 2, timeout: 600_000 });
const worker = await workerOf(session);

const minutes = Number(values.minutes);
const started = Date.now();
/** @type {import('./support/memory.js').Sample[]} */
const samples = [];
for (let minute = 1; minute <= minutes; minute += 1) {
  await page.waitForTimeout(Math.max(0, started + 60_000 * minute - Date.now()));
  const engine = await page.evaluate(() => /** @type {any} */ (globalThis).soaked ?? {});
  const sample = {
    ...(await sampleOf({ session, browser: whole, worker })),
    'wasm memory': megabytes(engine.linear),
    'device in use': megabytes(engine.deviceInUse),
    'device reserved': megabytes(engine.deviceReserved),
  };
  samples.push(sample);
  console.log([`${minute} min`, `step ${await stepOf(page)}`, ...inWords(sample)].join(', '));
  await until(page, 'training', { timeout: 60_000 });
}
const first = samples[Math.min(WARM, samples.length) - 1];
if (!isFlat(first, samples.at(-1) ?? {})) process.exitCode = 1;
await browser.close();
await site.close();
