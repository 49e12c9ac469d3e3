/** Of a run's photos small copies are stored, never the photos themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Copies } from '../../www/train/keep/copies.js';
import { codes, newSession, photos, readySession, until } from './train-support/session.js';

/** @typedef {import('./train-support/opfs.js').FakeFolder} FakeFolder */

/** @param {FakeFolder | null} root */
async function copiesIn(root) {
  const files = Object.entries(root?.files() ?? {}).filter(([path]) => path.includes('/photos/'));
  /** @type {Record<string, string>} */
  const all = {};
  for (const [path, file] of files) all[path.split('/').at(-1) ?? ''] = await file.bytes.text();
  return all;
}

/** A run that was paused after its first steps. @param {Parameters<typeof readySession>[0] & { A?: File[] }} [options] */
async function paused({ A = photos(0, 12), ...options } = {}) {
  const made = await readySession(options);
  await made.session.setFolder('A', A);
  const running = made.session.start();
  await until(made.session, ({ run }) => (run?.step ?? 0) >= 3);
  await made.session.pause();
  await running;
  return made;
}

/** What another visit is offered. @param {FakeFolder | null} root */
async function offered(root) {
  const visit = newSession({ root });
  await visit.session.open();
  return { ...visit, offer: visit.session.snapshot.offer };
}

test('what is stored is made by the engine from the photos, and is not the photos', async () => {
  const { root } = await paused();
  const copies = await copiesIn(root);
  const names = Object.keys(copies);
  assert.equal(names.filter((name) => /^A-\d/.test(name)).length, 11);
  assert.deepEqual(names.filter((name) => /preview|whole/.test(name)).sort(), [
    'A-preview-00000',
    'A-whole-00000',
    'B-preview-00000',
    'B-whole-00000',
  ]);
  for (const [name, content] of Object.entries(copies))
    assert.match(content, /^picture \d+$/, name);
});

test('once the copies are there the folders are needed no more', async () => {
  /** @type {string[]} */
  const read = [];
  const { session } = await readySession({
    engine: { onDecode: (/** @type {string} */ text) => read.push(text) },
  });
  const running = session.start();
  await until(session, ({ state }) => state === 'training');
  read.length = 0;
  await running;
  assert.ok(read.length > 0 && read.every((text) => text.startsWith('picture ')), `${read}`);
});

test('how far the copying is can be seen', async () => {
  const { session } = await readySession();
  /** @type {string[]} */
  const seen = [];
  session.addEventListener('change', () => {
    const { run, state } = session.snapshot;
    if (run?.copying) seen.push(`${state} ${run.copying.done} of ${run.copying.total}`);
  });
  await session.start();
  assert.deepEqual(
    [...new Set(seen)],
    ['starting 0 of 24', 'starting 8 of 24', 'starting 16 of 24'],
  );
});

test('a photo that cannot be opened does not make the folders needed again', async () => {
  const { root } = await paused({ A: [...photos(0, 12), new File(['damaged'], 'bad.png')] });
  const { session, offer } = await offered(root);
  assert.equal(offer?.needsFolders, false);
  await session.acceptOffer();
  assert.equal(session.snapshot.state, 'finished');
  assert.ok(!codes(session).includes('folders-differ'), `${codes(session)}`);
});

test('a photo that is gone for the moment is missed, the others are kept', async () => {
  const { session, root } = await paused({ A: [...photos(0, 12), new File(['gone'], 'usb.png')] });
  const { notices } = session.snapshot;
  const values = { domain: 'A', name: 'usb.png', code: 'file-gone' };
  assert.deepEqual(codes(session), ['photo-skipped'], 'the disk did what it was asked');
  assert.deepEqual(notices[0].values, values);
  assert.ok(Object.keys(await copiesIn(root)).length > 20);
  const next = await offered(root);
  assert.equal(next.offer?.needsFolders, false);
  await next.session.acceptOffer();
  const differ = next.session.snapshot.notices.find(({ code }) => code === 'folders-differ');
  assert.deepEqual(differ?.values, { n: 1 });
  assert.equal(next.session.snapshot.state, 'finished');
});

