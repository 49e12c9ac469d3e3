/** The state of a run: names, order, what Cancel keeps, progress; and the loop through the engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../www/failure.js';
import { translateAll } from '../../www/translate/loop.js';
import {
  addPhotos,
  begin,
  cancel,
  clearItems,
  createRun,
  itemOf,
  nextItem,
  removeItem,
  reopen,
  restoreItems,
  retry,
  settle,
} from '../../www/translate/queue.js';
import { inMemory } from '../../www/translate/result.js';
import { counts, progress } from '../../www/translate/tally.js';

let photos = 0;
/** Another one each time. @param {string} name */
function photo(name) {
  photos += 1;
  return { name, file: new File(['x'], name, { lastModified: photos }) };
}
/** @param {string} label */
const result = (label) =>
  /** @type {import('../../www/translate/queue.js').Result} */ (
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
/** @param {import('../../www/translate/queue.js').Queue} run */
const states = (run) => [...run.items.values()].map(({ state }) => state);
/** @param {import('../../www/translate/queue.js').Queue} run */
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

test('what a second translation did not get to is left for Continue, also after a reload', () => {
  const run = runWith('1.jpg', '2.jpg', '3.jpg');
  const settleNext = (/** @type {string} */ label) =>
    settle(run, nextItem(run)?.id ?? 0, { result: result(label) }, 1);
  begin(run);
  for (const label of ['one', 'two', 'three']) settleNext(label);
  nextItem(run);
  assert.equal(counts(run).left, 0);
  begin(run);
  settleNext('another');
  nextItem(run);
  cancel(run);
  assert.equal(run.interrupted, true);
  assert.equal(counts(run).left, 2);

  const again = createRun();
  reopen(
    again,
    [...run.items.values()].map((item) => ({ ...item, file: null })),
  );
  assert.equal(again.interrupted, true);
  assert.equal(counts(again).absent, 2);

  begin(run);
  assert.equal(nextItem(run)?.id, 2);
  settle(run, 2, { problem: { code: 'engine-failed', detail: '' }, skipped: false }, 1);
  settleNext('three again');
  assert.equal(nextItem(run), null);
  assert.equal(counts(run).left, 0, 'a failure is told, and not left');
  begin(run);
  assert.deepEqual(states(run), ['waiting', 'waiting', 'waiting'], 'everything again');
  cancel(run);
  assert.equal(counts(run).left, 3, 'also what had failed');
});

test('after a reload, those of a second translation that were not chosen again are left', () => {
  const run = reopened();
  for (const id of [4, 5]) removeItem(run, id);
  reopen(run, [
    itemOf(6, 'trip/6.jpg', 'done', {
      origin: { path: 'trip/6.jpg', size: 1, modified: 5 },
      result: result('6'),
    }),
  ]);
  assert.equal(begin(run), false, 'there are no files');
  assert.equal(counts(run).left, 0);
  addPhotos(run, [dated('trip/1.jpg', 5)]);
  assert.equal(begin(run), true);
  assert.equal(nextItem(run)?.name, 'trip/1.jpg');
  settle(run, 3, { result: result('1 again') }, 1);
  assert.equal(nextItem(run), null);
  assert.deepEqual([counts(run).left, counts(run).absent], [1, 1]);
});

test('a photo that is here already is not added again, and one that failed takes a new file', () => {
  const run = createRun();
  addPhotos(run, [dated('trip/1.jpg', 5), dated('trip/2.jpg', 5)]);
  begin(run);
  nextItem(run);
  settle(run, 1, { problem: { code: 'file-gone', detail: '' }, skipped: false }, 1);
  nextItem(run);
  settle(run, 2, { problem: { code: 'image-corrupt', detail: '' }, skipped: true }, 1);
  assert.equal(nextItem(run), null);
  const [failed, ...others] = addPhotos(run, [
    dated('trip/1.jpg', 6),
    dated('trip/2.jpg', 5),
    dated('other/1.jpg', 5),
  ]);
  assert.equal(failed?.id, 1);
  assert.equal(failed?.file?.lastModified, 6);
  assert.deepEqual(
    others.map(({ name }) => name),
    ['other/1.jpg'],
  );
  assert.deepEqual(states(run), ['waiting', 'skipped', 'waiting']);
  assert.equal(addPhotos(run, [dated('trip/2.jpg', 6)])[0]?.id, 2, 'it was mended');
  assert.equal(addPhotos(run, [dated('other/1.jpg', 6)])[0]?.id, 4, 'it was edited');
  const both = [dated('other/1.jpg', 5), dated('other/1.jpg', 6)];
  assert.deepEqual(addPhotos(run, both), [], 'neither hides the other');
  assert.equal(addPhotos(run, [dated('9.jpg', 1), dated('9.jpg', 1)]).length, 1);
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
  const { waiting, done, all } = counts(run);
  assert.deepEqual({ waiting, done, all }, { waiting: 9, done: 3, all: 12 });
});

test('clearing empties the run and frees the names', () => {
  const run = runWith('1.jpg');
  run.ignored = 3;
  clearItems(run);
  addPhotos(run, [photo('1.jpg')]);
  assert.deepEqual(names(run), ['1.jpg']);
  assert.equal(run.ignored, 0);
});

test('a failed second translation keeps the result of the first', () => {
  const run = runWith('1.jpg');
  for (const skipped of [false, true]) {
    begin(run);
    nextItem(run);
    settle(run, 1, { result: result('one') }, 1);
    begin(run);
    nextItem(run);
    settle(run, 1, { problem: { code: 'out-of-memory', detail: '' }, skipped }, 1);
    const item = run.items.get(1);
    assert.deepEqual(item?.result, result('one'));
    assert.equal(item?.state, 'failed');
    assert.equal(item?.problem?.code, 'out-of-memory');
    assert.equal(counts(run).results, 1);
    assert.equal(nextItem(run), null);
    assert.equal(retry(run), true, 'and it can be tried again');
    assert.equal(item?.problem, null);
    cancel(run);
    assert.deepEqual(states(run), ['done']);
  }
});

/** Of four photos the second and the fourth failed, and a fifth waits. */
function halfDone() {
  const run = runWith('1.jpg', '2.jpg', '3.jpg', '4.jpg');
  begin(run);
  for (const id of [1, 2, 3, 4]) {
    nextItem(run);
    const problem = { code: 'gpu-lost', detail: '' };
    settle(run, id, id % 2 ? { result: result(`${id}`) } : { problem, skipped: false }, 1);
  }
  assert.equal(nextItem(run), null);
  addPhotos(run, [photo('5.jpg')]);
  return run;
}

test('those that failed can be tried again, one or all, and nothing else is', () => {
  const run = halfDone();
  assert.equal(retry(run, 3), false, 'it did not fail');
  assert.equal(retry(run, 4), true);
  assert.deepEqual(states(run), ['done', 'failed', 'done', 'waiting', 'waiting']);
  assert.equal(progress(run).total, 1, 'what waits for Translate is no part of it');
  assert.equal(nextItem(run)?.id, 4);
  assert.equal(retry(run), true, 'the other one joins');
  assert.equal(progress(run).total, 2);
  settle(run, 4, { result: result('4') }, 1);
  assert.equal(nextItem(run)?.id, 2);
  settle(run, 2, { result: result('2') }, 1);
  assert.equal(nextItem(run), null);
  assert.deepEqual(states(run), ['done', 'done', 'done', 'done', 'waiting']);
});

test('what was removed can be put back, in its place and with its results', () => {
  const run = halfDone();
  const one = removeItem(run, 3);
  restoreItems(run, one);
  assert.deepEqual([...run.items.keys()], [1, 2, 3, 4, 5]);
  assert.deepEqual(run.items.get(3)?.result, result('3'));

  const all = clearItems(run);
  addPhotos(run, [photo('3.jpg')]);
  restoreItems(run, all);
  assert.deepEqual(names(run), ['1.jpg', '2.jpg', '3 (2).jpg', '4.jpg', '5.jpg', '3.jpg']);
  assert.deepEqual(states(run), ['done', 'failed', 'done', 'failed', 'waiting', 'waiting']);
});

test('a photo that was removed while the engine was at it waits when it is put back', () => {
  const run = runWith('1.jpg', '2.jpg');
  begin(run);
  nextItem(run);
  restoreItems(run, removeItem(run, 1));
  assert.equal(run.items.get(1)?.active, false);
  settle(run, 1, { result: result('1') }, 1);
  assert.deepEqual(states(run), ['done', 'waiting'], 'unless its result arrives after all');
});

test('what was not downloaded since it was made counts as unsaved', () => {
  const run = halfDone();
  assert.equal(counts(run).unsaved, 2);
  for (const item of run.items.values()) item.saved = item.result;
  assert.equal(counts(run).unsaved, 0);
  retry(run, 2);
  nextItem(run);
  settle(run, 2, { result: result('2') }, 1);
  assert.equal(counts(run).unsaved, 1);
});

const weights = { read: async () => new ArrayBuffer(0), sha256: null };
/**
 * @param {import('../../www/translate/queue.js').Queue} run
 * @param {(name: string, onPass?: (passes: number) => void) => Promise<any>} translate
 * @param {AbortController} [stop]
 */
const translateWith = (run, translate, stop = new AbortController()) =>
  translateAll(run, {
    engine: {
      translate: (job, _weights, _signal, onPass) =>
        translate(/** @type {File} */ (job.file).name, onPass),
    },
    model: /** @type {any} */ ({ value: 'own:mine', name: 'mine', direction: 'own' }),
    weights,
    settings: { size: 'own', margin: 0, smooth: 4, format: 'png' },
    version: '0.1.0',
    store: (_item, made) => inMemory(made),
    onItem: () => {},
    signal: stop.signal,
  });
const ANSWER = {
  before: new Blob(['before']),
  after: new Blob(['after']),
  model: { sha256: 'ab', ngf: 4, blocks: 2, parameters: 9 },
};

test('what is said of a result is what the engine answered', async () => {
  const run = runWith('1.jpg', '2.jpg');
  begin(run);
  let photos = 0;
  await translateWith(run, async () => {
    photos += 1;
    return { ...ANSWER, model: { ...ANSWER.model, ngf: photos } };
  });
  assert.deepEqual(
    [...run.items.values()].map((item) => item.result?.made.model),
    [1, 2].map((ngf) => ({ name: 'mine', sha256: 'ab', ngf, blocks: 2 })),
  );
});

test('passes over a photo move the bar on, and count for that photo alone', async () => {
  const run = runWith('1.jpg', '2.jpg');
  begin(run);
  /** @type {number[]} */
  const seen = [];
  await translateWith(run, async (_name, onPass) => {
    seen.push(progress(run).fraction);
    for (const passes of [1, 2, 3]) {
      onPass?.(passes);
      seen.push(progress(run).fraction);
    }
    return ANSWER;
  });
  assert.deepEqual(
    seen,
    [0, 1, 2, 3, 4, 5, 6, 7].map((passes) => passes / 8),
  );
  assert.equal(progress(run).fraction, 1);
});

test('the time left counts the passes that are behind', () => {
  const run = runWith('1.jpg', '2.jpg', '3.jpg');
  begin(run);
  nextItem(run);
  settle(run, 1, { result: result('1') }, 8);
  const item = nextItem(run);
  assert.ok(item);
  assert.equal(progress(run).secondsLeft, 16);
  item.passes = { done: 3, of: 4 };
  assert.equal(progress(run).secondsLeft, 10);
});

test('weights or an engine that are gone stop the run, and no photo is blamed', async () => {
  for (const code of ['weights-gone', 'weights-too-large', 'model-unavailable']) {
    const run = runWith('1.jpg', '2.jpg');
    begin(run);
    const problem = await translateWith(run, async () => {
      throw new CodedError(code, '');
    });
    assert.equal(problem?.code, code);
    assert.deepEqual(states(run), ['waiting', 'waiting']);
    assert.equal(
      [...run.items.values()].some((item) => item.problem),
      false,
    );
  }
});

test('a result that the browser could not keep is none, and the run stops there', async () => {
  const run = runWith('1.jpg', '2.jpg', '3.jpg');
  begin(run);
  const lost = new Blob(['after']);
  lost.slice = () => {
    const part = new Blob();
    part.arrayBuffer = () => Promise.reject(new DOMException('no room', 'NotReadableError'));
    return part;
  };
  const problem = await translateWith(run, async (name) =>
    name === '1.jpg' ? ANSWER : { ...ANSWER, after: lost },
  );
  assert.equal(problem?.code, 'out-of-room');
  assert.deepEqual(states(run), ['done', 'waiting', 'waiting']);
});

test('a photo whose file has gone can be tried again', async () => {
  const run = runWith('1.jpg');
  begin(run);
  await translateWith(run, async () => {
    throw new CodedError('file-gone', '');
  });
  assert.deepEqual(states(run), ['failed']);
  retry(run);
  await translateWith(run, async () => ANSWER);
  assert.deepEqual(states(run), ['done']);
});

test('a bad photo is skipped, a failure is failed, and neither stops the rest', async () => {
  const run = runWith('bad.jpg', 'unlucky.jpg', 'good.jpg');
  begin(run);
  const problem = await translateWith(run, async (name) => {
    if (name === 'bad.jpg') throw new CodedError('image-unreadable', '');
    if (name === 'unlucky.jpg') throw new CodedError('gpu-lost', '');
    return ANSWER;
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
        return ANSWER;
      },
      stop,
    );
    assert.equal(problem, null);
    assert.deepEqual(states(run), [finishes ? 'done' : 'waiting', 'waiting']);
    assert.equal(run.running, false);
  }
});

