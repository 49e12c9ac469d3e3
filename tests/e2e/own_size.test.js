/** Results of the photo's own size: with the photo's detail, and with every pixel through the network. */
import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import { setUp } from './support/browser.js';
import { paintedPixels, upload } from './support/files.js';
import { by, picture, ready, setMargin, translate, useWeights } from './support/page.js';

const visit = setUp();

/** Larger than what the network sees of a photo that keeps its own detail. */
const [WIDTH, HEIGHT] = [1400, 90];

function large() {
  const png = new PNG({ width: WIDTH, height: HEIGHT });
  paintedPixels(WIDTH, HEIGHT).copy(png.data);
  return PNG.sync.write(png);
}

/** @param {{ rgb: Uint8Array }} one @param {{ rgb: Uint8Array }} other mean difference in levels */
const apart = ({ rgb: one }, { rgb: other }) =>
  one.reduce((sum, level, i) => sum + Math.abs(level - other[i]), 0) / one.length;

visit('a photo keeps its own size, and its own detail or the model’s', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  await setMargin(page, 0);
  await page.setInputFiles(by('photos-input'), [upload('wide.png', large())]);
  const made = [];
  for (const size of ['own', 'redrawn', '1024']) {
    await page.selectOption(by('size-select'), size);
    await translate(page, 1);
    made.push(await picture(page, 'wide.png'));
  }
  const [own, redrawn, small] = made;
  for (const { width, height } of [own, redrawn])
    assert.deepEqual([width, height], [WIDTH, HEIGHT]);
  assert.deepEqual([small.width, small.height], [1024, 66]);
  assert.ok(apart(own, redrawn) > 0.5, 'two ways');
});

visit('how long it takes is said before it starts', {}, async ({ page }) => {
  await ready(page);
  await page.setInputFiles(by('photos-input'), [upload('wide.png', large())]);
  const line = page.locator('#progress-line');
  await line.filter({ hasText: /^1 photo: about \d/ }).waitFor();
  const seconds = async () =>
    Number.parseFloat((await line.textContent())?.match(/[\d.]+/g)?.[1] ?? '');
  await page.selectOption(by('size-select'), '256');
  await page.waitForTimeout(1000);
  const least = await seconds();
  await page.selectOption(by('size-select'), 'redrawn');
  await line.filter({ hasNotText: `about ${least} s` }).waitFor();
  assert.ok((await seconds()) > 4 * least, `${least} s at 256 pixels`);
});

visit('how long everything again would take is said, too', {}, async ({ page }) => {
  await ready(page);
  await page.setInputFiles(by('photos-input'), [upload('wide.png', large())]);
  await page.selectOption(by('size-select'), '256');
  await translate(page, 1);
  await page.selectOption(by('size-select'), 'redrawn');
  await page.locator('#progress-line', { hasText: /^1 photo: about \d/ }).waitFor();
});
