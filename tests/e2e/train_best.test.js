/** The end of a run that was given something: start, best and last side by side, and the best is what one gets. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { by, downloaded, ready, widthsOf } from './support/page.js';
import { fillFolders, SMALL, set, startFromFiles, until } from './support/training.js';
import { generatorFile, TINY } from './support/weights.js';

const visit = setUp();
const STEPS = 12;

visit(
  'a run from weights is measured before its first step, and hands back its best',
  { timeout: 180_000 },
  async ({ page }) => {
    await ready(page);
    await page.click(by('view-train'));
    await fillFolders(page);
    const [a, b] = [TINY, { ...TINY, seed: 8 }].map((size) => generatorFile(size));
    await startFromFiles(page, { a, b });
    const { crop } = SMALL;
    await set(page, { crop, steps: STEPS, warmup: 2, polish: 0, 'preview-every': 6, lr: 0.01 });
    await page.click(by('train-button'));
    await until(page, 'finished', { step: STEPS, timeout: 150_000 });

    const scored = await page.$$eval(`${by('outcome-table')} tr`, (rows) =>
      rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')),
    );
    const [[, ...stages], taken, trip, grid] = scored;
    assert.match(stages[0], /^Start/);
    assert.match(stages.at(-1) ?? '', /^Last/);
    for (const row of [taken, trip, grid]) assert.equal(row.length, 1 + stages.length);
    for (const row of [taken, trip]) assert.ok(row.slice(1).every((cell) => /%$/.test(cell)));
    assert.ok(
      grid.slice(1).every((cell) => cell !== '' && cell !== 'not measured'),
      `${grid}`,
    );

    const shown = await widthsOf(page, `${by('outcome')} .stage img`);
    assert.ok(shown.every((width) => width > 0));
    const rows = await page.$$eval(`${by('outcome')} .stage`, (all) =>
      all.map((row) => row.querySelectorAll('img').length),
    );
    assert.ok(rows.length >= 2 && rows.every((count) => count === stages.length + 1), `${rows}`);

    const best = await downloaded(page, by('download-weights'));
    const verdict = (await page.textContent(by('verdict'))) ?? '';
    const isLast = stages.at(-1)?.endsWith('the best');
    assert.equal(await page.isVisible(by('which')), !isLast);
    if (isLast) return assert.match(verdict, /got better/);
    assert.match(verdict, /the models (of that step|that it started from)/);
    await page.check(by('which-last'));
    const last = await downloaded(page, by('download-weights'));
    assert.match(last.name, /-last\.safetensors$/);
    assert.ok(!last.bytes.equals(best.bytes));
  },
);
