/** Polishing a model on the page: which photos it learns from, and how it ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../www/failure.js';
import { polish } from '../../www/translate/polish.js';

const weights = { read: async () => new ArrayBuffer(8), sha256: null };
const photos = ['a', 'b', 'broken'].map((name) => new Blob([name]));

/** @param {(name: string, fields: any) => void} [onRequest] */
function fake(onRequest = () => {}) {
  /** @type {string[]} */
  const seen = [];
  let total = 0;
  let step = 0;
  const request = async (/** @type {string} */ name, /** @type {any} */ fields) => {
    onRequest(name, fields);
    if (name === 'polish-start') total = fields.steps;
    if (name === 'polish-finish') return new Blob([`${step} of ${total}`]);
    if (name !== 'polish-photo') return null;
    const word = await fields.file.text();
    if (word === 'broken') throw new CodedError('image-damaged', 'cut off');
    seen.push(word);
    step += 1;
    return { step, total, polished: 1, unpolished: 2 };
  };
  return { engine: /** @type {any} */ ({ request }), seen };
}

test('every photo has its turn, one that cannot be opened is left out, and time is told', async () => {
  const { engine, seen } = fake();
  let time = 0;
  /** @type {number[]} */
  const left = [];
  const given = { weights, photos, slow: true, signal: new AbortController().signal };
  const made = await polish({
    ...given,
    engine,
    now: () => time,
    onProgress: ({ secondsLeft }) => {
      time += 1000;
      left.push(secondsLeft);
    },
  });
  assert.equal(await made?.text(), '60 of 60');
  assert.deepEqual(
    ['a', 'b'].map((name) => seen.filter((word) => word === name).length),
    [30, 30],
  );
  assert.ok(Math.abs(left[29] - 29) < 1, `${left[29]}`);
  assert.equal(left.at(-1), 0);
});

test('who stops it gets what was reached', async () => {
  const stopping = new AbortController();
  const { engine } = fake();
  const onProgress = (/** @type {{ step: number }} */ { step }) => {
    if (step === 7) stopping.abort();
  };
  const given = { weights, photos, slow: false, signal: stopping.signal };
  const made = await polish({ ...given, engine, onProgress });
  assert.equal(await made?.text(), '7 of 300');
});

test('without a photo that can be opened, or an engine, it fails as they do', async () => {
  const given = { weights, slow: true, signal: new AbortController().signal, onProgress() {} };
  /** @type {string[]} */
  const asked = [];
  const { engine } = fake((name) => asked.push(name));
  const none = polish({ ...given, engine, photos: [photos[2]] });
  await assert.rejects(none, { code: 'image-damaged' });
  assert.equal(asked.at(-1), 'polish-finish', 'the engine keeps nothing of it');
  const dying = fake((name) => {
    if (name === 'polish-photo') throw new CodedError('engine-died', 'a panic');
  });
  await assert.rejects(polish({ ...given, ...dying, photos }), { code: 'engine-died' });
});
