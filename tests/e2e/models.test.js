/** Models in: by content and not by name, several in a file, several files at once, and among photos. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setUp } from './support/browser.js';
import { folderOf, photo, upload } from './support/files.js';
import { by, cards, cardsShown, picture, problems, ready, translate } from './support/page.js';
import { generator, generatorFile, judge, safetensors } from './support/weights.js';

/** @typedef {import('playwright-core').Page} Page */

const visit = setUp();
const LEFT = { expected: [/dialog: beforeunload/] };
const SENTENCES = JSON.parse(
  readFileSync(new URL('../../www/messages/en.json', import.meta.url), 'utf8'),
);
const [A, B] = [1, 2].map((seed) => ({ ngf: 2, blocks: 1, seed }));

/** @param {Page} page */
const ownModels = (page) =>
  page.$$eval(`${by('model-select')} optgroup[data-of=own] option`, (all) =>
    all.map((option) => option.textContent),
  );
/** @param {Page} page @param {RegExp} said */
const isSaid = (page, said) =>
  page.waitForFunction(
    (pattern) =>
      new RegExp(pattern).test(document.getElementById('progress-line')?.textContent ?? ''),
    said.source,
  );
/** @param {Page} page @param {string} code */
const isRefused = (page, code) =>
  page.waitForFunction(
    (sentence) => document.getElementById('notice')?.textContent === sentence,
    SENTENCES[`error.${code}`],
  );

visit('both directions of a file are models, from one copy, for good', LEFT, async ({ page }) => {
  const both = [...generator(A, 'netG_A.'), ...generator(B, 'netG_B.'), ...judge(2, 'netD_A.')];
  await ready(page);
  await page.setInputFiles(by('weights-input'), upload('run.ckpt', safetensors(both), ''));
  await isSaid(page, /^2 models from “run\.ckpt” are ready$/);
  const names = await ownModels(page);
  assert.equal(names.length, 2, names.join());
  for (const name of names) assert.match(name ?? '', /^run\.ckpt · .*G_[AB]$/);
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 28)));
  await translate(page, 1);
  const there = (await picture(page, 'a.png')).rgb;
  await page.selectOption(by('model-select'), { label: names[1] ?? '' });
  await translate(page, 1);
  assert.ok(!(await picture(page, 'a.png')).rgb.equals(there));

  await page.click('#more > summary');
  await page.fill('#own-name', 'back again');
  await page.keyboard.press('Tab');
  await page.waitForFunction(
    (select) =>
      /** @type {HTMLSelectElement} */ (document.querySelector(select)).selectedOptions[0].text ===
      'back again',
    by('model-select'),
  );
  await page.reload();
  await ready(page);
  assert.deepEqual(await ownModels(page), [names[0], 'back again']);
  assert.equal(
    await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle('weights');
      let count = 0;
      for await (const _ of folder.keys()) count += 1;
      return count;
    }),
    1,
  );
  await page.click('#more > summary');
  await page.click('#forget');
  await page.click(by('confirm-yes'));
  await page.waitForFunction(
    (select) => document.querySelectorAll(`${select} optgroup option`).length === 1,
    by('model-select'),
  );
  await page.keyboard.press('Escape');
  await page.click(by('clear-button'));
  await page.selectOption(by('model-select'), { label: names[0] ?? '' });
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 28)));
  await translate(page, 1);
  assert.ok((await picture(page, 'a.png')).rgb.equals(there), 'the other one stays');
});

visit(
  'both directions are found again where the browser has forgotten them',
  LEFT,
  async ({ page }) => {
    const both = [...generator(A, 'netG_A.'), ...generator(B, 'netG_B.')];
    await ready(page);
    await page.setInputFiles(by('weights-input'), upload('run.ckpt', safetensors(both), ''));
    await isSaid(page, /ready/);
    const names = await ownModels(page);
    await page.evaluate(() => localStorage.clear());
    await page.reload();
    await ready(page);
    assert.deepEqual(await ownModels(page), ['run.ckpt']);
    await page.selectOption(by('model-select'), 'own:run.ckpt');
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
    assert.deepEqual(await ownModels(page), names);
    await page.reload();
    await ready(page);
    assert.deepEqual(await ownModels(page), names);
    assert.match(await page.inputValue(by('model-select')), /^own:run\.ckpt\/.*G_A$/);
  },
);

