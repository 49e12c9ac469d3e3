/**
 * Chromium, the site, and a fresh visitor for each test. Whatever a test looks at, it fails when the page
 * or its worker logs an error, throws, violates the content security policy, asks anything of another
 * origin, or opens a dialog.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { DIST, serveSite } from './site.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').BrowserContext} BrowserContext */
/** @typedef {{ page: Page, context: BrowserContext, site: import('./site.js').Site, t: import('node:test').TestContext }} Visit */
/**
 * @typedef {object} Options
 * @property {string} [query] of the URL; default `?device=cpu`
 * @property {{ test: (fault: string) => boolean }[]} [expected] faults that this test provokes
 * @property {import('playwright-core').BrowserContextOptions} [context]
 * @property {string} [host] another name of this machine: a page there is not secure
 * @property {(page: Page, site: import('./site.js').Site) => unknown} [prepare] before the page is opened
 * @property {number} [timeout] milliseconds
 */

/** A name of this machine that browsers do not take for it: pages there by http are not secure. */
export const PLAIN_HOST = 'plain.test';
/** As in webdriver.json, and nothing that leaves this machine. */
export const ARGUMENTS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`,
];
/** WebGPU on the software adapter, which every machine has. */
export const SOFTWARE_GPU = [
  '--enable-unsafe-webgpu',
  '--enable-unsafe-swiftshader',
  '--use-webgpu-adapter=swiftshader',
];
/** Without its own Vulkan, copying a bitmap to that adapter, or drawing on a canvas, ends the process. */
export const SOFTWARE_SCREEN = [
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--use-angle=swiftshader',
];
/** What Chromium warns of when a shader or a call of WebGPU is wrong, and nothing else tells. */
const GPU_WARNING = /WGSL|Tint|validation error|uncaptured/i;

/**
 * To be called once in a test file: gives it a browser, the site, and its `visit`.
 *
 * @param {{ gpu?: boolean, args?: string[] }} [options] args: more of Chromium's
 * @returns {(name: string, options: Options, body: (visit: Visit) => Promise<void>) => void} like
 *   `node:test`'s `test`, with the page open
 */
export function setUp({ gpu = false, args = [] } = {}) {
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {import('./site.js').Site} */
  let site;
  before(async () => {
    site = await serveSite();
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: [...ARGUMENTS, ...(gpu ? SOFTWARE_GPU : []), ...args],
    });
  });
  after(async () => {
    await browser?.close();
    await site?.close();
  });

  return (name, options, body) => {
    test(name, { timeout: options.timeout ?? 90_000 }, async (t) => {
      const context = await browser.newContext({ locale: 'en-US', ...options.context });
      const url = options.host ? site.url.replace('127.0.0.1', options.host) : site.url;
      const faults = await watch(context, new URL(url).origin);
      site.served.length = 0;
      const isExpected = (/** @type {string} */ fault) =>
        (options.expected ?? []).some((pattern) => pattern.test(fault));
      try {
        const page = await context.newPage();
        await options.prepare?.(page, site);
        await page.goto(`${url}${options.query ?? '?device=cpu'}`);
        await body({ page, context, site, t });
      } catch (error) {
        if (faults.length) throw new Error(`beside: ${faults.join('; ')}`, { cause: error });
        throw error;
      } finally {
        // First, so that nobody is there to see the site change.
        await context.close();
        await site.start();
        site.folder = DIST;
        site.beside = {};
        site.hidden = null;
        site.answer = null;
      }
      assert.deepEqual(
        faults.filter((fault) => !isExpected(fault)),
        [],
      );
    });
  };
}

/**
 * @param {BrowserContext} context
 * @param {string} origin
 * @returns {Promise<string[]>} grows with each fault
 */
async function watch(context, origin) {
  /** @type {string[]} */
  const faults = [];
  await context.addInitScript(reportViolations);
  context.on('console', (message) => {
    const wrong = message.type() === 'error' || GPU_WARNING.test(message.text());
    if (wrong) faults.push(`console: ${message.text()} ${message.location().url}`);
  });
  context.on('weberror', (error) => faults.push(`error: ${error.error()}`));
  context.on('request', (request) => {
    const from = new URL(request.url()).origin;
    if (from !== origin) faults.push(`request: ${request.url()}`);
  });
  context.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.type()} ${dialog.message()}`);
    if (dialog.type() === 'beforeunload') dialog.accept();
    else dialog.dismiss();
  });
  context.on('page', (page) => {
    page.on('crash', () => faults.push('the page crashed'));
    // A worker that is gone again before it could be asked has nothing to report.
    page.on('worker', (worker) => worker.evaluate(reportViolations).catch(() => {}));
  });
  return faults;
}

/** Runs in the page and in its worker. */
function reportViolations() {
  addEventListener('securitypolicyviolation', (event) => {
    const { effectiveDirective, blockedURI } = /** @type {SecurityPolicyViolationEvent} */ (event);
    console.error(`securitypolicyviolation: ${effectiveDirective} ${blockedURI}`);
  });
}

/**
 * Runs code in each engine worker before the engine's own module, to make the browser misbehave there.
 * The page starts the worker from a blob that imports the module; the code goes into that blob.
 *
 * @param {Page} page not yet opened
 * @param {string} code
 */
export async function patchWorker(page, code) {
  await page.addInitScript((patch) => {
    globalThis.Blob = new Proxy(Blob, {
      construct(Plain, [parts, options]) {
        // The worker that stores results is started in the same way.
        const isEngine = options?.type === 'text/javascript' && /engine-worker/.test(parts[0]);
        if (!isEngine) return new Plain(parts, options);
        // A static import would run before anything that stands in front of it.
        const line = String(parts[0]).replace(/^import (".*");$/, 'import($1);');
        return new Plain([patch, '\n', line], options);
      },
    });
  }, code);
}

/** What a panic in wasm looks like from outside, at photos that are 40 pixels wide. @param {Page} page not yet opened */
export const panicAtForty = (page) =>
  patchWorker(
    page,
    `const close = ImageBitmap.prototype.close;
     ImageBitmap.prototype.close = function () {
       if (this.width === 40) throw new WebAssembly.RuntimeError('unreachable');
       close.call(this);
     };`,
  );
