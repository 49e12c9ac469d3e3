/** One tab trains at a time, whatever is pressed while something else is still on its way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lease, TRAINING } from '../../www/engine/lease.js';
import { FakeLocks } from './train-support/locks.js';
import { FakeFolder } from './train-support/opfs.js';
import { codes, newSession, photos, readySession, until } from './train-support/session.js';

/** @typedef {import('../../www/train/session.js').TrainSession} Session */

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** @param {number} count */
async function turns(count) {
  for (let i = 0; i < count; i += 1) await turn();
}

test('a lease is given back once, and by its owner alone', () => {
  let released = 0;
  const first = new Lease(() => {
    released += 1;
  });
  const second = first.take();
  first.release();
  assert.equal(released, 0, 'it is no longer the first one’s');
  second.release();
  second.release();
  assert.equal(released, 1);
});

/** A browser in which one run is unfinished and one is over. */
async function history() {
  const root = new FakeFolder();
  const first = await readySession({ root });
  first.session.set({ length: 3 });
  await first.session.start();
  await first.session.close();
  first.session.set({ length: 8 });
  const running = first.session.start();
  await until(first.session, ({ run }) => (run?.step ?? 0) >= 2);
  await first.session.pause();
  await running;
  return { root, over: first.session.snapshot.runs[0].id };
}

/** Trained once: each test has a copy. */
const HISTORY = history();

/** @type {Record<string, (session: Session, over: string) => Promise<unknown>>} */
const PRESSED = {
  open: (session) => session.open(),
  start: (session) => session.start(),
  calibrate: (session) => session.calibrate(),
  acceptOffer: (session) => session.acceptOffer(),
  discardOffer: (session) => session.discardOffer(),
  deleteRun: (session, over) => session.deleteRun(over),
  pause: (session) => session.pause(),
  stop: (session) => session.stop(),
  discard: (session) => session.discard(),
  close: (session) => session.close(),
};

/**
 * Presses one thing and, some tasks later, another.
 * @param {string} one @param {string} other @param {number} between tasks
 */
async function press(one, other, between) {
  const what = `${one}, ${between} tasks, ${other}`;
  const { root: stored, over } = await HISTORY;
  const root = stored.copy();
  const locks = new FakeLocks();
  /** @type {string[]} */
  const wrong = [];
  const { session } = newSession({
    root,
    locks,
    engine: {
      onRequest: (/** @type {any} */ { do: name }) => {
        if (name.startsWith('train-') && !locks.isHeld(TRAINING)) wrong.push(name);
      },
    },
  });
  if (one !== 'open' && other !== 'open') await session.open();
  await Promise.all([session.setFolder('A', photos(0, 4)), session.setFolder('B', photos(100, 4))]);
  session.startFrom({ kind: 'scratch' });
  session.set({ length: 4, previewEvery: 2, crop: 64 });
  session.addEventListener('change', () => {
    const { run, state } = session.snapshot;
    if (run && state !== 'finished' && !locks.isHeld(TRAINING)) wrong.push(`${state} unlocked`);
  });
  const first = PRESSED[one](session, over);
  await turns(between);
  await Promise.all([first, PRESSED[other](session, over)]);
  assert.deepEqual(wrong, [], what);
  assert.deepEqual(
    codes(session).filter((code) => code !== 'run-gone'),
    [],
    what,
  );
  const { run, state } = session.snapshot;
  const training = run !== null && state !== 'finished';
  assert.equal(locks.isHeld(TRAINING), training, `${what}: held in state ${state}`);
  await session.discard();
  await session.close();
  await turns(5);
  assert.deepEqual([locks.held, locks.waiting], [[], []], `${what}: nothing is held for ever`);
  const next = newSession({ root, locks });
  await next.session.open();
  assert.equal(next.session.snapshot.held, false, what);
}

for (const one of Object.keys(PRESSED).filter(
  (name) => !['pause', 'stop', 'discard', 'close'].includes(name),
)) {
  test(`whatever is pressed after ${one}, no step is made unlocked and no lock is kept`, async () => {
    for (const other of Object.keys(PRESSED)) {
      for (const between of [0, 1, 3, 8]) await press(one, other, between);
    }
  });
}

test('Train pressed twice before the lock is granted begins one run and gives the lock back', async () => {
  const { session, locks } = await readySession();
  session.set({ length: 3 });
  await Promise.all([session.start(), session.start()]);
  assert.equal(session.snapshot.state, 'finished');
  assert.equal(session.snapshot.runs.length, 1);
  await turns(5);
  assert.deepEqual(codes(session), []);
  assert.deepEqual(locks.held, []);
});

test('a run begun while the page still looks at what is stored survives another tab’s sweep', async () => {
  const root = new FakeFolder();
  const locks = new FakeLocks();
  const { session } = newSession({ root, locks });
  await session.setFolder('A', photos(0, 4));
  await session.setFolder('B', photos(100, 4));
  session.startFrom({ kind: 'scratch' });
  session.set({ length: 60, crop: 64 });
  const opening = session.open();
  const running = session.start();
  await opening;
  for (let tabs = 0; tabs < 10; tabs += 1) {
    const other = newSession({ root, locks });
    await other.session.open();
  }
  await running;
  assert.equal(session.snapshot.run?.kept, 'disk');
  assert.deepEqual(codes(session), []);
});

test('a tab that waits for its turn does not keep the other from training again', async () => {
  const first = await readySession();
  first.session.set({ length: 300 });
  const running = first.session.start();
  await until(first.session, ({ run }) => (run?.step ?? 0) >= 1);
  const second = await readySession({ root: first.root, locks: first.locks });
  assert.equal(second.session.snapshot.held, true);
  await first.session.discard();
  first.session.set({ length: 3 });
  await first.session.start();
  await running;
  assert.deepEqual(codes(first.session), []);
  assert.equal(first.session.snapshot.state, 'finished');
  await until(second.session, ({ held }) => !held);
});

test('a folder that is dropped while scenes are being painted stays', async () => {
  const { session } = newSession();
  await session.open();
  const painting = session.useSamples();
  await turns(4);
  await session.setFolder('A', photos(0, 4));
  await painting;
  assert.equal(session.snapshot.folders.A.photos.length, 4);
  assert.equal(session.snapshot.folders.B.photos.length, 0);
  assert.equal(session.snapshot.state, 'empty');
  assert.deepEqual(codes(session), []);
});
