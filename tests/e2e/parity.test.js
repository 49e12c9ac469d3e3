/**
 * The page's results against PyTorch's. The references are what `fixtures/make_reference.py` wrote for the
 * same weights and photo; two machines' floats may put a value on either side of a level.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import { setUp } from './support/browser.js';
import { upload } from './support/files.js';
import {
  by,
  nearness,
  picture,
  ready,
  setMargin,
  translate,
  useWeights,
  withoutAlpha,
} from './support/page.js';

const visit = setUp();

/** @param {string} name */
const fixture = (name) => readFile(new URL(`fixtures/${name}`, import.meta.url));

/** Fraction of bytes that must be within one level. */
const WITHIN = 0.999;

/**
 * @param {import('./support/browser.js').Visit} visit
 * @param {string} photo
 * @param {string} reference
 */
async function compare({ page, t }, photo, reference) {
  const type = photo.endsWith('.jpg') ? 'image/jpeg' : 'image/png';
  await page.setInputFiles(by('photos-input'), upload(photo, await fixture(photo), type));
  await page.selectOption(by('size-select'), '256');
  await translate(page, 1);
  const expected = PNG.sync.read(await fixture(reference));
  const made = await picture(page, photo);
  assert.deepEqual([made.width, made.height], [expected.width, expected.height]);
  const { within, max } = nearness(made.rgb, withoutAlpha(expected.data));
  t.diagnostic(`${reference}: ${(100 * within).toFixed(3)} % within one level, at most ${max}`);
  assert.ok(within >= WITHIN, `only ${within} within one level`);
}

visit('a photo made smaller, with the default model and a margin', {}, async (visited) => {
  const { page } = visited;
  await ready(page);
  await setMargin(page, 32);
  await compare(visited, 'scene.jpg', 'scene.summer2winter.png');
});

visit('a photo of odd sides, with the default model and no margin', {}, async (visited) => {
  const { page } = visited;
  await ready(page);
  await setMargin(page, 0);
  await compare(visited, 'odd.png', 'odd.summer2winter.png');
});

visit('a photo of odd sides, with a small network', {}, async (visited) => {
  const { page } = visited;
  await ready(page);
  await useWeights(page);
  await compare(visited, 'odd.png', 'odd.tiny.png');
});
