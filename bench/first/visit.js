/** A visit: Chromium is started anew, with the profile of the visit before or a fresh one, and opens one page. */
import { chromium } from 'playwright-core';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./types.js').First} First */

const FLAGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--enable-unsafe-webgpu',
  '--enable-unsafe-swiftshader',
];
/** Milliseconds that a visit may take. */
const PATIENCE = 600_000;
/** Milliseconds after the last picture, in which the browser may store what it compiled. */
const AFTER = 2000;

/**
 * @param {string} profile folder
 * @param {string} url
 * @param {(page: Page) => Promise<First>} use
 */
export async function visit(profile, url, use) {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: FLAGS,
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('pageerror', (error) => console.error(`  ${error.stack ?? error.message}`));
    const failed = new Promise((_, reject) => page.on('pageerror', reject));
    const found = await Promise.race([
      (async () => {
        if (use === onSite) await page.addInitScript(hurry);
        await page.goto(url, { timeout: PATIENCE });
        return use(page);
      })(),
      failed,
    ]);
    await page.waitForTimeout(AFTER);
    return /** @type {First} */ (found);
  } finally {
    await context.close();
  }
}

/** A page of `page.js`. @param {Page} page */
export async function onPage(page) {
  await page.waitForFunction(() => 'first' in globalThis, null, { timeout: PATIENCE });
  return page.evaluate(() => globalThis.first);
}

/** This project's page, and what `hurry` notes there. @param {Page} page @returns {Promise<First>} */
export async function onSite(page) {
  await page.waitForFunction(() => 'picture' in /** @type {any} */ (globalThis).moments, null, {
    timeout: PATIENCE,
  });
  const moments = await page.evaluate(() => {
    const { moments } = /** @type {any} */ (globalThis);
    const ended = (/** @type {RegExp} */ name) => {
      const all = performance.getEntriesByType('resource').filter((one) => name.test(one.name));
      const ends = all.map((one) => /** @type {PerformanceResourceTiming} */ (one).responseEnd);
      return ends.length > 0 ? Math.max(...ends) : undefined;
    };
    return { ...moments, weights: ended(/\.safetensors/) };
  });
  return { version: 'page', moments, again: Number.NaN, rgba: [], macs: 0 };
}

/** In the page, before its own scripts: a visitor who has a photo ready and presses Translate at once. */
function hurry() {
  const seen = /** @type {Record<string, number>} */ ({});
  /** @type {any} */ (globalThis).moments = seen;
  const { size } = Object.fromEntries(new URLSearchParams(location.search));
  const by = (/** @type {string} */ name) => document.querySelector(`[data-testid=${name}]`);
  // Results of an earlier visit are still there.
  const name = `${Date.now()}.png`;
  const photo = async () => {
    const canvas = new OffscreenCanvas(Number(size), Number(size));
    const brush = canvas.getContext('2d');
    for (let i = 0; brush && i < 64; i += 1) {
      brush.fillStyle = `hsl(${i * 37} 60% 50%)`;
      brush.fillRect((i % 8) * 16, Math.floor(i / 8) * 16, 16, 16);
    }
    return new File([await canvas.convertToBlob()], name, { type: 'image/png' });
  };
  let given = false;
  const look = async () => {
    const now = performance.now();
    const field = /** @type {HTMLInputElement | null} */ (by('photos-input'));
    if (by('support-status')?.hasAttribute('data-device')) seen.opened ??= now;
    if (document.querySelector(`[data-name='${name}'][data-state=done]`)) seen.picture ??= now;
    if (document.documentElement?.dataset.started !== undefined && field && !given) {
      given = true;
      seen.script ??= now;
      const data = new DataTransfer();
      data.items.add(await photo());
      field.files = data.files;
      field.dispatchEvent(new Event('change', { bubbles: true }));
    }
    const start = /** @type {HTMLButtonElement | null} */ (by('translate-button'));
    if (given && start && !start.disabled && !seen.pressed) {
      seen.pressed = now;
      start.click();
    }
    if (seen.picture === undefined) setTimeout(look, 5);
  };
  look();
}
