/** Stopping in the middle of a photo, and what is left after a worker has broken down. */
import assert from 'node:assert/strict';
import { panicAtForty, setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import {
  by,
  finished,
  picture,
  problems,
  ready,
  states,
  translate,
  useWeights,
} from './support/page.js';

const visit = setUp();

/** Milliseconds from Cancel to a page that is ready again; the engine may take 400 to end by itself. */
const AT_ONCE = 1500;

visit('a double click on Translate translates', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  const photos = [1, 2, 3].map((i) => upload(`${i}.png`, photo(300, 200, i)));
  await page.setInputFiles(by('photos-input'), photos);
  await page.dblclick(by('translate-button'));
  await finished(page, 3);
  assert.deepEqual(await states(page), ['done', 'done', 'done']);
});

visit('Cancel ends within a photo, keeps results, and a new run works', {}, async ({ page, t }) => {
  await ready(page);
  await page.setInputFiles(by('photos-input'), [
    upload('small.png', photo(64, 48, 1)),
    upload('large.png', photo(1200, 900, 2)),
  ]);
  await page.selectOption(by('size-select'), 'own');
  await page.click(by('translate-button'));
  await page.waitForSelector(`${by('result-card')}[data-name="small.png"][data-state=done]`, {
    timeout: 60_000,
  });
  await page.waitForSelector(`${by('result-card')}[data-name="large.png"][data-active]`);
  await page.waitForTimeout(700); // well inside the network
  const first = (await picture(page, 'small.png')).rgb;
  const pressed = Date.now();
  await page.click(by('cancel-button'));
  await page.waitForSelector(by('translate-button'), { state: 'visible' });
  const took = Date.now() - pressed;
  t.diagnostic(`cancelled after ${took} ms`);
  assert.ok(took < AT_ONCE, `${took} ms`);
  assert.deepEqual(await states(page), ['done', 'waiting']);
  assert.ok((await picture(page, 'small.png')).rgb.equals(first));
  assert.match((await page.textContent('#progress-line')) ?? '', /Stopped/);
  assert.ok(await page.isEnabled(by('download-all')));

  await page.selectOption(by('size-select'), '256');
  await translate(page, 2);
  const result = await picture(page, 'large.png');
  assert.deepEqual([result.width, result.height], [256, 192]);
  assert.ok(
    (await picture(page, 'small.png')).rgb.equals(first),
    'only what waited was translated',
  );
});

visit(
  'a worker that breaks down loses one photo, not the run',
  {
    prepare: panicAtForty,
  },
  async ({ page }) => {
    await ready(page);
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), [
      upload('a.png', photo(24, 16)),
      upload('fatal.png', photo(40, 40)),
      upload('z.png', photo(32, 16)),
    ]);
    await page.click(by('translate-button'));
    await finished(page, 3);
    assert.deepEqual(await states(page), ['done', 'failed', 'done']);
    assert.deepEqual(await problems(page), { 'fatal.png': 'engine-died' });
    assert.equal((await picture(page, 'z.png')).width, 32);
  },
);
