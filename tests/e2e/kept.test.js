/** Results stay: a reload, a crash, two tabs, a full disk, and giving the space back. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { folderOf, photo, upload } from './support/files.js';
import {
  by,
  cards,
  cardsShown,
  downloaded,
  eventually,
  finished,
  inMore,
  picture,
  ready,
  states,
  translate,
  useWeights,
} from './support/page.js';
import { readZip } from './support/zip.js';

const visit = setUp();

/** @typedef {import('playwright-core').Page} Page */

/** @param {Page} page */
const words = (page) => page.textContent(by('translate-button'));

/** Every file in private storage, by its path, with its bytes. @param {Page} page @returns {Promise<Record<string, number>>} */
const stored = (page) =>
  page.evaluate(async () => {
    /** @type {Record<string, number>} */
    const all = {};
    /** @param {FileSystemDirectoryHandle} folder @param {string} path */
    const walk = async (folder, path) => {
      for await (const entry of folder.values()) {
        if (entry instanceof FileSystemDirectoryHandle) await walk(entry, `${path}${entry.name}/`);
        else all[path + entry.name] = (await entry.getFile()).size;
      }
    };
    await walk(await navigator.storage.getDirectory(), '');
    return all;
  });
/** @param {Page} page @returns {Promise<string[]>} */
const pictures = async (page) =>
  Object.keys(await stored(page)).filter((path) => /^results\/.*\.(png|jpeg)$/.test(path));

/** Of all results. @param {Page} page */
async function pixelsOf(page) {
  const all = [];
  for (const { name } of await cards(page)) all.push((await picture(page, name)).rgb);
  return all;
}

/** Stops a run of many photos when some are done. @param {Page} page @param {number} done */
async function stopAfter(page, done) {
  await page.click(by('translate-button'));
  await page.waitForFunction(
    ([card, wanted]) => document.querySelectorAll(`${card}[data-state=done]`).length >= wanted,
    /** @type {const} */ ([by('result-card'), done]),
    { polling: 20 },
  );
}

visit(
  'after a reload in the middle, Continue does only what is missing',
  { expected: [/dialog: beforeunload/] },
  async ({ page, t }) => {
    const names = Array.from({ length: 12 }, (_, i) => `album/${i}.png`);
    const folder = folderOf(
      t,
      Object.fromEntries(names.map((name, i) => [name, photo(96, 64, i)])),
    );
    await ready(page);
    await useWeights(page);
    await page.setInputFiles(by('folder-input'), `${folder}/album`);
    await cardsShown(page, 12);
    await stopAfter(page, 4);
    await page.reload();
    await ready(page);
    await cardsShown(page, 12);
    const before = await states(page);
    const done = before.filter((state) => state === 'done').length;
    assert.ok(done >= 4 && done < 12, `${before}`);
    assert.ok(before.every((state) => state === 'done' || state === 'waiting'));
    const name = (await cards(page)).find(({ state }) => state === 'done')?.name ?? '';
    const first = (await picture(page, name)).rgb;
    assert.match((await page.textContent(by('absent'))) ?? '', new RegExp(`^${12 - done} photos?`));
    assert.equal(await words(page), 'Continue');

    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.click(by('translate-button')),
    ]);
    await chooser.setFiles(`${folder}/album`);
    await finished(page, 12);
    assert.deepEqual(
      await states(page),
      names.map(() => 'done'),
    );
    assert.match((await page.textContent('#progress-line')) ?? '', /^12 photos/);
    assert.equal(await page.isVisible(by('absent')), false);
    assert.ok((await picture(page, name)).rgb.equals(first));

    const zip = await downloaded(page, by('download-all'));
    const entries = readZip(zip.bytes);
    assert.equal(entries.length, 13);
  },
);

visit(
  'a second translation that a reload ends is left for Continue',
  { expected: [/dialog: beforeunload/] },
  async ({ page, t }) => {
    const photos = Array.from({ length: 8 }, (_, i) => [`${i}.png`, photo(96, 64, i)]);
    const folder = folderOf(t, Object.fromEntries(photos));
    await ready(page);
    await useWeights(page);
    await page.setInputFiles(by('folder-input'), folder);
    await translate(page, 8);
    const before = await pixelsOf(page);
    await inMore(page, () => page.selectOption(by('smooth-select'), '4'));
    await page.click(by('translate-button'));
    await page.waitForSelector(`${by('result-card')}[data-state=waiting]`);
    await page.waitForSelector(`${by('result-card')}[data-state=done]`);
    await page.reload();
    await ready(page);
    await cardsShown(page, 8);
    assert.ok((await states(page)).every((state) => state === 'done'));
    assert.equal(await words(page), 'Continue');
    const left = Number.parseInt((await page.textContent(by('absent'))) ?? '', 10);
    assert.ok(left > 0 && left < 8, `${left} are left`);

    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.click(by('translate-button')),
    ]);
    await chooser.setFiles(folder);
    await finished(page, 8);
    assert.equal(await words(page), 'Translate again');
    assert.equal(await page.isVisible(by('absent')), false);
    const after = await pixelsOf(page);
    assert.ok(
      after.every((pixels, i) => !pixels.equals(before[i])),
      'all of them are smoother',
    );
  },
);

