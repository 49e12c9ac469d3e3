/** The archive: opens in another program's reader, has every result once and a manifest at the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildZip } from '../../www/files/zip.js';

const ABOUT = /** @type {import('../../www/files/zip.js').About} */ ({
  version: '0.1.0',
  model: { name: 'summer to winter', sha256: 'ab'.repeat(32), ngf: 64, blocks: 9 },
  settings: { size: 512, margin: 32, smooth: 4, format: 'png' },
});

/** @param {string} path @param {string} text @returns {import('../../www/files/zip.js').Outcome} */
const done = (path, text, type = 'image/png') => ({
  path,
  state: 'done',
  reason: null,
  result: new Blob([text], { type }),
  width: 512,
  height: 340,
  photoWidth: 1024,
  photoHeight: 680,
  reduced: false,
  precision: 'float16',
  made: ABOUT,
});
/** @param {string} path @param {string} reason @returns {import('../../www/files/zip.js').Outcome} */
const skipped = (path, reason) => ({
  ...done(path, ''),
  state: 'skipped',
  reason,
  result: null,
  width: 0,
  height: 0,
  photoWidth: 0,
  photoHeight: 0,
  precision: null,
  made: null,
});

/**
 * Entries of an archive by its central directory (APPNOTE.TXT, 4.3.12), each checked against its local
 * header; the entries are stored, not compressed.
 *
 * @param {Blob} blob
 */
