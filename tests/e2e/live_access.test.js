/** Live for everybody: no camera, no permission, keyboard, screen reader, phone, less motion, both languages. */
import assert from 'node:assert/strict';
import { inspect } from './support/axe.js';
import { PLAIN_HOST, setUp } from './support/browser.js';
import { begin, changes, codeOf, until } from './support/live.js';
import { by, ready, useWeights } from './support/page.js';
import { startSmall, until as untilTrained } from './support/training.js';
import { ALLOWED, FAKE } from './support/video.js';

/** @typedef {import('playwright-core').Page} Page */

const visit = setUp({ args: [ALLOWED, FAKE] });

/** @param {Page} page @param {string} name */
const said = async (page, name) => (await page.textContent(by(name))) ?? '';

/** What the browser answers when it is asked for a camera. @param {string} name @param {string} message */
const refuse = (name, message) => (/** @type {Page} */ page) =>
  page.addInitScript(
    ([kind, words]) => {
      navigator.mediaDevices.getUserMedia = async () => {
        throw new DOMException(words, kind);
      };
    },
    [name, message],
  );

/** @param {Page} page */
async function tryCamera(page) {
  await ready(page);
  await page.click(by('view-live'));
  await page.click(by('live-use-camera'));
  await until(page, 'stopped');
}

visit(
  'who is refused the camera is told why, and has other pictures',
  { prepare: refuse('NotAllowedError', 'Permission denied') },
  async ({ page }) => {
    await tryCamera(page);
    assert.equal(await codeOf(page), 'camera-refused');
    assert.match(await said(page, 'live-problem'), /Press the button again and allow it/);
    assert.equal(await page.locator(by('live-problem')).getAttribute('role'), 'alert');
    await inspect(page, 'refused');
    await useWeightsIn(page);
    await page.click(by('live-scenes'));
    await until(page, 'live');
    assert.equal(await codeOf(page), null);
  },
);

/** @param {Page} page in Live */
async function useWeightsIn(page) {
  await page.click(by('view-translate'));
  await useWeights(page);
  await page.click(by('view-live'));
}

visit(
  'a page that is not secure says what a camera needs',
  { host: PLAIN_HOST },
  async ({ page }) => {
    await tryCamera(page);
    assert.equal(await codeOf(page), 'camera-insecure');
    await page.waitForSelector(by('live-scenes'));
  },
);

for (const [colorScheme, lang] of /** @type {const} */ ([
  ['light', 'en'],
  ['dark', 'zh'],
])) {
  visit(
    `axe finds nothing in any state of Live, ${colorScheme}, ${lang}`,
    { query: `?device=cpu&lang=${lang}`, context: { colorScheme } },
    async ({ page }) => {
      await ready(page);
      await useWeights(page);
      await page.click(by('view-live'));
      await page.waitForSelector(by('live-start'));
      await inspect(page, 'idle');
      await page.click(by('live-use-camera'));
      await until(page, 'live');
      await page.click(by('live-record'));
      await inspect(page, 'recording');
      await page.click(by('live-freeze'));
      await until(page, 'frozen');
      await inspect(page, 'frozen');
      const words = await said(page, 'live-freeze');
      assert.match(words, lang === 'zh' ? /继续/ : /Go on/);
      await page.click(by('view-translate'));
      await page.click(by('view-live'));
      await until(page, 'stopped');
      await page.waitForSelector(by('live-recorded'));
      await inspect(page, 'stopped, with a recording');
      await page.click(by('live-drop'));
    },
  );
}

/** @param {Page} page @returns {Promise<string>} what has the focus */
const focused = (page) =>
  page.evaluate(() => {
    const { dataset, id } = /** @type {HTMLElement} */ (document.activeElement);
    return dataset.testid ?? id;
  });