// Its service worker would crash with it, and for a moment the browser would ask the dead one.
const crash = {
  context: /** @type {const} */ ({ serviceWorkers: 'block' }),
  expected: [/the page crashed/],
};
visit('a crash takes nothing that was done', crash, async ({ page, context, site }) => {
  await ready(page);
  await useWeights(page);
  const names = ['a.png', 'b.png', 'c.png', 'd.png'];
  await page.setInputFiles(
    by('photos-input'),
    names.map((name, i) => upload(name, photo(96, 64, i))),
  );
  await stopAfter(page, 2);
  const crashed = page.waitForEvent('crash');
  await page.goto('chrome://crash').catch(() => {});
  await crashed;
  const next = await context.newPage();
  await next.goto(`${site.url}?device=cpu`);
  await ready(next);
  await cardsShown(next, 4);
  assert.deepEqual((await states(next)).slice(0, 2), ['done', 'done']);
  await picture(next, 'a.png');
});

visit('what a crash left half written is not offered, and goes', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), [
    upload('a.png', photo(24, 16, 1)),
    upload('b.png', photo(24, 16, 2)),
  ]);
  await translate(page, 2);
  const rgb = (await picture(page, 'a.png')).rgb;
  // The newest index was cut off, and a picture that no index names lies beside it.
  await page.evaluate(async () => {
    const room = await (await navigator.storage.getDirectory()).getDirectoryHandle('results');
    for await (const gallery of room.values()) {
      if (!(gallery instanceof FileSystemDirectoryHandle)) continue;
      const write = async (/** @type {string} */ name, /** @type {Blob | string} */ content) => {
        const file = await gallery.getFileHandle(name, { create: true });
        const stream = await file.createWritable();
        await stream.write(content);
        await stream.close();
      };
      let newest = { name: '', sequence: 0, text: '' };
      for (const name of ['block-0-0.json', 'block-0-1.json']) {
        const text = await (await (await gallery.getFileHandle(name)).getFile()).text();
        const { sequence } = JSON.parse(text.slice(text.indexOf('\n')));
        if (sequence > newest.sequence) newest = { name, sequence, text };
      }
      await write(newest.name, newest.text.slice(0, -20));
      await write('7-lost-after.png', new Blob(['half']));
    }
  });
  await page.reload();
  await ready(page);
  await cardsShown(page, 2);
  assert.ok((await picture(page, 'a.png')).rgb.equals(rgb));
  await eventually(page, async () => {
    const room = await (await navigator.storage.getDirectory()).getDirectoryHandle('results');
    for await (const gallery of room.values())
      for await (const { name } of /** @type {FileSystemDirectoryHandle} */ (gallery).values())
        if (name === '7-lost-after.png') return false;
    return true;
  });
});

visit('a failure is still told after a reload', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), [
    upload('a.png', photo(24, 16, 1)),
    upload('broken.png', 'no picture'),
  ]);
  await translate(page, 2);
  await page.waitForTimeout(1000); // failures are stored a moment later
  await page.reload();
  await ready(page);
  await cardsShown(page, 2);
  assert.deepEqual(await states(page), ['done', 'skipped']);
  assert.equal(await page.locator(`${by('problem-list')} li`).count(), 1);
});

visit('what was removed leaves storage once it cannot be put back', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(
    by('photos-input'),
    ['a.png', 'b.png', 'c.png'].map((name, i) => upload(name, photo(24, 16, i))),
  );
  await translate(page, 3);
  assert.equal((await pictures(page)).length, 6);
  for (const name of ['a.png', 'b.png'])
    await page.click(`${by('result-card')}[data-name="${name}"] [data-role=remove]`);
  await cardsShown(page, 1);
  assert.match((await page.textContent(by('removed'))) ?? '', /^2 photos removed/);
  await page.waitForTimeout(600);
  assert.equal((await pictures(page)).length, 6, 'they can still be put back');
  await page.click(by('undo-button'));
  await cardsShown(page, 3);
  await picture(page, 'a.png');
  await page.waitForTimeout(600);
  await page.reload();
  await ready(page);
  await cardsShown(page, 3);

  await page.click(`${by('result-card')}[data-name="a.png"] [data-role=remove]`);
  await page.waitForTimeout(600);
  await page.reload();
  await ready(page);
  await cardsShown(page, 2);
  await page.waitForTimeout(600);
  assert.equal((await pictures(page)).length, 4);

  assert.match((await page.textContent(by('stored'))) ?? '', /MB/);
  await page.click(by('free-button'));
  await page.click(by('confirm-yes'));
  await cardsShown(page, 0);
  await page.waitForTimeout(600);
  assert.deepEqual(await pictures(page), []);
  assert.equal(await page.isVisible(by('stored')), false);
  await page.reload();
  await ready(page);
  await page.waitForTimeout(500);
  assert.deepEqual(await cards(page), []);
});

