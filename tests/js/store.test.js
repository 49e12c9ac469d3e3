/** Remembered weights, on a stand-in for the browser's private storage, and from memory without one. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { CodedError } from '../../www/failure.js';
import { bytesOf, WeightsStore } from '../../www/files/weights-store.js';

/** @param {{ full?: boolean, missing?: boolean, old?: boolean }} [trouble] */
function install(trouble = {}) {
  /** @type {Map<string, { bytes: Blob[], lastModified: number }>} */
  const disk = new Map();
  class Handle {
    kind = 'file';
    /** @param {string} name */
    constructor(name) {
      this.name = name;
    }
    async getFile() {
      const found = disk.get(this.name);
      if (!found) throw new DOMException('', 'NotFoundError');
      return Object.assign(new Blob(found.bytes), { lastModified: found.lastModified });
    }
    createWritable() {
      /** @type {any[]} */
      const bytes = [];
      return new WritableStream({
        write(chunk) {
          if (trouble.full) throw new DOMException('no room', 'QuotaExceededError');
          bytes.push(chunk);
        },
        close: () => void disk.set(this.name, { bytes, lastModified: 1000 }),
      });
    }
  }
  if (trouble.old) Reflect.deleteProperty(Handle.prototype, 'createWritable');
  const folder = {
    async getFileHandle(/** @type {string} */ name, { create = false } = {}) {
      if (!disk.has(name) && !create) throw new DOMException('', 'NotFoundError');
      if (!disk.has(name)) disk.set(name, { bytes: [], lastModified: 0 });
      return new Handle(name);
    },
    async removeEntry(/** @type {string} */ name) {
      if (!disk.delete(name)) throw new DOMException('', 'NotFoundError');
    },
    async *values() {
      for (const name of disk.keys()) yield new Handle(name);
    },
  };
  const getDirectory = async () => {
    if (trouble.missing) throw new DOMException('private window', 'SecurityError');
    return { getDirectoryHandle: async () => folder };
  };
  Object.defineProperty(globalThis, 'navigator', {
    value: { storage: { getDirectory } },
    configurable: true,
  });
  Object.defineProperty(globalThis, 'FileSystemFileHandle', { value: Handle, configurable: true });
  return disk;
}

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'navigator');
  Reflect.deleteProperty(globalThis, 'FileSystemFileHandle');
});

const noWorker = () => Promise.reject(new CodedError('storage-unavailable', 'no worker'));
const open = (/** @type {any} */ write = noWorker) => WeightsStore.open(write);

/** @param {WeightsStore} store */
const names = async (store) => (await store.list()).map(({ name }) => name);

test('weights are remembered from one visit to the next', async () => {
  install();
  const store = await open();
  assert.equal(store.problem, null);
  const added = await store.add('winter.pth', new Blob(['abc']));
  assert.deepEqual(
    [added.name, added.size, added.kept, added.problem],
    ['winter.pth', 3, 'disk', null],
  );
  const next = await open();
  assert.deepEqual(await next.list(), [
    { name: 'winter.pth', size: 3, modified: 1000, kept: 'disk' },
  ]);
  assert.equal(await (await next.read('winter.pth')).text(), 'abc');
});

test('names are made safe and unique', async () => {
  install();
  const store = await open();
  await store.add('../a:b.pth', new Blob(['1']));
  await store.add('_A_B.pth', new Blob(['2']));
  await store.add(`${'x'.repeat(300)}.pth`, new Blob(['3']));
  await store.add(`${'x'.repeat(300)}.pth`, new Blob(['4']));
  const long = [`${'x'.repeat(247)} (2).pth`, `${'x'.repeat(251)}.pth`];
  assert.deepEqual(await names(store), ['_A_B (2).pth', '_a_b.pth', ...long]);
});

test('rename and remove', async () => {
  install();
  const store = await open();
  await store.add('a.pth', new Blob(['1']));
  await store.add('b.pth', new Blob(['2']));
  assert.equal(await store.rename('a.pth', 'b.pth'), 'b (2).pth');
  assert.equal(await (await store.read('b (2).pth')).text(), '1');
  assert.equal(await store.rename('b.pth', 'b.pth'), 'b.pth');
  await store.remove('b.pth');
  await store.remove('never there');
  assert.deepEqual(await names(store), ['b (2).pth']);
  await assert.rejects(store.read('b.pth'), { code: 'weights-gone' });
  await assert.rejects(store.rename('b.pth', 'c.pth'), { code: 'weights-gone' });
});

