/** Models that the host has put beside the page: a list of them, and a link to one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cards, ready, translate } from './support/page.js';
import { generator, generatorFile, safetensors, TINY } from './support/weights.js';

const visit = setUp();
const SENTENCES = JSON.parse(
  readFileSync(new URL('../../www/messages/en.json', import.meta.url), 'utf8'),
);
const JPEG = readFileSync(new URL('fixtures/scene.jpg', import.meta.url));
const SAID = { from: 'photo', to: 'Monet', margin: '16', trained_on: '1,072 paintings' };

/** @param {import('playwright-core').Page} page @param {string} value */
const isChosen = (page, value) =>
  page.waitForFunction(
    ([select, wanted]) =>
      /** @type {HTMLSelectElement} */ (document.querySelector(select)).value === wanted,
    [by('model-select'), value],
  );
/** @param {import('playwright-core').Page} page */
const chosenName = (page) => page.textContent(`${by('model-select')} option:checked`);

/** The page is left with results that were not downloaded. */
const LEFT = [/dialog: beforeunload/];

visit(
  'listed models are there to choose, and fetched when they are used',
  {
    expected: LEFT,
    prepare: (_, site) => {
      const monet = { file: 'monet.safetensors', thumbnails: ['1.jpg', '1.jpg'], size: 512 };
      site.beside = {
        'models/models.json': JSON.stringify([monet, { file: '../../evil.pth' }]),
        'models/monet.safetensors': generatorFile(TINY, SAID),
        'models/1.jpg': JPEG,
      };
    },
  },
  async ({ page, site }) => {
    await ready(page);
    await page.waitForSelector(`${by('model-select')} optgroup[data-of=site]`, {
      state: 'attached',
    });
    assert.equal(await page.inputValue(by('model-select')), 'summer2winter');
    await page.selectOption(by('model-select'), 'site:models/monet.safetensors');
    assert.equal(await chosenName(page), 'monet.safetensors');
    assert.ok(!site.served.some((path) => path.endsWith('monet.safetensors')));
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 28)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
    assert.equal(await chosenName(page), 'photo → Monet', 'the file says more');
    assert.equal(await page.inputValue(by('margin-input')), '16');
    await page.click('#more > summary');
    const facts = (await page.textContent('#card-facts')) ?? '';
    assert.match(facts, /1,072 paintings/);
    assert.match(facts, /512 pixels/);
    assert.equal(await page.locator('#card-pictures img').count(), 2);
    assert.ok(await page.isHidden('#forget'), 'it is not the visitor’s');
    await page.fill(by('margin-input'), '4');
    await page.keyboard.press('Escape');
    await translate(page, 1);
    assert.equal(await page.inputValue(by('margin-input')), '4', 'the visitor knows better');

    await page.reload();
    await isChosen(page, 'site:models/monet.safetensors');
  },
);

visit(
  'a link fetches its model and chooses it, for this visit',
  {
    expected: LEFT,
    query: '?device=cpu&model=models/monet.safetensors',
    prepare: (_, site) => {
      site.beside = { 'models/monet.safetensors': generatorFile(TINY, SAID) };
    },
  },
  async ({ page, site }) => {
    await page.waitForFunction(() =>
      document.getElementById('progress-line')?.textContent?.includes('is ready'),
    );
    assert.equal(await chosenName(page), 'photo → Monet');
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 28)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
    assert.equal(site.served.filter((path) => path.endsWith('monet.safetensors')).length, 1);
    await page.goto(site.url);
    await ready(page);
    assert.equal(await page.inputValue(by('model-select')), 'summer2winter');
  },
);

/** The browser itself logs an answer 404. */
const MISSING = { expected: [/404/] };
/** @param {import('playwright-core').Page} page @param {string} code */
const isTold = (page, code) =>
  page.waitForFunction(
    (sentence) => document.getElementById('notice')?.textContent?.includes(sentence),
    SENTENCES[`error.${code}`],
  );

visit('a link that leads nowhere is told', MISSING, async ({ page, site }) => {
  site.beside = { 'models/page.pth': '<!doctype html><title>Sign in</title>' };
  for (const [model, code] of [
    ['models/none.safetensors', 'model-not-there'],
    ['models/page.pth', 'weights-web-page'],
    ['../none.safetensors', 'model-elsewhere'],
    [encodeURIComponent('https://evil.example/w.pth'), 'model-elsewhere'],
  ]) {
    await page.goto(`${site.url}?device=cpu&model=${model}`);
    await isTold(page, code);
    assert.equal(await page.inputValue(by('model-select')), 'summer2winter', model);
    assert.equal(await page.locator(`${by('model-select')} option`).count(), 3, model);
  }
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
  await translate(page, 1);
  assert.equal((await cards(page))[0].state, 'done');
});

visit('a link that fails leaves the choice and the list as they were', MISSING, async (visited) => {
  const { page, site } = visited;
  site.beside = { 'models/models.json': JSON.stringify([{ file: 'late.safetensors' }]) };
  await page.goto(site.url);
  await ready(page);
  await page.selectOption(by('model-select'), 'vintage');
  for (const visits of [1, 2]) {
    await page.goto(`${site.url}?device=cpu&model=models/late.safetensors`);
    await isTold(page, 'model-not-there');
    assert.equal(await page.inputValue(by('model-select')), 'vintage', `visit ${visits}`);
    assert.equal(await page.locator(`${by('model-select')} option`).count(), 4);
  }
});

visit(
  'all generators of a file beside the page are there to choose, or the one that a link names',
  { expected: LEFT },
  async ({ page, site }) => {
    const both = [...generator(TINY, 'netG_A.'), ...generator({ ...TINY, seed: 8 }, 'netG_B.')];
    site.beside = {
      'models/both.safetensors': safetensors(both),
      'models/models.json': JSON.stringify([{ file: 'both.safetensors' }]),
    };
    const names = () => page.locator('optgroup[data-of=site] option').allTextContents();
    await page.goto(`${site.url}?device=cpu&model=models/both.safetensors`);
    await page.waitForFunction(() =>
      document.getElementById('progress-line')?.textContent?.includes('2 models from'),
    );
    const [a, b] = await names();
    assert.deepEqual([a, b], ['both.safetensors · netG_A', 'both.safetensors · netG_B']);
    await page.selectOption(by('model-select'), { label: b });
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(40, 28)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');

    await page.goto(site.url);
    await isChosen(page, 'site:models/both.safetensors/netG_B');
    await page.goto(`${site.url}?device=cpu&model=models/both.safetensors&network=netG_A`);
    await isChosen(page, 'site:models/both.safetensors/netG_A');
  },
);
