/** A training outlives reloads and full disks, and one tab trains at a time. */
import assert from 'node:assert/strict';
import { patchWorker, setUp } from './support/browser.js';
import { by, downloaded, ready, widthsOf } from './support/page.js';
import {
  fillFolders,
  lossRows,
  notices,
  startSmall,
  stepOf,
  until,
  untilTold,
} from './support/training.js';

const visit = setUp();
const STEPS = 14;

visit(
  'a training that was interrupted by a reload is the one that never was',
  { timeout: 120_000 },
  async ({ page }) => {
    await ready(page);
    await startSmall(page, STEPS, { seed: 5 });
    await until(page, 'finished', { step: STEPS });
    const whole = await lossRows(page);
    await page.click(by('another-button'));

    await startSmall(page, STEPS, { seed: 5 });
    await until(page, 'training', { step: 3 });
    await page.click(by('pause-button'));
    await until(page, 'paused');
    await page.reload();
    await page.click(by('offer-accept'));
    await until(page, 'finished', { step: STEPS });
    assert.deepEqual(await lossRows(page), whole);
  },
);

/** @param {import('playwright-core').Page} page */
async function savedAt(page) {
  const facts = (await page.textContent(by('train-facts'))) ?? '';
  return Number(/saved at step (\d+)/.exec(facts)?.[1]);
}

visit(
  'a page that crashes is offered to go on with, all its pictures kept',
  // Its service worker would crash with it, and for a moment the browser would ask the dead one.
  { context: { serviceWorkers: 'block' }, expected: [/the page crashed/], timeout: 120_000 },
  async ({ page, context, site }) => {
    await ready(page);
    await startSmall(page, 40, { 'preview-every': 2 });
    await until(page, 'training', { step: 7 });
    await page.evaluate(() => dispatchEvent(new Event('pagehide')));
    await page.waitForFunction(
      ([facts]) =>
        /saved at step ([7-9]|\d\d)/.test(document.querySelector(facts)?.textContent ?? ''),
      [by('train-facts')],
    );
    await page.goto('chrome://crash').catch(() => {});
    const next = await context.newPage();
    await next.goto(`${site.url}?device=cpu`);
    await next.waitForFunction(
      () => document.getElementById('train-mark')?.textContent === 'unfinished',
    );
    await next.click(by('view-train'));
    await next.click(by('offer-accept'));
    await until(next, 'finished', { step: 40 });
    const shown = async () => next.getAttribute('#trips', 'data-step');
    assert.equal(await shown(), '40');
    await next.locator(by('preview-scrubber')).fill('0');
    assert.equal(await shown(), '0', 'back to the first picture, from before the crash');
    await next.locator(by('preview-scrubber')).fill('2');
    assert.equal(await shown(), '4');
    const widths = await widthsOf(next, `${by('preview')} img`);
    assert.ok(widths.length >= 6 && widths.every((width) => width === 56), `${widths}`);
  },
);

visit(
  'the page is hidden: what there is is saved at once, and a reload offers it with its picture',
  {},
  async ({ page }) => {
    await ready(page);
    await startSmall(page, 5000, { 'preview-every': 2 });
    await until(page, 'training', { step: 4 });
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await page.waitForFunction(
      ([facts]) => /saved at step [1-9]/.test(document.querySelector(facts)?.textContent ?? ''),
      [by('train-facts')],
    );
    await until(page, 'training', { step: (await stepOf(page)) + 5 });
    const saved = await savedAt(page);
    await page.evaluate(() => document.dispatchEvent(new Event('freeze')));
    await page.waitForFunction(
      ([facts, before]) =>
        Number(/saved at step (\d+)/.exec(document.querySelector(facts)?.textContent ?? '')?.[1]) >
        Number(before),
      [by('train-facts'), String(saved)],
    );
    await page.reload();
    await page.waitForSelector(by('resume-offer'));
    const step = Number(await page.getAttribute(by('resume-offer'), 'data-step'));
    assert.ok(step >= 4, `offered at ${step}`);
    assert.equal(await page.locator(`${by('resume-offer')} img`).count(), 2);
    assert.equal(await page.textContent('#train-mark'), 'unfinished');

    await page.click(by('offer-discard'));
    await page.click(by('confirm-yes'));
    await page.waitForSelector(by('resume-offer'), { state: 'hidden' });
    await page.reload();
    await until(page, 'empty');
    await page.waitForSelector(by('space-used'));
    assert.ok(await page.isHidden(by('resume-offer')));
  },
);

visit('a second tab is told, and may train when the first is done', {}, async ({ page, site }) => {
  await ready(page);
  await startSmall(page, 5000);
  await until(page, 'training', { step: 1 });
  const other = await page.context().newPage();
  await other.goto(`${site.url}?device=cpu#train`);
  await untilTold(other, 'held-by-another-tab');
  await fillFolders(other);
  assert.ok(await other.isDisabled(by('train-button')));
  assert.ok(await other.isHidden(by('resume-offer')));
  await page.click(by('discard-button'));
  await page.click(by('confirm-yes'));
  await other.waitForSelector(`${by('train-button')}:enabled`);
  assert.deepEqual(await notices(other), []);
});

visit(
  'a full disk costs no step: it is told, and saved when there is room again',
  { query: '?device=cpu&fault=quota@3' },
  async ({ page }) => {
    await ready(page);
    await startSmall(page, 5000);
    await until(page, 'training', { step: 6 });
    await page.click(by('pause-button'));
    await untilTold(page, 'storage-full');
    await untilTold(page, 'storage-saved');
    await until(page, 'paused', { step: 6 });
    assert.match((await page.textContent(by('train-facts'))) ?? '', /saved at step/);
  },
);

/** As in a private window of some browsers. */
const NO_STORAGE = `StorageManager.prototype.getDirectory = () =>
  Promise.reject(new DOMException('not here', 'SecurityError'));`;

visit(
  'without storage a training works, and says that it will be lost',
  {
    prepare: async (page) => {
      await page.addInitScript(NO_STORAGE);
      await patchWorker(page, NO_STORAGE);
    },
  },
  async ({ page }) => {
    await ready(page);
    await startSmall(page, 3);
    await until(page, 'finished', { step: 3 });
    assert.ok(
      (await notices(page)).some((code) => /storage-unavailable|photos-not-kept/.test(code)),
    );
    assert.match((await page.textContent('#after-about')) ?? '', /before the page is closed/);
    assert.match((await downloaded(page, by('download-weights'))).name, /\.safetensors$/);
    await page.click(by('another-button'));
    await page.click(by('confirm-no'));
    await until(page, 'finished', { step: 3 });
    await page.click(by('another-button'));
    await page.click(by('confirm-yes'));
    await until(page, 'ready');
  },
);
