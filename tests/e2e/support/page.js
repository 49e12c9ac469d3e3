/** What a visitor does on the page, and what is to be seen there. */

import { readFile } from 'node:fs/promises';
import { upload } from './files.js';
import { generatorFile, TINY } from './weights.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ width: number, height: number, rgb: Buffer }} Picture 3 bytes a pixel, rows from the top */
/** @typedef {{ name: string, state: string, note: string }} Card */

/** @param {string} name */
export const by = (name) => `[data-testid=${name}]`;

/**
 * Waits until the engine has opened a device.
 *
 * @param {Page} page
 * @param {'cpu' | 'webgpu'} [device]
 */
export async function ready(page, device = 'cpu') {
  await page.waitForSelector(`${by('support-status')}[data-device=${device}]`, { timeout: 60_000 });
}

/** Waits until the page and its engine are stored for the next visit. @param {Page} page */
export async function stored(page) {
  await ready(page);
  await eventually(page, async () => {
    const own = await (await caches.open('cyclegan-own')).keys();
    return navigator.serviceWorker.controller && own.some(({ url }) => url.endsWith('.wasm'));
  });
}

/**
 * Waits until what a promise brings is true; `waitForFunction` takes the promise itself for the answer.
 *
 * @param {Page} page
 * @param {() => Promise<unknown>} check runs on the page
 */
export async function eventually(page, check) {
  while (!(await page.evaluate(check))) await page.waitForTimeout(100);
}

/**
 * Gives the page a weights file, and waits until it is the chosen model.
 *
 * @param {Page} page
 * @param {Buffer} [weights]
 * @param {string} [name]
 */
export async function useWeights(page, weights = generatorFile(TINY), name = 'tiny.safetensors') {
  await page.setInputFiles(by('weights-input'), upload(name, weights, ''));
  await page.waitForFunction(
    ([select, value]) =>
      /** @type {HTMLSelectElement} */ (document.querySelector(select)).value === value,
    [by('model-select'), `own:${name}`],
  );
}

/**
 * Drops files and folders from the disk, as the browser itself does when they come from a file manager.
 *
 * @param {Page} page
 * @param {string[]} paths
 */
export async function drop(page, paths) {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of /** @type {const} */ (['dragEnter', 'dragOver', 'drop'])) {
    await session.send('Input.dispatchDragEvent', { type, x: 200, y: 400, data });
  }
  await session.detach();
}

/** @param {Page} page @param {number} pixels */
export const setMargin = (page, pixels) =>
  inMore(page, () => page.fill(by('margin-input'), String(pixels)));

/**
 * Does something with what is under More.
 *
 * @param {Page} page
 * @param {() => Promise<unknown>} act
 */
export async function inMore(page, act) {
  await page.click('#more > summary');
  await act();
  await page.keyboard.press('Escape');
}

/**
 * Presses Translate and waits for the end of the run.
 *
 * @param {Page} page
 * @param {number} count photos that must have a card by then
 * @param {number} [timeout] milliseconds
 */
export async function translate(page, count, timeout) {
  await page.click(by('translate-button'));
  await finished(page, count, timeout);
}

/**
 * Waits until nothing waits any more.
 *
 * @param {Page} page
 * @param {number} count
 * @param {number} [timeout] milliseconds
 */
export async function finished(page, count, timeout = 80_000) {
  await page.waitForFunction(
    ([card, cancel, wanted]) =>
      document.querySelectorAll(`${card}:not([data-state=waiting])`).length === wanted &&
      /** @type {HTMLElement} */ (document.querySelector(`${cancel}`)).hidden,
    [by('result-card'), by('cancel-button'), count],
    // Not at every frame: there may be thousands of cards.
    { timeout, polling: 100 },
  );
}

