/** Chromium with WebGPU, also where its only adapter is software, and a fresh page of the bench in it. */
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--enable-unsafe-webgpu',
  '--enable-unsafe-swiftshader',
];

/** @typedef {import('playwright-core').Browser} Browser */
/** @typedef {import('playwright-core').Page} Page */

/** @returns {Promise<Browser>} the one in the variable CHROMIUM, or where Debian puts it */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: FLAGS,
  });
}

/**
 * Opens the bench in a process of its own, so that memory and compiled code of one measurement do not help
 * or burden the next, does something with it, and closes it.
 * @template T
 * @param {Browser} browser
 * @param {string} origin
 * @param {(page: Page) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withPage(browser, origin, use) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    page.on('console', (line) => console.error(`  ${line.text()}`));
    page.on('pageerror', (error) => console.error(`  ${error.stack ?? error.message}`));
    // A panic inside wasm leaves its promise open forever; only this event tells.
    const failed = new Promise((_, reject) => page.on('pageerror', reject));
    const crashed = new Promise((_, reject) =>
      page.on('crash', () => reject(new Error('the page ran out of memory'))),
    );
    await page.goto(`${origin}/bench/index.html`);
    await page.waitForFunction(() => 'bench' in globalThis);
    return await /** @type {Promise<T>} */ (Promise.race([use(page), failed, crashed]));
  } finally {
    await context.close();
  }
}
