/** A training that is over learns on, and one from the page's own models begins with their judges. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { by, ready } from './support/page.js';
import { fillFolders, lossRows, notices, set, startSmall, until } from './support/training.js';

const visit = setUp();

visit(
  'a training that is over learns on, and again after a reload',
  { timeout: 120_000 },
  async ({ page }) => {
    await ready(page);
    await startSmall(page, 6);
    await until(page, 'finished', { step: 6 });
    const before = await lossRows(page);
    const steps = page.locator(by('learn-steps'));
    assert.equal(await steps.inputValue(), '3');
    await page.click(by('learn-more'));
    assert.equal(await page.inputValue(by('learn-rate')), '0.0001');
    await steps.fill('6');
    assert.equal(await page.inputValue(by('learn-rate')), '0.000133', 'proposed anew');
    await steps.fill('4');
    await page.fill(by('learn-rate'), '0.00005');
    await page.click(by('learn-on-button'));
    await until(page, 'finished', { step: 10 });
    const rows = await lossRows(page);
    assert.equal(rows.length, 10);
    assert.deepEqual(
      rows.filter(({ step }) => step <= 6),
      before,
    );

    await page.reload();
    await page.click(by('run-learn'));
    await until(page, 'finished', { step: 15 });
    assert.equal((await lossRows(page)).length, 15);
    assert.deepEqual(await notices(page), []);
  },
);

visit(
  'the judges of the page’s own models are fetched when a training starts from them, not before',
  { timeout: 120_000 },
  async ({ page }) => {
    /** @type {string[]} */
    const fetched = [];
    page.on('request', (request) => {
      if (request.url().includes('discriminator')) fetched.push(request.url());
    });
    await ready(page);
    await page.click(by('view-train'));
    await fillFolders(page);
    await page.selectOption(by('start-from'), 'model:winter2summer');
    await set(page, { crop: 32, steps: 40, 'preview-every': 40 });
    assert.equal(await page.locator(by('setting-warmup')).isVisible(), false);
    assert.deepEqual(fetched, []);
    await page.click(by('train-button'));
    // Networks of this size take their time with the first step on a processor.
    await until(page, 'training');
    assert.equal(fetched.length, 2);
  },
);
