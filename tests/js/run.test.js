/** The state of a run: names, order, what Cancel keeps, progress; and the loop through the engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../www/failure.js';
import {
  addPhotos,
  begin,
  cancel,
  clearItems,
  counts,
  createRun,
  nextItem,
  progress,
  removeItem,
  settle,
} from '../../www/run.js';
import { translateAll } from '../../www/translate.js';

/** @param {string} name */
const photo = (name) => ({ name, file: new File(['x'], name) });
/** @param {string} label */
const result = (label) =>
  /** @type {import('../../www/run.js').Result} */ (
    /** @type {unknown} */ ({
      picture: { label },
      direction: 'ab',
      made: { settings: { format: 'png' } },
    })
  );
/** @param {...string} names */
function runWith(...names) {
  const run = createRun();
  addPhotos(run, names.map(photo));
  return run;
}
/** @param {import('../../www/run.js').Run} run */
const states = (run) => [...run.items.values()].map(({ state }) => state);
/** @param {import('../../www/run.js').Run} run */
const names = (run) => [...run.items.values()].map(({ name }) => name);

test('equal names are told apart, without regard to case, before the extension', () => {
  const run = runWith(
    'a/photo.jpg',
    'a/Photo.JPG',
    'a/photo.jpg',
    'b/photo.jpg',
    '.hidden',
    '.hidden',
  );
  assert.deepEqual(names(run), [
    'a/photo.jpg',
    'a/Photo (2).JPG',
    'a/photo (3).jpg',
    'b/photo.jpg',
    '.hidden',
    '.hidden (2)',
  ]);
  removeItem(run, 1);
  addPhotos(run, [photo('a/photo.jpg')]);
  assert.equal(names(run).at(-1), 'a/photo.jpg');
});

test('photos are taken in order; those added meanwhile join; removed ones are passed over', () => {
  const run = runWith('1.jpg', '2.jpg', '3.jpg');
  assert.equal(begin(run), true);
  assert.equal(begin(run), false);
  const first = nextItem(run);
  assert.equal(first?.name, '1.jpg');
  assert.equal(first?.active, true);
  removeItem(run, 2);
  addPhotos(run, [photo('4.jpg')]);
  settle(run, 1, { result: result('one') }, 1);
  assert.equal(nextItem(run)?.name, '3.jpg');
  settle(run, 3, { result: result('three') }, 1);
  assert.equal(nextItem(run)?.name, '4.jpg');
  settle(run, 4, { problem: { code: 'engine-failed', detail: '' }, skipped: false }, 1);
  assert.equal(nextItem(run), null);
  assert.equal(run.running, false);
  assert.deepEqual(states(run), ['done', 'done', 'failed']);
});

test('with none waiting everything is translated again, except what was skipped', () => {
  const run = runWith('1.jpg', '2.jpg');
  addPhotos(run, [{ name: 'x.jpg', file: null, problem: { code: 'file-gone', detail: '' } }]);
  begin(run);
  nextItem(run);
  settle(run, 1, { result: result('one') }, 1);
  nextItem(run);
  settle(run, 2, { problem: { code: 'engine-died', detail: '' }, skipped: false }, 1);
  assert.equal(nextItem(run), null);
  assert.equal(begin(run), true);
  assert.deepEqual(states(run), ['waiting', 'waiting', 'skipped']);
  assert.equal(begin(createRun()), false);
});

test('cancelling a second translation falls back on the first', () => {
  const run = runWith('1.jpg', '2.jpg');
  begin(run);
  nextItem(run);
  settle(run, 1, { result: result('one') }, 1);
  cancel(run);
  assert.deepEqual(states(run), ['done', 'waiting']);
  begin(run);
  assert.equal(nextItem(run)?.name, '2.jpg');
  settle(run, 2, { result: result('two') }, 1);
  nextItem(run);
  begin(run);
  nextItem(run);
  cancel(run);
  assert.deepEqual(states(run), ['done', 'done']);
  assert.equal(run.items.get(1)?.active, false);
  assert.deepEqual(run.items.get(1)?.result, result('one'));
});

test('time left follows the pace, and the first photo counts only while it is alone', () => {
  const run = runWith(...Array.from({ length: 12 }, (_, i) => `${i}.jpg`));
  begin(run);
  assert.equal(progress(run).secondsLeft, null);
  const finish = (/** @type {number} */ seconds) => {
    const item = nextItem(run);
    settle(run, item?.id ?? 0, { result: result('') }, seconds);
  };
  finish(30);
  assert.equal(progress(run).secondsLeft, 330);
  finish(2);
  assert.equal(progress(run).secondsEach, 2);
  finish(4);
  assert.equal(progress(run).secondsEach, 3);
  assert.equal(progress(run).fraction, 0.25);
  assert.deepEqual(counts(run), { waiting: 9, done: 3, failed: 0, skipped: 0, all: 12 });
});

test('clearing empties the run and frees the names', () => {
  const run = runWith('1.jpg');
  run.ignored = 3;
  clearItems(run);
  addPhotos(run, [photo('1.jpg')]);
  assert.deepEqual(names(run), ['1.jpg']);
  assert.equal(run.ignored, 0);
});

const made = /** @type {import('../../www/zip.js').About} */ ({
  version: '0.1.0',
  model: { name: 'any', sha256: '', ngf: 64, blocks: 9 },
  settings: { size: 256, margin: 0, format: 'png' },
});
/**
 * @param {import('../../www/run.js').Run} run
 * @param {(name: string) => Promise<any>} translate
 * @param {AbortController} [stop]
 */
const translateWith = (run, translate, stop = new AbortController()) =>
  translateAll(run, {
    engine: { translate: (job) => translate(/** @type {File} */ (job.file).name) },
    made,
    direction: 'ab',
    onItem: () => {},
    signal: stop.signal,
  });

test('a bad photo is skipped, a failure is failed, and neither stops the rest', async () => {
  const run = runWith('bad.jpg', 'unlucky.jpg', 'good.jpg');
  begin(run);
  const problem = await translateWith(run, async (name) => {
    if (name === 'bad.jpg') throw new CodedError('image-unreadable', '');
    if (name === 'unlucky.jpg') throw new CodedError('gpu-lost', '');
    return {};
  });
  assert.equal(problem, null);
  assert.deepEqual(states(run), ['skipped', 'failed', 'done']);
});

test('what no photo would survive stops the run and leaves the rest waiting', async () => {
  const run = runWith('1.jpg', '2.jpg');
  begin(run);
  const problem = await translateWith(run, async () => {
    throw new CodedError('engine-keeps-dying', 'detail');
  });
  assert.deepEqual(problem, { code: 'engine-keeps-dying', detail: 'detail' });
  assert.deepEqual(states(run), ['waiting', 'waiting']);
  assert.equal(run.running, false);
});

test('Cancel leaves the present photo waiting, or keeps it when it was nearly through', async () => {
  for (const finishes of [false, true]) {
    const run = runWith('1.jpg', '2.jpg');
    const stop = new AbortController();
    begin(run);
    const problem = await translateWith(
      run,
      async () => {
        stop.abort();
        if (!finishes) throw stop.signal.reason;
        return {};
      },
      stop,
    );
    assert.equal(problem, null);
    assert.deepEqual(states(run), [finishes ? 'done' : 'waiting', 'waiting']);
    assert.equal(run.running, false);
  }
});
