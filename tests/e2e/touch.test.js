/**
 * The page under a finger: everything is large enough to press, and on a comparison the finger scrolls the page,
 * or moves the line, and never both.
 */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cards, ready, translate, useWeights } from './support/page.js';
import { startSmall, until } from './support/training.js';

const visit = setUp();
const PHONE = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 700 } };

/** @typedef {import('playwright-core').Page} Page */

/** Where the line is, in percent. @param {Page} page */
const line = (page) => page.$eval('#demo', (demo) => demo.style.getPropertyValue('--at'));

/**
 * @param {Page} page
 * @param {{ x: number, y: number }[]} way of the finger
 */
async function swipe(page, way) {
  const session = await page.context().newCDPSession(page);
  for (const [i, point] of way.entries()) {
    const type = i === 0 ? 'touchStart' : 'touchMove';
    await session.send('Input.dispatchTouchEvent', { type, touchPoints: [point] });
  }
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await session.detach();
}

/** A point on the picture. @param {Page} page @param {number} across 0 to 1 */
async function pointAt(page, across) {
  const box = await page.locator('#demo').boundingBox();
  assert.ok(box);
  return { x: box.x + across * box.width, y: box.y + box.height / 2 };
}

/** From a point, so many pixels further at a time. @param {{ x: number, y: number }} from @param {number} dx @param {number} dy */
const steps = ({ x, y }, dx, dy) =>
  Array.from({ length: 12 }, (_, i) => ({ x: x + i * dx, y: y + i * dy }));

visit('a finger that scrolls does not move the line', { context: PHONE }, async ({ page }) => {
  await ready(page);
  await page.evaluate(() => {
    document.body.style.minBlockSize = '3000px';
  });
  const before = await line(page);
  const start = await pointAt(page, 0.2);
  await swipe(page, steps(start, 1, -10));
  await page.waitForFunction(() => scrollY > 30);
  assert.equal(await line(page), before);
});

visit('a finger that goes to a side moves the line', { context: PHONE }, async ({ page }) => {
  await ready(page);
  const start = await pointAt(page, 0.2);
  const way = steps(start, 10, 1);
  await swipe(page, way);
  const box = await page.locator('#demo').boundingBox();
  const wanted = (100 * (way[11].x - (box?.x ?? 0))) / (box?.width ?? 1);
  assert.ok(Math.abs(Number.parseFloat(await line(page)) - wanted) < 2, await line(page));
  assert.equal(await page.evaluate(() => scrollY), 0);
});

visit('a tap moves the line to the finger', { context: PHONE }, async ({ page }) => {
  await ready(page);
  const { x, y } = await pointAt(page, 0.8);
  await page.touchscreen.tap(x, y);
  await page.waitForFunction(
    () =>
      Math.abs(
        parseFloat(document.getElementById('demo')?.style.getPropertyValue('--at') ?? '') - 80,
      ) < 2,
  );
});

/**
 * What is smaller than a finger, or wider than the screen, with everything open that opens.
 *
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
function tooSmall(page) {
  return page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
    const all = document.querySelectorAll('button, select, summary, a[href], input');
    const found = [...all].flatMap((control) => {
      // An open dialog covers the rest.
      const dialog = document.querySelector('dialog[open]');
      if (!control.checkVisibility() || (dialog && !dialog.contains(control))) return [];
      const marked = control.matches('.visually-hidden, [type=radio], [type=checkbox]');
      const target = (marked && control.closest('label')) || control.closest('.compare') || control;
      const { width, height } = target.getBoundingClientRect();
      const around = control.matches('a') ? getComputedStyle(control, '::after') : null;
      const tall = around ? Number.parseFloat(around.height) : height;
      const named = `${control.tagName} ${control.id} ${control.getAttribute('data-testid')}`;
      return width < (around ? 24 : 43.9) || tall < 43.9 ? [`${named} ${width} x ${tall}`] : [];
    });
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} wide`);
    for (const details of document.querySelectorAll('details')) details.open = false;
    return found;
  });
}

for (const lang of ['en', 'zh']) {
  visit(
    `every control of both views is large enough for a finger, and nothing is wider than the screen (${lang})`,
    { context: PHONE, query: `?device=cpu&lang=${lang}`, timeout: 180_000 },
    async ({ page }) => {
      await ready(page);
      assert.deepEqual(await tooSmall(page), []);
      await useWeights(page);
      await page.setInputFiles(by('photos-input'), [
        upload('a.png', photo(240, 160)),
        upload('b.png', Buffer.from('no picture')),
      ]);
      await translate(page, 2);
      assert.deepEqual(await tooSmall(page), []);
      await page.click('[data-role=open]');
      assert.deepEqual(await tooSmall(page), []);
      await page.click('#viewer-close');
      await page.click(by('view-train'));
      assert.deepEqual(await tooSmall(page), []);
      await startSmall(page, 12);
      await until(page, 'finished');
      assert.deepEqual(await tooSmall(page), []);
      await page.click(by('export-run'));
      assert.deepEqual(await tooSmall(page), []);
    },
  );
}

visit(
  'a phone takes photos with its camera; elsewhere nothing offers that',
  {},
  async ({ page, context, site }) => {
    assert.equal(await page.locator(by('camera-input')).isVisible(), false);
    const phone = await context.browser()?.newContext({ locale: 'en-US', ...PHONE });
    const there = await phone?.newPage();
    assert.ok(there && phone);
    await there.goto(`${site.url}?device=cpu`);
    await ready(there);
    const camera = there.locator(by('camera-input'));
    assert.ok(await camera.isVisible());
    assert.equal(await camera.getAttribute('capture'), 'environment');
    await camera.setInputFiles(upload('image.png', photo(24, 16)));
    await camera.setInputFiles(upload('image.png', photo(32, 16)));
    await there.waitForFunction(
      (card) => document.querySelectorAll(card).length === 2,
      by('result-card'),
    );
    assert.deepEqual(
      (await cards(there)).map(({ state }) => state),
      ['waiting', 'waiting'],
    );
    await phone.close();
  },
);
