/** Two photos at a time in the page's worker, as on a graphics card: what becomes of both, and their times. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../www/failure.js';
import { translateAll } from '../../www/translate/loop.js';
import { addPhotos, begin, createRun, removeItem } from '../../www/translate/queue.js';
import { inMemory } from '../../www/translate/result.js';
import { progress } from '../../www/translate/tally.js';

/** @import { Longest } from '../../www/engine/protocol.js' */
/** @import { Item, Queue } from '../../www/translate/queue.js' */

/**
 * An engine with two stages: a photo is decoded, and then takes its second on the card, one after another. After a
 * death all photos that it has fail.
 */
class Card {
  now = 0;
  /** Photos that it has had beside each other, in the order in which they began. @type {string[]} */
  seen = [];
  /** @type {Set<{ name: string, fail: (error: Error) => void }>} */
  #here = new Set();
  #card = Promise.resolve();
  #fails;

  /** @param {(name: string, beside: number) => string | null} fails with a code */
  constructor(fails) {
    this.#fails = fails;
  }

  /** @param {string} name @param {AbortSignal} signal @param {(passes: number) => void} onPass */
  translate(name, signal, onPass) {
    return new Promise((resolve, reject) => {
      const photo = { name, fail: reject };
      this.#here.add(photo);
      this.seen.push([...this.#here].map((one) => one.name).join(' '));
      signal.addEventListener('abort', () => this.#end(photo).fail(signal.reason));
      this.#card = this.#card.then(async () => {
        await new Promise((go) => setTimeout(go, 1));
        if (!this.#here.has(photo)) return;
        this.now += 1000;
        onPass(0.5);
        const code = this.#fails(name, this.#here.size);
        if (!code) {
          this.#end(photo);
          return resolve(ANSWER);
        }
        for (const one of code === 'engine-died' ? [...this.#here] : [photo])
          this.#end(one).fail(new CodedError(code, ''));
      });
    });
  }

  /** @param {{ name: string, fail: (error: Error) => void }} photo */
  #end(photo) {
    this.#here.delete(photo);
    return photo;
  }
}
const ANSWER = {
  before: new Blob(['before']),
  after: new Blob(['after']),
  model: { sha256: 'ab', ngf: 4, blocks: 2 },
};

/**
 * @param {number} photos
 * @param {object} [how]
 * @param {Longest} [how.size]
 * @param {(name: string, beside: number) => string | null} [how.fails]
 * @param {(run: Queue, item: Item, stop: AbortController) => void} [how.onItem]
 */
async function batch(photos, { size = 1024, fails = () => null, onItem = () => {} } = {}) {
  const card = new Card(fails);
  const run = createRun();
  addPhotos(
    run,
    Array.from({ length: photos }, (_, i) => {
      const name = `${i + 1}`;
      return { name, file: new File(['x'], name) };
    }),
  );
  begin(run);
  const stop = new AbortController();
  const problem = await translateAll(run, {
    engine: {
      translate: (job, _weights, signal, onPass) =>
        /** @type {any} */ (
          card.translate(
            /** @type {File} */ (job.file).name,
            /** @type {AbortSignal} */ (signal),
            onPass ?? (() => {}),
          )
        ),
    },
    model: /** @type {any} */ ({ value: 'own:mine', name: 'mine', direction: 'own' }),
    weights: { read: async () => new ArrayBuffer(0), sha256: null },
    settings: { size, margin: 0, smooth: 1, format: 'png' },
    version: '0.1.0',
    store: (_item, made) => inMemory(made),
    onItem: (item) => onItem(run, item, stop),
    signal: stop.signal,
    now: () => card.now,
  });
  const of = (/** @type {string} */ state) =>
    [...run.items.values()].filter((item) => item.state === state).map(({ name }) => name);
  return { run, card, problem, of };
}

test('there are two at a time, in their order, and one where they may be large', async () => {
  for (const size of /** @type {const} */ ([256, 512, 1024])) {
    const { card, of } = await batch(5, { size });
    assert.equal(of('done').length, 5);
    assert.deepEqual(card.seen, ['1', '1 2', '2 3', '3 4', '4 5']);
  }
  for (const size of /** @type {const} */ (['own', 'redrawn'])) {
    const { card } = await batch(3, { size });
    assert.deepEqual(card.seen, ['1', '2', '3']);
  }
});

test('a photo’s time is that since the one before it, so the time left is true', async () => {
  /** @type {(number | null)[]} */
  const left = [];
  /** @type {number[]} */
  const fractions = [];
  const { run } = await batch(4, {
    onItem(all, item) {
      if (item.state === 'done') left.push(progress(all).secondsLeft);
      else if (item.passes.done > 0) fractions.push(progress(all).fraction);
    },
  });
  assert.deepEqual(run.seconds, [1, 1, 1]);
  assert.deepEqual(left, [3, 2, 1, 0]);
  assert.deepEqual(
    fractions,
    [1, 3, 5, 7].map((eighths) => eighths / 8),
  );
});

test('a photo that fails leaves the one beside it alone', async () => {
  const { card, of } = await batch(4, {
    fails: (name) => (name === '2' ? 'image-unreadable' : null),
  });
  assert.deepEqual(of('skipped'), ['2']);
  assert.deepEqual(of('done'), ['1', '3', '4']);
  assert.equal(card.seen.length, 4, 'and none is tried twice');
});

for (const fatal of [['3'], ['3', '4'], ['1', '6'], ['2', '3', '5']]) {
  test(`photos ${fatal} end the worker: they alone fail, and the rest goes on two at a time`, async () => {
    const { card, of, problem } = await batch(9, {
      fails: (name) => (fatal.includes(name) ? 'engine-died' : null),
    });
    assert.equal(problem, null);
    assert.deepEqual(of('failed'), fatal);
    assert.equal(of('done').length, 9 - fatal.length);
    for (const name of fatal) assert.ok(card.seen.includes(name), 'tried alone');
    assert.equal(card.seen.at(-1), '8 9');
  });
}

for (const code of ['engine-died', 'out-of-memory']) {
  test(`where two are too many (${code}), there is one from then on, and none fails`, async () => {
    const { card, of } = await batch(6, { fails: (_, beside) => (beside > 1 ? code : null) });
    assert.equal(of('done').length, 6);
    assert.deepEqual(
      card.seen.filter((names) => names.includes(' ')),
      ['1 2'],
    );
  });
}

test('a removed photo is not waited for', async () => {
  let removed = false;
  const { of } = await batch(5, {
    fails: (_, beside) => (beside > 1 ? 'engine-died' : null),
    onItem(run, item) {
      if (item.active || item.state !== 'waiting' || removed) return;
      removed = true;
      removeItem(run, item.id);
    },
  });
  assert.ok(removed);
  assert.equal(of('done').length, 4);
});

test('what stops the run gives both back', async () => {
  const { run, of, problem } = await batch(6, {
    fails: (name) => (name === '3' ? 'weights-gone' : null),
  });
  assert.equal(problem?.code, 'weights-gone');
  assert.deepEqual(of('done'), ['1', '2']);
  assert.deepEqual(of('waiting'), ['3', '4', '5', '6']);
  assert.equal(run.running, false);
});

test('Cancel gives both back', async () => {
  const { run, of, problem } = await batch(6, {
    onItem: (_run, item, stop) => item.name === '2' && item.state === 'done' && stop.abort(),
  });
  assert.equal(problem, null);
  assert.deepEqual(of('waiting'), ['3', '4', '5', '6']);
  assert.equal(
    [...run.items.values()].some(({ active }) => active),
    false,
  );
  assert.equal(run.working, 0);
});
