/** For everybody: axe finds nothing in any state, the keyboard does everything, and it fits a phone. */
import assert from 'node:assert/strict';
import { contrasts, controls, covered, unclear } from './support/access.js';
import { inspect } from './support/axe.js';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cardsShown, finished, ready, translate, useWeights } from './support/page.js';

const visit = setUp();

/** @typedef {import('playwright-core').Page} Page */

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  visit(
    `axe finds nothing in any state, ${colorScheme}`,
    { context: { colorScheme }, query: '', timeout: 120_000 },
    async ({ page }) => {
      await ready(page);
      await page.click('#advice > summary');
      await inspect(page, 'empty');
      await page.click('#more > summary');
      await inspect(page, 'settings open');
      await page.keyboard.press('Escape');

      await page.setInputFiles(by('photos-input'), [
        upload('a.png', photo(120, 80, 1)),
        upload('broken.png', 'no picture'),
        upload('notes.txt', 'no photo'),
        upload('large.png', photo(1200, 900, 2)),
      ]);
      await cardsShown(page, 3);
      await inspect(page, 'waiting');
      await page.selectOption(by('size-select'), 'own');
      await page.click(by('translate-button'));
      await page.waitForSelector(`${by('result-card')}[data-name="large.png"][data-active]`, {
        timeout: 60_000,
      });
      await inspect(page, 'running, with problems');
      await page.click(by('cancel-button'));
      await finishedOrStopped(page);
      await page.selectOption(by('size-select'), '256');
      await translate(page, 3);
      await inspect(page, 'done');
      await page.click(`${by('result-card')} [data-role=open]`);
      await page.waitForSelector(`${by('viewer')}[open]`);
      await inspect(page, 'viewer open');
    },
  );
}

/** @param {Page} page */
async function finishedOrStopped(page) {
  await page.waitForSelector(by('translate-button'), { state: 'visible' });
}

/** @param {Page} page @returns {Promise<string>} what has the focus, by its test id, role or id */
const focused = (page) =>
  page.evaluate(() => {
    const { testid, role } = /** @type {HTMLElement} */ (document.activeElement).dataset;
    return testid ?? role ?? document.activeElement?.id ?? '';
  });

/** @param {Page} page @param {string} goal */
async function tabTo(page, goal) {
  for (let presses = 0; presses < 40; presses += 1) {
    if ((await focused(page)) === goal) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`the Tab key does not lead to ${goal}`);
}

visit('everything can be done with the keyboard alone', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).blur());
  await tabTo(page, 'samples-button');
  await page.keyboard.press('Enter');
  await finished(page, 6);

  await tabTo(page, 'open');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`${by('viewer')}[open]`);
  const range = page.locator(`${by('viewer')} input[type=range]`);
  assert.ok(await range.evaluate((element) => element === document.activeElement));
  assert.equal(await range.inputValue(), '50');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  assert.equal(await range.inputValue(), '52');
  assert.equal(await range.getAttribute('aria-valuetext'), '52% before');
  const name = (await page.textContent('#viewer-name')) ?? '';
  await page.keyboard.press('PageDown');
  await page.waitForSelector(`#viewer-name:not(:text-is("${name}"))`);
  await page.keyboard.press('PageUp');
  await page.waitForSelector(`#viewer-name:text-is("${name}")`);
  await page.keyboard.press('Escape');
  await page.waitForSelector(by('viewer'), { state: 'hidden' });
  assert.equal(await focused(page), 'open', 'the focus is where it was');

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    tabTo(page, 'save').then(() => page.keyboard.press('Enter')),
  ]);
  assert.match(download.suggestedFilename(), /^sample .*\.png$/);
});

visit(
  'a phone of 320 pixels shows all of it without scrolling sideways',
  {
    context: { viewport: { width: 320, height: 640 } },
  },
  async ({ page }) => {
    await ready(page);
    await useWeights(page);
    const widest = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok((await widest()) <= 320, `empty: ${await widest()}`);
    await page.setInputFiles(by('photos-input'), [
      upload(`${'a long name '.repeat(12)}.png`, photo(60, 40)),
      upload('broken.png', 'no picture'),
    ]);
    await translate(page, 2);
    assert.ok((await widest()) <= 320, `done: ${await widest()}`);
  },
);

