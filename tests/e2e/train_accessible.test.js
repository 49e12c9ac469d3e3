/** The Train view for everybody: axe in each state, the whole loop by keyboard, and a phone. */
import assert from 'node:assert/strict';
import { contrasts, covered } from './support/access.js';
import { inspect } from './support/axe.js';
import { setUp } from './support/browser.js';
import { by, ready } from './support/page.js';
import { fillFolders, SMALL, set, startSmall, stop, until, untilTold } from './support/training.js';

const visit = setUp();

/** @typedef {import('playwright-core').Page} Page */

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  visit(
    `axe finds nothing in any state of a training, ${colorScheme}`,
    { context: { colorScheme }, timeout: 120_000 },
    async ({ page }) => {
      await ready(page);
      await page.click(by('view-train'));
      await inspect(page, 'empty');
      await fillFolders(page);
      await page.selectOption(by('start-from'), 'files');
      await set(page, { crop: 130 });
      await inspect(page, 'settings, one of them wrong');
      await page.selectOption(by('start-from'), 'scratch');
      await set(page, SMALL);
      await page.click(by('calibrate-button'));
      await until(page, 'calibrated');
      await inspect(page, 'calibrated');
      await startSmall(page, 5000);
      await until(page, 'training', { step: 2 });
      await page.waitForSelector(`${by('preview')} img`);
      await page.waitForSelector(`${by('loss-chart')} canvas`);
      await page.locator(by('loss-table')).evaluate((table) => {
        /** @type {HTMLDetailsElement} */ (table.closest('details')).open = true;
      });
      await inspect(page, 'training');
      await page.click(by('pause-button'));
      await until(page, 'paused');
      await inspect(page, 'paused');
      await page.click(by('discard-button'));
      await inspect(page, 'asking');
      await page.keyboard.press('Escape');
      await page.reload();
      await page.waitForSelector(by('resume-offer'));
      await inspect(page, 'offered');
      await page.click(by('offer-accept'));
      await until(page, 'training');
      await stop(page);
      await inspect(page, 'finished');
      await page.click(by('another-button'));
      await page.waitForSelector(by('stored-run'));
      await inspect(page, 'stored');
    },
  );
}

visit(
  'axe finds nothing when a training cannot go on',
  {
    query: '?device=cpu&fault=lost@3,lost@4,lost@5,nan@9',
    expected: [/gpu-lost|not-finite/],
    timeout: 120_000,
  },
  async ({ page }) => {
    await ready(page);
    await startSmall(page, 12);
    await until(page, 'failed');
    await inspect(page, 'failed');
    await page.click(by('resume-button'));
    await untilTold(page, 'training-not-finite');
    await until(page, 'paused');
    await inspect(page, 'a gentler rate is proposed');
  },
);

/** @param {Page} page @returns {Promise<string>} what has the focus, by its test id or id */
const focused = (page) =>
  page.evaluate(() => {
    const element = /** @type {HTMLElement} */ (document.activeElement);
    return element.dataset.testid ?? element.id;
  });

