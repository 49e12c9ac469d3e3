/** Results in a folder of the person's: names, what was there before, and what goes wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FolderOut } from '../../www/files/folder-out.js';
import { asHandle, FakeFolder } from './train-support/opfs.js';

/** @param {FakeFolder} folder */
const contents = async (folder) =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(folder.files()).map(async ([path, { bytes }]) => [path, await bytes.text()]),
    ),
  );

test('folders are kept, equal names are told apart, and nothing is overwritten', async () => {
  const folder = new FakeFolder('out');
  const trip = await folder.getDirectoryHandle('trip', { create: true });
  const mine = await trip.getFileHandle('a.png', { create: true });
  mine.bytes = new Blob(['mine']);
  const out = new FolderOut(asHandle(folder));
  await Promise.all([
    out.write('trip/a.jpg', 'png', new Blob(['one'])),
    out.write('trip/a.webp', 'png', new Blob(['two'])),
    out.write('trip/day/b.jpg', 'jpeg', new Blob(['three'])),
  ]);
  assert.deepEqual(await contents(folder), {
    'trip/a.png': 'mine',
    'trip/a (2).png': 'one',
    'trip/a (3).png': 'two',
    'trip/day/b.jpg': 'three',
  });
  await out.write('trip/a.jpg', 'png', new Blob(['better']));
  assert.equal((await contents(folder))['trip/a (2).png'], 'better', 'its own is replaced');

  const next = new FolderOut(asHandle(folder));
  await next.write('trip/day/b.jpg', 'jpeg', new Blob(['three']));
  assert.equal(Object.keys(folder.files()).length, 4, 'the same picture is there already');
});

test('a full disk is told from a folder that is gone, and leaves no empty file', async () => {
  const folder = new FakeFolder('out');
  const out = new FolderOut(asHandle(folder));
  folder.trouble.full = true;
  await assert.rejects(out.write('a.jpg', 'png', new Blob(['one'])), { code: 'folder-full' });
  assert.deepEqual(Object.keys(folder.files()), []);
  folder.trouble.full = false;
  folder.getFileHandle = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  await assert.rejects(out.write('b.jpg', 'png', new Blob(['one'])), { code: 'folder-refused' });
});