visit('each tab has its own gallery, and both come back', {}, async ({ page, context, site }) => {
  const other = await context.newPage();
  await other.goto(`${site.url}?device=cpu`);
  for (const [tab, name] of /** @type {const} */ ([
    [page, 'a.png'],
    [other, 'b.png'],
  ])) {
    await tab.bringToFront();
    await ready(tab);
    await useWeights(tab, undefined, `${name}.safetensors`);
    await tab.setInputFiles(by('photos-input'), upload(name, photo(24, 16)));
    await translate(tab, 1);
  }
  for (const [tab, name] of /** @type {const} */ ([
    [page, 'a.png'],
    [other, 'b.png'],
  ])) {
    await tab.bringToFront();
    await tab.reload();
    await ready(tab);
    await cardsShown(tab, 1);
    assert.deepEqual(
      (await cards(tab)).map((card) => card.name),
      [name],
    );
  }
  await other.close();
  await page.click(by('clear-button'));
  await page.waitForTimeout(600);
  await page.reload();
  await ready(page);
  await cardsShown(page, 1);
  assert.deepEqual(
    (await cards(page)).map((card) => card.name),
    ['b.png'],
    'of the closed tab',
  );
});

visit(
  'of several galleries the one used last comes back first',
  {},
  async ({ page, context, site }) => {
    const other = await context.newPage();
    for (const [tab, name, count] of /** @type {const} */ ([
      [page, 'a.png', 1],
      [other, 'b.png', 1],
      [page, 'c.png', 2],
    ])) {
      await tab.bringToFront();
      if (tab === other) await tab.goto(`${site.url}?device=cpu`);
      await ready(tab);
      if (count === 1) await useWeights(tab, undefined, `${name}.safetensors`);
      await tab.setInputFiles(by('photos-input'), upload(name, photo(24, 16)));
      await translate(tab, count);
      await tab.waitForTimeout(600); // all of it is written
    }
    const next = await context.newPage();
    await page.close();
    await other.close();
    await next.goto(`${site.url}?device=cpu`);
    await ready(next);
    await cardsShown(next, 2);
    assert.deepEqual(
      (await cards(next)).map((card) => card.name),
      ['a.png', 'c.png'],
    );
  },
);

visit('a full disk pauses the run and loses nothing', {}, async ({ page, context, site }) => {
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(
    by('photos-input'),
    Array.from({ length: 4 }, (_, i) => upload(`${i}.png`, photo(96, 64, i))),
  );
  const session = await context.newCDPSession(page);
  const { origin } = new URL(site.url);
  const used = () => page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
  // The engine is ready before it is stored, and takes more room meanwhile.
  let usage = -1;
  for (let now = await used(); now !== usage; now = await used()) {
    usage = now;
    await page.waitForTimeout(1000);
  }
  const quota = (/** @type {number | undefined} */ quotaSize) =>
    session.send('Storage.overrideQuotaForOrigin', quotaSize ? { origin, quotaSize } : { origin });
  await quota(usage + 1000);
  await page.click(by('translate-button'));
  await page.waitForSelector('#notice:not([hidden])');
  assert.match((await page.textContent('#notice')) ?? '', /no room for more results/);
  await page.waitForSelector(`${by('cancel-button')}[hidden]`, { state: 'attached' });
  assert.deepEqual(await states(page), ['done', 'waiting', 'waiting', 'waiting']);
  await picture(page, '0.png');
  assert.match((await page.textContent(by('stored'))) ?? '', /gone when this page is closed/);
  assert.equal(await words(page), 'Continue');
  const asks = () =>
    page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
  assert.equal(await asks(), true, 'that one is in memory');
  await quota(undefined);
  await page.click(by('translate-button'));
  await finished(page, 4);
  assert.deepEqual(await states(page), ['done', 'done', 'done', 'done']);
  assert.equal((await pictures(page)).length, 6);
});

