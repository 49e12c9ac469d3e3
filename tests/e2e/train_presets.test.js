/** Presets of the Train view: by keyboard, for those who listen, and in what the engine is given. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { by, ready } from './support/page.js';
import { fillFolders, runFile, SMALL, set, until } from './support/training.js';

const visit = setUp();

visit(
  'a preset sets its settings, and one that is changed makes them one’s own',
  {},
  async ({ page }) => {
    await ready(page);
    await page.click(by('view-train'));
    const preset = page.getByRole('combobox', { name: 'What is it for?' });
    assert.equal(await preset.inputValue(), 'season');
    const size = Number(await page.inputValue(by('setting-size')));
    await preset.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.equal(await preset.inputValue(), 'object');
    // The view is drawn anew in the next frame.
    await page.waitForFunction(
      ([field]) => /** @type {HTMLInputElement} */ (document.querySelector(field)).value === '0',
      [by('setting-lambda-identity')],
    );
    assert.equal(await page.inputValue(by('setting-size')), String(size / 2));
    const about = await preset.getAttribute('aria-describedby');
    assert.match((await page.textContent(`#${about}`)) ?? '', /horses and zebras/);
    await set(page, { 'lambda-identity': 0.1 });
    await page.waitForSelector(`${by('preset')} option[value=own]:checked`, { state: 'attached' });
    assert.equal(await page.inputValue(by('setting-size')), String(size / 2), 'the rest stays');
  },
);

visit('a run learns at the scale of its preset, and its pictures come', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-train'));
  await fillFolders(page, 4);
  await page.selectOption(by('preset'), 'object');
  await page.selectOption(by('start-from'), 'scratch');
  await set(page, { ...SMALL, steps: 2, 'preview-every': 1, size: 36 });
  await page.click(by('train-button'));
  await until(page, 'finished', { step: 2 });
  await page.waitForSelector(`${by('preview')} img`);
  const { config, settings } = await runFile(page);
  const { preprocess, load_size: load, crop_size: crop, zoom, lambda_identity: identity } = config;
  assert.deepEqual(
    [preprocess, load, crop, zoom, identity, settings.size],
    ['scale_and_crop', 36, 32, 1.5, 0, 36],
  );
});
