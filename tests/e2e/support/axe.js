/**
 * Looks for what keeps people out: axe-core, each of whose findings fails a test, whatever its impact;
 * controls without a name or with that of another; words that were not filled in.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { controls, unclear } from './access.js';

const AXE = readFileSync(
  new URL('../../../node_modules/axe-core/axe.min.js', import.meta.url),
  'utf8',
);

/**
 * @param {import('playwright-core').Page} page
 * @param {string} state for the message
 */
export async function inspect(page, state) {
  // As text: a <script> element would be against the page's policy.
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (globalThis).axe.run(document);
    return violations.map(
      (/** @type {any} */ { id, impact, nodes }) =>
        `${id} (${impact}): ${nodes.map((/** @type {any} */ { html }) => html).slice(0, 3)}`,
    );
  });
  assert.deepEqual(found, [], state);
  assert.deepEqual(unclear(await controls(page)), [], state);
  assert.deepEqual(await unfilled(page), [], state);
}

/**
 * Words with a hole in them, or keys in place of words, seen or heard.
 * @param {import('playwright-core').Page} page
 */
function unfilled(page) {
  return page.evaluate(() => {
    // biome-ignore lint/performance/useDomNodeTextContent: what is hidden may still be unfilled
    const words = [document.body.innerText];
    for (const name of ['aria-label', 'aria-valuetext', 'alt', 'title', 'placeholder']) {
      for (const element of document.querySelectorAll(`[${name}]`)) {
        words.push(element.getAttribute(name) ?? '');
      }
    }
    return words.flatMap((one) => one.match(/\{\w+\}|\b(?:card|error|models|setting)\.\w+/g) ?? []);
  });
}
