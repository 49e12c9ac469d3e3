/** The two folders of the Train view: read while others are given, and what becomes of what is no photo. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { useMessages } from '../../www/page/messages.js';
import { Folders } from '../../www/train/gather/folders.js';
import { leftOutLines } from '../../www/train/view/left-out.js';

/** @typedef {import('../../www/files/walk.js').Chunk} Chunk */

const en = new URL('../../www/messages/en.json', import.meta.url);
useMessages('en', JSON.parse(readFileSync(en, 'utf8')));

const host = /** @type {any} */ ({
  now: () => 0,
  hash: (/** @type {Blob} */ file) => file.text(),
  measure: async (/** @type {Blob} */ file) => {
    if ((await file.text()) === 'bad')
      throw Object.assign(new Error(''), { code: 'image-damaged' });
    return { width: 100, height: 80 };
  },
});

/** @param {string[]} paths @param {string} [text] @returns {import('../../www/files/walk.js').Candidate[]} */
const photos = (paths, text) =>
  paths.map((path) => ({ path, file: new File([text ?? path], path.split('/').at(-1) ?? '') }));

/** A walk that ends when it is told to. @param {Partial<Chunk>} chunk */
function walk(chunk) {
  /** @type {() => void} */
  let end = () => {};
  const ended = new Promise((resolve) => {
    end = () => resolve(undefined);
  });
  async function* chunks() {
    yield { photos: [], models: [], ignored: [], problems: [], ...chunk };
    await ended;
  }
  return { chunks: chunks(), end };
}

/** @param {Folders} folders @param {'A' | 'B'} domain */
const names = (folders, domain) => folders.reports[domain].photos.map(({ name }) => name);

test('of two folders for one place the later counts, though the earlier is read more slowly', async () => {
  const folders = new Folders(host, () => {});
  const slow = walk({ photos: photos(['slow/1.jpg', 'slow/2.jpg']) });
  const first = folders.set('A', slow.chunks);
  assert.deepEqual(folders.checked, { done: 0, total: 0 }, 'it is being looked at from the start');
  await folders.set('A', photos(['later/1.jpg']));
  slow.end();
  await first;
  assert.deepEqual(names(folders, 'A'), ['later/1.jpg']);
  assert.equal(folders.reports.A.name, 'later');
  assert.equal(folders.checked, null);
});

test('a data set of PyTorch fills both places, but not one that was given something later', async () => {
  const pair = photos(['set/trainA/1.jpg', 'set/trainB/1.jpg', 'set/testA/1.jpg']);
  const folders = new Folders(host, () => {});
  const slow = walk({
    photos: pair,
    problems: [{ path: 'set/trainB/scan.tif', code: 'image-unsupported' }],
    ignored: ['txt'],
  });
  const first = folders.set('A', slow.chunks);
  await folders.set('B', photos(['later/1.jpg']));
  slow.end();
  await first;
  assert.deepEqual(names(folders, 'A'), ['set/trainA/1.jpg']);
  assert.deepEqual(folders.reports.A.ignored, ['txt']);
  assert.deepEqual(names(folders, 'B'), ['later/1.jpg']);
  await folders.set('A', pair);
  assert.deepEqual(names(folders, 'B'), ['set/trainB/1.jpg']);
});

test('what was left out stays told when the other folder is filled', async () => {
  const folders = new Folders(host, () => {});
  const given = walk({
    photos: [...photos(['a/1.jpg']), ...photos(['a/cut.jpg'], 'bad')],
    ignored: ['txt', 'json', 'txt'],
    problems: [
      { path: 'a/scan.tif', code: 'image-unsupported', values: { kind: 'TIFF' } },
      { path: 'a/film.mov', code: 'image-unsupported', values: { kind: 'video' } },
      { path: 'a/closed', code: 'file-gone' },
      { path: 'a/10001.jpg', code: 'too-many-photos' },
    ],
  });
  given.end();
  await folders.set('A', given.chunks);
  await folders.set('B', photos(['b/1.jpg']));
  const lines = leftOutLines(folders.reports.A, 'Summer');
  assert.equal(lines.length, 6);
  assert.match(lines[0], /^a\/cut\.jpg in Summer: .*cut short or damaged/);
  assert.match(lines[1], /^a\/scan\.tif in Summer: .*TIFF.*Export it as JPEG or PNG/);
  assert.match(lines[2], /^a\/film\.mov in Summer: .*video/);
  assert.match(lines[3], /^a\/closed in Summer: .*could not be read any more/);
  assert.match(lines[4], /^a\/10001\.jpg in Summer: .*10,000 photos at most/);
  assert.match(lines[5], /^Summer: 3 other files .*\(\.txt, \.json\)/);
  assert.deepEqual(leftOutLines(folders.reports.B, 'Winter'), []);
});

test('a folder without photos leaves the earlier photos, and says what it was', async () => {
  const folders = new Folders(host, () => {});
  await folders.set('A', photos(['a/1.jpg']));
  const none = walk({
    problems: [{ path: 'x.pdf', code: 'image-unsupported', values: { kind: 'PDF' } }],
  });
  none.end();
  await folders.set('A', none.chunks);
  assert.deepEqual(names(folders, 'A'), ['a/1.jpg']);
  assert.match(leftOutLines(folders.reports.A, 'A').join(), /x\.pdf in A: This is a PDF/);
  const empty = walk({});
  empty.end();
  await folders.set('A', empty.chunks);
  assert.deepEqual(leftOutLines(folders.reports.A, 'A'), ['A: No photos were found there']);
});

test('many files with one reason are told in one line', () => {
  const leftOut = Array.from({ length: 30 }, (_, i) => ({
    path: `${i}.tif`,
    code: 'image-unsupported',
    values: { kind: 'TIFF' },
  }));
  const report = /** @type {any} */ ({ photos: [], leftOut, ignored: [], nothing: true });
  const lines = leftOutLines(report, 'A');
  assert.equal(lines.length, 1);
  assert.match(lines[0], /^0\.tif, 1\.tif, 2\.tif and 27 more in A: /);
});
