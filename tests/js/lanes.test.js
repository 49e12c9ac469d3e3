/** A batch with several workers: how many there are, what becomes of photos when one fails, and who waits for whom. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../www/failure.js';
import { Lanes, translateAll } from '../../www/translate/loop.js';
import { addPhotos, begin, createRun, removeItem } from '../../www/translate/queue.js';
import { inMemory } from '../../www/translate/result.js';
import { progress } from '../../www/translate/tally.js';

/** @import { Item, Queue } from '../../www/translate/queue.js' */
/** @typedef {import('../../www/engine/protocol.js').TranslateJob} Job */
/**
 * @typedef {object} Behaviour
 * @property {number} [cores] workers that do not slow each other down
 * @property {number} [most] workers
 * @property {number} [bytes] for all of them
 * @property {(name: string) => number} [memory] bytes that a photo takes
 * @property {(name: string, busy: number) => string | null} [fails] with a code
 */

/** Moments of a millisecond in a photo's second. */
const SECOND = 8;

/** The header of a PNG of so many pixels. @param {string} name @param {number} [side] */
function photo(name, side = 100) {
  const head = new Uint8Array(64);
  head.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  new DataView(head.buffer).setUint32(16, side);
  new DataView(head.buffer).setUint32(20, side);
  return { name, file: new File([head], name) };
}
/** @param {number} count @param {number} [side] */
const photos = (count, side) =>
  Array.from({ length: count }, (_, i) => photo(`${i + 1}.png`, side));

/** A machine whose workers only wait. @param {Behaviour} [how] */
function machine({
  cores = 8,
  most = 8,
  bytes = Infinity,
  memory = () => 1,
  fails = () => null,
} = {}) {
  const seen = {
    /** Workers that are translating. */
    busy: 0,
    peak: 0,
    started: 0,
    closed: 0,
    reads: 0,
    /** Photos that the page's own worker translated. @type {string[]} */
    urgent: [],
    /** Bytes that all workers held at once, at most. */
    bytes: 0,
  };
  /** @type {Set<{ memory: number }>} */
  const clients = new Set();
  /** Photos under way, and what is left of each. @type {Map<() => void, number>} */
  const work = new Map();
  let moments = 0;
  /** Shares the processors among the photos. */
  const tick = () => {
    moments += 1;
    const done = Math.min(1, cores / work.size) / SECOND;
    for (const [end, left] of [...work]) {
      if (left > done + 1e-9) work.set(end, left - done);
      else if (work.delete(end)) end();
    }
    if (work.size > 0) setTimeout(tick, 1);
  };
  const second = () =>
    new Promise((resolve) => {
      if (work.size === 0) setTimeout(tick, 1);
      work.set(() => resolve(undefined), 1);
    });
  /** @param {boolean} isLane */
  const client = (isLane) => {
    let loaded = false;
    const self = {
      memory: 0,
      /** @param {unknown} _weights @param {AbortSignal} [_signal] @param {() => Promise<unknown>} [read] */
      async load(_weights, _signal, read) {
        if (!loaded) await read?.();
        loaded = true;
      },
      /** @param {Job} job @param {unknown} _weights @param {AbortSignal} [signal] */
      async translate(job, _weights, signal) {
        const { name } = /** @type {File} */ (job.file);
        if (!isLane) seen.urgent.push(name);
        seen.busy += 1;
        clients.add(self);
        seen.peak = Math.max(seen.peak, seen.busy);
        const began = moments;
        self.memory = Math.max(self.memory, memory(name));
        seen.bytes = Math.max(
          seen.bytes,
          [...clients].reduce((sum, one) => sum + one.memory, 0),
        );
        const code = fails(name, seen.busy);
        await second();
        const seconds = (moments - began) / SECOND;
        seen.busy -= 1;
        signal?.throwIfAborted();
        if (code) throw new CodedError(code, 'as told');
        const model = { sha256: 'ab', ngf: 4, blocks: 2 };
        return {
          before: new Blob(),
          after: new Blob(),
          width: 100,
          height: 100,
          seenWidth: 100,
          seenHeight: 100,
          seconds,
          model,
        };
      },
      close() {
        seen.closed += 1;
        clients.delete(self);
        self.memory = 0;
      },
      handOver: async () => {},
      open: async () => {},
    };
    if (isLane) seen.started += 1;
    return /** @type {any} */ (self);
  };
  const lanes = new Lanes(() => client(true), most, bytes);
  return { seen, engine: client(false), lanes, now: () => (moments * 1000) / SECOND };
}

/**
 * @param {Behaviour} how
 * @param {{ name: string, file: File }[]} entries
 * @param {(run: Queue, item: Item, stop: AbortController) => void} [onItem]
 */
async function batch(how, entries, onItem = () => {}) {
  const { seen, engine, lanes, now } = machine(how);
  const run = createRun();
  addPhotos(run, entries);
  begin(run);
  const weights = {
    async read() {
      seen.reads += 1;
      return new ArrayBuffer(8);
    },
    sha256: null,
  };
  const settings = /** @type {const} */ ({ size: 'own', margin: 0, smooth: 1, format: 'png' });
  await lanes.prepare(settings, weights, engine, entries.length);
  const stop = new AbortController();
  const problem = await translateAll(run, {
    engine,
    lanes,
    model: /** @type {any} */ ({ value: 'own:mine', name: 'mine', direction: 'own' }),
    weights,
    settings,
    version: '0.1.0',
    store: (_item, made) => inMemory(made),
    onItem: (item) => onItem(run, item, stop),
    signal: stop.signal,
    now,
  });
  const states = Object.fromEntries(
    [...run.items.values()].map(({ name, state }) => [name, state]),
  );
  const of = (/** @type {string} */ state) =>
    Object.keys(states).filter((name) => states[name] === state);
  return { run, seen, lanes, problem, states, of };
}

