/**
 * The page under a finger: everything is large enough to press, and on a comparison the finger scrolls the page,
 * or moves the line, and never both.
 */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, ready, states, translate, useWeights } from './support/page.js';
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
    assert.deepEqual(await states(there), ['waiting', 'waiting']);
    await phone.close();
  },
);

/** Fingers on the glass, one position of each after another. @param {Page} page @param {{ x: number, y: number }[][]} moments */
async function fingers(page, moments) {
  const session = await page.context().newCDPSession(page);
  for (const [i, points] of moments.entries()) {
    const touchPoints = points.map((point, id) => ({ ...point, id }));
    const type = i === 0 ? 'touchStart' : 'touchMove';
    await session.send('Input.dispatchTouchEvent', { type, touchPoints });
  }
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await session.detach();
}

/** What the viewer shows. @param {Page} page */
function viewed(page) {
  return page.evaluate(() => {
    const shown = /** @type {HTMLElement} */ (document.querySelector('#viewer .compare'));
    const { left, top, width, height } = shown.getBoundingClientRect();
    return {
      ...{ left, top, width, height },
      zoom: Number(shown.style.getPropertyValue('--zoom') || 1),
      line: Number.parseFloat(shown.style.getPropertyValue('--at')),
      name: document.getElementById('viewer-name')?.textContent,
    };
  });
}

/** Two results, the first of which is in the viewer. @param {Page} page */
async function openViewer(page) {
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), [
    upload('a.png', photo(240, 160)),
    upload('b.png', photo(160, 240)),
  ]);
  await translate(page, 2);
  await page.click('[data-role=open]');
  await page.waitForSelector('#viewer .compare');
  // Its gestures are fetched when it opens.
  await page.waitForFunction(() =>
    performance.getEntriesByType('resource').some(({ name }) => /zoom-[^/]*\.js$/.test(name)),
  );
  await page.waitForTimeout(100);
  return viewed(page);
}

visit(
  'in the viewer two fingers zoom, one moves what is zoomed, drags the line, or changes the picture',
  { context: PHONE },
  async ({ page }) => {
    const fitting = await openViewer(page);
    const centre = {
      x: fitting.left + fitting.width / 2,
      y: fitting.top + fitting.height / 2,
    };
    const spread = Array.from({ length: 10 }, (_, i) => [
      { x: centre.x - 20 - 6 * i, y: centre.y },
      { x: centre.x + 20 + 6 * i, y: centre.y },
    ]);
    await fingers(page, spread);
    const zoomed = await viewed(page);
    assert.ok(Math.abs(zoomed.zoom - 74 / 20) < 0.4, `${zoomed.zoom}`);
    assert.ok(Math.abs(zoomed.width - fitting.width * zoomed.zoom) < 2);
    assert.equal(zoomed.line, 50, 'the line stays');

    await swipe(page, steps({ x: centre.x + 80, y: centre.y }, -6, 0));
    const moved = await viewed(page);
    assert.ok(zoomed.left - moved.left > 40, `${zoomed.left} to ${moved.left}`);
    assert.equal(moved.zoom, zoomed.zoom);
    assert.equal(moved.name, 'a.png');

    await fingers(page, [...spread].reverse());
    await fingers(page, [...spread].reverse());
    assert.equal((await viewed(page)).zoom, 1);
    assert.deepEqual(await viewed(page), fitting, 'and it is back where it was');

    await swipe(page, steps(centre, 8, 0));
    const dragged = await viewed(page);
    assert.ok(dragged.line > 65, `${dragged.line}`);
    assert.equal(dragged.name, 'a.png');

    await swipe(page, steps({ x: centre.x - 20, y: centre.y }, -8, 0));
    await page.waitForFunction(
      () => document.getElementById('viewer-name')?.textContent === 'b.png',
    );
    await swipe(page, steps({ x: centre.x - 100, y: centre.y }, 8, 0));
    await page.waitForFunction(
      () => document.getElementById('viewer-name')?.textContent === 'a.png',
    );

    const point = { x: centre.x - 60, y: centre.y };
    await page.touchscreen.tap(point.x, point.y);
    await page.touchscreen.tap(point.x, point.y);
    assert.equal((await viewed(page)).zoom, 2.5);
    await page.waitForTimeout(400);
    await page.touchscreen.tap(point.x, point.y);
    await page.touchscreen.tap(point.x, point.y);
    assert.equal((await viewed(page)).zoom, 1);
    assert.equal(
      await page.evaluate(() => visualViewport?.scale),
      1,
      'the page itself is not zoomed',
    );
  },
);

visit(
  'the wheel with Ctrl, a double click and keys zoom in the viewer, too',
  {},
  async ({ page }) => {
    const fitting = await openViewer(page);
    const x = fitting.left + fitting.width / 4;
    const y = fitting.top + fitting.height / 2;
    await page.mouse.move(x, y);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -200);
    await page.keyboard.up('Control');
    await page.waitForFunction(
      () =>
        (document.querySelector('#viewer .compare')?.getBoundingClientRect().width ?? 0) >
        innerWidth,
    );
    const zoomed = await viewed(page);
    assert.ok(
      Math.abs((x - zoomed.left) / zoomed.width - 0.25) < 0.02,
      'what is under it stays there',
    );
    await page.keyboard.press('Shift+ArrowRight');
    assert.ok((await viewed(page)).left < zoomed.left - 40);
    await page.keyboard.press('0');
    assert.deepEqual(await viewed(page), fitting);
    await page.keyboard.press('+');
    assert.equal((await viewed(page)).zoom, 1.5);
    await page.keyboard.press('PageDown');
    await page.waitForFunction(
      () => document.getElementById('viewer-name')?.textContent === 'b.png',
    );
    assert.equal((await viewed(page)).zoom, 1, 'the next picture fits again');
    await page.mouse.dblclick(fitting.left + fitting.width / 2, y);
    assert.equal((await viewed(page)).zoom, 2.5);
  },
);

visit(
  'a result can be given to the system’s sheet where there is one',
  {
    prepare: (page) =>
      page.addInitScript(() => {
        Object.assign(navigator, {
          canShare: () => true,
          share: async (/** @type {ShareData} */ { files }) => {
            document.body.dataset.shared = files?.map(({ name, type }) => `${name} ${type}`).join();
          },
        });
      }),
  },
  async ({ page }) => {
    await openViewer(page);
    await page.click('#viewer-share');
    await page.waitForSelector('body[data-shared="a.png image/png"]');
    await page.click('#viewer-close');
  },
);
