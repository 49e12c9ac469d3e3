/** The page's whole job on the CPU with the model that comes with it: photos in, translations out, a zip. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { setUp } from './support/browser.js';
import { folderOf, photo, upload } from './support/files.js';
import {
  by,
  cards,
  cardsShown,
  downloaded,
  finished,
  inMore,
  picture,
  ready,
  translate,
  useWeights,
  withoutAlpha,
} from './support/page.js';
import { readZip } from './support/zip.js';

const visit = setUp();

/** @param {string} path in the repository */
const json = async (path) =>
  JSON.parse(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8'));

visit('folders of photos come back translated, in a zip', {}, async ({ page, t }) => {
  await ready(page);
  const folder = folderOf(t, {
    'trip/a.png': photo(300, 200, 1),
    'trip/day 2/a.png': photo(60, 90, 2),
    'trip/day 2/deep/er/b.png': photo(33, 47, 3),
    'trip/notes.txt': 'no photo',
  });
  await page.setInputFiles(by('folder-input'), join(folder, 'trip'));
  await page.setInputFiles(by('photos-input'), upload('single.png', photo(64, 48, 4)));
  await page.selectOption(by('size-select'), '256');
  await cardsShown(page, 4);
  await translate(page, 4);

  const sizes = {
    'trip/a.png': [256, 171],
    'trip/day 2/a.png': [60, 90],
    'trip/day 2/deep/er/b.png': [33, 47],
    'single.png': [64, 48],
  };
  const shown = await cards(page);
  assert.deepEqual(
    shown.map(({ name, state }) => `${name} ${state}`).sort(),
    Object.keys(sizes)
      .map((name) => `${name} done`)
      .sort(),
  );
  assert.match(
    (await page.textContent('#ignored')) ?? '',
    /^1 other file is not a photo .*\(\.txt\)/,
  );

  const zip = await downloaded(page, by('download-all'));
  assert.equal(zip.name, 'cyclegan-web.zip');
  const entries = readZip(zip.bytes);
  assert.deepEqual(
    entries.map(({ name }) => name).sort(),
    [...Object.keys(sizes), 'manifest.json'].sort(),
  );
  assert.ok(entries.every(({ utf8 }) => utf8));
  for (const [name, [width, height]] of Object.entries(sizes)) {
    const bytes = entries.find((entry) => entry.name === name)?.bytes ?? Buffer.alloc(0);
    const png = PNG.sync.read(bytes);
    const onPage = await picture(page, name);
    assert.deepEqual([png.width, png.height], [width, height], name);
    assert.deepEqual([onPage.width, onPage.height], [width, height], name);
    assert.ok(withoutAlpha(png.data).equals(onPage.rgb), `${name}: zip and page differ`);
    const before = await picture(page, name, 'before');
    assert.ok(!before.rgb.equals(onPage.rgb), `${name} was not changed`);
  }

  const manifest = JSON.parse(String(entries.find(({ name }) => name === 'manifest.json')?.bytes));
  const [card] = await json('www/models/cards.json');
  const { version } = await json('package.json');
  assert.equal(manifest.version, version);
  assert.deepEqual(manifest.model, {
    name: 'summer2winter',
    sha256: card.sha256,
    ngf: card.ngf,
    blocks: card.blocks,
  });
  const { margin, smooth } = card;
  assert.deepEqual(manifest.settings, { size: 256, margin, smooth, format: 'png' });
  assert.equal(manifest.photos.length, 4);
  const large = manifest.photos.find((/** @type {any} */ one) => one.source === 'trip/a.png');
  assert.deepEqual(large, {
    name: 'trip/a.png',
    source: 'trip/a.png',
    state: 'done',
    reason: null,
    size: [256, 171],
    photoSize: [300, 200],
    reduced: false,
    precision: 'float32',
  });
});

visit('results carry nothing of the photo’s own metadata', {}, async ({ page }) => {
  const formats = JSON.parse(
    await readFile(new URL('fixtures/formats.json', import.meta.url), 'utf8'),
  );
  const turned = Buffer.from(formats['turned.jpg'].file, 'base64');
  assert.ok(turned.includes('Exif'), 'the photo has metadata');
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), upload('gps.jpg', turned, 'image/jpeg'));
  await translate(page, 1);
  const png = await downloaded(page, `${by('result-card')} [data-role=save]`);
  assert.equal(png.name, 'gps.png');
  assert.deepEqual([...new Set(chunkNames(png.bytes))], ['IHDR', 'IDAT', 'IEND']);

  await page.selectOption(by('format-select'), 'jpeg');
  await translate(page, 1);
  const jpeg = await downloaded(page, `${by('result-card')} [data-role=save]`);
  assert.equal(jpeg.name, 'gps.jpg');
  assert.equal(jpeg.bytes.readUInt16BE(0), 0xffd8);
  for (const word of METADATA) assert.ok(!jpeg.bytes.includes(word), word);
  await inMore(page, () => page.selectOption(by('quality-select'), '70'));
  await translate(page, 1);
  const smaller = await downloaded(page, `${by('result-card')} [data-role=save]`);
  assert.ok(smaller.bytes.length < jpeg.bytes.length, 'of lower quality');

  await page.selectOption(by('format-select'), 'webp');
  await translate(page, 1);
  const webp = await downloaded(page, `${by('result-card')} [data-role=save]`);
  assert.equal(webp.name, 'gps.webp');
  assert.equal(webp.bytes.toString('latin1', 8, 12), 'WEBP');
  for (const word of METADATA) assert.ok(!webp.bytes.includes(word), word);
  // What the photo's orientation turns, the file has upright: a turned one is higher than wide.
  const shape = await page
    .locator(`${by('result-card')} img[data-role=after]`)
    .evaluate((image) => {
      const { naturalWidth, naturalHeight } = /** @type {HTMLImageElement} */ (image);
      return { naturalWidth, naturalHeight };
    });
  const { width, height } = formats['turned.jpg'];
  assert.deepEqual(shape, { naturalWidth: width, naturalHeight: height });
  // Chromium writes no AVIF, and offers none.
  assert.equal(await page.locator(`${by('format-select')} option[value=avif]`).count(), 0);
  const zip = await downloaded(page, by('download-all'));
  assert.deepEqual(
    readZip(zip.bytes).map(({ name }) => name),
    ['gps.webp', 'manifest.json'],
  );
});

