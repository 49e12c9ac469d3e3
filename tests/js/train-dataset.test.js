/** Two folders: what is used, what is set aside, what is warned of and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentHash } from '../../www/files/digest.js';
import {
  datasetReport,
  divided,
  folderReport,
  foundAgain,
  inspect,
} from '../../www/train/gather/dataset.js';

/** @param {string[]} hashes @param {Partial<import('../../www/train/gather/dataset.js').Photo>} [more] */
const photos = (hashes, more) =>
  hashes.map((hash, i) => ({
    name: `${i}.jpg`,
    file: new Blob([hash]),
    bytes: hash.length,
    width: 300,
    height: 200,
    hash,
    heldOut: false,
    problem: null,
    ...more,
  }));
/** @param {string} prefix @param {number} count */
const hashes = (prefix, count) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
/** @param {string[]} a @param {string[]} b */
const report = (a, b, crop = 128) =>
  datasetReport({ A: folderReport('', photos(a)), B: folderReport('', photos(b)) }, crop);

test('photos are measured and hashed, each with the name of its own', async () => {
  const file = (/** @type {string} */ text) => new File([text], 'x.png');
  let told = 0;
  const found = await inspect(
    [
      { file: file('one'), path: 'a/x.png' },
      { file: file('two'), path: 'a/x.png' },
      { file: file(''), path: 'b/empty.png' },
    ],
    {
      measure: async ({ size }) => {
        if (size === 0) throw Object.assign(new Error(''), { code: 'image-empty' });
        return { width: size, height: 2 };
      },
      hash: contentHash,
      onOne: () => {
        told += 1;
      },
      signal: new AbortController().signal,
    },
  );
  assert.deepEqual(
    found.map(({ name, width, problem }) => [name, width, problem]),
    [
      ['a/x.png', 3, null],
      ['a/x (2).png', 3, null],
      ['b/empty.png', 0, 'image-empty'],
    ],
  );
  // printf one | sha256sum
  assert.equal(found[0].hash, '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed');
  assert.equal(told, 3);
});

test('looking ends when it is aborted', async () => {
  const abort = new AbortController();
  const looking = inspect([{ file: new Blob(['x']), path: 'x' }], {
    measure: async () => {
      abort.abort();
      return { width: 1, height: 1 };
    },
    hash: contentHash,
    onOne() {},
    signal: abort.signal,
  });
  await assert.rejects(looking, { name: 'AbortError' });
});

test('the same content is used once', () => {
  const folder = folderReport('A', photos(['x', 'y', 'x', 'x', 'z']));
  assert.equal(folder.usable, 3);
  assert.equal(folder.duplicates, 2);
  assert.equal(folder.unusable, 0);
  assert.equal(folder.bytes, 3);
  assert.equal(folderReport('A', folder.photos).duplicates, 2, 'looked at again, the same');
});

test('which photos are set aside depends on their content, not on names or order', () => {
  const all = hashes('p', 40);
  const one = folderReport('', photos(all));
  const other = folderReport('', photos([...all].reverse()));
  const heldOut = (/** @type {typeof one} */ folder) =>
    folder.photos
      .filter((photo) => photo.heldOut)
      .map(({ hash }) => hash)
      .sort();
  assert.deepEqual(heldOut(one), heldOut(other));
  assert.equal(one.heldOut, 4);
  assert.equal(one.training, 36);
  assert.deepEqual(
    divided(one).training.map(({ hash }) => hash),
    divided(other).training.map(({ hash }) => hash),
  );
  for (const [count, aside] of [
    [3, 0],
    [4, 1],
    [19, 1],
    [20, 2],
    [500, 8],
  ]) {
    assert.equal(folderReport('', photos(hashes('q', count))).heldOut, aside, `${count} photos`);
  }
});

test('a folder too small to set photos aside previews one that it trains on', () => {
  const { training, previews } = divided(folderReport('', photos(['b', 'a', 'c'])));
  assert.equal(training.length, 3);
  assert.deepEqual(
    previews.map(({ hash }) => hash),
    ['a'],
  );
});

test('one photo is refused, nine are warned of, ten are not', () => {
  assert.deepEqual(report(['a'], hashes('b', 20)).refused, {
    code: 'dataset-too-few',
    values: { domain: 'A', n: 1 },
  });
  const few = report(hashes('a', 20), hashes('b', 9));
  assert.equal(few.refused, null);
  assert.deepEqual(few.warnings, [{ code: 'dataset-few', values: { domain: 'B', n: 9 } }]);
  assert.deepEqual(report(hashes('a', 10), hashes('b', 10)).warnings, []);
});

test('the same set twice is refused, whatever its order; some shared photos are told', () => {
  const all = hashes('a', 12);
  assert.equal(report(all, [...all].reverse()).refused?.code, 'dataset-same');
  const shared = report(all, [...all.slice(0, 3), ...hashes('b', 9)]);
  assert.equal(shared.refused, null);
  assert.deepEqual(shared.warnings, [{ code: 'dataset-shared', values: { n: 3 } }]);
});

test('small photos, duplicates and unusable ones are told for each folder', () => {
  const a = folderReport('', [
    ...photos(hashes('a', 12)),
    ...photos(['a0']),
    ...photos(['bad'], { problem: 'image-empty', hash: '' }),
  ]);
  const b = folderReport('', photos(hashes('b', 12), { width: 100 }));
  assert.deepEqual(datasetReport({ A: a, B: b }, 128).warnings, [
    { code: 'dataset-duplicates', values: { domain: 'A', n: 1 } },
    { code: 'dataset-unusable', values: { domain: 'A', n: 1 } },
    { code: 'dataset-small', values: { domain: 'B', n: 12, crop: 128 } },
  ]);
  assert.deepEqual(b.smallest, { width: 100, height: 200 });
});

test('the photos of a run are found again by content', () => {
  const folder = folderReport('', photos(['x', 'y', 'z']));
  const { photos: found, missing } = foundAgain(['z', 'gone', 'x'], folder);
  assert.deepEqual(
    found.map((photo) => photo?.hash ?? null),
    ['z', null, 'x'],
  );
  assert.equal(missing, 1);
});
