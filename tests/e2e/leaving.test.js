/** What took time is not lost by a slip: results, failures, removed photos, and leaving the page. */
import assert from 'node:assert/strict';
import { patchWorker, setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import {
  by,
  cards,
  cardsShown,
  finished,
  picture,
  problems,
  ready,
  states,
  translate,
  useWeights,
} from './support/page.js';

const visit = setUp();

/** @typedef {import('playwright-core').Page} Page */

/** @param {Page} page @returns {Promise<string | undefined>} what has the focus, by its id or role */
const focused = (page) =>
  page.evaluate(() => {
    const { id, dataset } = /** @type {HTMLElement} */ (document.activeElement);
    return id || dataset.role;
  });

/** Makes the engine's work on photos of 40 x 40 fail as long as the page says so. @param {Page} page */
const failing = (page) =>
  patchWorker(
    page,
    `const heard = new BroadcastChannel('failing');
     let fails = false;
     heard.onmessage = ({ data }) => {
       if (typeof data !== 'boolean') return;
       fails = data;
       heard.postMessage('heard');
     };
     heard.postMessage('ask'); // a worker that starts later
     const close = ImageBitmap.prototype.close;
     ImageBitmap.prototype.close = function () {
       if (fails && this.width === 40) throw new RangeError('Array buffer allocation failed');
       close.call(this);
     };`,
  );
/** @param {Page} page @param {boolean} fails */
const setFailing = (page, fails) =>
  page.evaluate(
    (value) =>
      new Promise((resolve) => {
        const told = /** @type {{ channel?: BroadcastChannel }} */ (globalThis);
        told.channel ??= new BroadcastChannel('failing');
        const { channel } = told;
        channel.onmessage = ({ data }) => {
          if (data === 'ask') channel.postMessage(value);
          else resolve(undefined);
        };
        channel.postMessage(value);
      }),
    fails,
  );

visit(
  'a failed second translation keeps the first result, and what failed can be tried again',
  { prepare: failing },
  async ({ page }) => {
    await ready(page);
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), [
      upload('a.png', photo(24, 16)),
      upload('b.png', photo(40, 40)),
    ]);
    await translate(page, 2);
    const first = (await picture(page, 'b.png')).rgb;
    await setFailing(page, true);
    await translate(page, 2);
    assert.deepEqual(await states(page), ['done', 'failed']);
    assert.deepEqual(await problems(page), { 'b.png': 'out-of-memory' });
    assert.ok((await picture(page, 'b.png')).rgb.equals(first));
    assert.match((await cards(page))[1].note, /earlier result/);
    const card = page.locator(`${by('result-card')}[data-name="b.png"]`);
    assert.ok(await card.locator('[data-role=save]').isVisible());

    await page.click(by('retry-button'));
    await finished(page, 2);
    assert.deepEqual(await states(page), ['done', 'failed'], 'it fails again');
    assert.equal(await focused(page), 'translate', 'the focus is at what can be done next');
    await setFailing(page, false);
    await card.locator('[data-role=retry]').click();
    await page.waitForSelector(`${by('result-card')}[data-name="b.png"][data-state=done]`);
    assert.deepEqual(await problems(page), {});
    assert.equal(await page.isVisible(by('retry-button')), false);
    assert.equal(await card.locator('[data-role=retry]').count(), 0);
    assert.equal(await focused(page), 'remove', 'the focus stays with the card');
  },
);

visit(
  'a first translation that failed shows its photo again when it is tried again',
  { prepare: failing },
  async ({ page }) => {
    await ready(page);
    await useWeights(page);
    await setFailing(page, true);
    await page.setInputFiles(by('photos-input'), [
      upload('a.png', photo(40, 40)),
      upload('b.png', photo(24, 16)),
    ]);
    await translate(page, 2);
    assert.deepEqual(await states(page), ['failed', 'done']);
    const frame = page.locator(`${by('result-card')}[data-name="a.png"] .frame`);
    assert.match((await frame.textContent()) ?? '', /not enough memory/);
    await setFailing(page, false);
    const second = (await picture(page, 'b.png')).rgb;
    await page.click(by('retry-button'));
    await page.waitForSelector(`${by('result-card')}[data-name="a.png"][data-state=done]`);
    assert.ok((await picture(page, 'b.png')).rgb.equals(second));
    assert.equal(await frame.locator('.reason').count(), 0);
  },
);

