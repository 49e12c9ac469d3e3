/**
 * How long a graphics card waits between the photos of a batch, from JPEG to JPEG, with one photo at a time in its
 * worker and with two, in turns:
 *
 *     node bench/waits.js PHOTO… [--sizes 256,512,1024] [--ngf 8] [--blocks 1] [--rounds 5] [--photos 8]
 *
 * On a machine without a card take a small network: the time outside it is what is measured.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openChromium } from './browser.js';
import { median } from './statistics.js';

/** @typedef {import('./waits-page.js').Time} Time */

const string = /** @type {const} */ ({ type: 'string' });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { ...string, default: '256,512,1024' },
    ngf: { ...string, default: '8' },
    blocks: { ...string, default: '1' },
    rounds: { ...string, default: '5' },
    photos: { ...string, default: '8' },
  },
});
const [ngf, blocks, rounds, photos] = [values.ngf, values.blocks, values.rounds, values.photos].map(
  Number,
);
if (positionals.length === 0 || !(photos > 1)) {
  console.error('node bench/waits.js PHOTO… wants a file, and --photos of at least 2');
  process.exit(2);
}
const chromium = await openChromium(fileURLToPath(new URL('..', import.meta.url)));
console.log('pixels  photos at a time  ms a photo  ms between photos  share of the time');
try {
  for (const size of values.sizes.split(',').map(Number)) {
    const { one, two } = await chromium.withPage(async (/** @type {any} */ page) => {
      await page.evaluate(() => document.body.append(document.createElement('input')));
      await page.evaluate(() =>
        Object.assign(document.querySelector('input') ?? {}, { type: 'file', multiple: true }),
      );
      await page.setInputFiles(
        'input',
        Array.from({ length: photos }, (_, i) => positionals[i % positionals.length]),
      );
      return page.evaluate(
        async (/** @type {any} */ job) => {
          const files = [...(document.querySelector('input')?.files ?? [])];
          const { measureWaits } = await import(job.module);
          return measureWaits({ ...job, files });
        },
        { module: './waits-page.js', size, ngf, blocks, rounds },
      );
    });
    for (const [name, times] of Object.entries({ one, two })) print(size, name, times);
  }
} finally {
  await chromium.close();
}

/** Medians. @param {number} size @param {string} name @param {Time[]} times */
function print(size, name, times) {
  const photo = median(times.map((time) => time.photo));
  const wait = median(times.map((time) => time.wait));
  const share = `${((100 * wait) / photo).toFixed(0)} %`;
  const cells = [photo.toFixed(0).padStart(10), wait.toFixed(0).padStart(17), share.padStart(17)];
  console.log([`${size}`.padStart(6), name.padEnd(16), ...cells].join('  '));
}
