/** The page while parts of it are on their way, and where they never arrive. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { patchWorker, setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cards, ready, translate, useWeights } from './support/page.js';

const visit = setUp();

/** @typedef {import('./support/site.js').Site} Site */
/** @param {RegExp} pattern @returns {(page: unknown, site: Site) => void} */
const hide = (pattern) => (_, site) => {
  site.hidden = pattern;
};

const BOOT = {
  'the page’s own script is missing': hide(/index-[^/]*\.js$/),
  'a part of that script is missing': hide(/shared-[^/]*\.js$/),
  'no language can be fetched': hide(/(en|zh)-[^/]*\.js$/),
  'the browser cannot read a regular expression in it': (
    /** @type {unknown} */ _,
    /** @type {Site} */ site,
  ) => {
    site.answer = (path, response, bytes) => {
      if (!/index-[^/]*\.js$/.test(path)) return false;
      response.end(`/(?<newer!/u;${bytes}`);
      return true;
    };
  },
};
for (const [what, prepare] of Object.entries(BOOT)) {
  visit(
    `the page says so in a sentence when ${what}`,
    { prepare, expected: [/404/, /regular expression/i, /Failed to fetch/] },
    async ({ page }) => {
      await page.waitForSelector(by('boot-failed'), { state: 'visible', timeout: 10_000 });
      const words = (await page.textContent(by('boot-failed'))) ?? '';
      assert.match(words, /has not started\. Reload it/);
      assert.match(words, /页面没有启动/);
      assert.equal(await page.isVisible('#hero'), false, 'and nothing without words is around it');
    },
  );
}

visit('a page that has started says nothing of the kind', {}, async ({ page }) => {
  await ready(page);
  assert.equal(await page.isVisible(by('boot-failed')), false);
});

visit(
  'a language that cannot be fetched is replaced by English',
  { query: '?device=cpu&lang=zh', prepare: hide(/zh-[^/]*\.js$/), expected: [/404/] },
  async ({ page }) => {
    await ready(page);
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    assert.equal(await page.textContent(by('translate-button')), 'Translate');
  },
);

visit(
  'a Train view that cannot be fetched says so, and Translate works',
  { prepare: hide(/page-[^/]*\.js$/), expected: [/404/] },
  async ({ page }) => {
    await ready(page);
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
    await page.click(by('view-train'));
    assert.match((await page.textContent(by('train-missing'))) ?? '', /could not be fetched/);
    assert.ok(await page.isVisible(by('train-missing')));
  },
);