/** @param {Page} page @param {number} count @param {number} [timeout] milliseconds */
export async function cardsShown(page, count, timeout = 30_000) {
  await page.waitForFunction(
    ([card, wanted]) => document.querySelectorAll(`${card}`).length === wanted,
    [by('result-card'), count],
    // Not at every frame: there may be thousands of cards.
    { timeout, polling: 100 },
  );
}

/** @param {Page} page @returns {Promise<Card[]>} in their order */
export function cards(page) {
  return page.$$eval(by('result-card'), (all) =>
    all.map((card) => {
      const { name = '', state = '' } = /** @type {HTMLElement} */ (card).dataset;
      return { name, state, note: card.querySelector('[data-role=note]')?.textContent ?? '' };
    }),
  );
}

/** The state of each card. @param {Page} page */
export const states = async (page) => (await cards(page)).map(({ state }) => state);

/**
 * Presses what gives a file, and takes it.
 *
 * @param {Page} page
 * @param {string} trigger selector of a button
 */
export async function downloaded(page, trigger) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(trigger)]);
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

/** How wide the files of pictures are; one that cannot be decoded fails. @param {Page} page @param {string} selector */
export function widthsOf(page, selector) {
  return page.$$eval(selector, async (all) => {
    const images = /** @type {HTMLImageElement[]} */ (all);
    await Promise.all(images.map((image) => image.decode()));
    return images.map((image) => image.naturalWidth);
  });
}

/** @param {Page} page @returns {Promise<Record<string, string>>} from name, as it is shown, to code */
export async function problems(page) {
  const lines = await page.$$eval(`${by('problem-list')} li`, (all) =>
    all.map((line) => [
      line.querySelector('bdi')?.textContent ?? '',
      /** @type {HTMLElement} */ (line).dataset.code ?? '',
    ]),
  );
  return Object.fromEntries(lines);
}

/**
 * The pixels of a card's picture.
 *
 * @param {Page} page
 * @param {string} name of the photo
 * @param {'after' | 'before'} [role]
 * @returns {Promise<Picture>}
 */
export async function picture(page, name, role = 'after') {
  const found = await page.evaluate(
    async ([selector, wanted, part]) => {
      const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(selector)]);
      const card = all.find(({ dataset }) => dataset.name === wanted);
      // Pictures are loaded near what is seen.
      card?.scrollIntoView({ block: 'nearest' });
      const find = () => {
        const frame = card?.querySelector('.frame');
        return frame?.ariaBusy ? null : frame?.querySelector(`img[data-role=${part}]`);
      };
      for (let wait = 0; card && !find() && wait < 200; wait += 1)
        await new Promise((resolve) => setTimeout(resolve, 25));
      const image = find();
      if (!(image instanceof HTMLImageElement)) throw new Error(`no ${part} of ${wanted}`);
      await image.decode();
      const { naturalWidth: width, naturalHeight: height } = image;
      const brush = new OffscreenCanvas(width, height).getContext('2d');
      brush?.drawImage(image, 0, 0);
      const data = brush?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
      let text = '';
      for (let at = 0; at < data.length; at += 0x2000) {
        text += String.fromCharCode(...data.subarray(at, at + 0x2000));
      }
      return { width, height, base64: btoa(text) };
    },
    [by('result-card'), name, role],
  );
  const { width, height, base64 } = found;
  return { width, height, rgb: withoutAlpha(Buffer.from(base64, 'base64')) };
}

/** @param {Buffer} rgba */
export function withoutAlpha(rgba) {
  return Buffer.from(rgba.filter((_, i) => i % 4 !== 3));
}

/**
 * How near two pictures of one size are.
 *
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 * @returns {{ within: number, max: number }} fraction of bytes within one level, and the largest difference
 */
export function nearness(a, b) {
  if (a.length !== b.length || a.length === 0) return { within: 0, max: 255 };
  let near = 0;
  let max = 0;
  for (const [i, level] of a.entries()) {
    const difference = Math.abs(level - b[i]);
    if (difference <= 1) near += 1;
    max = Math.max(max, difference);
  }
  return { within: near / a.length, max };
}
