/** A person's own weights: every container of PyTorch is taken, every bad file refused, and they are kept. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cards, picture, ready, translate, useWeights } from './support/page.js';
import { generatorFile } from './support/weights.js';

const GOLDEN = process.env.CYCLEGAN_GOLDEN || fileURLToPath(new URL('../golden/', import.meta.url));
const FILES = readdirSync(join(GOLDEN, 'pth')).filter((name) => name.endsWith('.pth'));
const SENTENCES = JSON.parse(
  readFileSync(new URL('../../www/messages/en.json', import.meta.url), 'utf8'),
);

/** What each bad file is refused with. */
const CODES = /** @type {Record<string, string>} */ ({
  'bad_code.pth': 'weights-unsafe',
  'bad_empty.pth': 'weights-empty',
  'bad_missing_key.pth': 'weights-missing-tensor',
  'bad_nan.pth': 'weights-not-finite',
  'bad_plain_pickle.pth': 'weights-no-tensors',
  'bad_shape.pth': 'weights-wrong-shape',
  'bad_text.pth': 'weights-not-recognised',
  'bad_truncated.pth': 'weights-truncated',
});

const visit = setUp();

/** @param {string} name */
const golden = (name) => readFileSync(join(GOLDEN, 'pth', name));

visit('every container that PyTorch writes is taken and translates', {}, async ({ page }) => {
  const good = FILES.filter((name) => !name.startsWith('bad_'));
  assert.ok(good.length >= 6, good.join());
  await ready(page);
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 28)));
  /** @type {Record<string, Buffer>} */
  const results = {};
  for (const name of good) {
    await useWeights(page, golden(name), name);
    await translate(page, 1);
    assert.deepEqual(
      (await cards(page)).map(({ state }) => state),
      ['done'],
      name,
    );
    results[name] = (await picture(page, 'a.png')).rgb;
  }
  // The same float32 numbers in each; half precision has rounded them.
  const exact = good.filter((name) => !/half|bfloat16/.test(name));
  for (const name of exact) assert.ok(results[name].equals(results[exact[0]]), name);
});

visit('every bad file is refused with its sentence, and the model stays', {}, async ({ page }) => {
  const bad = FILES.filter((name) => name.startsWith('bad_'));
  assert.deepEqual(bad.sort(), Object.keys(CODES).sort());
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 28)));
  await translate(page, 1);
  const before = (await picture(page, 'a.png')).rgb;
  for (const name of bad) {
    await page.setInputFiles(by('weights-input'), upload(name, golden(name), ''));
    await page.waitForFunction(
      (sentence) => document.getElementById('notice')?.textContent === sentence,
      SENTENCES[`error.${CODES[name]}`],
      { timeout: 10_000 },
    );
    assert.equal(await page.inputValue(by('model-select')), 'own:tiny.safetensors', name);
  }
  assert.equal(await page.locator(`${by('model-select')} option`).count(), 3);
  await translate(page, 1);
  assert.equal(await page.isVisible('#notice'), false);
  assert.ok((await picture(page, 'a.png')).rgb.equals(before));
});

visit('weights are remembered, can be renamed and forgotten', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page, generatorFile(), 'mine.safetensors');
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 28)));
  await translate(page, 1);
  const before = (await picture(page, 'a.png')).rgb;

  await page.reload();
  await ready(page);
  assert.equal(await page.inputValue(by('model-select')), 'own:mine.safetensors');
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 28)));
  await translate(page, 1);
  assert.ok((await picture(page, 'a.png')).rgb.equals(before));

  await page.click('#more > summary');
  await page.fill('#own-name', 'winter of 2021');
  await page.keyboard.press('Tab');
  await page.waitForSelector(`${by('model-select')} option[value="own:winter of 2021"]`, {
    state: 'attached',
  });
  await page.click('#forget');
  assert.equal(await page.inputValue(by('model-select')), 'summer2winter');
  await page.reload();
  await ready(page);
  assert.equal(await page.locator(`${by('model-select')} option`).count(), 2);
});

visit('two files of one name are kept apart', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page, generatorFile({ ngf: 2, blocks: 1, seed: 1 }), 'same.safetensors');
  const other = upload('same.safetensors', generatorFile({ ngf: 3, blocks: 2, seed: 2 }), '');
  await page.setInputFiles(by('weights-input'), other);
  await page.waitForSelector(`${by('model-select')} option[value="own:same (2).safetensors"]`, {
    state: 'attached',
  });
  const names = await page.$$eval(`${by('model-select')} optgroup option`, (all) =>
    all.map((option) => option.textContent),
  );
  assert.deepEqual(names, ['same.safetensors', 'same (2).safetensors']);
});