/** A run from before a reload: the first of two photos has a result. */
function reopened() {
  const run = createRun();
  const origin = (/** @type {string} */ path) => ({ path, size: 1, modified: 5 });
  reopen(run, [
    itemOf(3, 'trip/1.jpg', 'done', { origin: origin('trip/1.jpg'), result: result('1') }),
    itemOf(4, 'trip/2.jpg', 'waiting', { origin: origin('trip/2.jpg') }),
    itemOf(5, 'other/2.jpg', 'waiting', { origin: origin('other/2.jpg') }),
  ]);
  return run;
}
/** @param {string} name @param {number} lastModified */
const dated = (name, lastModified) => ({ name, file: new File(['x'], name, { lastModified }) });

test('photos that are added again go to those that lack them, by path, size and date', () => {
  const run = reopened();
  assert.equal(begin(run), false, 'there are no files');
  assert.equal(counts(run).absent, 2);
  addPhotos(run, [dated('trip/1.jpg', 5), dated('trip/2.jpg', 7), dated('other/2.jpg', 5)]);
  assert.deepEqual([...run.items.keys()], [3, 4, 5]);
  assert.equal(begin(run), true);
  assert.equal(nextItem(run)?.name, 'trip/2.jpg');
  assert.equal(nextItem(run)?.name, 'other/2.jpg');
  assert.equal(nextItem(run), null);
});

test('a photo that was edited since, or could be one of several, is a new one', () => {
  const run = reopened();
  addPhotos(run, [dated('trip/1.jpg', 6), dated('2.jpg', 5)]);
  assert.deepEqual([...run.items.keys()], [3, 4, 5, 6, 7]);
  addPhotos(run, [dated('1.jpg', 5)]);
  assert.equal(run.items.get(3)?.file?.name, '1.jpg', 'without its folder, but the only one');
});
