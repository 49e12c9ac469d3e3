/** The two folders are looked at before anything is trained, and the words say what is wrong with them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setUp } from './support/browser.js';
import { badChecksum, bomb, folderOf, photo, upload } from './support/files.js';
import { by, drop, ready } from './support/page.js';
import { fillFolders, folderFiles, runFile, set, until } from './support/training.js';
import { generatorFile, TINY } from './support/weights.js';

const visit = setUp();

/** @typedef {import('playwright-core').Page} Page */

/** @param {Page} page */
const report = async (page) => (await page.textContent(by('dataset-report'))) ?? '';

/**
 * @param {Page} page
 * @param {'a' | 'b'} side
 * @param {import('./support/files.js').Upload[]} files
 */
async function fill(page, side, files) {
  await page.setInputFiles(by(`folder-${side}-input`), files);
  await page.waitForFunction(
    ([card]) => document.querySelector(card)?.hasAttribute('data-filled'),
    [by(`folder-${side}`)],
  );
}

visit('good folders are told of, with those kept aside', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-train'));
  await fillFolders(page, 20);
  assert.match(await report(page), /learn from 18 photos of A and 18 of B/);
  for (const side of ['a', 'b']) {
    assert.equal(await page.locator(`${by(`folder-${side}`)} .kept img`).count(), 2);
    assert.match((await page.textContent(by(`folder-${side}`))) ?? '', /20 photos · 56 × 40/);
  }
  assert.ok(await page.isEnabled(by('train-button')));
});

visit('what cannot be trained on is refused with the reason', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-train'));
  await fill(page, 'a', folderFiles('a', 1));
  await fill(page, 'b', folderFiles('b', 3));
  await until(page, 'ready');
  assert.match(await report(page), /only 1 photo of A/);
  assert.ok(await page.isDisabled(by('train-button')));
  assert.ok(await page.isDisabled(by('calibrate-button')));

  await fill(page, 'a', folderFiles('b', 3));
  await page.waitForFunction(
    ([box]) => document.querySelector(box)?.textContent?.includes('the same photos'),
    [by('dataset-report')],
  );
  assert.ok(await page.isDisabled(by('train-button')));
});

visit('what is only doubtful is warned of', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-train'));
  const [first, ...rest] = folderFiles('a', 5);
  await fill(page, 'a', [
    first,
    ...rest,
    { ...first, name: 'copy.png' },
    upload('bomb.png', bomb()),
    upload('empty.png', ''),
  ]);
  await fill(page, 'b', [...folderFiles('b', 12), { ...first, name: 'astray.png' }]);
  await until(page, 'ready');
  const words = await report(page);
  assert.match(words, /only 5 photos of A/);
  assert.match(words, /1 photo of A is there twice/);
  assert.match(words, /2 photos of A cannot be opened/);
  assert.match(words, /1 photo is in both folders/);
  assert.match(words, /bomb\.png in A: This picture is too large/);
  assert.match(words, /empty\.png in A: This file is empty/);
  assert.ok(await page.isEnabled(by('train-button')));
});

visit('what is left out is named by its kind, and stays named', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-train'));
  await page.setInputFiles(by('folder-a-input'), [
    ...folderFiles('a', 3),
    upload('scan.tif', 'II*\0\x08\0\0\0', ''),
    upload('IMG_7', '%PDF-1.7', ''),
    upload('list.txt', 'text', 'text/plain'),
  ]);
  await fill(page, 'b', folderFiles('b', 3));
  await until(page, 'ready');
  const words = await report(page);
  assert.match(words, /scan\.tif in A: This picture is of the kind TIFF/);
  assert.match(words, /IMG_7 in A: This is a PDF/);
  assert.match(words, /A: 1 other file is not a photo .*\(\.txt\)/);
  // A folder without photos leaves those that are there.
  await page.setInputFiles(by('folder-b-input'), [upload('film.mov', '\0\0\0\x14ftypqt  ', '')]);
  await page.waitForFunction(
    ([box]) => document.querySelector(box)?.textContent?.includes('film.mov in B: This is a video'),
    [by('dataset-report')],
  );
  assert.match((await page.textContent(by('folder-b'))) ?? '', /3 photos/);
});

visit('a photo that turns out to be damaged is left out of the run', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-train'));
  await fill(page, 'a', [...folderFiles('a', 3), upload('damaged.png', badChecksum())]);
  await fill(page, 'b', folderFiles('b', 3));
  await until(page, 'ready');
  await page.selectOption(by('start-from'), 'scratch');
  await set(page, { crop: 32, ngf: 2, blocks: 0, steps: 12 });
  await page.click(by('train-button'));
  await until(page, 'finished', { step: 12 });
  const told = await page.textContent(by('train-notices'));
  assert.match(told ?? '', /damaged\.png in A is left out\. This picture is cut short or damaged/);
});

