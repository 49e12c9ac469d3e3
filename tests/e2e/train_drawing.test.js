/** The Train view draws what changed and nothing else: focus, clicks and the place of a reader stay. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { by, ready } from './support/page.js';
import { fillFolders, folderFiles, startSmall, stop, until } from './support/training.js';

const visit = setUp();

/** @typedef {import('playwright-core').Page} Page */

/** Notes what changes below an element from now on: what was added, removed or rewritten. @param {Page} page @param {string} selector */
async function watch(page, selector) {
  await page.evaluate((within) => {
    /** @type {string[]} */
    const changes = [];
    Object.assign(globalThis, { changes });
    new MutationObserver((records) => {
      for (const { type, target } of records) {
        const at = target instanceof Element ? target : target.parentElement;
        changes.push(`${type} in ${at?.tagName} ${at?.id} ${at?.className}: ${at?.textContent}`);
      }
    }).observe(/** @type {Node} */ (document.querySelector(within)), {
      childList: true,
      characterData: true,
      subtree: true,
    });
  }, selector);
}

/** @param {Page} page @returns {Promise<string[]>} */
const changes = (page) => page.evaluate(() => /** @type {any} */ (globalThis).changes);

/** Has the view drawn again several times. @param {Page} page */
async function redraw(page) {
  for (let i = 0; i < 5; i += 1) {
    await page.evaluate(() => dispatchEvent(new HashChangeEvent('hashchange')));
    await page.waitForTimeout(50);
  }
}

visit(
  'drawing again changes nothing where nothing happened',
  { timeout: 120_000 },
  async ({ page }) => {
    await ready(page);
    for (let runs = 0; runs < 2; runs += 1) {
      await startSmall(page, 40);
      await until(page, 'training', { step: 3 });
      await stop(page);
      await page.waitForSelector(`${by('preview')} img`);
      await redraw(page);
      await watch(page, '#view-train');
      await redraw(page);
      assert.deepEqual(await changes(page), [], 'finished');
      await page.click(by('another-button'));
      await page.waitForSelector(by('stored-run'));
    }
    await startSmall(page, 5000);
    await until(page, 'training', { step: 3 });
    await page.click(by('pause-button'));
    await until(page, 'paused');
    await redraw(page);
    await watch(page, '#view-train');
    await redraw(page);
    assert.deepEqual(await changes(page), [], 'paused, two trainings in the list');
  },
);

visit(
  'the list of trainings keeps its focus and its clicks while the view is drawn again',
  {},
  async ({ page }) => {
    await ready(page);
    for (let runs = 0; runs < 2; runs += 1) {
      await startSmall(page, 2);
      await until(page, 'finished');
      await page.click(by('another-button'));
      await page.waitForSelector(by('stored-run'));
    }
    const last = page.locator(by('run-delete')).last();
    await last.focus();
    const id = await page.locator(by('stored-run')).last().getAttribute('data-id');
    // A click takes a while; what is under the pointer must stay the same meanwhile.
    await last.hover();
    await page.mouse.down();
    await redraw(page);
    await page.mouse.up();
    await page.click(by('confirm-yes'));
    await page.waitForSelector(`${by('stored-run')}[data-id="${id}"]`, { state: 'detached' });
    assert.equal(await page.locator(by('stored-run')).count(), 1);
    const focused = await page.evaluate(() => document.activeElement?.closest('.stored')?.tagName);
    assert.equal(focused, 'LI', 'the focus goes on to the next training');
  },
);

visit('the loss table keeps the row that is being read', { timeout: 120_000 }, async ({ page }) => {
  await ready(page);
  await startSmall(page, 5000);
  await until(page, 'training', { step: 5 });
  await page.waitForSelector(`${by('loss-table')} tbody tr`, { state: 'attached' });
  await page.locator(by('loss-table')).evaluate((table) => {
    Object.assign(globalThis, {
      row: table.querySelector('tbody tr'),
      kept: table.querySelector('td'),
    });
  });
  await watch(page, `${by('loss-table')} tbody tr`);
  const before = await page.locator(`${by('loss-table')} tbody tr`).count();
  await page.waitForFunction(
    ([table, rows]) => document.querySelectorAll(`${table} tbody tr`).length >= Number(rows) + 3,
    [by('loss-table'), before],
  );
  assert.deepEqual(await changes(page), [], 'the first row says the same');
  assert.ok(
    await page.evaluate(() => {
      const { row, kept } = /** @type {any} */ (globalThis);
      return row.isConnected && kept.isConnected;
    }),
  );
});

visit('while photos are looked at nothing is said ten times a second', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-train'));
  // Every region that is read aloud when it changes.
  await page.evaluate(() => {
    /** @type {string[]} */
    const said = [];
    Object.assign(globalThis, { said });
    const live = '[role=status], [role=alert], [role=log], [aria-live], output';
    new MutationObserver((records) => {
      for (const { target } of records) {
        const at = target instanceof Element ? target : target.parentElement;
        const region = at?.closest(live);
        const words = region?.textContent ?? '';
        if (region && words) said.push(words);
      }
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
  });
  await page.setInputFiles(by('folder-a-input'), folderFiles('a', 150));
  await fillFolders(page, 150);
  await page.waitForFunction(() =>
    /** @type {any} */ (globalThis).said.some((/** @type {string} */ words) =>
      words.includes('It will learn'),
    ),
  );
  const said = /** @type {string[]} */ (
    await page.evaluate(() => /** @type {any} */ (globalThis).said)
  );
  assert.ok(said.length <= 12, said.join('; '));
});
