/** What goes wrong during a training is survived, said in words, and leaves a way on. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { by, ready } from './support/page.js';
import {
  lossRows,
  notices,
  startSmall,
  stepOf,
  stop,
  until,
  untilTold,
} from './support/training.js';

const visit = setUp();
const STEPS = 12;

/** What a worker that dies on purpose leaves in the console. */
const DEATH = [/unreachable|RuntimeError|panicked|engine-died|gpu-lost/];

for (const { fault, why } of [
  { fault: 'panic', why: 'the engine stopped' },
  { fault: 'lost', why: 'the graphics card was reset' },
]) {
  visit(
    `${fault}: the training goes on from where it was saved`,
    { query: `?device=cpu&fault=${fault}@5`, expected: DEATH },
    async ({ page }) => {
      await ready(page);
      await startSmall(page, STEPS);
      await untilTold(page, 'recovered');
      const words = await page.textContent(by('train-notices'));
      assert.ok(words?.includes(why), words ?? '');
      await until(page, 'finished', { step: STEPS });
      const rows = await lossRows(page);
      assert.deepEqual(
        rows.map(({ step }) => step),
        Array.from({ length: STEPS }, (_, i) => i + 1),
      );
      assert.ok(rows.every(({ losses }) => Object.values(losses).every(Number.isFinite)));
      // The other view has an engine of its own.
      await page.click(by('view-translate'));
      await page.click(by('samples-button'));
      await page.waitForSelector(`${by('result-card')}[data-state=done]`);
      await page.click(by('cancel-button'));
    },
  );
}

visit(
  'three deaths are enough: it says what to try, and can be asked to go on',
  { query: '?device=cpu&fault=lost@3,panic@4,lost@5', expected: DEATH, timeout: 120_000 },
  async ({ page }) => {
    await ready(page);
    await startSmall(page, STEPS);
    await until(page, 'failed');
    assert.equal((await notices(page))[0], 'training-keeps-dying');
    assert.match((await page.textContent(by('train-notices'))) ?? '', /piece size of \d+/);
    await page.click(by('resume-button'));
    await until(page, 'finished', { step: STEPS });
  },
);

visit(
  'numbers that grow beyond bounds stop the training, which goes back and proposes a gentler rate',
  { query: '?device=cpu&fault=nan@6', expected: [/not-finite/] },
  async ({ page }) => {
    await ready(page);
    await startSmall(page, STEPS);
    await untilTold(page, 'training-not-finite');
    await until(page, 'paused');
    const back = await stepOf(page);
    assert.ok(back < 6, `back at ${back}`);
    assert.equal(Number(await page.inputValue(by('rate-lr'))), 1e-4);
    await page.click(by('rates-apply'));
    await page.click(by('resume-button'));
    await until(page, 'finished', { step: STEPS });
    const rows = await lossRows(page);
    assert.equal(rows.length, STEPS);
    assert.ok(rows.every(({ losses }) => Object.values(losses).every(Number.isFinite)));
  },
);

visit(
  'a training that is discarded ends its engine, and nothing of it is left',
  {},
  async ({ page }) => {
    await ready(page);
    const before = page.workers();
    await startSmall(page, 5000);
    await until(page, 'training', { step: 1 });
    const engines = page.workers().filter((worker) => !before.includes(worker));
    assert.equal(engines.length, 1);
    const ended = engines[0].waitForEvent('close', { timeout: 10_000 });
    await page.click(by('discard-button'));
    await page.click(by('confirm-yes'));
    await until(page, 'ready');
    // The browser tells of it a little later.
    await ended;
    assert.deepEqual(page.workers(), before);
    await page.reload();
    await page.waitForSelector(`${by('train-status')}[data-state=empty]`);
    assert.ok(await page.isHidden(by('resume-offer')));
    assert.equal(await page.locator(by('stored-run')).count(), 0);
  },
);

visit(
  'an engine that cannot be loaded is told of, and nothing spins for ever',
  {
    expected: [/404|engine-unavailable|Failed to load|CompileError|MIME|TypeError/],
    prepare: (_, site) => {
      site.hidden = /\.wasm$/;
    },
  },
  async ({ page }) => {
    await page.waitForFunction(
      () => document.getElementById('advice-reason')?.textContent?.includes('could not be loaded'),
      undefined,
      { timeout: 30_000 },
    );
    await startSmall(page, STEPS);
    await untilTold(page, 'engine-unavailable');
    await until(page, 'ready');
    assert.ok(await page.isEnabled(by('train-button')));
  },
);

visit('stop keeps what there is even while it is paused', {}, async ({ page }) => {
  await ready(page);
  await startSmall(page, 5000);
  await until(page, 'training', { step: 2 });
  await page.click(by('pause-button'));
  await until(page, 'paused');
  await stop(page);
  assert.ok(await page.isVisible(by('use-in-translate')));
});
