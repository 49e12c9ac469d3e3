/** The small parts of training: curves, faults, restarts, previews, supply. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeath } from '../../www/engine/codes.js';
import { CodedError } from '../../www/failure.js';
import { History, LOSS_NAMES } from '../../www/train/keep/history.js';
import { smallerCrop } from '../../www/train/plan/settings.js';
import { Faults, faultsOf } from '../../www/train/run/faults.js';
import { thinned } from '../../www/train/run/previews.js';
import { Restarts } from '../../www/train/run/restarts.js';
import { Supply } from '../../www/train/worker/supply.js';
import { Trainer } from '../../www/train/worker/trainer.js';

/** @param {number} step @param {number} [value] */
const report = (step, value = step) => ({
  step,
  epoch: 1,
  rate: 2e-4,
  seconds: 0.5,
  images: step,
  warmingUp: false,
  polishing: false,
  polish: null,
  losses: /** @type {any} */ (
    Object.fromEntries(LOSS_NAMES.map((name, i) => [name, value + i / 8]))
  ),
});
/** @param {number} steps */
const historyOf = (steps) => {
  const history = new History();
  for (let step = 1; step <= steps; step += 1) history.push(report(step));
  return history;
};

test('a chart has at most the points asked for, and loses no peak', () => {
  const history = historyOf(1000);
  const { steps, span, mean, least, most } = history.chart(100);
  assert.equal(span, 16);
  assert.equal(steps.length, 63);
  assert.equal(steps.at(-1), 1000);
  assert.equal(mean.D_A[0], 8.5);
  assert.equal(least.D_A[0], 1);
  assert.equal(most.D_A[0], 16);
  assert.equal(mean.D_A.at(-1), (993 + 1000) / 2);
  assert.equal(mean.G_A[0], 8.5 + 1 / 8);
  assert.equal(new History().chart(100).steps.length, 0);
  assert.equal(historyOf(100).chart(100).span, 1);
});

test('what was drawn keeps its shape while the run grows', () => {
  const early = historyOf(700).chart(100);
  const late = historyOf(790).chart(100);
  assert.equal(early.span, late.span);
  assert.deepEqual(late.mean.D_A.slice(0, 80), early.mean.D_A.slice(0, 80));
});

test('steps that are done again replace those of before', () => {
  const history = historyOf(10);
  history.push(report(6, 100));
  assert.equal(history.length, 6);
  assert.equal(history.at(6, 'D_A'), 100);
  assert.equal(history.at(5, 'D_A'), 5);
});

test('a history comes back from its file; a row that was cut off does not', () => {
  const history = historyOf(300);
  const bytes = history.bytes();
  assert.deepEqual(History.from(bytes).toJSON(), history.toJSON());
  assert.equal(History.from(bytes.slice(0, -4)).length, 299);
  const padded = History.from(new ArrayBuffer(0));
  padded.pad(5);
  padded.push(report(6));
  assert.equal(padded.toJSON().D_A[4], null);
  assert.equal(padded.toJSON().D_A[5], 6);
});

test('the JSON has every step, rounded to what a float holds', () => {
  const json = historyOf(3).toJSON();
  assert.deepEqual(json.rate, [0.0002, 0.0002, 0.0002]);
  assert.deepEqual(json.idt_B, [1.875, 2.875, 3.875]);
});

test('in the polish there are its own numbers alone, and charts end before it', () => {
  const history = historyOf(2);
  const polish = { A: 0.25, B: 0.5 };
  history.push({ ...report(3), polishing: true, polish });
  const again = History.from(history.bytes());
  assert.deepEqual(again.toJSON().polish_A, [null, null, 0.25]);
  assert.deepEqual(again.toJSON().polish_B, [null, null, 0.5]);
  assert.deepEqual(again.toJSON().D_A, [1, 2, null]);
  assert.deepEqual(again.toJSON().warmingUp, [0, 0, 0]);
  assert.deepEqual(again.at(3, 'G_A'), Number.NaN);
  assert.deepEqual(again.chart(10).mean.D_A, [1, 2, Number.NaN]);
});