/** Two results that are shown, and one photo that is no picture. @param {Page} page */
async function twoResults(page) {
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), [
    upload('beach.png', photo(60, 40, 1)),
    upload('broken.png', 'no picture'),
    upload('hills.png', photo(60, 40, 2)),
  ]);
  await translate(page, 3);
  await page.waitForFunction(() => document.querySelectorAll('.card .compare').length === 2);
}

visit(
  'those who listen hear of every control what it does, and to which photo',
  {},
  async ({ page }) => {
    await ready(page);
    assert.deepEqual(unclear(await controls(page)), [], 'empty');
    await twoResults(page);
    await page.click('#more > summary');
    const all = await controls(page);
    assert.deepEqual(unclear(all), [], 'done');
    const names = all.map(({ name }) => name);
    for (const name of [
      'Before and after: beach.png',
      'Open beach.png large',
      'Save the translation of beach.png',
      'Remove beach.png',
      'Remove broken.png',
    ]) {
      assert.ok(names.includes(name), `${name} is not among ${names.join('; ')}`);
    }
    await page.click('[aria-label="Open hills.png large"]');
    await page.waitForSelector(`${by('viewer')}[open]`);
    const viewer = await controls(page);
    assert.deepEqual(unclear(viewer), [], 'viewer');
    assert.ok(viewer.some(({ role, name }) => role === 'dialog' && name === 'hills.png'));
    assert.ok(viewer.some(({ name }) => name === 'Save the translation of hills.png'));
  },
);