visit('cards far away hold no pictures', {}, async ({ page }) => {
  await ready(page);
  await useWeights(page);
  const all = Array.from({ length: 80 }, (_, i) => upload(`${i}.png`, photo(8, 8, i)));
  await page.setInputFiles(by('photos-input'), all);
  await translate(page, 80);
  const shown = () => page.locator(`${by('result-card')} img`).count();
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(500);
  const atTop = await shown();
  assert.ok(atTop > 0 && atTop < 120, `${atTop} pictures`);
  await page.locator(`${by('result-card')}[data-name="79.png"]`).scrollIntoViewIfNeeded();
  await page.waitForSelector(`${by('result-card')}[data-name="79.png"] img`);
  await page.waitForSelector(`${by('result-card')}[data-name="0.png"] img`, { state: 'detached' });
  assert.ok((await shown()) < 120);
  await page.locator(`${by('result-card')}[data-name="0.png"]`).scrollIntoViewIfNeeded();
  await page.waitForSelector(`${by('result-card')}[data-name="0.png"] img`);
  await picture(page, '0.png');
});

visit(
  'where nothing can be stored the page says so',
  {
    async prepare(page) {
      await page.addInitScript(() => {
        navigator.storage.getDirectory = () =>
          Promise.reject(new DOMException('', 'SecurityError'));
      });
    },
  },
  async ({ page }) => {
    await ready(page);
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await translate(page, 1);
    await picture(page, 'a.png');
    assert.match((await page.textContent(by('stored'))) ?? '', /gone when this page is closed/);
  },
);

/** A folder outside, for which one of private storage stands in. @param {Page} page */
const withFolder = (page) =>
  page.addInitScript(() => {
    const made = navigator.storage
      .getDirectory()
      .then((root) => root.getDirectoryHandle('outside', { create: true }));
    Object.assign(globalThis, { showDirectoryPicker: () => made });
  });

/** @param {Page} page */
const pressFolder = (page) => inMore(page, () => page.click(by('into-folder')));

/** @param {Page} page @returns {Promise<string[]>} */
const outside = async (page) =>
  Object.keys(await stored(page))
    .filter((path) => path.startsWith('outside/'))
    .map((path) => path.replace('outside/', ''))
    .sort();

visit(
  'results go into a folder as they are made, and nothing there is overwritten',
  { prepare: withFolder },
  async ({ page, t }) => {
    const folder = folderOf(t, {
      'trip/a.png': photo(24, 16, 1),
      'trip/b.png': photo(24, 16, 2),
      'trip/c/a.png': photo(24, 16, 3),
    });
    await ready(page);
    await useWeights(page);
    await page.setInputFiles(by('folder-input'), `${folder}/trip`);
    await cardsShown(page, 3);
    await page.evaluate(async () => {
      const root = await /** @type {any} */ (globalThis).showDirectoryPicker();
      const trip = await root.getDirectoryHandle('trip', { create: true });
      const stream = await (await trip.getFileHandle('a.png', { create: true })).createWritable();
      await stream.write('mine');
      await stream.close();
    });
    await translate(page, 3);
    await pressFolder(page);
    const wanted = ['trip/a (2).png', 'trip/a.png', 'trip/b.png', 'trip/c/a.png'];
    await page.waitForFunction(
      () => document.getElementById('announce')?.textContent?.includes('outside'),
      undefined,
      { polling: 50 },
    );
    assert.deepEqual(await outside(page), wanted);
    assert.equal((await stored(page))['outside/trip/a.png'], 4, 'the file of before');

    await page.setInputFiles(by('photos-input'), upload('late.png', photo(24, 16, 4)));
    await translate(page, 4);
    await page.waitForTimeout(500);
    assert.deepEqual(await outside(page), ['late.png', ...wanted], 'as it is made');

    // The same folder once more: what is there already is not written again.
    await pressFolder(page);
    await pressFolder(page);
    await page.waitForTimeout(1000);
    assert.deepEqual(await outside(page), ['late.png', ...wanted]);
  },
);

visit(
  'a folder that may no longer be written to is told of, and the run goes on',
  {
    async prepare(page) {
      await withFolder(page);
      await page.addInitScript(() => {
        const { createWritable } = FileSystemFileHandle.prototype;
        FileSystemFileHandle.prototype.createWritable = function (...given) {
          if (/** @type {any} */ (globalThis).revoked)
            return Promise.reject(new DOMException('', 'NotAllowedError'));
          return createWritable.apply(this, given);
        };
      });
    },
  },
  async ({ page }) => {
    await ready(page);
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), [
      upload('a.png', photo(24, 16, 1)),
      upload('b.png', photo(24, 16, 2)),
    ]);
    await pressFolder(page);
    await page.evaluate(() => Object.assign(globalThis, { revoked: true }));
    await translate(page, 2);
    await page.waitForSelector('#notice:not([hidden])');
    assert.match((await page.textContent('#notice')) ?? '', /may no longer write into that folder/);
    assert.deepEqual(await states(page), ['done', 'done']);
    assert.equal((await pictures(page)).length, 4, 'they are stored all the same');
    assert.equal(await page.getAttribute(by('into-folder'), 'aria-pressed'), 'false');
  },
);
