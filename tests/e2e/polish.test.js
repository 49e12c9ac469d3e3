/** Polishing: the last phase of a training, and a model that a person has. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, ready, useWeights } from './support/page.js';
import { startSmall, stepOf, until } from './support/training.js';
import { generatorFile } from './support/weights.js';

const visit = setUp();

visit('a training ends with a polish, which its status tells', {}, async ({ page }) => {
  await ready(page);
  await startSmall(page, 2, { polish: 4 });
  await page.waitForFunction(
    (selector) =>
      /^Polishing: for the last 4 steps/.test(document.querySelector(selector)?.textContent ?? ''),
    by('train-status'),
    { polling: 20 },
  );
  await until(page, 'finished', { step: 6 });
  assert.equal(await stepOf(page), 6);
});

visit(
  'a model is polished on the photos that are there, and kept beside it',
  {},
  async ({ page }) => {
    await ready(page);
    await useWeights(page, generatorFile({ ngf: 4, blocks: 1, seed: 2 }), 'mine.safetensors');
    await page.click('#more summary');
    await page.click(by('polish-button'));
    assert.match((await page.textContent('#notice')) ?? '', /Add some photos first/);
    await page.setInputFiles(
      by('photos-input'),
      [1, 2].map((seed) => upload(`${seed}.png`, photo(48, 40, seed))),
    );
    await page.evaluate((cancel) => {
      const line = /** @type {HTMLElement} */ (document.querySelector('#progress-line'));
      new MutationObserver(() => {
        if (!line.textContent?.startsWith('Polishing')) return;
        const asks = !dispatchEvent(new Event('beforeunload', { cancelable: true }));
        line.dataset.seen = `${asks} ${document.activeElement?.matches(cancel)}`;
      }).observe(line, { childList: true });
    }, by('cancel-button'));
    await page.focus(by('polish-button'));
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      () =>
        document.querySelector('#progress-line')?.textContent ===
        '“mine, polished.safetensors” is ready, and chosen',
      undefined,
      { polling: 50 },
    );
    assert.equal(await page.inputValue(by('model-select')), 'own:mine, polished.safetensors');
    const seen = await page.getAttribute('#progress-line', 'data-seen');
    assert.equal(seen, 'true true', 'leaving is asked about, and Cancel has the focus');
    assert.match((await page.textContent('#card-facts')) ?? '', /with 1 block and 4 channels/);
  },
);