visit('what a setting means is written on the page, not in a tooltip', {}, async ({ page }) => {
  await ready(page);
  const all = await controls(page);
  for (const name of ['Size', 'Add a model…']) {
    assert.ok(all.find((one) => one.name === name)?.description, name);
  }
  await page.click('#more > summary');
  for (const key of ['controls.size.about', 'controls.weights.about']) {
    assert.ok(await page.isVisible(`.panel [data-text="${key}"]`), key);
  }
  // A tooltip only ever repeats what stands there or is the name.
  const tooltips = await page.$$eval('[title]', (elements) =>
    /** @type {HTMLElement[]} */ (elements)
      .filter(({ textContent, ariaLabel, title }) => ![textContent, ariaLabel].includes(title))
      .map(({ title }) => title),
  );
  assert.deepEqual(tooltips, []);
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  visit(
    `fields, buttons and icons stand out from the ground by 3 to 1, ${colorScheme}`,
    { context: { colorScheme } },
    async ({ page }) => {
      await twoResults(page);
      await page.click('#more > summary');
      const seen = [
        ...(await contrasts(page, 'select, input:is([type=number], [type=text])', BORDER)),
        ...(await contrasts(
          page,
          '.button:not(.quiet, .primary), .tab[aria-selected=true]',
          BORDER,
        )),
        ...(await contrasts(page, '.tool .icon', 'color')),
      ];
      assert.ok(seen.length > 15, `only ${seen.length}`);
      assert.deepEqual(
        seen.filter(({ ratio }) => ratio < 3),
        [],
      );
    },
  );
}

visit(
  'what has the focus is never under the bar',
  { context: { viewport: { width: 1000, height: 620 } } },
  async ({ page }) => {
    await twoResults(page);
    const many = Array.from({ length: 9 }, (_, i) => upload(`${i}.png`, photo(60, 40, i)));
    await page.setInputFiles(by('photos-input'), many);
    await translate(page, 12);
    const top = () => page.evaluate(() => scrollY);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    assert.ok((await top()) > 200, 'there is something to scroll');
    await page.focus('a[hreflang]');
    assert.deepEqual(await covered(page, 'Shift+Tab', 50), [], 'backwards');
    assert.deepEqual(await covered(page, 'Tab', 50), [], 'forwards');
    await page.click('#more > summary');
    await tabTo(page, 'download-all');
    assert.ok(await page.isHidden('.panel'), 'nor under a panel that was left open');
  },
);

visit(
  'enlarged four times, or on a small phone, no bar stays over the page',
  { context: { viewport: { width: 320, height: 256 } } },
  async ({ page }) => {
    await ready(page);
    const position = (/** @type {string} */ bar) =>
      page.$eval(bar, (element) => getComputedStyle(element).position);
    assert.equal(await position('#view-translate .bar'), 'static');
    assert.equal(await position('#train-bar'), 'static');
    await page.setViewportSize({ width: 900, height: 400 });
    assert.equal(await position('#train-bar'), 'static', 'a phone on its side');
    await page.setViewportSize({ width: 1280, height: 800 });
    assert.equal(await position('#train-bar'), 'sticky');
  },
);

visit('the focus stays where one was when something is removed', {}, async ({ page }) => {
  await twoResults(page);
  const label = () => page.evaluate(() => document.activeElement?.ariaLabel);
  await page.focus('[aria-label="Before and after: beach.png"]');
  await page.$eval(by('translate-button'), (go) => /** @type {HTMLElement} */ (go).click());
  await finished(page, 3);
  assert.equal(await label(), 'Before and after: beach.png', 'another result in its place');
  await page.focus('[aria-label="Open beach.png large"]');
  await page.keyboard.press('Enter');
  const has = (/** @type {string} */ name) =>
    page.waitForFunction((wanted) => document.activeElement?.ariaLabel === wanted, name);
  await has('Before and after: beach.png');
  await page.focus('#viewer-next');
  await page.keyboard.press('Enter');
  await has('Before and after: hills.png'); // there is no next one any more
  await page.keyboard.press('Escape');
  // The browser gives it back first, to the one that was opened.
  await has('Open hills.png large');
  await page.focus('[aria-label="Remove broken.png"]');
  await page.keyboard.press('Enter');
  assert.equal(await label(), 'Remove hills.png', 'the next one');
  await page.keyboard.press('Enter');
  assert.equal(await label(), 'Remove beach.png', 'the one before, at the end');
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'photos-input', 'where photos come in, when all are gone');
  await page.click('#more > summary');
  await page.focus('#forget');
  await page.keyboard.press('Enter');
  await page.click(by('confirm-yes'));
  await page.waitForFunction(() => document.activeElement instanceof HTMLSelectElement);
  assert.equal(await focused(page), 'model-select', 'where another model is chosen');
});

visit(
  'nothing moves for those who asked for that, and forced colours leave nothing invisible',
  { context: { reducedMotion: 'reduce', forcedColors: 'active', colorScheme: 'dark' } },
  async ({ page }) => {
    await twoResults(page);
    const moving = await page.$$eval('*', (elements) =>
      elements
        .flatMap((element) => ['', '::before', '::after'].map((part) => ({ element, part })))
        .filter(({ element, part }) => {
          const { transitionDuration, animationName } = getComputedStyle(element, part || null);
          return transitionDuration !== '0s' || animationName !== 'none';
        })
        .map(({ element, part }) => `${element.className}${part}`),
    );
    assert.deepEqual(moving, []);
    const colours = await page.evaluate(() => {
      const ground = getComputedStyle(document.documentElement).backgroundColor;
      const of = (/** @type {string} */ selector, /** @type {string | null} */ part = null) =>
        getComputedStyle(/** @type {Element} */ (document.querySelector(selector)), part)
          .backgroundColor;
      return {
        ground,
        line: of('.card .handle'),
        done: of('#progress', '::before'),
      };
    });
    assert.equal(colours.line, 'rgb(255, 255, 255)', 'the line over a picture');
    assert.notEqual(colours.done, colours.ground, 'how far it is');
  },
);

/** Below, where a field may have nothing but a line. */
const BORDER = 'border-bottom-color';