test('in the warm-up only the discriminators have losses', () => {
  const history = new History();
  for (let step = 1; step <= 6; step += 1) history.push({ ...report(step), warmingUp: step <= 3 });
  const json = history.toJSON();
  assert.deepEqual(json.warmingUp, [1, 1, 1, 0, 0, 0]);
  assert.deepEqual(json.G_A, [null, null, null, 4.125, 5.125, 6.125]);
  assert.deepEqual(json.D_B, [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]);
  const { mean, least, most } = history.chart(3);
  assert.deepEqual(mean.G_A, [Number.NaN, 4.125, 5.625]);
  assert.deepEqual(least.G_A, [Number.NaN, 4.125, 5.125]);
  assert.deepEqual(most.G_A, [Number.NaN, 4.125, 6.125]);
  assert.deepEqual(mean.D_A, [1.5, 3.5, 5.5]);
});

test('faults: read from the URL, due at their step, once in a tab', () => {
  const query = new URLSearchParams(
    'fault=panic@12,nan@5&fault=quota@3&fault=panic@x,boom@1,lost@',
  );
  const faults = faultsOf(query);
  assert.deepEqual(
    faults.map(({ kind, step }) => `${kind}@${step}`),
    ['quota@3', 'nan@5', 'panic@12'],
  );
  const kept = new Map();
  const memory = {
    get: (/** @type {string} */ key) => kept.get(key) ?? null,
    set: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
  };
  const left = new Faults(faults, memory);
  assert.equal(left.limit(0, 10), 3, 'a call ends where a fault is due');
  assert.deepEqual(left.take(0), []);
  assert.deepEqual(left.take(3), [{ kind: 'quota', step: 3 }]);
  assert.deepEqual(left.take(3), []);
  assert.equal(left.limit(3, 10), 1, 'a weight is poisoned before its step');
  assert.deepEqual(left.take(4), [{ kind: 'nan', step: 5 }]);
  assert.deepEqual(new Faults(faults, memory).take(3), [], 'not after a reload');
  assert.deepEqual(new Faults(faults, memory).take(12), [{ kind: 'panic', step: 12 }]);
});

test('three deaths in ten minutes are enough; ten minutes later they are forgotten', () => {
  let now = 0;
  const restarts = new Restarts(() => now);
  assert.ok(restarts.again());
  now = 599_000;
  assert.ok(restarts.again());
  now = 600_500;
  assert.ok(restarts.again(), 'the first is over ten minutes ago');
  assert.ok(!restarts.again());
  restarts.forget();
  assert.ok(restarts.again());
  for (const code of ['gpu-lost', 'gpu-refused', 'out-of-memory']) assert.ok(isDeath(code), code);
  assert.ok(!isDeath('training-not-finite'));
  assert.deepEqual([256, 250, 64, 32].map(smallerCrop), [192, 192, 48, 32]);
});

test('of many previews the first and the last stay', () => {
  let sets = /** @type {any[]} */ ([]);
  for (let step = 0; step <= 1000; step += 1) sets = thinned([...sets, { step, pictures: [] }]);
  assert.ok(sets.length <= 40);
  assert.equal(sets[0].step, 0);
  assert.equal(sets.at(-1).step, 1000);
  assert.deepEqual(
    sets.map(({ step }) => step),
    sets.map(({ step }) => step).sort((a, b) => a - b),
  );
  const megabyte = new Blob([new Uint8Array(1024 * 1024)]);
  let large = /** @type {any[]} */ ([]);
  for (let step = 0; step <= 100; step += 1) {
    const picture = { input: megabyte, translated: megabyte, back: megabyte };
    large = thinned([...large, { step, pictures: [picture, picture] }]);
  }
  assert.ok(large.length > 2 && large.length <= 8, `${large.length} times of 4 MB in 32`);
  assert.deepEqual([large[0].step, large.at(-1).step], [0, 100]);
});