visit(
  'folders can be dropped: two at once, or one data set of PyTorch',
  {},
  async ({ page, t }) => {
    const files = (/** @type {string} */ folder, /** @type {number} */ first) =>
      Object.fromEntries(
        Array.from({ length: 3 }, (_, i) => [`${folder}/${i}.png`, photo(40, 30, first + i)]),
      );
    const root = folderOf(t, {
      ...files('zebra', 1),
      ...files('horse', 10),
      ...files('data/trainA', 20),
      ...files('data/trainB', 30),
      ...files('data/testA', 40),
    });
    await ready(page);
    await page.click(by('view-train'));
    await drop(page, [join(root, 'zebra'), join(root, 'horse')]);
    await until(page, 'ready');
    assert.equal(await page.inputValue(by('name-a')), 'horse');
    assert.equal(await page.inputValue(by('name-b')), 'zebra');
    await drop(page, [join(root, 'data')]);
    await page.waitForFunction(
      ([card]) => document.querySelectorAll(`${card} .domain-drop img`).length === 3,
      [by('folder-b')],
    );
    await until(page, 'ready');
    for (const side of ['a', 'b']) {
      assert.match((await page.textContent(by(`folder-${side}`))) ?? '', /3 photos/);
    }
    // The other view was not given any of them.
    await page.click(by('view-translate'));
    assert.equal(await page.locator(by('result-card')).count(), 0);
  },
);

const WRONG = '.wrong:not([hidden])';

/** Waits until so many settings are wrong. @param {Page} page @param {number} count */
function wrongFields(page, count) {
  return page.waitForFunction(
    ([wrong, wanted]) => document.querySelectorAll(String(wrong)).length === wanted,
    [WRONG, count],
  );
}

visit('every setting reaches the run', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-train'));
  await fillFolders(page, 4);
  await page.selectOption(by('start-from'), 'scratch');
  await set(page, {
    preprocess: 'scale_width_and_crop',
    size: 40,
    crop: 36,
    steps: 2,
    lr: 0.001,
    'lr-rule': 'pytorch',
    'lambda-cycle': 5,
    'lambda-identity': 0.2,
    'gan-mode': 'vanilla',
    ngf: 3,
    blocks: 2,
    seed: 9,
    'preview-every': 1,
  });
  await page.click(by('train-button'));
  await until(page, 'finished', { step: 2 });
  const { config, settings } = await runFile(page);
  const { lr_flat: flat, lr_decay: decay, ...found } = config;
  assert.equal(flat + decay, 2);
  assert.equal(settings.previewEvery, 1);
  const wanted = {
    preprocess: 'scale_width_and_crop',
    load_size: 40,
    crop_size: 36,
    lr: 0.001,
    lr_rule: 'pytorch',
    lambda_A: 5,
    lambda_B: 5,
    lambda_identity: 0.2,
    gan_mode: 'vanilla',
    ngf: 3,
    blocks: 2,
    seed: 9,
  };
  assert.deepEqual({ ...found, ...wanted }, found);
});

visit('the warm-up is for weights, and is as long as it is set', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-train'));
  await fillFolders(page, 4);
  await page.selectOption(by('start-from'), 'files');
  const weights = upload('tiny.safetensors', generatorFile(TINY), '');
  await page.setInputFiles(by('start-file-a'), weights);
  await set(page, { crop: 32, steps: 6, polish: 0, warmup: 4 });
  await page.click(by('train-button'));
  await until(page, 'finished', { step: 6 });
  await page.locator(by('loss-table')).evaluate((table) => {
    /** @type {HTMLDetailsElement} */ (table.closest('details')).open = true;
  });
  const cells = (/** @type {string} */ loss) =>
    page.$$eval(`${by('loss-table')} td[data-loss=${loss}]`, (all) =>
      all.map(({ textContent }) => (Number.isFinite(Number(textContent)) ? 'number' : textContent)),
    );
  const gap = ['–', '–', '–', '–', 'number', 'number'];
  assert.deepEqual(await cells('cycle_A'), gap, 'what is not computed is no zero');
  assert.deepEqual(await cells('G_B'), gap);
  assert.ok((await cells('D_A')).every((kind) => kind === 'number'));
});

visit('settings that cannot be used say so beside them', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-train'));
  await fillFolders(page, 4);
  await set(page, { crop: 130, lr: 5, steps: '' });
  await wrongFields(page, 3);
  const wrong = await page.$$eval(WRONG, (all) => all.map((one) => one.textContent));
  assert.match(wrong.join(), /multiple of 4/);
  assert.match(wrong.join(), /from 0\.0000001 to 0\.1/);
  assert.ok(await page.isDisabled(by('train-button')));
  await set(page, { crop: 128, lr: 0.001, steps: 10 });
  await wrongFields(page, 0);
  assert.ok(await page.isEnabled(by('train-button')));
});
