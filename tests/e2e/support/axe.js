/** Looks for what keeps people out: axe-core, whose findings of serious and critical impact fail a test. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

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
    return violations
      .filter((/** @type {any} */ { impact }) => impact === 'serious' || impact === 'critical')
      .map(
        (/** @type {any} */ { id, nodes }) =>
          `${id}: ${nodes.map((/** @type {any} */ { html }) => html).slice(0, 3)}`,
      );
  });
  assert.deepEqual(found, [], state);
}