/** @param {Page} page @param {string} goal @param {'Tab' | 'Shift+Tab'} [key] */
async function tabTo(page, goal, key = 'Tab') {
  for (let presses = 0; presses < 50; presses += 1) {
    if ((await focused(page)) === goal) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${key} does not lead to ${goal}, but to ${await focused(page)}`);
}

visit('a model can be trained with the keyboard alone', { timeout: 120_000 }, async ({ page }) => {
  await ready(page);
  await tabTo(page, 'view-translate');
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(page), 'view-train');
  assert.match(page.url(), /#train$/);
  // Picking files is the browser's own dialog: here they are put in.
  await tabTo(page, 'folder-a-input');
  await fillFolders(page);
  await tabTo(page, 'start-from');
  await page.keyboard.press('End');
  assert.equal(await page.inputValue(by('start-from')), 'scratch');
  for (const [name, value] of Object.entries({ crop: SMALL.crop, steps: 400 })) {
    await tabTo(page, `setting-${name}`);
    await page.keyboard.press('Control+a');
    await page.keyboard.type(String(value));
  }
  await tabTo(page, 'settings-more-summary');
  await page.keyboard.press('Enter');
  for (const [name, value] of Object.entries({ ngf: SMALL.ngf, blocks: SMALL.blocks })) {
    await tabTo(page, `setting-${name}`);
    await page.keyboard.press('Control+a');
    await page.keyboard.type(String(value));
  }
  await tabTo(page, 'train-button');
  await page.keyboard.press('Enter');
  await until(page, 'training', { step: 1 });
  assert.equal(await focused(page), 'pause-button', 'the focus is not lost');
  // The second pictures give the scrubber something to go back to.
  await page.waitForSelector(by('preview-scrubber'));
  await page.keyboard.press('Enter');
  await until(page, 'paused');
  assert.equal(await focused(page), 'resume-button');
  await tabTo(page, 'preview-scrubber');
  await page.keyboard.press('ArrowLeft');
  await tabTo(page, 'stop-button', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await until(page, 'finished');
  assert.equal(await focused(page), 'use-in-translate');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`${by('view-translate')}[aria-selected=true]`);
});

visit('progress is announced now and then, and what happens is', {}, async ({ page }) => {
  await ready(page);
  await page.evaluate(() => {
    const said = /** @type {string[]} */ ([]);
    Object.assign(globalThis, { said });
    const region = /** @type {HTMLElement} */ (document.getElementById('announce'));
    new MutationObserver(() => said.push(region.textContent ?? '')).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  await startSmall(page, 60);
  await until(page, 'finished', { step: 60 });
  await page.waitForFunction(() =>
    /** @type {any} */ (globalThis).said.includes('Training is done'),
  );
  const said = /** @type {string[]} */ (
    await page.evaluate(() => /** @type {any} */ (globalThis).said)
  );
  const steps = said.filter((words) => words.startsWith('step '));
  assert.ok(steps.length >= 1 && steps.length <= 10, said.join('; '));
});

visit(
  'a phone of 320 pixels shows a training without scrolling sideways',
  { context: { viewport: { width: 320, height: 640 } } },
  async ({ page }) => {
    await ready(page);
    const widest = () => page.evaluate(() => document.documentElement.scrollWidth);
    await page.click(by('view-train'));
    assert.ok((await widest()) <= 320, `empty: ${await widest()}`);
    await page.fill(by('name-a'), 'a very long name for a look indeed');
    await startSmall(page, 5000);
    await until(page, 'training', { step: 2 });
    await page.waitForSelector(`${by('preview')} img`);
    assert.ok((await widest()) <= 320, `training: ${await widest()}`);
    await stop(page);
    assert.ok((await widest()) <= 320, `finished: ${await widest()}`);
  },
);

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  visit(
    `fields and the places for photos stand out from the ground by 3 to 1, ${colorScheme}`,
    { context: { colorScheme } },
    async ({ page }) => {
      await ready(page);
      await page.click(by('view-train'));
      const border = 'border-bottom-color';
      const empty = await contrasts(page, '.domain-drop', border);
      await fillFolders(page);
      await page.selectOption(by('start-from'), 'scratch');
      await set(page, SMALL);
      const seen = [
        ...empty,
        ...(await contrasts(page, '.domain-drop', border)),
        ...(await contrasts(page, 'select, input:is([type=number], [type=text])', border)),
        ...(await contrasts(page, '.button:not(.quiet, .primary)', border)),
      ];
      assert.ok(seen.length > 20, `only ${seen.length}`);
      assert.deepEqual(
        seen.filter(({ ratio }) => ratio < 3),
        [],
      );
    },
  );
}

visit(
  'what has the focus is never under the bar, before a training and in it',
  { context: { viewport: { width: 1000, height: 620 } }, timeout: 120_000 },
  async ({ page }) => {
    await ready(page);
    await page.click(by('view-train'));
    await fillFolders(page);
    await page.selectOption(by('start-from'), 'scratch');
    await set(page, SMALL);
    await page.focus('a[hreflang]');
    assert.deepEqual(await covered(page, 'Shift+Tab', 30), [], 'backwards');
    assert.deepEqual(await covered(page, 'Tab', 30), [], 'forwards');
    await startSmall(page, 5000);
    await until(page, 'training', { step: 12 });
    await page.click(by('pause-button'));
    await until(page, 'paused');
    await page.focus('a[hreflang]');
    assert.deepEqual(await covered(page, 'Shift+Tab', 14), [], 'paused');
    await page.click(by('discard-button'));
    await page.click(by('confirm-yes'));
  },
);

visit('the button that ends something says what becomes of it', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-train'));
  await fillFolders(page);
  await page.selectOption(by('start-from'), 'scratch');
  await set(page, { ...SMALL, crop: 96, ngf: 16, blocks: 6 });
  await page.click(by('calibrate-button'));
  await until(page, 'calibrating');
  assert.equal(await page.textContent(by('stop-button')), 'Cancel', 'nothing is kept of a trial');
  await page.click(by('stop-button'));
  await until(page, 'ready');
  await startSmall(page, 5000);
  await until(page, 'training', { step: 1 });
  assert.equal(await page.textContent(by('stop-button')), 'Stop and keep result');
  await page.click(by('pause-button'));
  await until(page, 'paused');
  await page.click(by('discard-button'));
  await page.keyboard.press('Escape');
  assert.equal(await focused(page), 'discard-button', 'the focus is back where it was');
  await page.click(by('discard-button'));
  await page.click(by('confirm-yes'));
  await until(page, 'ready');
});

visit('the focus stays in a list when a line of it is removed', {}, async ({ page }) => {
  await ready(page);
  for (const name of ['First', 'Second', 'Third']) {
    await page.click(by('view-train'));
    await page.fill(by('name-a'), name);
    await startSmall(page, 2);
    await until(page, 'finished');
    await page.click(by('another-button'));
  }
  const stored = page.locator(by('stored-run'));
  await stored.nth(2).waitFor();
  assert.equal(await stored.count(), 3);
  const names = await stored.locator('[data-role=title]').allTextContents();
  // The first of three, then the last of two: the focus is with the one between either time.
  for (const place of [0, 1]) {
    await stored.nth(place).locator('[data-role=delete]').focus();
    await page.keyboard.press('Enter');
    await page.click(by('confirm-yes'));
    await page.waitForFunction(
      (wanted) => document.activeElement?.ariaLabel?.startsWith(`Delete… (${wanted}`),
      names[1],
    );
  }
});
