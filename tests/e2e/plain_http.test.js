/** A page that is reached by plain http, which browsers call not secure: less is offered, all of it works. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { PLAIN_HOST, setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, ready, states, translate, useWeights } from './support/page.js';
import { readZip } from './support/zip.js';

const visit = setUp();

visit(
  'by plain http photos are translated and come as a zip',
  { host: PLAIN_HOST },
  async ({ page }) => {
    await ready(page);
    const missing = await page.evaluate(() => [isSecureContext, 'randomUUID' in crypto]);
    assert.deepEqual(missing, [false, false], 'the page is not secure');
    await useWeights(page);
    assert.match((await page.textContent('#progress-line')) ?? '', /cannot keep it/);
    await page.setInputFiles(by('photos-input'), [
      upload('a.png', photo(24, 16)),
      upload('b.png', photo(32, 16)),
    ]);
    await translate(page, 2);
    assert.deepEqual(await states(page), ['done', 'done']);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click(by('download-all')),
    ]);
    const entries = readZip(await readFile(await download.path()));
    assert.deepEqual(
      entries.map(({ name }) => name),
      ['a.png', 'b.png', 'manifest.json'],
    );
    assert.equal(await page.isVisible('#notice'), false);
  },
);