visit('what was removed, one or all, can be put back with its results', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  const names = ['a.png', 'b.png', 'c.png'];
  await page.setInputFiles(
    by('photos-input'),
    names.map((name, i) => upload(name, photo(24, 16, i))),
  );
  await translate(page, 3);
  const results = await Promise.all(names.map(async (name) => (await picture(page, name)).rgb));

  await page.click(`${by('result-card')}[data-name="b.png"] [data-role=remove]`);
  await cardsShown(page, 2);
  assert.match((await page.textContent(by('removed'))) ?? '', /^1 photo removed/);
  await page.click(by('undo-button'));
  await cardsShown(page, 3);
  assert.deepEqual(
    (await cards(page)).map(({ name }) => name),
    names,
    'in its old place',
  );

  await page.click(by('clear-button'));
  await cardsShown(page, 0);
  assert.match((await page.textContent(by('removed'))) ?? '', /^3 photos removed/);
  assert.ok(await page.isDisabled(by('download-all')));
  await page.click(by('undo-button'));
  await cardsShown(page, 3);
  assert.equal(await page.isVisible(by('removed')), false);
  for (const [i, name] of names.entries()) {
    assert.ok((await picture(page, name)).rgb.equals(results[i]), name);
  }
  assert.ok(await page.isEnabled(by('download-all')));
});

/** @param {Page} page @returns {Promise<boolean>} whether the browser would ask before the page is left */
const asks = (page) =>
  page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));

/** Without private storage results are in memory. @param {Page} page */
const withoutStorage = (page) =>
  page.addInitScript(() => {
    navigator.storage.getDirectory = () => Promise.reject(new DOMException('', 'SecurityError'));
  });

visit('leaving takes no question where results are stored', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
  await translate(page, 1);
  assert.equal(await asks(page), false);
  await page.click('a[hreflang=zh]');
  await page.waitForURL(/lang=zh/);
  await cardsShown(page, 1);
});

visit(
  'the browser asks before results are lost that nobody has downloaded',
  { prepare: withoutStorage },
  async ({ page }) => {
    await ready(page);
    await useWeights(page);
    assert.equal(await asks(page), false);
    await page.setInputFiles(by('photos-input'), [
      upload('a.png', photo(24, 16)),
      upload('b.png', photo(32, 16)),
    ]);
    await cardsShown(page, 2);
    assert.equal(await asks(page), false, 'nothing was done yet');
    await translate(page, 2);
    assert.equal(await asks(page), true);
    await Promise.all([
      page.waitForEvent('download'),
      page.click(`${by('result-card')}[data-name="a.png"] [data-role=save]`),
    ]);
    assert.equal(await asks(page), true, 'one is still missing');
    await Promise.all([page.waitForEvent('download'), page.click(by('download-all'))]);
    await page.waitForFunction((id) => !document.querySelector(id)?.ariaBusy, by('download-all'));
    assert.equal(await asks(page), false);
    await translate(page, 2);
    assert.equal(await asks(page), true, 'these are new');
  },
);

const alone = { prepare: withoutStorage };
visit('another language is not worth the results without a question', alone, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
  await translate(page, 1);
  await page.click('a[hreflang=zh]');
  await page.waitForSelector(by('confirm'), { state: 'visible' });
  await page.click(by('confirm-no'));
  assert.deepEqual(await states(page), ['done']);
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  await page.click('a[hreflang=zh]');
  // And once is enough: the browser does not ask again.
  await Promise.all([page.waitForURL(/lang=zh/), page.click(by('confirm-yes'))]);
  await ready(page);
  assert.equal(await page.getAttribute('html', 'lang'), 'zh');
});