test('without storage, weights work until the page is closed', async () => {
  for (const trouble of [{ missing: true }, { old: true }]) {
    install(trouble);
    const store = await open();
    assert.equal(store.problem?.code ?? 'none', trouble.missing ? 'storage-unavailable' : 'none');
    const file = new Blob(['abc']);
    const added = await store.add('a.pth', file);
    assert.deepEqual([added.kept, added.problem?.code], ['memory', 'storage-unavailable']);
    file.arrayBuffer = () => Promise.reject(new DOMException('moved', 'NotFoundError'));
    assert.equal(await store.rename('a.pth', 'b.pth'), 'b.pth');
    assert.deepEqual(await names(store), ['b.pth']);
    assert.equal(await (await store.read('b.pth')).text(), 'abc');
    await store.remove('b.pth');
    assert.deepEqual(await names(store), []);
  }
});

test('with full storage, weights work until the page is closed and nothing half is left', async () => {
  const trouble = { full: false };
  const disk = install(trouble);
  const store = await open();
  await store.add('kept.pth', new Blob(['1']));
  trouble.full = true;
  const added = await store.add('a.pth', new Blob(['abc']));
  assert.deepEqual([added.kept, added.problem?.code], ['memory', 'storage-full']);
  assert.equal(await (await store.read('a.pth')).text(), 'abc');
  assert.deepEqual([...disk.keys()], ['kept.pth']);
  await assert.rejects(store.rename('kept.pth', 'c.pth'), { code: 'storage-full' });
  assert.deepEqual(await names(store), ['a.pth', 'kept.pth']);
  assert.equal(await (await store.read('kept.pth')).text(), '1');
});

test('a file that cannot be read is not remembered', async () => {
  const disk = install();
  const store = await open();
  const gone = new Blob(['abc']);
  gone.stream = () =>
    new ReadableStream({ pull: (c) => c.error(new DOMException('', 'NotReadableError')) });
  await assert.rejects(store.add('a.pth', gone), { code: 'weights-unreadable' });
  assert.equal(disk.size, 0);
  assert.deepEqual(await names(store), []);
});

test('an empty file left by an interrupted visit does not show and can be replaced', async () => {
  const disk = install();
  disk.set('a.pth', { bytes: [], lastModified: 0 });
  const store = await open();
  assert.deepEqual(await names(store), []);
  assert.equal((await store.add('a.pth', new Blob(['abc']))).name, 'a.pth');
  assert.deepEqual(await names(store), ['a.pth']);
});

test('where only a worker can write, weights are kept there, and a half of a file is no file', async () => {
  const disk = install({ old: true });
  /** @param {string} name @param {Blob | string} content */
  const put = (name, content) =>
    void disk.set(name, { bytes: [new Blob([content])], lastModified: 7 });
  const store = await open(async (/** @type {string} */ name, /** @type {Blob} */ file) =>
    put(name, file),
  );
  const added = await store.add('a.pth', new Blob(['abc']));
  assert.deepEqual([added.kept, added.problem], ['disk', null]);
  assert.equal(await (await store.read('a.pth')).text(), 'abc');

  put('.writing', 'b.pth');
  put('b.pth', 'ha');
  assert.deepEqual(await names(store), ['a.pth']);
  assert.deepEqual(await names(await open()), ['a.pth']);
  assert.deepEqual([...disk.keys()], ['a.pth'], 'the next visit takes it away');
});

test('stored weights that the browser has removed say so when they are read', async () => {
  const disk = install();
  const store = await open();
  await store.add('a.pth', new Blob(['abc']));
  const file = await store.read('a.pth');
  disk.clear();
  await assert.rejects(store.read('a.pth'), { code: 'weights-gone' });
  file.arrayBuffer = () => Promise.reject(new DOMException('evicted', 'NotReadableError'));
  await assert.rejects(bytesOf(file, 'weights-gone'), { code: 'weights-gone' });
});
