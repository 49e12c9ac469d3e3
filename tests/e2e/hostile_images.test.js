/** Pictures that are damaged, oversized, lying or of no use: each is listed with its reason, the rest go on. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { patchWorker, setUp } from './support/browser.js';
import { badChecksum, bomb, folderOf, photo, rawPng, upload } from './support/files.js';
import {
  by,
  cards,
  cardsShown,
  finished,
  picture,
  problems,
  ready,
  translate,
  useWeights,
} from './support/page.js';

const visit = setUp();

/** @param {string} path from here */
const json = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const FORMATS = json('fixtures/formats.json');
const HEIC = Buffer.from(json('../js/fixtures/headers.json')['plain.heic'].base64, 'base64');

/** @param {string} name of a format's example */
const example = (name) => Buffer.from(FORMATS[name].file, 'base64');

/** @param {Buffer} file @param {number} part */
const cut = (file, part) => file.subarray(0, Math.floor(file.length * part));

visit('damaged files among good ones are skipped, each with its reason', {}, async ({ page }) => {
  const bad = {
    'cut.png': [cut(photo(48, 32), 0.5), 'image-damaged'],
    'cut.jpg': [cut(example('420.jpg'), 0.6), 'image-damaged'],
    'cut in the header.jpg': [example('420.jpg').subarray(0, 12), 'image-damaged'],
    'empty.jpg': [Buffer.alloc(0), 'image-empty'],
    'text.png': ['this is no picture', 'image-unreadable'],
    'checksum.png': [badChecksum(), 'image-damaged'],
    'tiff named.jpg': ['II*\0 and so on', 'image-unsupported'],
    'vector named.png': ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'image-unsupported'],
    'iphone.heic': [HEIC, 'image-heic'],
    // The header says 100 x 100, there are data for 3 rows.
    'short.png': [
      rawPng({ width: 100, height: 100, rows: Buffer.alloc(3 * 301) }),
      'image-damaged',
    ],
  };
  const good = Array.from({ length: 20 }, (_, i) => `good ${i}.png`);
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), [
    ...good.slice(0, 10).map((name, i) => upload(name, photo(24, 16, i))),
    ...Object.entries(bad).map(([name, [bytes]]) => upload(name, bytes)),
    ...good.slice(10).map((name, i) => upload(name, photo(24, 16, 10 + i))),
  ]);
  await translate(page, 30);

  const states = Object.fromEntries((await cards(page)).map(({ name, state }) => [name, state]));
  for (const name of good) assert.equal(states[name], 'done', name);
  for (const name of Object.keys(bad)) assert.equal(states[name], 'skipped', name);
  const expected = Object.fromEntries(Object.entries(bad).map(([name, [, code]]) => [name, code]));
  assert.deepEqual(await problems(page), expected);
  const heic = page.locator(`${by('problem-list')} li[data-code=image-heic]`);
  assert.match((await heic.textContent()) ?? '', /Export the photo as JPEG/);
});

visit(
  'a decompression bomb is refused by its header, before any decoder sees it',
  {
    prepare: async (page) => {
      // Decoding would be a call of createImageBitmap in the worker, or an <img> in the page.
      await patchWorker(
        page,
        `const decode = createImageBitmap;
         globalThis.createImageBitmap = (blob, ...rest) => {
           console.log('decoding ' + blob.size);
           return decode(blob, ...rest);
         };`,
      );
    },
  },
  async ({ page, t }) => {
    /** @type {string[]} */
    const decoded = [];
    page.on('console', (message) => decoded.push(message.text()));
    const bytes = bomb();
    assert.ok(bytes.length < 40_000, `${bytes.length} bytes`);
    await ready(page);
    await useWeights(page);
    const fine = photo(24, 16);
    await page.setInputFiles(by('photos-input'), [
      upload('bomb.png', bytes),
      upload('ok.png', fine),
    ]);
    await cardsShown(page, 2);
    const started = Date.now();
    await translate(page, 2);
    t.diagnostic(`bomb and a small photo: ${Date.now() - started} ms`);
    assert.deepEqual(await problems(page), { 'bomb.png': 'image-too-large' });
    assert.ok(decoded.includes(`decoding ${fine.length}`), 'the spy sees what is decoded');
    assert.ok(!decoded.includes(`decoding ${bytes.length}`));
    assert.equal(await page.locator(`${by('result-card')} img.photo`).count(), 0);
  },
);

