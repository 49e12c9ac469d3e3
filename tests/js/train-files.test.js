/** A run's folder: whatever moment the page ends at, a whole checkpoint can be read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Disk } from '../../www/files/disk.js';
import { readIndex, storeCheckpoint, storeResult } from '../../www/train/keep/run-files.js';
import { asHandle, FakeFolder } from './train-support/opfs.js';

const record = (/** @type {number} */ step) => /** @type {any} */ ({ version: 1, id: 'run', step });
const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);
/** @param {Disk} disk @param {number} step @param {any} [pictures] @param {any} [best] */
const store = (disk, step, pictures = null, best = null) =>
  storeCheckpoint(
    disk,
    record(step),
    { checkpoint: bytes(`step ${step}`), history: bytes('h'), best },
    pictures,
  );

function folder() {
  const root = new FakeFolder();
  return { root, disk: new Disk(asHandle(root)) };
}

test('the two latest checkpoints are kept, with their histories, and nothing else', async () => {
  const { root, disk } = folder();
  for (const step of [10, 20, 30, 40]) await store(disk, step);
  const index = await readIndex(disk);
  assert.deepEqual(
    index?.checkpoints.map(({ step }) => step),
    [40, 30],
  );
  assert.equal(await (await disk.read(index?.checkpoints[0].checkpoint ?? ''))?.text(), 'step 40');
  assert.deepEqual(Object.keys(root.files()).sort(), [
    'checkpoint-3.safetensors',
    'checkpoint-4.safetensors',
    'history-3.f32',
    'history-4.f32',
    'index-0.json',
    'index-1.json',
  ]);
});

test('an index that was cut off is as if it were not there', async () => {
  const { root, disk } = folder();
  for (const step of [10, 20, 30]) await store(disk, step);
  const files = root.files();
  const whole = files['index-1.json'].bytes;
  for (const length of [0, 1, 40, 70, whole.size - 1]) {
    files['index-1.json'].bytes = whole.slice(0, length);
    const index = await readIndex(disk);
    assert.equal(index?.record.step, 20, `${length} bytes`);
    assert.equal(
      await (await disk.read(index?.checkpoints[0].checkpoint ?? ''))?.text(),
      'step 20',
    );
  }
  files['index-1.json'].bytes = new Blob([(await whole.text()).replace('"step":30', '"step":31')]);
  assert.equal((await readIndex(disk))?.record.step, 20, 'one that was altered as well');
  await store(disk, 40);
  assert.equal((await readIndex(disk))?.record.step, 40);
});

test('a write that fails at any file leaves the checkpoint of before, and no rubbish', async () => {
  for (const failing of [0, 1, 2]) {
    const { root, disk } = folder();
    await store(disk, 10);
    const before = Object.keys(root.files()).sort();
    let count = 0;
    const write = disk.write.bind(disk);
    disk.write = async (name, content) => {
      disk.full = count === failing;
      count += 1;
      return write(name, content);
    };
    await assert.rejects(store(disk, 20), { code: 'storage-full' });
    const index = await readIndex(disk);
    assert.equal(index?.record.step, 10);
    assert.equal(
      await (await disk.read(index?.checkpoints[0].checkpoint ?? ''))?.text(),
      'step 10',
    );
    assert.deepEqual(Object.keys(root.files()).sort(), before);
  }
});

test('pictures stay until there are others', async () => {
  const { root, disk } = folder();
  const picture = (/** @type {string} */ name) => ({
    pictures: /** @type {any[]} */ ([{ input: name, translated: name, back: name }]),
    files: [{ name, content: new Blob([name]) }],
  });
  await store(disk, 10, picture('picture-10'));
  await store(disk, 20);
  assert.ok(root.files()['picture-10']);
  assert.equal((await readIndex(disk))?.pictures[0].input, 'picture-10');
  await store(disk, 30, picture('picture-30'));
  assert.ok(!root.files()['picture-10']);
  assert.ok(root.files()['picture-30']);
});

test('a result without a checkpoint takes the place of checkpoints and photos', async () => {
  const { root, disk } = folder();
  await store(disk, 10);
  await (await disk.inside('photos')).write('A-00000', 'photo');
  const parts = { a: bytes('a'), b: bytes('b'), history: bytes('h'), best: null, checkpoint: null };
  await storeResult(disk, record(12), parts, null);
  assert.deepEqual(Object.keys(root.files()).sort(), [
    'G_A-2.safetensors',
    'G_B-2.safetensors',
    'history-2.f32',
    'index-0.json',
    'index-1.json',
  ]);
  assert.equal((await readIndex(disk))?.result?.A, 'G_A-2.safetensors');
});