/** @param {Site} site @param {(response: import('node:http').ServerResponse, bytes: Buffer) => void} send */
function sendWasm(site, send) {
  site.answer = (path, response, bytes) => {
    if (!path.endsWith('.wasm')) return false;
    send(response, bytes);
    return true;
  };
}
/** Sends a buffer in pieces. @param {import('node:http').ServerResponse} response @param {Buffer} bytes @param {number} pieces @param {number} pause milliseconds between two */
async function trickle(response, bytes, pieces, pause) {
  const size = Math.ceil(bytes.length / pieces);
  for (let at = 0; at < bytes.length; at += size) {
    response.write(bytes.subarray(at, at + size));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  response.end();
}

const PACKING = {
  'as it is, without its length': (/** @type {Buffer} */ bytes) => bytes,
  'packed by the host': gzipSync,
};
for (const [how, pack] of Object.entries(PACKING)) {
  visit(
    `an engine that comes slowly, ${how}, is seen coming by bytes`,
    {
      prepare: (_, site) =>
        sendWasm(site, (response, bytes) => {
          const sent = pack(bytes);
          if (sent !== bytes) response.setHeader('content-encoding', 'gzip');
          trickle(response, sent, 12, 500);
        }),
    },
    async ({ page, t }) => {
      const seen = new Set();
      const wait = page.waitForSelector(`${by('support-status')}[data-device=cpu]`, {
        timeout: 60_000,
      });
      for (let open = true; open; ) {
        open = await Promise.race([
          wait.then(() => false),
          page.waitForTimeout(100).then(() => true),
        ]);
        if (await page.isVisible(by('loading'))) seen.add(await page.textContent(by('loading')));
      }
      t.diagnostic([...seen].join('; '));
      assert.ok(seen.size >= 5, `${[...seen]}`);
      for (const words of seen) assert.match(words, /^[\d.]+ ?MB of [\d.]+ ?MB$/);
      assert.equal(new Set([...seen].map((words) => words.split(' of ')[1])).size, 1);
      assert.equal(await page.isVisible(by('loading')), false);
    },
  );
}

visit(
  'a connection that breaks while the engine comes is tried again by itself',
  {
    expected: [/ERR_/],
    prepare: (_, site) => {
      let tries = 0;
      sendWasm(site, (response, bytes) => {
        tries += 1;
        if (tries > 1) response.end(bytes);
        else response.write(bytes.subarray(0, 1000), () => response.destroy());
      });
    },
  },
  async ({ page, site }) => {
    await ready(page);
    assert.equal(site.served.filter((path) => path.endsWith('.wasm')).length, 2);
  },
);

visit(
  'an engine that did not come can be fetched again by a button, and the photos stay',
  { prepare: hide(/\.wasm$/), expected: [/404/] },
  async ({ page, site }) => {
    await page.waitForSelector(by('restart-button'), { state: 'visible', timeout: 20_000 });
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await page.click(by('translate-button'));
    await page.waitForSelector('#notice:not([hidden])');
    site.hidden = null;
    await page.click(by('restart-button'));
    await ready(page);
    assert.equal(await page.isVisible('#notice'), false);
    assert.equal(await page.isVisible('#advice'), false);
    await useWeights(page);
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
  },
);

visit(
  'a browser that does not understand the engine is told that it is too old',
  {
    prepare: (page) =>
      patchWorker(
        page,
        `WebAssembly.compileStreaming = async (source) => {
           await (await source).arrayBuffer();
           throw new WebAssembly.CompileError('unknown instruction');
         };`,
      ),
    expected: [/./],
  },
  async ({ page }) => {
    await page.waitForSelector('#advice:not([hidden])', { timeout: 20_000 });
    assert.match((await page.textContent('#advice-reason')) ?? '', /too old for this page/);
  },
);

visit(
  'the size is the one that the device proposes, however early Translate is pressed',
  {
    prepare: (_, site) => sendWasm(site, (response, bytes) => trickle(response, bytes, 4, 300)),
  },
  async ({ page }) => {
    await page.waitForSelector('html[data-started]');
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(600, 20)));
    await page.click(by('translate-button'));
    await page.waitForSelector(`${by('result-card')}[data-state=done]`, { timeout: 80_000 });
    assert.equal(await page.inputValue(by('size-select')), '512');
    const [card] = await cards(page);
    assert.match(card.note, /^512 × /);
  },
);

visit(
  'Cancel is at once while the engine is on its way, and the engine goes on coming',
  { prepare: (_, site) => sendWasm(site, (response, bytes) => trickle(response, bytes, 8, 400)) },
  async ({ page, site }) => {
    await page.waitForSelector('html[data-started]');
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await page.click(by('translate-button'));
    await page.waitForSelector(by('cancel-button'), { state: 'visible' });
    await page.waitForFunction(() =>
      / MB of /.test(document.getElementById('progress-line')?.textContent ?? ''),
    );
    const pressed = Date.now();
    await page.click(by('cancel-button'));
    await page.waitForSelector(by('translate-button'), { state: 'visible' });
    assert.ok(Date.now() - pressed < 1000, `${Date.now() - pressed} ms`);
    assert.equal(await page.getAttribute(by('support-status'), 'data-device'), null);
    await ready(page);
    assert.equal(site.served.filter((path) => path.endsWith('.wasm')).length, 1);
  },
);