test('a folder that is gone is not told photo by photo', async () => {
  const gone = Array.from({ length: 4 }, (_, i) => new File(['gone'], `usb-${i}.png`));
  const host = { space: async () => ({ usage: 0, quota: 1e12, persisted: false }) };
  const request = async (/** @type {string} */ _name, /** @type {any} */ { photos }) =>
    photos.map((/** @type {any} */ { blob }) =>
      gone.includes(blob)
        ? { copy: null, whole: null, problem: 'file-gone' }
        : { copy: blob, whole: null },
    );
  /** @type {string[]} */
  const told = [];
  const copies = new Copies(
    /** @type {any} */ (host),
    /** @type {any} */ ({ request }),
    (code) => told.push(code),
    (_domain, name) => told.push(name),
    () => {},
    async () => {},
  );
  const entries = (/** @type {File[]} */ files) =>
    files.map(({ name }) => ({ name, hash: name, file: null }));
  const B = [...photos(0, 3), gone[0]];
  const none = { A: [], B: [] };
  const record = { id: 'x', config: '{"load_size": 8}', parameters: 1, previews: none };
  await copies.keep(
    /** @type {any} */ ({ ...record, photos: { A: entries(gone), B: entries(B) } }),
    { photos: { A: gone, B }, previews: none },
    8,
  );
  assert.deepEqual(told, ['photos-not-kept', 'usb-0.png']);
});

test('no copies are begun that the disk has no room for, which grows with the photo size', async () => {
  const full = new File(['photo'], 'photo.png');
  const photo = { name: 'photo.png', hash: 'p', file: null };
  const none = { A: [], B: [] };
  const keep = async (/** @type {any} */ config, /** @type {number} */ quota) => {
    let asked = false;
    const copies = new Copies(
      /** @type {any} */ ({ space: async () => ({ usage: 0, quota, persisted: false }) }),
      /** @type {any} */ ({
        request: async () => {
          asked = true;
          return [{ copy: full, whole: null, problem: null }];
        },
      }),
      () => {},
      () => {},
      () => {},
      async () => {},
    );
    const record = { id: 'x', config: JSON.stringify(config), parameters: 0, previews: none };
    await copies.keep(
      /** @type {any} */ ({ ...record, photos: { A: [{ ...photo }], B: [] } }),
      { photos: { A: [full], B: [] }, previews: none },
      8,
    );
    return asked;
  };
  const squares = { preprocess: 'resize_and_crop', load_size: 72 };
  assert.equal(await keep(squares, 3 * 72 * 72), true);
  // Kept at the largest scale, 108 pixels the shorter side, and 3 : 2.
  const photos = { preprocess: 'scale_and_crop', load_size: 72, zoom: 1.5 };
  assert.equal(await keep(photos, 3 * 72 * 72), false);
  assert.equal(await keep(photos, 3 * 108 * 162), true);
});

test('a disk that is full before all are copied keeps none of them', async () => {
  let kept = 0;
  const { session, root } = await readySession({
    engine: {
      onRequest: (/** @type {any} */ { do: name }) => {
        if (name === 'train-keep') kept += 1;
        if (root) root.trouble.full = name === 'train-keep' && kept === 2;
      },
    },
  });
  await session.start();
  assert.equal(kept, 2);
  assert.deepEqual(codes(session), ['photos-not-kept']);
  assert.equal(session.snapshot.state, 'finished');
  assert.equal(session.snapshot.run?.kept, 'disk');
});

test('stopping while photos are copied leaves nothing behind', async () => {
  const { session, root } = await readySession();
  const running = session.start();
  await until(session, ({ run }) => (run?.copying?.done ?? 0) > 0);
  await session.stop();
  await running;
  assert.equal(session.snapshot.state, 'ready');
  assert.deepEqual(Object.keys(root?.files() ?? {}), []);
});

test('a browser that asks the person keeps no training waiting', async () => {
  const { session, host } = await readySession();
  host.persist = () => new Promise(() => {});
  await session.start();
  assert.equal(session.snapshot.state, 'finished');
});

for (const grants of [true, false]) {
  test(`whether the browser keeps a run is asked, and told as it answers: ${grants}`, async () => {
    const { session, host } = await readySession();
    host.grants = grants;
    assert.equal(session.snapshot.space?.persisted, false);
    const running = session.start();
    await until(session, ({ space }) => host.asked > 0 && space?.persisted === grants);
    await running;
    assert.equal(session.snapshot.space?.persisted, grants);
  });
}