test('workers grow in number for as long as they make the batch faster', async () => {
  const { seen, of } = await batch({ cores: 8 }, photos(160));
  assert.equal(of('done').length, 160);
  assert.ok(seen.peak >= 7, `${seen.peak} workers`);
  assert.equal(seen.closed, seen.started, 'and all end with it');
  assert.equal(seen.reads, 1, 'the weights are read once for all of them');
});

for (const cores of [1, 2, 3, 5]) {
  test(`with ${cores} processors for 8 workers it settles at about as many`, async () => {
    /** @type {number[]} */
    const paces = [];
    const { of } = await batch({ cores }, photos(160), (run, { state }) => {
      if (state === 'done' && run.finished > 80) paces.push(run.lanes);
    });
    assert.equal(of('done').length, 160);
    const [usual] = paces.sort((a, b) => a - b).slice(paces.length / 2);
    assert.ok(Math.abs(usual - cores) <= 1, `${usual}`);
  });
}

test('never more than the browser names processors', async () => {
  const { seen } = await batch({ cores: 16, most: 2 }, photos(40));
  assert.equal(seen.peak, 2);
});

test('a few photos are done before another worker would have started', async () => {
  const { seen } = await batch({}, photos(2));
  assert.equal(seen.started, 1);
});

test('photos for which memory did not suffice are tried again, with fewer workers, and none fails', async () => {
  for (const code of ['out-of-memory', 'engine-died']) {
    const { seen, lanes, of } = await batch(
      { fails: (_, busy) => (busy > 3 ? code : null) },
      photos(100),
    );
    assert.equal(of('done').length, 100, code);
    assert.ok(lanes.pace <= 3, `${lanes.pace}`);
    assert.ok(seen.peak > 3);
  }
});

test('a photo that ends its worker fails alone, and costs no other worker', async () => {
  const bad = new Set(['60.png', '90.png']);
  const { seen, of, lanes } = await batch(
    { fails: (name) => (bad.has(name) ? 'engine-died' : null) },
    photos(140),
  );
  assert.deepEqual(of('failed'), [...bad]);
  assert.equal(of('done').length, 138);
  assert.ok(lanes.pace >= 7, `${lanes.pace}`);
  assert.ok(seen.peak >= 7);
});

test('photos that end their workers one after another stop the run', async () => {
  const { problem, of } = await batch({ fails: () => 'engine-died' }, photos(20));
  assert.equal(problem?.code, 'engine-keeps-dying');
  assert.equal(of('failed').length, 2);
  assert.equal(of('waiting').length, 18);
});

test('weights that are gone stop all workers, and no photo is blamed', async () => {
  const { problem, of, seen } = await batch(
    { fails: (name) => (name === '50.png' ? 'weights-gone' : null) },
    photos(100),
  );
  assert.equal(problem?.code, 'weights-gone');
  assert.equal(of('failed').length, 0);
  assert.ok(of('waiting').length > 40);
  assert.equal(seen.busy, 0);
});

test('photos that are too large for each other’s company wait for memory', async () => {
  const small = photos(60, 100);
  const large = Array.from({ length: 12 }, (_, i) => photo(`large ${i}.png`, 800));
  const memory = (/** @type {string} */ name) => (name.startsWith('large') ? 640 : 10);
  const { seen, of } = await batch({ memory, bytes: 1400 }, [...small, ...large]);
  assert.equal(of('done').length, 72);
  assert.ok(seen.bytes <= 1400, `${seen.bytes}`);
  assert.ok(seen.peak >= 7, 'the small ones did not');
});

test('a photo added alone to a batch goes to the page’s worker at once', async () => {
  let added = false;
  /** @type {string[]} */
  const ended = [];
  const { seen, of } = await batch({ cores: 2, most: 2 }, photos(40), (run, item) => {
    if (item.state === 'done') ended.push(item.name);
    if (item.name !== '10.png' || added) return;
    added = true;
    addPhotos(run, [photo('urgent.png')]);
  });
  assert.deepEqual(seen.urgent, ['urgent.png']);
  assert.equal(of('done').length, 41);
  assert.ok(ended.indexOf('urgent.png') < 20, `${ended.indexOf('urgent.png')}`);
});

test('photos that join find the workers that are free; removed ones are passed over', async () => {
  let joined = false;
  const { seen, run, of } = await batch({}, photos(60), (all, item) => {
    if (item.state !== 'done' || joined || all.finished < 59) return;
    joined = true;
    addPhotos(all, photos(30));
    removeItem(all, 62);
  });
  assert.equal(of('done').length, 89);
  assert.equal(run.running, false);
  assert.ok(seen.peak > 3);
});

test('Cancel stops all workers, and what they were at waits again', async () => {
  const { seen, run, of, problem } = await batch({}, photos(100), (_run, item, stop) => {
    if (item.name === '40.png' && item.state === 'done') stop.abort();
  });
  assert.equal(problem, null);
  assert.equal(run.running, false);
  assert.equal(seen.busy, 0);
  assert.equal(seen.closed, seen.started);
  assert.ok(of('waiting').length > 30);
  assert.equal(of('waiting').length + of('done').length, 100);
  assert.equal(
    [...run.items.values()].some(({ active }) => active),
    false,
  );
});

test('the time left counts the workers', async () => {
  const run = createRun();
  addPhotos(run, photos(9));
  begin(run);
  run.seconds = [4];
  assert.equal(progress(run).secondsLeft, 36);
  run.lanes = 4;
  assert.equal(progress(run).secondsEach, 1);
  assert.equal(progress(run).secondsLeft, 9);
});
