/** What is kept of the photos of a training: small copies, which train as the photos do, to the bit. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, ready } from './support/page.js';
import { lossRows, SMALL, set, until } from './support/training.js';

const visit = setUp();
const STEPS = 12;

/** Photos larger than training needs, wide and tall. @param {number} first */
const folder = (first) =>
  Array.from({ length: 6 }, (_, i) =>
    upload(`${i}.png`, i % 2 ? photo(150, 410, first + i) : photo(330, 210, first + i)),
  );

/** @param {import('playwright-core').Page} page */
async function start(page) {
  await page.click(by('view-train'));
  await page.setInputFiles(by('folder-a-input'), folder(1));
  await page.setInputFiles(by('folder-b-input'), folder(500));
  await until(page, 'ready');
  await page.selectOption(by('start-from'), 'scratch');
  await set(page, { ...SMALL, size: 48, steps: STEPS, seed: 7, 'preview-every': 4 });
  await page.click(by('train-button'));
}

/** The sizes of all pictures in a folder of this site's storage. @param {import('playwright-core').Page} page */
function copies(page) {
  return page.evaluate(async () => {
    /** @type {Record<string, string>} */
    const found = {};
    /** @param {FileSystemDirectoryHandle} folder */
    const walk = async (folder) => {
      for await (const entry of /** @type {any} */ (folder).values()) {
        if (entry.kind === 'directory') await walk(entry);
        else if (folder.name === 'photos') {
          const { width, height } = await createImageBitmap(await entry.getFile());
          found[entry.name] = `${width} x ${height}`;
        }
      }
    };
    await walk(await navigator.storage.getDirectory());
    return found;
  });
}

visit(
  'copies are as small as training needs, and give the same numbers and pictures as the photos',
  { timeout: 120_000 },
  async ({ page }) => {
    await ready(page);
    await start(page);
    await until(page, 'finished', { step: STEPS });
    const whole = await lossRows(page);
    const seen = await pictures(page);
    assert.equal(Object.keys(await copies(page)).length, 14, 'it can learn on');
    await page.click(by('another-button'));

    await start(page);
    await until(page, 'training', { step: 3 });
    await page.click(by('pause-button'));
    await until(page, 'paused');
    const kept = await copies(page);
    const names = Object.keys(kept);
    assert.equal(names.length, 14, names.join());
    for (const name of names) {
      // The shorter side at the largest scale, 1.5 times the photo size.
      const wanted = /whole/.test(name) ? /^(\d+ x 192|192 x \d+)$/ : /^(113 x 72|72 x 197)$/;
      assert.match(kept[name], wanted, name);
    }
    await page.reload();
    await page.click(by('offer-accept'));
    await until(page, 'finished', { step: STEPS });
    assert.deepEqual(await lossRows(page), whole);
    assert.deepEqual(await pictures(page), seen);
  },
);

/** The pictures that are shown at the end, as data. @param {import('playwright-core').Page} page */
function pictures(page) {
  return page.$$eval(`${by('preview')} img`, (images) =>
    Promise.all(
      images.map(async (image) => {
        const picture = /** @type {HTMLImageElement} */ (image);
        await picture.decode();
        const canvas = document.createElement('canvas');
        canvas.width = picture.naturalWidth;
        canvas.height = picture.naturalHeight;
        canvas.getContext('2d')?.drawImage(picture, 0, 0);
        return canvas.toDataURL();
      }),
    ),
  );
}
