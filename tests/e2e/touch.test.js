/** A finger on a comparison: it scrolls the page, or moves the line, and never both. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { ready } from './support/page.js';

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
