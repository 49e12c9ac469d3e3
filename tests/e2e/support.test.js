/** What the page says and still does where there is no WebGPU, or where part of the site is missing. */
import assert from 'node:assert/strict';
import { patchWorker, setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cards, ready, translate, useWeights } from './support/page.js';

const visit = setUp();

/** @param {import('playwright-core').Page} page */
const reason = async (page) => (await page.textContent('#advice-reason')) ?? '';

visit(
  'without a graphics card it runs on the CPU and says why',
  { query: '' },
  async ({ page }) => {
    await ready(page, 'cpu');
    assert.ok(await page.isVisible('#advice'));
    assert.match(await reason(page), /found no graphics card/);
    await page.click('#advice > summary');
    assert.ok((await page.locator('#advice-steps li').count()) > 0);
    assert.match((await page.textContent('#advice-effect')) ?? '', /Everything works all the same/);
    assert.ok(await page.isVisible('#demo img[data-role=after]'), 'the demonstration is there');
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
  },
);

visit(
  'a browser that has never heard of WebGPU is told what to update',
  {
    query: '',
    prepare: async (page) => {
      await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'gpu'));
      await patchWorker(page, 'delete WorkerNavigator.prototype.gpu;');
    },
  },
  async ({ page }) => {
    await ready(page, 'cpu');
    assert.match(await reason(page), /does not offer WebGPU/);
    await page.click('#advice > summary');
    assert.match((await page.textContent('#advice-steps')) ?? '', /Update Chrome/);
  },
);

visit('the CPU that was asked for needs no advice', {}, async ({ page }) => {
  await ready(page, 'cpu');
  assert.equal(await page.isVisible('#advice'), false);
});

visit(
  'WebGPU that was asked for and is not there is a clear message',
  { query: '?device=webgpu' },
  async ({ page }) => {
    await page.waitForSelector('#advice:not([hidden])');
    assert.match((await page.textContent(by('support-status'))) ?? '', /Could not start/);
    assert.equal(await page.getAttribute(by('support-status'), 'data-device'), null);
    assert.match(await reason(page), /found no graphics card/);
  },
);

const MISSING = { wasm: /\.wasm$/, 'worker script': /engine[^/]*\.js$/ };
for (const [what, hidden] of Object.entries(MISSING)) {
  visit(
    `a missing ${what} is a clear message, not an endless wait`,
    {
      expected: [/404/],
      prepare: (_, site) => {
        site.hidden = hidden;
      },
    },
    async ({ page, site }) => {
      await page.waitForSelector('#advice:not([hidden])', { timeout: 20_000 });
      assert.ok(site.served.some((path) => hidden.test(path)));
      assert.match((await page.textContent(by('support-status'))) ?? '', /Could not start/);
      assert.match(await reason(page), /could not be loaded\. Check the connection and try again/);
      // Once the site is whole again, the same page goes on.
      site.hidden = null;
      await page.click(by('samples-button'));
      await page.waitForSelector(`${by('result-card')}[data-state=done]`, { timeout: 60_000 });
    },
  );
}

visit(
  'a model that cannot be fetched is a clear message, and the photos stay',
  {
    expected: [/404/],
    prepare: (_, site) => {
      site.hidden = /\.safetensors$/;
    },
  },
  async ({ page, site }) => {
    await ready(page);
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await page.click(by('translate-button'));
    await page.waitForSelector('#notice:not([hidden])');
    assert.match((await page.textContent('#notice')) ?? '', /model could not be fetched/);
    assert.equal(await page.isVisible('#progress-row'), false, 'no photo is counted');
    site.hidden = null;
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
  },
);
