/** For everybody: axe finds nothing serious in any state, the keyboard does everything, and it fits a phone. */
import assert from 'node:assert/strict';
import { inspect } from './support/axe.js';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cardsShown, finished, ready, translate, useWeights } from './support/page.js';

const visit = setUp();

/** @typedef {import('playwright-core').Page} Page */

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  visit(
    `axe finds nothing serious in any state, ${colorScheme}`,
    { context: { colorScheme }, query: '', timeout: 120_000 },
    async ({ page }) => {
      await ready(page);
      await page.click('#advice > summary');
      await inspect(page, 'empty');
      await page.click('#more > summary');
      await inspect(page, 'settings open');
      await page.keyboard.press('Escape');

      await page.setInputFiles(by('photos-input'), [
        upload('a.png', photo(120, 80, 1)),
        upload('broken.png', 'no picture'),
        upload('notes.txt', 'no photo'),
        upload('large.png', photo(1200, 900, 2)),
      ]);
      await cardsShown(page, 3);
      await inspect(page, 'waiting');
      await page.selectOption(by('size-select'), 'own');
      await page.click(by('translate-button'));
      await page.waitForSelector(`${by('result-card')}[data-name="large.png"][data-active]`, {
        timeout: 60_000,
      });
      await inspect(page, 'running, with problems');
      await page.click(by('cancel-button'));
      await finishedOrStopped(page);
      await page.selectOption(by('size-select'), '256');
      await translate(page, 3);
      await inspect(page, 'done');
      await page.click(`${by('result-card')} [data-role=open]`);
      await page.waitForSelector(`${by('viewer')}[open]`);
      await inspect(page, 'viewer open');
    },
  );
}

/** @param {Page} page */
async function finishedOrStopped(page) {
  await page.waitForSelector(by('translate-button'), { state: 'visible' });
}

/** @param {Page} page @returns {Promise<string>} what has the focus, by its test id, role or id */
const focused = (page) =>
  page.evaluate(() => {
    const { testid, role } = /** @type {HTMLElement} */ (document.activeElement).dataset;
    return testid ?? role ?? document.activeElement?.id ?? '';
  });

/** @param {Page} page @param {string} goal */
async function tabTo(page, goal) {
  for (let presses = 0; presses < 40; presses += 1) {
    if ((await focused(page)) === goal) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`the Tab key does not lead to ${goal}`);
}

visit('everything can be done with the keyboard alone', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).blur());
  await tabTo(page, 'samples-button');
  await page.keyboard.press('Enter');
  await finished(page, 6);

  await tabTo(page, 'open');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`${by('viewer')}[open]`);
  const range = page.locator(`${by('viewer')} input[type=range]`);
  assert.ok(await range.evaluate((element) => element === document.activeElement));
  assert.equal(await range.inputValue(), '50');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  assert.equal(await range.inputValue(), '52');
  assert.equal(await range.getAttribute('aria-valuetext'), '52% before');
  const name = await page.textContent('#viewer-name');
  await page.keyboard.press('PageDown');
  assert.notEqual(await page.textContent('#viewer-name'), name);
  await page.keyboard.press('PageUp');
  assert.equal(await page.textContent('#viewer-name'), name);
  await page.keyboard.press('Escape');
  await page.waitForSelector(by('viewer'), { state: 'hidden' });
  assert.equal(await focused(page), 'open', 'the focus is where it was');

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    tabTo(page, 'save').then(() => page.keyboard.press('Enter')),
  ]);
  assert.match(download.suggestedFilename(), /^sample .*\.png$/);
});

visit(
  'a phone of 320 pixels shows all of it without scrolling sideways',
  {
    context: { viewport: { width: 320, height: 640 } },
  },
  async ({ page }) => {
    await ready(page);
    await useWeights(page);
    const widest = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok((await widest()) <= 320, `empty: ${await widest()}`);
    await page.setInputFiles(by('photos-input'), [
      upload(`${'a long name '.repeat(12)}.png`, photo(60, 40)),
      upload('broken.png', 'no picture'),
    ]);
    await translate(page, 2);
    assert.ok((await widest()) <= 320, `done: ${await widest()}`);
  },
);