visit('a header that lies is seen through when the picture is decoded', {}, async ({ page }) => {
  // IHDR says 24 x 16, and there are data for far more; and a JPEG whose frame claims 9000 x 9000.
  const more = rawPng({ width: 24, height: 16, rows: Buffer.alloc(400 * 73) });
  const jpeg = Buffer.from(example('420.jpg'));
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(9000, frame + 5);
  jpeg.writeUInt16BE(9000, frame + 7);
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), [
    upload('more.png', more),
    upload('larger.jpg', jpeg),
    upload('ok.png', photo(24, 16)),
  ]);
  await translate(page, 3);
  const states = Object.fromEntries((await cards(page)).map(({ name, state }) => [name, state]));
  assert.equal(states['ok.png'], 'done');
  assert.deepEqual(await problems(page), { 'larger.jpg': 'image-too-large' });
  const { width, height } = await picture(page, 'more.png');
  assert.deepEqual([width, height], [24, 16]);
});

visit('tiny, thin and huge photos keep their proportions', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  const huge = rawPng({ width: 8000, height: 6000, rows: Buffer.alloc(6000 * 24_001) });
  await page.setInputFiles(by('photos-input'), [
    upload('tiny.png', photo(1, 1)),
    upload('thin.png', photo(1, 5000)),
    upload('huge.png', huge),
  ]);
  await page.selectOption(by('size-select'), '256');
  await translate(page, 3);
  assert.deepEqual(await problems(page), {});
  /** @param {string} name */
  const size = async (name) => {
    const { width, height } = await picture(page, name);
    return [width, height];
  };
  assert.deepEqual(await size('tiny.png'), [1, 1]);
  assert.deepEqual(await size('thin.png'), [1, 256]);
  assert.deepEqual(await size('huge.png'), [256, 192]);
});

visit(
  'a file that was moved after it was picked is named, and can be tried again when it is back',
  {},
  async ({ page, t }) => {
    const folder = folderOf(t, {
      'gone.png': photo(24, 16, 1),
      'kept.png': photo(24, 16, 2),
    });
    await ready(page);
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), [
      join(folder, 'gone.png'),
      join(folder, 'kept.png'),
    ]);
    await cardsShown(page, 2);
    // The browser reports by itself when a picture on the page cannot be loaded any more.
    await page.waitForFunction(() => {
      /** @type {NodeListOf<HTMLImageElement>} */
      const found = document.querySelectorAll('img.photo');
      const shown = [...found];
      return shown.length === 2 && shown.every((image) => image.complete && image.naturalWidth > 0);
    });
    renameSync(join(folder, 'gone.png'), join(folder, 'moved.png'));
    await translate(page, 2);
    assert.deepEqual(await problems(page), { 'gone.png': 'file-gone' });
    const states = (await cards(page)).map(({ name, state }) => `${name} ${state}`);
    assert.deepEqual(states, ['gone.png failed', 'kept.png done']);
    renameSync(join(folder, 'moved.png'), join(folder, 'gone.png'));
    await page.click(by('retry-button'));
    await page.waitForSelector(`${by('result-card')}[data-name="gone.png"][data-state=done]`);
  },
);

visit(
  'a browser that adds noise to what pages read is told of, by name',
  {
    prepare: (page) =>
      patchWorker(
        page,
        `const read = OffscreenCanvasRenderingContext2D.prototype.getImageData;
         OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...box) {
           const image = read.apply(this, box);
           for (let i = 0; i < image.data.length; i += 97) image.data[i] ^= 1;
           return image;
         };`,
      ),
  },
  async ({ page }) => {
    await ready(page);
    const notice = (await page.textContent('#notice')) ?? '';
    assert.match(notice, /alters the pixels/);
    assert.match(notice, /Brave/);
    assert.match(notice, /resistFingerprinting/);
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await page.click(by('translate-button'));
    await finished(page, 1);
    assert.ok(await page.isVisible('#notice'), 'still true, so still said');
  },
);

visit(
  'a browser that does not convert colours is told of',
  {
    prepare: (page) =>
      patchWorker(
        page,
        `const decode = createImageBitmap;
         globalThis.createImageBitmap = (file, options) =>
           decode(file, { ...options, colorSpaceConversion: 'none' });`,
      ),
  },
  async ({ page }) => {
    await ready(page);
    assert.match((await page.textContent('#notice')) ?? '', /does not convert colours/);
  },
);
