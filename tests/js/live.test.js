/** Live without a page: how large, how fast, and why there is no camera. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Loop } from '../../www/live/loop.js';
import { Pace } from '../../www/live/pace.js';
import { defaultSize, seenSize, shownSize, smallerSize } from '../../www/live/sizes.js';
import { refusal } from '../../www/live/source/camera.js';

/** @param {number} width @param {number} height */
const video = (width, height) => ({ width, height });

test('the network sees the video’s proportions in multiples of 4, and no more pixels than it has', () => {
  assert.deepEqual(seenSize(video(640, 480), 128), video(128, 96));
  assert.deepEqual(seenSize(video(1280, 720), 512), video(512, 288));
  assert.deepEqual(seenSize(video(720, 1280), 256), video(144, 256), 'a phone held upright');
  assert.deepEqual(seenSize(video(160, 120), 512), video(160, 120));
  assert.deepEqual(seenSize(video(1920, 7), 128), video(128, 8));
  assert.deepEqual(seenSize(video(1, 1), 128), video(8, 8));
  assert.deepEqual(seenSize(video(101, 75), 512), video(100, 76));
});

test('a video is shown at no more than 640 pixels, and at no more than it has', () => {
  assert.deepEqual(shownSize(video(1280, 720)), video(640, 360));
  assert.deepEqual(shownSize(video(720, 1280)), video(360, 640));
  assert.deepEqual(shownSize(video(101, 75)), video(101, 75));
  assert.deepEqual(shownSize(video(4000, 1)), video(640, 1));
});

test('a smaller size is less work, and 128 the smallest', () => {
  assert.equal(smallerSize(video(640, 480), 512), 384);
  assert.equal(smallerSize(video(640, 480), 192), 128);
  assert.equal(smallerSize(video(640, 480), 128), null);
  assert.equal(smallerSize(video(320, 240), 512), 256, 'the video itself has only 320');
  assert.equal(defaultSize(true), 128);
  assert.equal(defaultSize(false), 256);
});

/** @param {Pace} pace @param {number} count @param {number} every milliseconds @param {number} [took] */
function play(pace, count, every, took = every) {
  for (let i = 0; i < count; i += 1) pace.add({ at: 1000 + i * every, took, delay: took + 20 });
}

test('a rate is of the last seconds, and the first picture is no measure', () => {
  const pace = new Pace();
  assert.equal(pace.now, null);
  pace.add({ at: 0, took: 60_000, delay: 60_000 });
  play(pace, 100, 50);
  assert.deepEqual(pace.now, { rate: 20, delay: 70 });
  assert.equal(pace.isSlow, false);
  pace.reset();
  assert.equal(pace.now, null);
});

test('too slow is who needs more than a tenth of a second for some seconds', () => {
  const slow = new Pace();
  play(slow, 10, 150);
  assert.equal(slow.isSlow, false, 'not yet');
  play(slow, 22, 150);
  assert.equal(slow.isSlow, true);
  const dark = new Pace();
  play(dark, 60, 130, 40);
  assert.equal(dark.isSlow, false, 'the camera is slow, the engine is not');
  const crawling = new Pace();
  play(crawling, 3, 4000);
  assert.equal(crawling.isSlow, true);
});

test('every reason for which a browser gives no camera has a code', () => {
  const told = (/** @type {string} */ name, message = '') =>
    refusal(new DOMException(message, name));
  assert.equal(told('NotAllowedError', 'Permission denied'), 'camera-refused');
  assert.equal(told('NotAllowedError', 'Permission denied by system'), 'camera-system');
  assert.equal(told('SecurityError'), 'camera-forbidden');
  assert.equal(told('NotFoundError'), 'camera-none');
  assert.equal(told('NotReadableError', 'Could not start video source'), 'camera-busy');
  assert.equal(told('AbortError'), 'camera-busy');
  assert.equal(told('OverconstrainedError'), 'camera-changed');
  assert.equal(told('TypeError'), 'camera-failed');
  assert.equal(refusal('?'), 'camera-failed');
});

/** A loop whose frames are numbers; `answer` translates the latest one that the engine was given. */
function looped() {
  /** @type {any[]} */
  const given = [];
  const shown = /** @type {number[]} */ ([]);
  const closed = /** @type {number[]} */ ([]);
  let latest = 0;
  const frame = () => {
    latest += 1;
    const n = latest;
    return { n, width: 64, height: 48, close: () => closed.push(n) };
  };
  const parts = /** @type {any} */ ({
    engine: {
      live: (/** @type {any} */ { n }, /** @type {number[]} */ ...how) =>
        new Promise((resolve, reject) => {
          const picture = { n, close: () => closed.push(-n) };
          given.push({ n, how, answer: () => resolve({ picture }), fail: reject });
        }),
    },
    source: { mirrored: false, next: async () => ({ frame: frame(), at: performance.now() }) },
    stage: { keep() {}, show: (/** @type {any} */ { n }) => shown.push(n) },
    size: () => 128,
    weights: () => 'weights',
    onPicture() {},
  });
  const loop = new Loop(parts);
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  return { loop, given, shown, closed, turn };
}

test('one frame is under way at a time, and the next is taken when its picture is there', async () => {
  const { loop, given, shown, turn } = looped();
  const running = loop.run();
  await turn();
  await turn();
  assert.equal(given.length, 1);
  const size = video(64, 48);
  assert.deepEqual(given[0].how, [{ seen: size, shown: size }, 'weights']);
  given[0].answer();
  await turn();
  assert.deepEqual(shown, [1]);
  assert.equal(given.length, 2);
  loop.end();
  given[1].answer();
  await running;
  assert.deepEqual(shown, [1], 'nothing is shown after the end');
});

test('what was under way when it is held is not shown, and it goes on with another frame', async () => {
  const { loop, given, shown, closed, turn } = looped();
  const running = loop.run();
  await turn();
  loop.hold();
  given[0].answer();
  await turn();
  assert.deepEqual([shown, closed], [[], [-1]]);
  assert.equal(given.length, 1);
  loop.goOn();
  await turn();
  given[1].answer();
  await turn();
  assert.deepEqual(shown, [2]);
  given[2].fail(new Error('died'));
  await assert.rejects(running, /died/);
});

test('a frozen picture that is redone too late is not shown beside a new frame', async () => {
  Object.assign(globalThis, {
    createImageBitmap: async () => ({ n: 99, width: 64, height: 48, close() {} }),
  });
  const { loop, given, shown, turn } = looped();
  const running = loop.run();
  await turn();
  loop.hold();
  given[0].answer();
  const redone = loop.redo();
  await turn();
  assert.equal(given[1].n, 99);
  loop.goOn();
  await turn();
  given[1].answer();
  await redone;
  given[2].answer();
  await turn();
  assert.deepEqual(shown, [2]);
  loop.end();
  given[3].answer();
  await running;
});

test('a trained model is asked for by its run, which need not stay on the page', async () => {
  const hidden = { hidden: true };
  Object.assign(globalThis, { document: { getElementById: () => hidden } });
  const { trainedIn } = await import('../../www/train/view/trained.js');
  /** @type {unknown[][]} */
  const asked = [];
  const session = /** @type {any} */ ({
    exportWeights: async (/** @type {unknown[]} */ ...how) => {
      asked.push(how);
      return { blob: new Blob() };
    },
  });
  const run = { id: '7', names: { A: 'x', B: 'y' } };
  const snapshot = /** @type {any} */ ({ state: 'finished', run, runs: [run] });
  const trained = trainedIn(snapshot, session, 0);
  await trained?.weights('B');
  assert.deepEqual(asked, [['B', '7', 'best']]);
});