test('a result with its checkpoint takes the place of older ones, and photos stay', async () => {
  const { root, disk } = folder();
  await store(disk, 10);
  await (await disk.inside('photos')).write('A-00000', 'photo');
  const parts = {
    a: bytes('a'),
    b: bytes('b'),
    history: bytes('h'),
    best: null,
    checkpoint: bytes('twelve'),
  };
  await storeResult(disk, record(12), parts, null);
  assert.deepEqual(Object.keys(root.files()).sort(), [
    'G_A-2.safetensors',
    'G_B-2.safetensors',
    'checkpoint-2.safetensors',
    'history-2.f32',
    'index-0.json',
    'index-1.json',
    'photos/A-00000',
  ]);
  const index = await readIndex(disk);
  assert.deepEqual(index?.checkpoints, [
    { step: 12, checkpoint: 'checkpoint-2.safetensors', history: 'history-2.f32', bytes: 6 },
  ]);
  // Learning on makes it an unfinished run again.
  await store(disk, 13);
  assert.equal((await readIndex(disk))?.result, null);
  assert.ok(!('G_A-2.safetensors' in root.files()));
});

test('a worker’s access handles write the same, and a short write is a full disk', async () => {
  const root = new FakeFolder();
  let room = 100;
  /** @type {any} */
  const handle = {
    getFileHandle: async (/** @type {string} */ name) => {
      const file = await root.getFileHandle(name, { create: true });
      let content = new Uint8Array();
      return {
        createSyncAccessHandle: async () => ({
          truncate: () => {
            content = new Uint8Array();
          },
          write: (/** @type {Uint8Array} */ part, /** @type {{ at: number }} */ { at }) => {
            const count = Math.min(part.length, room - at);
            const longer = new Uint8Array(Math.max(content.length, at + count));
            longer.set(content);
            longer.set(part.subarray(0, count), at);
            content = longer;
            return count;
          },
          flush() {},
          close: () => {
            file.bytes = new Blob([content]);
          },
        }),
      };
    },
    removeEntry: (/** @type {string} */ name) => root.removeEntry(name),
  };
  const disk = new Disk(handle);
  await disk.write('text', 'hello');
  await disk.write('blob', new Blob(['one ', 'two']));
  assert.equal(await root.files().text.bytes.text(), 'hello');
  assert.equal(await root.files().blob.bytes.text(), 'one two');
  for (const each of [disk, new Disk(asHandle(root))]) {
    const size = await each.write('pieces', async (write) => {
      await write(0, new TextEncoder().encode('???'));
      await write(3, new TextEncoder().encode(' and the rest'));
      await write(0, new TextEncoder().encode('one'));
    });
    assert.equal(size, 16);
    assert.equal(await root.files().pieces.bytes.text(), 'one and the rest');
  }
  const broken = Object.assign(new Error('as told'), { code: 'training-not-finite' });
  await assert.rejects(
    disk.write('pieces', () => Promise.reject(broken)),
    broken,
  );
  assert.equal(root.files().pieces, undefined, 'half a file does not stay');
  room = 3;
  await assert.rejects(disk.write('text', 'hello'), { code: 'storage-full' });
  assert.equal(root.files().text, undefined);
});

test('a run of the version before has the photo size that its configuration says', async () => {
  const { disk } = folder();
  const before = {
    ...record(10),
    settings: { crop: 64, length: 200 },
    config: JSON.stringify({ preprocess: 'resize_and_crop', load_size: 72, crop_size: 64 }),
  };
  await storeCheckpoint(
    disk,
    before,
    { checkpoint: bytes('c'), history: bytes('h'), best: null },
    null,
  );
  const settings = { crop: 64, length: 200, preprocess: 'resize_and_crop', size: 72 };
  assert.deepEqual((await readIndex(disk))?.record.settings, settings);
  const now = { ...before, settings: { ...settings, size: 256, preprocess: 'scale_and_crop' } };
  await storeCheckpoint(
    disk,
    now,
    { checkpoint: bytes('c'), history: bytes('h'), best: null },
    null,
  );
  assert.deepEqual((await readIndex(disk))?.record.settings, now.settings);
});

test('the best weights stay until others are better, and are not stored twice', async () => {
  const { root, disk } = folder();
  const weights = (/** @type {string} */ text) => ({
    A: bytes(`${text} A`),
    B: bytes(`${text} B`),
  });
  const read = async () => {
    const { best } = (await readIndex(disk)) ?? {};
    return best ? (await disk.read(best.A))?.text() : null;
  };
  await store(disk, 10, null, weights('10'));
  await store(disk, 20);
  await store(disk, 30);
  assert.equal(await read(), '10 A');
  await store(disk, 40, null, weights('40'));
  assert.equal(await read(), '40 A');
  const best = () => Object.keys(root.files()).filter((name) => name.startsWith('best'));
  assert.deepEqual(best(), ['best_A-4.safetensors', 'best_B-4.safetensors']);
  const parts = { a: bytes('a'), b: bytes('b'), history: bytes('h'), best: null, checkpoint: null };
  await storeResult(disk, { ...record(50), best: { step: 40 } }, parts, null);
  assert.equal(await read(), '40 A', 'beside the last');
  await storeResult(disk, { ...record(50), best: { step: 50 } }, parts, null);
  assert.deepEqual(best(), [], 'the last are the best');
});
