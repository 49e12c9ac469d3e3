/** A person's own weights: every container of PyTorch is taken, every bad file refused, and they are kept. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { panicAtForty, patchWorker, setUp } from './support/browser.js';
import { folderOf, photo, upload } from './support/files.js';
import {
  by,
  cards,
  finished,
  picture,
  problems,
  ready,
  states,
  translate,
  useWeights,
} from './support/page.js';
import { generatorFile } from './support/weights.js';
import { readZip } from './support/zip.js';

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
    assert.deepEqual(await states(page), ['done'], name);
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
  assert.equal(await page.locator(`${by('model-select')} option`).count(), 4);
  await translate(page, 1);
  assert.equal(await page.isVisible('#notice'), false);
  assert.ok((await picture(page, 'a.png')).rgb.equals(before));
});

/** The browser asks before results are lost; here it is told to go on. */
const LEFT = { expected: [/dialog: beforeunload/] };

visit('weights are remembered, can be renamed and forgotten', LEFT, async ({ page }) => {
  await ready(page);
  await useWeights(page, generatorFile(), 'mine.safetensors');
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 28)));
  await translate(page, 1);
  const before = (await picture(page, 'a.png')).rgb;

  await page.reload();
  await ready(page);
  assert.equal(await page.inputValue(by('model-select')), 'own:mine.safetensors');
  await page.click(by('clear-button'));
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
  await page.click(by('confirm-no'));
  assert.equal(await page.inputValue(by('model-select')), 'own:winter of 2021', 'nothing is lost');
  await page.click('#forget');
  await page.click(by('confirm-yes'));
  await page.waitForFunction(
    (select) =>
      /** @type {HTMLSelectElement} */ (document.querySelector(select)).value === 'summer2winter',
    by('model-select'),
  );
  await page.reload();
  await ready(page);
  assert.equal(await page.locator(`${by('model-select')} option`).count(), 3);
});

/** @param {import('playwright-core').Page} page */
const manifest = async (page) => {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click(by('download-all')),
  ]);
  const entries = readZip(readFileSync(await download.path()));
  return JSON.parse(String(entries.find(({ name }) => name === 'manifest.json')?.bytes));
};
/** @param {Buffer} bytes */
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

visit(
  'pressed while weights are stored, Translate uses the weights that the page and the manifest name',
  {
    prepare: (page) =>
      page.addInitScript(() => {
        const create = FileSystemFileHandle.prototype.createWritable;
        FileSystemFileHandle.prototype.createWritable = async function (...given) {
          document.documentElement.dataset.storing = '';
          await new Promise((resolve) => setTimeout(resolve, 1000));
          return create.apply(this, given);
        };
      }),
  },
  async ({ page }) => {
    const [first, second] = [1, 2].map((seed) => generatorFile({ ngf: 2, blocks: 1, seed }));
    await ready(page);
    await useWeights(page, first, 'first.safetensors');
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 28)));
    await translate(page, 1);
    const [made] = [await picture(page, 'a.png')];

    await page.evaluate(() => delete document.documentElement.dataset.storing);
    await page.setInputFiles(by('weights-input'), upload('second.safetensors', second, ''));
    await page.waitForSelector('html[data-storing]');
    await page.click(by('translate-button'));
    assert.ok(await page.isDisabled(by('model-select')), 'what will be used cannot be changed');
    await page.waitForFunction(
      (select) =>
        /** @type {HTMLSelectElement} */ (document.querySelector(select)).value ===
        'own:second.safetensors',
      by('model-select'),
    );
    await finished(page, 1);
    for (let run = 0; run < 2; run += 1) {
      const { model } = await manifest(page);
      assert.equal(model.name, 'second.safetensors');
      assert.equal(model.sha256, sha256(second));
      assert.ok(!(await picture(page, 'a.png')).rgb.equals(made.rgb));
      await translate(page, 1);
    }

    await page.selectOption(by('model-select'), 'own:first.safetensors');
    await translate(page, 1);
    assert.equal((await manifest(page)).model.sha256, sha256(first));
    assert.ok((await picture(page, 'a.png')).rgb.equals(made.rgb));
  },
);

visit(
  'a weights file that is deleted after it was added costs nothing, also for a new worker',
  {
    prepare: panicAtForty,
  },
  async ({ page, t }) => {
    const folder = folderOf(t, { 'mine.safetensors': generatorFile() });
    await ready(page);
    await page.setInputFiles(by('weights-input'), join(folder, 'mine.safetensors'));
    await page.waitForSelector(`${by('model-select')} option[value="own:mine.safetensors"]`, {
      state: 'attached',
    });
    rmSync(join(folder, 'mine.safetensors'));
    await page.setInputFiles(by('photos-input'), [
      upload('fatal.png', photo(40, 40)),
      upload('b.png', photo(24, 16)),
    ]);
    await translate(page, 2);
    assert.deepEqual(await states(page), ['failed', 'done']);
  },
);

visit(
  'stored weights that are gone stop the run, blame no photo, and can be added again',
  {},
  async ({ page }) => {
    await ready(page);
    await useWeights(page, generatorFile(), 'mine.safetensors');
    await page.selectOption(by('model-select'), 'summer2winter');
    await page.reload();
    await ready(page);
    await page.selectOption(by('model-select'), 'own:mine.safetensors');
    await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      await root.removeEntry('weights', { recursive: true });
      await root.getDirectoryHandle('weights', { create: true });
    });
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await page.click(by('translate-button'));
    await page.waitForSelector('#notice:not([hidden])');
    assert.equal(await page.textContent('#notice'), SENTENCES['error.weights-gone']);
    assert.deepEqual(await states(page), ['waiting']);
    assert.deepEqual(await problems(page), {});
    await page.setInputFiles(by('weights-input'), upload('mine.safetensors', generatorFile(), ''));
    await page.waitForFunction(() =>
      document.getElementById('progress-line')?.textContent?.includes('is ready'),
    );
    assert.equal(await page.locator(`${by('model-select')} option`).count(), 4, 'not twice');
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
  },
);

visit(
  'weights are kept where only a worker can write files',
  {
    prepare: async (page) => {
      const old = () => Reflect.deleteProperty(FileSystemFileHandle.prototype, 'createWritable');
      await page.addInitScript(old);
      await patchWorker(page, `(${old})();`);
    },
  },
  async ({ page }) => {
    await ready(page);
    await useWeights(page, generatorFile(), 'mine.safetensors');
    assert.match((await page.textContent('#progress-line')) ?? '', /is ready$/);
    await page.reload();
    await ready(page);
    assert.equal(await page.inputValue(by('model-select')), 'own:mine.safetensors');
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
  },
);

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