/** @param {Page} page @param {string} goal */
async function tabTo(page, goal) {
  for (let presses = 0; presses < 30; presses += 1) {
    if ((await focused(page)) === goal) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${goal}`);
}

visit('all of Live is done with the keyboard, and told', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  await page.evaluate(() => {
    const said = /** @type {string[]} */ ([]);
    Object.assign(globalThis, { said });
    const region = /** @type {HTMLElement} */ (document.querySelector('#announce'));
    new MutationObserver(() => said.push(region.textContent ?? '')).observe(region, {
      childList: true,
    });
  });
  await page.focus(by('view-translate'));
  await page.keyboard.press('End');
  assert.match(page.url(), /#live$/);
  await page.waitForSelector(by('live-use-camera'));
  await tabTo(page, 'live-use-camera');
  await page.keyboard.press('Enter');
  await until(page, 'live');
  assert.equal(await focused(page), 'live-freeze', 'the focus goes to what one does next');
  await page.keyboard.press('Enter');
  await until(page, 'frozen');
  await tabTo(page, 'live-compare');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.getAttribute(by('live-compare'), 'aria-valuetext'), '51% before');
  await page.focus(by('live-end'));
  await page.keyboard.press('Enter');
  await until(page, 'idle');
  assert.equal(await focused(page), 'live-use-camera');
  await page.waitForTimeout(1500);
  const told = await page.evaluate(() => /** @type {any} */ (globalThis).said.join('; '));
  assert.match(told, /The camera is on.*Frozen/);
  assert.doesNotMatch(told, /a second/, 'numbers are not read aloud');
});

visit(
  'nothing moves by itself for those who asked for that',
  { context: { reducedMotion: 'reduce' } },
  async ({ page }) => {
    await ready(page);
    await useWeights(page);
    await page.click(by('view-live'));
    await page.click(by('live-scenes'));
    await until(page, 'frozen');
    assert.equal(await changes(page, 600), 0);
    await page.click(by('live-freeze'));
    await until(page, 'live');
    assert.ok((await changes(page, 3000)) > 0, 'it does when it is told to');
  },
);

for (const viewport of [
  { width: 320, height: 640 },
  { width: 844, height: 390 },
]) {
  visit(
    `a phone of ${viewport.width} pixels shows all of it without scrolling sideways`,
    { context: { viewport, hasTouch: true, isMobile: true } },
    async ({ page }) => {
      await ready(page);
      await begin(page, 'use-camera');
      const { inside, width, picture } = await page.evaluate((stage) => {
        const box = document.querySelector(`${stage} .compare`)?.getBoundingClientRect();
        return {
          inside: document.documentElement.scrollWidth <= innerWidth,
          width: innerWidth,
          picture: { width: box?.width ?? 0, height: box?.height ?? 0 },
        };
      }, by('live-stage'));
      assert.ok(inside, 'nothing is wider than the window');
      assert.ok(picture.width <= width && picture.height <= viewport.height, 'all of the picture');
      assert.ok(picture.width > 0.8 * width || picture.height > 0.4 * viewport.height, 'large');
      assert.ok(Math.abs(picture.width / picture.height - 4 / 3) < 0.02, 'in its proportions');
      for (const name of ['live-freeze', 'live-save', 'live-record', 'live-end']) {
        const box = await page.locator(by(name)).boundingBox();
        assert.ok(box && box.height >= 44 && box.width >= 44, name);
      }
    },
  );
}

visit('what was just trained is seen live', { timeout: 120_000 }, async ({ page }) => {
  await ready(page);
  await startSmall(page, 12);
  await untilTrained(page, 'finished');
  await page.click(by('see-live'));
  await page.waitForSelector(by('live-use-camera'));
  assert.equal(await page.inputValue(by('live-model')), 'trained:A');
  assert.deepEqual(
    await page.$$eval(`${by('live-model')} optgroup:first-child option`, (all) =>
      all.map((option) => option.textContent),
    ),
    ['A → B', 'B → A'],
  );
  await page.click(by('live-use-camera'));
  await until(page, 'live');
  assert.ok((await changes(page, 2000)) > 0);
  await page.selectOption(by('live-model'), 'trained:B');
  await page.waitForTimeout(1000);
  await until(page, 'live');
  assert.ok((await changes(page, 2000)) > 0);
});
