/** What a visitor does in the Train view, and what is to be seen there. */

import { photo, upload } from './files.js';
import { by, downloaded } from './page.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('../../../www/train/snapshot.js').State} State */
/** @typedef {'a' | 'b'} Side */

/** Networks and pictures so small that a step takes no time on any machine. */
export const SMALL = { crop: 32, ngf: 4, blocks: 1, polish: 0, 'preview-every': 10 };
/** Photos of a folder: two of them are set aside. */
export const COUNT = 12;

/**
 * Photos of one folder, all different.
 *
 * @param {Side} side
 * @param {number} [count]
 */
export function folderFiles(side, count = COUNT) {
  const first = side === 'a' ? 1 : 500;
  return Array.from({ length: count }, (_, i) =>
    upload(`${side}${i}.png`, photo(56, 40, first + i)),
  );
}

/** @param {Page} page @param {number} [count] of photos in each folder */
export async function fillFolders(page, count = COUNT) {
  for (const side of /** @type {const} */ (['a', 'b'])) {
    await page.setInputFiles(by(`folder-${side}-input`), folderFiles(side, count));
  }
  await until(page, 'ready');
}

/**
 * Waits for a state, and for a step in it.
 *
 * @param {Page} page
 * @param {State} state
 * @param {{ step?: number, timeout?: number }} [options] step: at least
 */
export async function until(page, state, { step = 0, timeout = 60_000 } = {}) {
  try {
    await page.waitForFunction(
      ([selector, wanted, least]) => {
        const { dataset } = /** @type {HTMLElement} */ (document.querySelector(String(selector)));
        return dataset.state === wanted && Number(dataset.step) >= Number(least);
      },
      [by('train-status'), state, step],
      { timeout, polling: 50 },
    );
  } catch (cause) {
    const now = await page.getAttribute(by('train-status'), 'data-state');
    const told = (await notices(page)).join();
    const at = await stepOf(page);
    throw new Error(`not ${state} at ${step}: ${now} at ${at}, told: ${told}`, { cause });
  }
}

/** @param {Page} page */
export async function stepOf(page) {
  return Number(await page.getAttribute(by('train-status'), 'data-step'));
}

/** Fills in settings by the ends of their test ids. @param {Page} page @param {Record<string, number | string>} settings */
export async function set(page, settings) {
  const drawer = page.locator(by('settings-more'));
  if (!(await drawer.evaluate((element) => /** @type {HTMLDetailsElement} */ (element).open))) {
    await drawer.locator('summary').click();
  }
  for (const [name, value] of Object.entries(settings)) {
    const field = page.locator(by(`setting-${name}`));
    const isList = await field.evaluate((element) => element instanceof HTMLSelectElement);
    if (isList) await field.selectOption(String(value));
    else await field.fill(String(value));
  }
}

/**
 * Two folders, and a small run from scratch that is begun.
 *
 * @param {Page} page
 * @param {number} steps
 * @param {Record<string, number | string>} [settings]
 */
export async function startSmall(page, steps, settings = {}) {
  await page.click(by('view-train'));
  await fillFolders(page);
  await page.selectOption(by('start-from'), 'scratch');
  await set(page, { ...SMALL, steps, ...settings });
  await page.click(by('train-button'));
}

/**
 * Begins from model files.
 *
 * @param {Page} page
 * @param {Record<Side, Buffer>} models from A to B, and from B to A
 */
export async function startFromFiles(page, models) {
  await page.selectOption(by('start-from'), 'files');
  for (const side of /** @type {const} */ (['a', 'b'])) {
    const file = upload(`${side}.safetensors`, models[side], '');
    await page.setInputFiles(by(`start-file-${side}`), file);
  }
}

/** The settings and all steps of a run, as they are downloaded. @param {Page} page */
export async function runFile(page) {
  return JSON.parse(String((await downloaded(page, by('download-run'))).bytes));
}

/** @param {Page} page @returns {Promise<string[]>} codes of what the page tells, the latest first */
export function notices(page) {
  return page.$$eval(by('train-notice'), (all) =>
    all.map((line) => /** @type {HTMLElement} */ (line).dataset.code ?? ''),
  );
}

/** @param {Page} page @param {string} code @param {number} [timeout] milliseconds */
export async function untilTold(page, code, timeout = 60_000) {
  await page.waitForSelector(`${by('train-notice')}[data-code="${code}"]`, { timeout });
}

/** The numbers of the table, which are those of the charts. @param {Page} page @returns {Promise<{ step: number, losses: Record<string, number> }[]>} */
export function lossRows(page) {
  return page.$$eval(`${by('loss-table')} tbody tr`, (rows) =>
    rows.map((row) => ({
      step: Number(/** @type {HTMLElement} */ (row).dataset.step),
      losses: Object.fromEntries(
        [...row.querySelectorAll('td')].map((cell) => [
          cell.dataset.loss,
          Number(cell.textContent?.replaceAll(',', '')),
        ]),
      ),
    })),
  );
}

/** Presses Stop and keep, and waits for the end. @param {Page} page */
export async function stop(page) {
  await page.click(by('stop-button'));
  await until(page, 'finished');
}
