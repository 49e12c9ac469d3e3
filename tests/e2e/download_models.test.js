/** Models out: for this page with all that is known of them, for PyTorch, for ONNX; and the first back in. */
import assert from 'node:assert/strict';
import { inspect } from './support/axe.js';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, downloaded, ready, translate, useWeights, widthsOf } from './support/page.js';
import { startSmall, until } from './support/training.js';
import { generator, generatorFile, safetensors, TINY } from './support/weights.js';
import { readZip } from './support/zip.js';

/** @typedef {import('playwright-core').Page} Page */

const visit = setUp();
/** Pictures that were not downloaded are left behind. */
const LEFT = { expected: [/dialog: beforeunload/] };

/** @param {Buffer} file */
function headerOf(file) {
  return JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE())));
}

/** @param {Page} page @param {'safetensors' | 'pth' | 'onnx'} to @param {{ half?: boolean }} [how] */
async function chosenAs(page, to, { half = false } = {}) {
  await page.click('#more > summary');
  await page.click(by('download-model'));
  await page.check(by(`export-${to}`));
  if (half) await page.check(by('export-half'));
  const file = await downloaded(page, by('export-yes'));
  await page.click('#more > summary');
  return file;
}

visit('a model leaves for each program, and comes back with its name', LEFT, async ({ page }) => {
  await ready(page);
  const said = {
    from: 'day',
    to: 'night',
    margin: '8',
    size: '256',
    trained_on: '<b>40</b> photos',
  };
  await useWeights(page, generatorFile(undefined, said), 'mine.safetensors');
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(60, 40)));
  await translate(page, 1);

  const pth = await chosenAs(page, 'pth');
  assert.equal(pth.name, 'day-to-night.pth');
  assert.equal(pth.bytes.toString('latin1', 0, 4), 'PK\x03\x04');
  const onnx = await chosenAs(page, 'onnx', { half: true });
  assert.equal(onnx.name, 'day-to-night.onnx');
  assert.ok(onnx.bytes.includes('40</b> photos'));

  const own = await chosenAs(page, 'safetensors');
  assert.equal(own.name, 'day-to-night.safetensors');
  const { __metadata__: about } = headerOf(own.bytes);
  assert.deepEqual({ ...about, ...said }, about, 'all that it said, and its pictures');
  for (const name of ['thumbnail_before', 'thumbnail_after']) {
    const jpeg = Buffer.from(about[name], 'base64');
    assert.equal(jpeg.toString('hex', 0, 3), 'ffd8ff');
    assert.ok(jpeg.length < 8000, `${jpeg.length}`);
  }

  await useWeights(page, own.bytes, own.name);
  assert.equal(await page.textContent(`${by('model-select')} option:checked`), 'day → night');
  assert.equal(await page.inputValue(by('margin-input')), '8');
  await page.click('#more > summary');
  assert.match((await page.textContent('#card-facts')) ?? '', /<b>40<\/b> photos/);
  assert.equal(await page.locator('#card-facts b').count(), 0);
  assert.deepEqual(await widthsOf(page, '#card-pictures img'), [60, 60]);
  await page.keyboard.press('Escape');

  await useWeights(page, pth.bytes, pth.name);
  await translate(page, 1);
});

visit('both directions of a file leave as they came, whichever is chosen', {}, async ({ page }) => {
  const [a, b, average] = ['netG_A.', 'netG_B.', 'ema.netG_A.'].map((prefix, i) =>
    generator({ ...TINY, seed: i + 1 }, prefix),
  );
  await ready(page);
  const file = upload('run.ckpt', safetensors([...a, ...b, ...average]), '');
  await page.setInputFiles(by('weights-input'), file);
  const option = page.locator(`${by('model-select')} option`, { hasText: 'netG_B' });
  await page.selectOption(by('model-select'), await option.getAttribute('value'));
  await page.click('#more > summary');
  await page.click(by('download-model'));
  const boxes = page.locator(`${by('export-boxes')} input`);
  assert.equal(await boxes.count(), 2, 'and no average');
  assert.deepEqual([await boxes.nth(0).isChecked(), await boxes.nth(1).isChecked()], [false, true]);
  await boxes.nth(0).check();
  await page.check(by('export-pth'));
  const files = readZip((await downloaded(page, by('export-yes'))).bytes);
  assert.deepEqual(
    files.map(({ name }) => name),
    ['latest_net_G_A.pth', 'latest_net_G_B.pth'],
  );
  for (const [i, [weight]] of [a, b].entries()) {
    assert.ok(files[i].bytes.includes(Buffer.from(weight.values.buffer)), files[i].name);
  }
});

visit('nothing is downloaded if the dialog is closed', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  await page.click('#more > summary');
  await page.click(by('download-model'));
  assert.ok(await page.isVisible(by('export')));
  assert.ok(await page.isHidden('#export-directions'), 'there is no way back to choose');
  assert.ok(await page.isHidden('#export-judges-row'));
  await inspect(page, 'as what to download');
  await page.keyboard.press('Escape');
  assert.ok(await page.isHidden(by('export')));
  assert.equal(
    await page.evaluate(() => document.activeElement?.id),
    'download-model',
    'the focus returns',
  );
});

visit(
  'a run leaves as the four files of PyTorch’s repository, and its generators as models to give away',
  { timeout: 240_000, ...LEFT },
  async ({ page }) => {
    await ready(page);
    await page.click(by('view-train'));
    await page.fill(by('name-a'), 'Day');
    await page.fill(by('name-b'), 'Night');
    await startSmall(page, 12);
    await until(page, 'finished', { step: 12, timeout: 150_000 });

    await page.click(by('export-run'));
    await page.waitForSelector(`${by('export')}[open]`);
    assert.ok(await page.isChecked(by('export-pth')));
    await page.check(by('export-judges'));
    const { name, bytes } = await downloaded(page, by('export-yes'));
    assert.equal(name, 'Day-and-Night.zip');
    const files = readZip(bytes);
    assert.deepEqual(
      files.map((file) => file.name),
      ['G_A', 'G_B', 'D_A', 'D_B'].map((network) => `latest_net_${network}.pth`),
    );
    for (const file of files) assert.equal(file.bytes.toString('latin1', 0, 2), 'PK', file.name);

    const own = await downloaded(page, by('download-weights-b'));
    const about = headerOf(own.bytes).__metadata__;
    assert.deepEqual([about.from, about.to], ['Night', 'Day']);
    assert.match(about.trained_on, /^12 photos of Day and 12 of Night, 12 steps$/);
    assert.equal(Buffer.from(about.thumbnail_before, 'base64').toString('hex', 0, 3), 'ffd8ff');

    await page.click(by('another-button'));
    await page.click(by('run-export'));
    await page.waitForSelector(`${by('export')}[open]`);
    await page.check(by('export-onnx'));
    assert.ok(await page.isHidden('#export-judges-row'));
    await page
      .locator(`${by('export-boxes')} input`)
      .nth(1)
      .uncheck();
    assert.equal((await downloaded(page, by('export-yes'))).name, 'Day-to-Night.onnx');
  },
);