test('photos are supplied one by one; one that cannot be decoded is replaced', async () => {
  let open = 0;
  /** @type {string[]} */
  const seen = [];
  const gone = new Set();
  const sink = {
    upcoming: () => ({ a: [0, 1, 2].filter((i) => !gone.has(i)).slice(0, 2), b: [0] }),
    supply: (/** @type {string} */ domain, /** @type {number} */ index) =>
      void seen.push(domain + index),
    exclude: (/** @type {string} */ domain, /** @type {number} */ index) =>
      void (domain === 'A' && gone.add(index)),
  };
  const supply = new Supply(
    { A: [new Blob(['0']), new Blob(['bad']), new Blob(['2'])], B: [new Blob(['0'])] },
    async (file) => {
      open += 1;
      assert.equal(open, 1, 'one at a time');
      const text = await file.text();
      open -= 1;
      if (text === 'bad') throw new CodedError('image-unreadable', '');
      return { data: new Uint8Array(4), width: 1, height: 1 };
    },
  );
  const excluded = await supply.before(sink, 2);
  assert.deepEqual(excluded, [{ domain: 'A', index: 1, code: 'image-unreadable' }]);
  assert.deepEqual(seen, ['A0', 'B0', 'A2']);
});

test('a photo that is too large for the engine is left out and ends nothing; a panic ends all', async () => {
  /** @type {Error} */
  let failure = new CodedError('image-too-large', '');
  const gone = new Set();
  const sink = {
    upcoming: () => ({ a: [0, 1].filter((i) => !gone.has(i)).slice(0, 1), b: [0] }),
    supply: (/** @type {string} */ domain, /** @type {number} */ index) => {
      if (domain === 'A' && index === 0) throw failure;
    },
    exclude: (/** @type {string} */ _, /** @type {number} */ index) => void gone.add(index),
  };
  const photos = { A: [new Blob(), new Blob()], B: [new Blob()] };
  const decode = async () => ({ data: new Uint8Array(4), width: 1, height: 1 });
  const excluded = await new Supply(photos, decode).before(sink, 1);
  assert.deepEqual(excluded, [{ domain: 'A', index: 0, code: 'image-too-large' }]);
  gone.clear();
  failure = new WebAssembly.RuntimeError('unreachable');
  await assert.rejects(new Supply(photos, decode).before(sink, 1), WebAssembly.RuntimeError);
});

test('a folder of which nothing can be read is no fault of its photos', async () => {
  /** @type {string[]} */
  const excluded = [];
  const sink = {
    upcoming: () => ({ a: [1], b: [0] }),
    supply: () => {},
    exclude: (/** @type {string} */ domain, /** @type {number} */ index) =>
      void excluded.push(domain + index),
  };
  let plugged = false;
  const read = async () => {
    if (!plugged) throw new CodedError('file-gone', '');
    return { data: new Uint8Array(4), width: 1, height: 1 };
  };
  const photo = () => new Blob(['0']);
  const a = /** @type {any[]} */ ([photo(), photo(), null]);
  const supply = new Supply({ A: a, B: [new Blob(['0'])] }, read);
  await assert.rejects(supply.before(sink, 1), { code: 'photos-gone' });
  assert.deepEqual(excluded, []);
  plugged = true;
  assert.deepEqual(await supply.before(sink, 1), []);
  // One that was deleted is left out, as ever.
  a[1] = null;
  const upcoming = () => ({ a: excluded.length > 0 ? [] : [1], b: [] });
  const told = await new Supply({ A: a, B: [] }, read).before({ ...sink, upcoming }, 1);
  assert.deepEqual(told, [{ domain: 'A', index: 1, code: 'file-gone' }]);
});

test('a model file that is gone is no photo that is gone', async () => {
  const trainer = new Trainer(/** @type {any} */ ({}));
  const gone = { arrayBuffer: () => Promise.reject(new DOMException('moved', 'NotFoundError')) };
  const start = {
    run: null,
    from: { kind: 'new', config: '{}', a: gone, b: null, dA: null, dB: null, checkpoint: null },
    photos: { A: [], B: [] },
    previews: { A: [], B: [] },
    previewSide: 64,
  };
  await assert.rejects(
    trainer.perform('train-start', /** @type {any} */ (start), () => /** @type {any} */ ({})),
    { code: 'weights-unreadable' },
  );
});
