/** The page without the network, and one version after another: what is served, when it changes, and what never is. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before } from 'node:test';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import {
  by,
  cards,
  eventually,
  finished,
  ready,
  states,
  stored,
  translate,
  useWeights,
} from './support/page.js';
import { serveElsewhere } from './support/site.js';
import { startSmall, stop, until } from './support/training.js';
import { anotherVersion } from './support/versions.js';
import { generatorFile, TINY } from './support/weights.js';

const visit = setUp();

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').BrowserContext} BrowserContext */

/** What a browser logs where nobody answers. */
const NOBODY = /ERR_(FAILED|CONNECTION|EMPTY|INTERNET)|Failed to fetch|the script/i;

/** @type {import('./support/versions.js').Version} */
let next;
before(async () => {
  next = await anotherVersion();
});
after(() => next.remove());

/** Looks for a new version, as a browser does by itself. @param {Page} page */
async function look(page) {
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
  });
}

/** Waits until a new version waits. @param {Page} page */
async function arrived(page) {
  await look(page);
  await eventually(page, async () => (await navigator.serviceWorker.ready).waiting !== null);
}

/**
 * Waits until nobody holds a lock: it is given back a moment after what it was for.
 *
 * @param {Page} page
 * @param {string} lock
 */
async function unheld(page, lock) {
  const isHeld = (/** @type {string} */ wanted) =>
    navigator.locks.query().then(({ held }) => held?.some(({ name }) => name === wanted));
  while (await page.evaluate(isHeld, lock)) await page.waitForTimeout(50);
}

/** Which versions the page, its scripts and its engine are of. @param {Page} page @returns {Promise<boolean[]>} one: all of one, true: the new one */
async function versions(page) {
  const names = () =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name.slice(name.lastIndexOf('/') + 1));
  const inMarkup = await page.$$eval('script[src*=assets], link[rel=stylesheet]', (all) =>
    all.map((one) => (one.getAttribute('src') ?? one.getAttribute('href') ?? '').slice(9)),
  );
  const ofWorkers = await Promise.all(page.workers().map((worker) => worker.evaluate(names)));
  const all = [...inMarkup, ...(await page.evaluate(names)), ...ofWorkers.flat()].filter((name) =>
    /-[\w-]{8}\.(js|css|wasm)$/.test(name),
  );
  assert.ok(
    all.some((name) => name.endsWith('.wasm')),
    `${all}`,
  );
  assert.ok(
    all.some((name) => name.startsWith('engine-worker')),
    `${all}`,
  );
  return [...new Set(all.map((name) => next.changed.includes(name)))];
}

visit(
  'after one visit the page opens, translates and trains without the network',
  { expected: [NOBODY], timeout: 180_000 },
  async ({ page, site }) => {
    await stored(page);
    await useWeights(page);
    assert.equal(site.served.filter((path) => path.endsWith('.wasm')).length, 1, 'fetched once');
    await site.stop();
    await page.reload();
    await ready(page);
    await page.setInputFiles(by('photos-input'), [
      upload('a.png', photo(24, 16)),
      upload('b.png', photo(32, 16)),
    ]);
    await translate(page, 2);
    assert.deepEqual(await states(page), ['done', 'done']);
    await startSmall(page, 5);
    await until(page, 'finished', { step: 5 });
    assert.equal(await page.isVisible('#notice'), false);
  },
);

visit(
  'a model and the sample photos that were used are there without the network, others say that they are not',
  { query: '?device=cpu&lang=zh', expected: [NOBODY, /beforeunload/], timeout: 180_000 },
  async ({ page, site }) => {
    await stored(page);
    await page.selectOption(by('size-select'), '256');
    await page.click(by('sample-photos-button'));
    await finished(page, 4);
    await site.stop();
    await page.reload();
    await ready(page);
    assert.equal(await page.getAttribute('html', 'lang'), 'zh');
    assert.equal((await cards(page)).length, 4, 'the results are there, too');
    await page.click(by('clear-button'));
    await page.selectOption(by('size-select'), '256');
    await page.click(by('sample-photos-button'));
    await finished(page, 4);
    assert.deepEqual([...new Set(await states(page))], ['done']);
    await page.selectOption(by('model-select'), 'vintage');
    await page.click(by('translate-button'));
    await page.waitForSelector('#notice:not([hidden])');
    assert.match((await page.textContent('#notice')) ?? '', /无法获取模型|模型/);
  },
);

