/** Chromium with WebGPU, if need be on a software adapter, and a fresh page of the bench per task. */
import { chromium } from 'playwright-core';
import { ISOLATED, serve } from './server.js';

const FLAGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--enable-unsafe-webgpu',
  '--enable-unsafe-swiftshader',
];

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./types.js').Host} Host */

/**
 * @template T
 * @callback WithPage opens the bench in a process of its own, so that memory and compiled code of one
 *   measurement do not affect the next, uses it, and closes it
 * @param {(page: Page) => Promise<T>} use
 * @param {boolean} [isolated] whether it may have threads
 * @returns {Promise<T>}
 */

/**
 * Opens the browser named by CHROMIUM, or Debian's.
 * @param {string} root the repository
 * @returns {Promise<Host & { withPage: WithPage<any> }>}
 */
export async function openChromium(root) {
  const server = await serve(root);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: FLAGS,
  });
  /** @type {WithPage<any>} */
  const withPage = async (use, isolated = false) => {
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      page.on('console', (line) => console.error(`  ${line.text()}`));
      page.on('pageerror', (error) => console.error(`  ${error.stack ?? error.message}`));
      // A panic inside wasm leaves its promise pending forever; only this event reports it.
      const failed = new Promise((_, reject) => page.on('pageerror', reject));
      const crashed = new Promise((_, reject) =>
        page.on('crash', () => reject(new Error('the page ran out of memory'))),
      );
      await page.goto(`${server.origin}${isolated ? ISOLATED : ''}/bench/index.html`);
      await page.waitForFunction(() => 'bench' in globalThis);
      return await Promise.race([use(page), failed, crashed]);
    } finally {
      await context.close();
    }
  };
  return {
    withPage,
    measure: (task) =>
      withPage(
        (page) => page.evaluate((task) => globalThis.bench.measure(task), task),
        task.work === 'batch',
      ),
    async close() {
      await browser.close();
      server.close();
    },
  };
}