visit(
  'averages are preferred, and what they are averages of can be chosen',
  {},
  async ({ page }) => {
    const all = [...generator(A, 'netG.'), ...generator(B, 'ema.netG.')];
    await ready(page);
    await page.setInputFiles(by('weights-input'), upload('ema.bin', safetensors(all), ''));
    await isSaid(page, /ready/);
    const names = await ownModels(page);
    assert.equal(names.length, 2, names.join());
    assert.match(names[0] ?? '', /ema/);
    const chosen = await page.textContent(`${by('model-select')} option:checked`);
    assert.equal(chosen, names[0]);
  },
);

visit(
  'the folder of a run gives its generators, and says what it left out',
  {},
  async ({ page, t }) => {
    const folder = folderOf(t, {
      'run/latest_net_G_A.pth': generatorFile(A),
      'run/latest_net_G_B.pth': generatorFile(B),
      'run/latest_net_D_A.pth': safetensors(judge(2)),
      'run/latest_net_D_B.pth': safetensors(judge(2)),
      'run/5_net_G_A.pth': generatorFile(A),
      'run/loss_log.txt': 'epoch: 1',
    });
    await ready(page);
    await page.setInputFiles(by('folder-input'), join(folder, 'run'));
    await isSaid(
      page,
      /latest_net_G_A.*ready.*latest_net_G_B.*ready.*2 files hold judges.*1 earlier/,
    );
    assert.deepEqual(await ownModels(page), ['latest_net_G_A.pth', 'latest_net_G_B.pth']);
    assert.equal(await page.inputValue(by('model-select')), 'own:latest_net_G_A.pth');
    assert.ok(await page.isHidden('#notice'));
  },
);

visit(
  'models among photos are taken, and what is neither is one quiet note',
  {},
  async ({ page }) => {
    await ready(page);
    await page.setInputFiles(by('photos-input'), [
      upload('a.png', photo(40, 28)),
      upload('no ending', generatorFile(A), ''),
      upload('cache.pkl', Buffer.from('\x80\x04}q\0.', 'latin1'), ''),
      upload('model.bin', 'nothing of the kind', ''),
    ]);
    await cardsShown(page, 1);
    await isSaid(page, /“no ending” is ready.*1 file that is no model.*cache\.pkl/);
    assert.ok(await page.isHidden('#notice'));
    assert.deepEqual(await problems(page), {});
    await page.click(`${by('left-models')} summary`);
    const reasons = page.locator(`${by('left-models')} li`);
    assert.match(
      (await reasons.allTextContents()).join(),
      /^cache\.pkl: There is no model in this/,
    );
    assert.match((await page.textContent('#ignored')) ?? '', /\.bin/);
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
  },
);

visit('a file alone that is no generator says what it is', {}, async ({ page }) => {
  await ready(page);
  await page.setInputFiles(by('weights-input'), upload('D.pth', safetensors(judge(2)), ''));
  await isRefused(page, 'weights-discriminator');
  const last = generator(A).slice(0, -2);
  await page.setInputFiles(by('weights-input'), upload('cut.pth', safetensors(last), ''));
  await page.waitForSelector(`${by('notice-detail')}:not([hidden])`);
  assert.match((await page.textContent(by('notice-detail'))) ?? '', /^cut\.pth: /);
  assert.equal(await page.locator(`${by('model-select')} option`).count(), 3);
});

visit('what only looks like a model says what it is', {}, async ({ page }) => {
  await ready(page);
  for (const [field, name, bytes, words] of /** @type {const} */ ([
    ['weights-input', 'run.pth', Buffer.from('7z\xbc\xaf\x27\x1c and more', 'latin1'), /Unpack it/],
    [
      'photos-input',
      'model.onnx',
      Buffer.from('\x08\x08\x12\x07pytorch', 'latin1'),
      /This is an ONNX model/,
    ],
  ])) {
    await page.setInputFiles(by(field), upload(name, bytes, ''));
    await page.waitForFunction(
      (source) => new RegExp(source).test(document.getElementById('notice')?.textContent ?? ''),
      words.source,
    );
    assert.ok(await page.isHidden('#progress-row'), name);
  }
});