visit(
  'a new version that arrives during a training waits for its end, and then all of the page is of it',
  { expected: [NOBODY], timeout: 180_000 },
  async ({ page, context, site }) => {
    await stored(page);
    await startSmall(page, 100_000);
    await until(page, 'training', { step: 3 });
    site.folder = next.folder;
    await arrived(page);
    await page.waitForSelector(by('update'));
    assert.match((await page.textContent(by('update-words'))) ?? '', /A new version/);

    const other = await context.newPage();
    await other.goto(`${site.url}?device=cpu`);
    await ready(other);
    assert.deepEqual(await versions(other), [false], 'another tab is of the version that trains');
    for (const tab of [other, page]) {
      await tab.click(by('update-button'));
      await tab.waitForFunction(
        (words) => /still running/.test(document.querySelector(words)?.textContent ?? ''),
        by('update-words'),
      );
    }
    const step = Number(await page.getAttribute(by('train-status'), 'data-step'));
    await until(page, 'training', { step: step + 3 });
    assert.deepEqual(await versions(page), [false]);

    await stop(page);
    await unheld(page, 'cyclegan-training');
    await Promise.all([page.waitForEvent('load'), page.click(by('update-button'))]);
    await ready(page);
    assert.deepEqual(await versions(page), [true]);
    assert.match(page.url(), /#train$/);
    assert.equal(await page.isVisible(by('update')), false);
    // The other tab goes on with what it has, although its host has it no more.
    await useWeights(other);
    await other.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await translate(other, 1);
    assert.deepEqual(await versions(other), [false]);
    await other.close({ runBeforeUnload: false });

    await site.stop();
    await page.reload();
    await ready(page);
    assert.deepEqual(await versions(page), [true], 'and works without the network');
    await eventually(page, async () => {
      const own = await (await caches.open('cyclegan-own')).keys();
      return own.filter(({ url }) => url.endsWith('.wasm')).length === 1;
    });
    const pages = (await page.evaluate(() => caches.keys())).filter((name) => / /.test(name));
    assert.equal(pages.length, 1, 'nothing is left of the old version');
  },
);

visit(
  'results that are only in memory hold a new version back; without any it comes with a reload',
  {
    expected: [/beforeunload/],
    async prepare(page) {
      await page.addInitScript(() => {
        navigator.storage.getDirectory = () =>
          Promise.reject(new DOMException('', 'SecurityError'));
      });
    },
  },
  async ({ page, site }) => {
    await stored(page);
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await translate(page, 1);
    site.folder = next.folder;
    await arrived(page);
    await page.click(by('update-button'));
    await page.waitForFunction(
      (words) => /not downloaded/.test(document.querySelector(words)?.textContent ?? ''),
      by('update-words'),
    );
    assert.equal((await cards(page)).length, 1);
    await page.click(by('clear-button'));
    await unheld(page, 'cyclegan-at-work');
    await page.reload();
    await page.waitForFunction(
      (names) => names.some((name) => document.documentElement.innerHTML.includes(name)),
      next.changed,
    );
    await ready(page);
    assert.deepEqual(await versions(page), [true]);
  },
);

visit(
  'a new version of which a file is missing, or is another, never shows',
  { expected: [/404/, /integrity|digest/, NOBODY] },
  async ({ page, site }) => {
    await stored(page);
    site.folder = next.folder;
    for (const fault of ['missing', 'another']) {
      site.answer = (path, response) => {
        if (!/\/plot-[^/]*\.js$/.test(path)) return false;
        response.writeHead(fault === 'missing' ? 404 : 200).end('Please log in');
        return true;
      };
      const failed = page.evaluate(async () => {
        const registration = await navigator.serviceWorker.ready;
        return new Promise((resolve) => {
          registration.addEventListener('updatefound', () => {
            const { installing } = registration;
            installing?.addEventListener('statechange', () => resolve(installing.state));
          });
          registration.update().catch(() => {});
        });
      });
      assert.equal(await failed, 'redundant', fault);
      assert.equal(await page.isVisible(by('update')), false);
    }
    await page.reload();
    await ready(page);
    assert.deepEqual(await versions(page), [false]);
    site.answer = null;
    await arrived(page);
    await page.waitForSelector(by('update'));
  },
);

visit(
  'an engine that was never stored says so without the network',
  {
    prepare: (_, site) => {
      site.hidden = /\.wasm$/;
    },
    expected: [/404/, NOBODY],
  },
  async ({ page, site }) => {
    await page.waitForFunction(() => navigator.serviceWorker.controller);
    await site.stop();
    await page.reload();
    await page.waitForSelector('#advice:not([hidden])');
    assert.match((await page.textContent('#advice-reason')) ?? '', /engine could not be loaded/);
    await site.start();
    site.hidden = null;
    await page.click(by('restart-button'));
    await ready(page);
  },
);

visit(
  'what a host puts beside the page is always the newest, and without the network the last',
  {
    prepare: (_, site) => {
      site.beside = list('one');
    },
    expected: [NOBODY],
  },
  async ({ page, site }) => {
    await stored(page);
    assert.equal(await listed(page), 'models/one.safetensors');
    site.beside = list('two');
    await page.reload();
    await ready(page);
    assert.equal(await listed(page), 'models/two.safetensors');
    await page.selectOption(by('model-select'), 'site:models/two.safetensors');
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await translate(page, 1);
    await site.stop();
    await page.reload();
    await ready(page);
    assert.equal(await listed(page), 'models/two.safetensors');
    await page.click(by('clear-button'));
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
  },
);

/** @param {string} name */
const list = (name) => ({
  'models/models.json': JSON.stringify([{ file: `${name}.safetensors` }]),
  [`models/${name}.safetensors`]: generatorFile(TINY),
});

/** @param {Page} page */
async function listed(page) {
  const site = await page.waitForSelector('#model option[value^="site:"]', { state: 'attached' });
  return (await site.getAttribute('value'))?.slice(5);
}

visit(
  'the service worker asks no other origin, also where its host leads there',
  { expected: [/./] },
  async ({ page, context, site, t }) => {
    const elsewhere = await serveElsewhere();
    t.after(elsewhere.close);
    await stored(page);
    const worker = context.serviceWorkers()[0];
    assert.equal(worker.url(), `${site.url}sw.js`);
    site.answer = (path, response) => {
      if (!/vintage|plot-|models\/|sw\.js/.test(path)) return false;
      response.writeHead(302, { location: `${elsewhere.origin}${path}` }).end();
      return true;
    };
    await look(page).catch(() => {});
    const [vintage] = (await readdir(`${site.folder}assets`)).filter((name) =>
      /^vintage/.test(name),
    );
    const answers = await page.evaluate(
      (asked) => Promise.all(asked.map((url) => fetch(url).then(String, () => 'refused'))),
      [`assets/${vintage}`, 'models/models.json'],
    );
    assert.deepEqual(answers, ['refused', 'refused']);
    await page.selectOption(by('model-select'), 'vintage');
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await page.click(by('translate-button'));
    await page.waitForSelector('#notice:not([hidden])', { timeout: 20_000 });
    assert.deepEqual(elsewhere.requests, []);
  },
);

visit(
  'without room for it the page works as ever',
  {
    prepare: async (page, site) => {
      const session = await page.context().newCDPSession(page);
      await session.send('Storage.overrideQuotaForOrigin', {
        origin: site.origin,
        quotaSize: 200_000,
      });
    },
    expected: [/quota/i],
  },
  async ({ page }) => {
    await ready(page);
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
    const names = await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      return [registration?.active?.state, ...(await caches.keys())];
    });
    assert.equal(names[0], undefined, 'it is not installed by half');
  },
);
