/**
 * The zoo (`tests/zoo`) and the files as people have them (`tests/field`) through the page: what the
 * network sees is what Pillow reads, or the refusal has its code.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import {
  by,
  cardsShown,
  picture,
  problems,
  ready,
  translate,
  useWeights,
  withoutAlpha,
} from './support/page.js';

const visit = setUp();

/** @param {string} path in tests/ */
const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url));

/** @typedef {{ expected?: string, mean?: number, refused?: string }} Outcome */
/** @type {(Outcome & { file: string, what: string, page?: Outcome })[]} */
const ZOO = JSON.parse(read('zoo/zoo.json').toString()).files;

/** Most levels that colours may be off by on average after a conversion, or a decoder's rounding. */
const ROUNDED = 0.6;
/** @type {Record<string, Outcome>} */
const FIELD = {
  'exif6.webp': { expected: 'exif6.webp.png', mean: 0 },
  photo: { expected: 'fill_ff_70000.jpg.png', mean: ROUNDED },
  'fill_ff_70000.jpg': { expected: 'fill_ff_70000.jpg.png', mean: ROUNDED },
  'iphone.jpg': { expected: 'iphone.jpg.png', mean: ROUNDED },
  'p3.png': { expected: 'p3.png.png', mean: ROUNDED },
  'three_scans_2x2.jpg': { expected: 'three_scans_2x2.jpg.png', mean: ROUNDED },
  'baseline_60.jpg': { refused: 'image-damaged' },
  'scan.tif': { refused: 'image-unsupported' },
};

/** @param {string} path */
const nameOf = (path) => path.replaceAll('/', ' ');

/**
 * @param {import('./support/browser.js').Visit} visit
 * @param {Record<string, Outcome & { bytes: Buffer, right?: Buffer }>} files by name
 */
async function check({ page, t }, files) {
  await ready(page);
  await useWeights(page);
  const names = Object.keys(files);
  await page.setInputFiles(
    by('photos-input'),
    names.map((name) => upload(name, files[name].bytes, 'application/octet-stream')),
  );
  await translate(page, names.length);
  const told = await problems(page);
  const wrong = [];
  let most = 0;
  for (const name of names) {
    const { refused, mean = 0, right } = files[name];
    if (refused || told[name]) {
      if (told[name] !== refused) wrong.push(`${name}: ${told[name]} in place of ${refused}`);
      continue;
    }
    const seen = await picture(page, name, 'before');
    const wanted = PNG.sync.read(/** @type {Buffer} */ (right));
    const off = difference(seen, wanted);
    most = Math.max(most, off);
    if (!(off <= mean)) wrong.push(`${name}: off by ${off}, ${mean} allowed`);
  }
  t.diagnostic(`${names.length} files; off by ${most.toFixed(3)} levels at most`);
  assert.deepEqual(wrong, []);
}

/**
 * Levels between two pictures, on average.
 * @param {import('./support/page.js').Picture} seen
 * @param {PNG} wanted
 */
function difference({ width, height, rgb }, wanted) {
  if (width !== wanted.width || height !== wanted.height) return Infinity;
  const right = withoutAlpha(wanted.data);
  return rgb.reduce((sum, level, i) => sum + Math.abs(level - right[i]), 0) / rgb.length;
}

for (const part of ['jpeg', 'png', 'webp', 'tiff', 'other']) {
  const entries = ZOO.filter(({ file }) => file.startsWith(`${part}/`));
  visit(
    `every ${part} of the zoo is shown as Pillow reads it, or refused by its code`,
    { timeout: 240_000 },
    async (visited) => {
      assert.ok(entries.length > 10);
      const files = entries.map(({ page, ...both }) => {
        const outcome = page ?? both;
        const right = outcome.expected ? read(`zoo/${outcome.expected}`) : undefined;
        return [nameOf(both.file), { ...outcome, bytes: read(`zoo/${both.file}`), right }];
      });
      await check(visited, Object.fromEntries(files));
    },
  );
}

visit('files as people have them are shown as they are, or named', {}, async (visited) => {
  const files = Object.entries(FIELD).map(([name, outcome]) => {
    const right = outcome.expected && read(`field/pictures/expected/${outcome.expected}`);
    return [name, { ...outcome, bytes: read(`field/pictures/${name}`), right }];
  });
  await check(visited, Object.fromEntries(files));
});

visit('a JPEG that lacks its end marker alone is opened whole', {}, async ({ page }) => {
  const bytes = read('field/pictures/no_eoi.jpg');
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), [
    upload('no_eoi.jpg', bytes),
    upload('with_eoi.jpg', Buffer.concat([bytes, Buffer.from([0xff, 0xd9])])),
  ]);
  await translate(page, 2);
  assert.deepEqual(await problems(page), {});
  const [without, closed] = [
    await picture(page, 'no_eoi.jpg', 'before'),
    await picture(page, 'with_eoi.jpg', 'before'),
  ];
  assert.deepEqual([without.width, without.height], [480, 320]);
  assert.ok(without.rgb.equals(closed.rgb));
});

visit('a photo of 64 megapixels is translated at 256 pixels', {}, async ({ page }) => {
  const name = '64mp_9248x6936.jpg';
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), upload(name, read(`field/pictures/${name}`)));
  await page.selectOption(by('size-select'), '256');
  await translate(page, 1);
  assert.deepEqual(await problems(page), {});
  const { width, height } = await picture(page, name);
  assert.deepEqual([width, height], [256, 192]);
});

visit(
  'a TIFF beside other photos is told by its kind, before anything is translated',
  {},
  async ({ page }) => {
    await ready(page);
    await page.setInputFiles(by('photos-input'), [
      upload('one.png', photo(24, 16)),
      upload('scan.tif', read('field/pictures/scan.tif'), ''),
      upload('film', '\0\0\0\x18ftypisom\0\0\x02\0isomavc1', ''),
    ]);
    await cardsShown(page, 3);
    const lines = await page.locator(`${by('problem-list')} li`).allTextContents();
    assert.match(lines.join('\n'), /scan\.tif.*TIFF.*Export it as JPEG or PNG/);
    assert.match(lines.join('\n'), /film.*video.*Save single pictures/);
  },
);