async function entriesOf(blob) {
  const bytes = Buffer.from(await blob.arrayBuffer());
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  const entries = [];
  for (let i = 0; i < count; i += 1) {
    assert.equal(bytes.readUInt32LE(at), 0x02014b50);
    assert.equal(bytes.readUInt16LE(at + 10), 0, 'stored');
    const [size, length] = [bytes.readUInt32LE(at + 24), bytes.readUInt16LE(at + 28)];
    const name = bytes.toString('utf8', at + 46, at + 46 + length);
    const local = bytes.readUInt32LE(at + 42);
    assert.equal(bytes.readUInt32LE(local), 0x04034b50);
    const body = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    entries.push({
      name,
      utf8: Boolean(bytes.readUInt16LE(at + 8) & 0x800),
      text: bytes.toString('utf8', body, body + size),
    });
    at += 46 + length + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}

const OUTCOMES = [
  done('trip/a.jpg', 'first'),
  skipped('trip/notes.png', 'image-unreadable'),
  done('trip/a.png', 'second'),
  done('../../évil 🏔️.jpg', 'third', 'image/jpeg'),
];

test('a result that was made otherwise says so in the manifest, the others do not', async () => {
  const settings = { ...ABOUT.settings, size: /** @type {const} */ (256) };
  const other = { ...done('early.jpg', 'a'), made: { ...ABOUT, settings } };
  const blob = await buildZip([done('late.jpg', 'b'), other]);
  const manifest = JSON.parse((await entriesOf(blob)).at(-1)?.text ?? '');
  assert.deepEqual(manifest.settings, ABOUT.settings);
  assert.equal('settings' in manifest.photos[0], false);
  assert.deepEqual(manifest.photos[1].settings, settings);
  assert.deepEqual(manifest.photos[1].model, ABOUT.model);
});

test('an archive has every result under its own name, and the manifest last', async () => {
  const file = await buildZip(OUTCOMES);
  const entries = await entriesOf(file);
  assert.deepEqual(
    entries.map((entry) => entry.name),
    ['trip/a.png', 'trip/a (2).png', 'évil 🏔️.jpg', 'manifest.json'],
  );
  assert.deepEqual(
    entries.slice(0, 3).map((entry) => entry.text),
    ['first', 'second', 'third'],
  );
  assert.ok(
    entries.every((entry) => entry.utf8),
    'names are marked as UTF-8',
  );
  assert.equal(file.type, 'application/zip');
});

test('the manifest tells how each result was made, and why others are missing', async () => {
  const entries = await entriesOf(await buildZip(OUTCOMES));
  const manifest = JSON.parse(entries.at(-1)?.text ?? '');
  const { photos, ...rest } = manifest;
  assert.deepEqual(rest, { generator: 'cyclegan-web', ...ABOUT });
  assert.deepEqual(photos[0], {
    name: 'trip/a.png',
    source: 'trip/a.jpg',
    state: 'done',
    reason: null,
    size: [512, 340],
    photoSize: [1024, 680],
    reduced: false,
    precision: 'float16',
  });
  assert.deepEqual(photos[1], {
    name: null,
    source: 'trip/notes.png',
    state: 'skipped',
    reason: 'image-unreadable',
    size: null,
    photoSize: null,
    reduced: false,
    precision: null,
  });
  assert.deepEqual(
    photos.map((/** @type {any} */ p) => p.name).filter(Boolean),
    entries.slice(0, -1).map((e) => e.name),
  );
});

test('nothing translated still gives an archive with a manifest', async () => {
  const entries = await entriesOf(await buildZip([]));
  assert.deepEqual(
    entries.map((entry) => entry.name),
    ['manifest.json'],
  );
});

test('results are read one after another, not all at once', async () => {
  let open = 0;
  let most = 0;
  const outcomes = Array.from({ length: 20 }, (_, i) => {
    const outcome = done(`${i}.png`, 'x'.repeat(200_000));
    const blob = /** @type {Blob} */ (outcome.result);
    const stream = blob.stream.bind(blob);
    blob.stream = () => {
      open += 1;
      most = Math.max(most, open);
      const closing = new TransformStream({
        flush() {
          open -= 1;
        },
      });
      return stream().pipeThrough(closing);
    };
    return outcome;
  });
  await buildZip(outcomes);
  assert.ok(most >= 1 && most <= 2, `${most} results open at once`);
});

test('an archive is put together of the results themselves: it needs no memory of their size', async (t) => {
  const results = [done('a.png', 'x'.repeat(3_000_000)), done('b.png', ''), done('c.png', 'z')];
  /** @type {any[]} */
  let parts = [];
  const Plain = Blob;
  t.after(() => {
    globalThis.Blob = Plain;
  });
  globalThis.Blob = new Proxy(Plain, {
    construct(_, [given, options]) {
      parts = given;
      return new Plain(given, options);
    },
  });
  const zip = await buildZip(results);
  assert.ok(parts.includes(results[0].result) && parts.includes(results[2].result));
  const own = parts
    .filter((part) => !(part instanceof Plain))
    .reduce((sum, p) => sum + p.length, 0);
  assert.ok(own < 4000, `${own} bytes of its own`);
  const entries = await entriesOf(zip);
  assert.deepEqual(
    entries.slice(0, 3).map(({ text }) => text.length),
    [3_000_000, 0, 1],
  );
});

test('neither storage nor a secure page is needed', async () => {
  for (const name of ['navigator', 'crypto']) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
    try {
      assert.equal((await entriesOf(await buildZip(OUTCOMES))).length, 4);
    } finally {
      if (before) Object.defineProperty(globalThis, name, before);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
});

test('an aborted archive rejects with the reason of the signal', async () => {
  await assert.rejects(buildZip(OUTCOMES, AbortSignal.abort()), { name: 'AbortError' });
  const controller = new AbortController();
  const outcome = done('a.png', 'x');
  /** @type {Blob} */ (outcome.result).stream = () =>
    new ReadableStream({ pull: () => controller.abort() });
  await assert.rejects(buildZip([outcome], controller.signal), { name: 'AbortError' });
});

test('a result that cannot be read fails the archive with a code', async () => {
  const outcome = done('a.png', 'x');
  /** @type {Blob} */ (outcome.result).stream = () =>
    new ReadableStream({ pull: (controller) => controller.error(new TypeError('broken')) });
  await assert.rejects(buildZip([outcome]), { code: 'zip-failed' });
});
