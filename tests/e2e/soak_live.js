/**
 * A camera that is watched for long, and what it does to memory: `node tests/e2e/soak_live.js [--minutes 10]
 * [--device cpu|webgpu] [--small]`. No part of the tests, since it takes as long as it is told to. `--small`
 * takes a small model in place of the page's first: more pictures, less of each.
 *
 * Every half minute, behind a garbage collection, it prints how many pictures there were and what `soak.js` prints
 * of memory. It ends with how much each has grown since the second minute, and fails when one has grown by more
 * than a tenth and 16 MB.
 */
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { ARGUMENTS, SOFTWARE_GPU } from './support/browser.js';
import { until } from './support/live.js';
import { inWords, isFlat, sampleOf, workerOf } from './support/memory.js';
import { by, ready, useWeights } from './support/page.js';
import { serveSite } from './support/site.js';
import { panningCamera } from './support/video.js';

/** Samples until everything is warm. */
const WARM = 4;
const EVERY = 30_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    device: { type: 'string', default: 'cpu' },
    small: { type: 'boolean', default: false },
  },
});

const site = await serveSite();
const gpu = values.device === 'webgpu';
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [...ARGUMENTS, ...(gpu ? SOFTWARE_GPU : []), ...panningCamera()],
});
const page = await (await browser.newContext({ locale: 'en-US' })).newPage();
const session = await page.context().newCDPSession(page);
const whole = await browser.newBrowserCDPSession();
await page.addInitScript(() => {
  globalThis.Worker = class extends Worker {
    /** @param {ConstructorParameters<typeof Worker>} given */
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        const soaked = /** @type {{ pictures?: number }} */ (globalThis);
        if (data?.value?.picture) soaked.pictures = (soaked.pictures ?? 0) + 1;
      });
    }
  };
});
await page.goto(`${site.url}?device=${values.device}`);
await ready(page, gpu ? 'webgpu' : 'cpu');
if (values.small) await useWeights(page);
await page.click(by('view-live'));
await page.click(by('live-use-camera'));
await until(page, 'live', 600_000);
const worker = await workerOf(session);

const started = Date.now();
/** @type {import('./support/memory.js').Sample[]} */
const samples = [];
for (let count = 1; count <= Number(values.minutes) * 2; count += 1) {
  await page.waitForTimeout(Math.max(0, started + EVERY * count - Date.now()));
  const sample = await sampleOf({ session, browser: whole, worker });
  samples.push(sample);
  const pictures = await page.evaluate(() => /** @type {any} */ (globalThis).pictures);
  console.log([`${count / 2} min`, `${pictures} pictures`, ...inWords(sample)].join(', '));
  await until(page, 'live');
}
const first = samples[Math.min(WARM, samples.length) - 1];
if (!isFlat(first, samples.at(-1) ?? {})) process.exitCode = 1;
await browser.close();
await site.close();
