/** What is deleted is gone from the browser's storage, with all that was kept of the photos. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { by, ready } from './support/page.js';
import { startSmall, until, untilTold } from './support/training.js';

const visit = setUp();

/** @typedef {import('playwright-core').Page} Page */

/** Names of what is stored of trainings. @param {Page} page @returns {Promise<string[]>} */
function stored(page) {
  return page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('training', { create: true });
    const names = [];
    for await (const name of /** @type {any} */ (folder).keys()) names.push(name);
    return names;
  });
}

/** @param {Page} page */
async function discard(page) {
  await page.click(by('discard-button'));
  await page.click(by('confirm-yes'));
  await page.waitForSelector(by('discard-button'), { state: 'hidden' });
}

visit(
  'a training that is discarded while it is being saved does not come back',
  { timeout: 120_000 },
  async ({ page }) => {
    await ready(page);
    for (let times = 0; times < 4; times += 1) {
      await startSmall(page, 5000, { 'preview-every': 2 });
      await until(page, 'training', { step: 3 });
      await page.click(by('discard-button'));
      // Everything that hides the page has it saved: here again and again.
      await page.evaluate(() => {
        const timer = setInterval(() => dispatchEvent(new Event('pagehide')), 5);
        setTimeout(() => clearInterval(timer), 1000);
      });
      await page.waitForTimeout(40 * times);
      await page.click(by('confirm-yes'));
      await page.waitForSelector(by('discard-button'), { state: 'hidden' });
      while ((await stored(page)).length > 0) await page.waitForTimeout(50);
      await page.waitForTimeout(1500); // what still writes would have done so by then
      assert.deepEqual(await stored(page), [], `time ${times}`);
    }
    await page.reload();
    await until(page, 'empty');
    assert.ok(await page.isHidden(by('resume-offer')));
  },
);

/** As while a file is still open. */
const BUSY = `if (!globalThis.name?.includes('free'))
  FileSystemDirectoryHandle.prototype.removeEntry = () =>
    Promise.reject(new DOMException('a file is open', 'NoModificationAllowedError'));`;

visit(
  'a training that cannot be removed at once is not offered again, and goes with the next visit',
  { timeout: 120_000, prepare: (page) => page.addInitScript(BUSY) },
  async ({ page }) => {
    await ready(page);
    await startSmall(page, 5000);
    await until(page, 'training', { step: 3 });
    await discard(page);
    await untilTold(page, 'run-not-deleted');
    assert.equal((await stored(page)).length, 2, 'the folder, and that it is deleted');
    await page.reload();
    await until(page, 'empty');
    await page.waitForSelector(by('space-used'));
    assert.ok(await page.isHidden(by('resume-offer')));
    await page.evaluate(() => {
      window.name = 'free';
    });
    await page.reload();
    await until(page, 'empty');
    await page.waitForSelector(by('space-used'));
    assert.deepEqual(await stored(page), []);
  },
);