/** How EXIF, with its GPS, and XMP begin. A profile, if there is one, is the browser’s own of sRGB. */
const METADATA = ['Exif', 'EXIF', 'http://ns.adobe.com/xap', 'XMP '];

/** @param {Buffer} png */
function chunkNames(png) {
  const names = [];
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
    names.push(png.toString('latin1', at + 4, at + 8));
  }
  return names;
}

visit('one click on the sample photos gives real ones, translated', {}, async ({ page, site }) => {
  await ready(page);
  const asked = () => site.served.filter((path) => path.endsWith('.jpg'));
  assert.equal(new Set(asked()).size, 2, 'the two of the example');
  await useWeights(page);
  await page.selectOption(by('size-select'), '256');
  await page.click(by('sample-photos-button'));
  await page.waitForSelector(`${by('result-card')}[data-state=done]`, { timeout: 60_000 });
  const shown = await cards(page);
  assert.deepEqual(
    shown.map(({ name }) => name.replace(/ \(Aitzol Berasategi, CC BY 4\.0\)\.jpg$/, '')),
    ['Life', 'Picos de Europa', 'Aitzgorri', 'Sunset'],
  );
  assert.equal(new Set(asked()).size, 5, 'three files more: one photo is the example’s');
  assert.equal(await page.isVisible(by('sample-photos-button')), false);
  await finished(page, 4);
});

visit('one click on the sample scenes gives a translated picture', {}, async ({ page, site }) => {
  await ready(page);
  await page.click(by('samples-button'));
  await page.waitForSelector(`${by('result-card')}[data-state=done]`, { timeout: 60_000 });
  const shown = await cards(page);
  assert.equal(shown.length, 6);
  assert.match(shown[0].name, /^sample summer \d+\.png$/);
  const [before, after] = [
    await picture(page, shown[0].name, 'before'),
    await picture(page, shown[0].name),
  ];
  assert.deepEqual([after.width, after.height], [512, 384]);
  assert.ok(!after.rgb.equals(before.rgb));
  assert.equal(await page.getAttribute(by('progress'), 'role'), 'progressbar');
  assert.equal(site.served.filter((path) => path.endsWith('.safetensors')).length, 1);
  await page.click(by('cancel-button'));
});
