/** The end of a run that was given something: start, best and last side by side, and the best is what one gets. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setUp } from './support/browser.js';
import { upload } from './support/files.js';
import { by, ready } from './support/page.js';
import { fillFolders, SMALL, set, until } from './support/training.js';
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
    await page.selectOption(by('start-from'), 'files');
    const given = generatorFile(TINY);
    await page.setInputFiles(by('start-file-a'), upload('a.safetensors', given, ''));
    const back = generatorFile({ ...TINY, seed: 8 });
    await page.setInputFiles(by('start-file-b'), upload('b.safetensors', back, ''));
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
    for (const row of [taken, trip]) assert.ok(row.slice(1).every((cell) => /%$/.test(cell)));
    assert.ok(
      grid.slice(1).every((cell) => cell !== '' && cell !== 'not measured'),
      `${grid}`,
    );

    const rows = await page.$$eval(`${by('outcome')} .stage`, async (all) => {
      const images = all.flatMap((row) => [...row.querySelectorAll('img')]);
      await Promise.all(images.map((image) => image.decode()));
      return all.map((row) => row.querySelectorAll('img').length);
    });
    assert.ok(rows.length >= 2 && rows.every((count) => count === stages.length + 1), `${rows}`);

    const download = async () => {
      const saving = page.waitForEvent('download');
      await page.click(by('download-weights'));
      const file = await saving;
      return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
    };
    const best = await download();
    const verdict = (await page.textContent(by('verdict'))) ?? '';
    const isLast = stages.at(-1)?.endsWith('the best');
    assert.equal(await page.isVisible(by('which')), !isLast);
    if (isLast) return assert.match(verdict, /got better/);
    assert.match(verdict, /the models (of that step|that it started from)/);
    await page.check(by('which-last'));
    const last = await download();
    assert.match(last.name, /-last\.safetensors$/);
    assert.ok(!last.bytes.equals(best.bytes));
  },
);
