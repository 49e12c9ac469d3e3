/** What is deleted is gone: with its photos, for good, and if it is not yet, that is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../www/failure.js';
import { FakeFolder } from './train-support/opfs.js';
import { codes, newSession, readySession, until } from './train-support/session.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A session whose run has done some steps. @param {Parameters<typeof readySession>[0]} [options] */
async function training(options) {
  const made = await readySession(options);
  made.session.set({ length: 200 });
  const running = made.session.start();
  await until(made.session, ({ run }) => (run?.step ?? 0) >= 3);
  return { ...made, running };
}

/** What another visit finds. @param {FakeFolder | null} root */
async function reloaded(root) {
  const visit = newSession({ root });
  await visit.session.open();
  const { offer, runs } = visit.session.snapshot;
  return { offer, runs, files: Object.keys(root?.files() ?? {}) };
}

const NOTHING = { offer: null, runs: [], files: [] };

test('discarding waits for what the worker still writes: nothing comes back, photos included', async () => {
  for (const request of ['train-save', 'train-keep']) {
    for (let tasks = 0; tasks < 12; tasks += 1) {
      /** @type {(() => void) | undefined} */
      let written;
      const writing = new Promise((resolve) => {
        written = () => resolve(undefined);
      });
      const ready = await readySession({
        engine: {
          onRequest: async (/** @type {any} */ { do: name }) => {
            if (name !== request) return;
            written?.();
            // Ended or not, a worker goes on for a moment.
            for (let i = 0; i < 10; i += 1) await turn();
          },
        },
      });
      ready.host.saveEvery = 0;
      const running = ready.session.start();
      await writing;
      for (let i = 0; i < tasks; i += 1) await turn();
      const { session } = ready;
      await (session.snapshot.can.discard ? session.discard() : session.stop());
      await running;
      await until(session, ({ state }) => state === 'ready' || state === 'finished');
      for (let i = 0; i < 50; i += 1) await turn();
      if (session.snapshot.state === 'finished') continue; // it was faster
      assert.deepEqual(Object.keys(ready.root?.files() ?? {}), [], `${request}, ${tasks}`);
      assert.deepEqual(await reloaded(ready.root), NOTHING, `${request}, ${tasks}`);
      assert.deepEqual(codes(session), []);
    }
  }
});

test('a file that is closed late is removed when it is', async () => {
  const { session, root, running } = await training();
  if (root) root.trouble.open = 3;
  await session.discard();
  await running;
  assert.deepEqual(codes(session), []);
  assert.deepEqual(await reloaded(root), NOTHING);
});

for (const how of /** @type {const} */ (['discard', 'discardOffer', 'deleteRun'])) {
  test(`${how}: a run that cannot be removed is not offered again, it is said, and it goes later`, async () => {
    const { session, root, running } = await training();
    assert.ok(root);
    await (how === 'deleteRun' ? session.stop() : session.pause());
    await running;
    const id = session.snapshot.run?.id ?? '';
    if (how !== 'discard') await session.close();
    root.trouble.open = 1e9;
    await session[how](id);
    assert.deepEqual(codes(session), ['run-not-deleted']);
    const { offer, runs } = session.snapshot;
    assert.deepEqual([offer, runs], [null, []]);
    await assert.rejects(session.exportWeights('A', id), { code: 'run-gone' });

    const next = await reloaded(root);
    assert.deepEqual([next.offer, next.runs], [null, []]);
    assert.ok(next.files.length > 0, 'it is still there');
    root.trouble.open = 0;
    assert.deepEqual(await reloaded(root), NOTHING);
  });
}

test('a page that is closed while it deletes goes on when it is opened again', async () => {
  const { session, root, host, running } = await training();
  await session.pause();
  await running;
  await session.close();
  host.withRun = () => new Promise(() => {}); // the page ends here
  session.discardOffer();
  await until(session, ({ offer }) => offer === null);
  await until(session, () =>
    Object.keys(root?.files() ?? {}).some((name) => /deleted$/.test(name)),
  );
  assert.deepEqual(await reloaded(root), NOTHING);
});

test('Train pressed while a run is being deleted waits for that, and blames no other tab', async () => {
  const { session, host, root, running } = await training();
  /** @type {() => void} */
  let go = () => {};
  const plain = host.withRun.bind(host);
  host.withRun = async (id, task) => {
    await new Promise((resolve) => {
      go = () => resolve(undefined);
    });
    await plain(id, task);
  };
  const discarding = session.discard();
  session.set({ length: 3 });
  const next = session.start();
  for (let i = 0; i < 50; i += 1) await turn();
  assert.equal(session.snapshot.state, 'starting');
  go();
  await Promise.all([discarding, next, running]);
  assert.equal(session.snapshot.state, 'finished');
  assert.deepEqual(codes(session), []);
  assert.equal((await reloaded(root)).runs.length, 1);
});

test('a start that waits for a deletion can be cancelled at once, and the next waits in its place', async () => {
  const { session, host, root, running } = await training();
  /** @type {() => void} */
  let go = () => {};
  const plain = host.withRun.bind(host);
  host.withRun = async (id, task) => {
    await new Promise((resolve) => {
      go = () => resolve(undefined);
    });
    await plain(id, task);
  };
  const discarding = session.discard();
  const next = session.start();
  await session.stop();
  await next;
  assert.equal(session.snapshot.state, 'ready');
  session.set({ length: 3 });
  const again = session.start();
  for (let i = 0; i < 20; i += 1) await turn();
  assert.equal(session.snapshot.state, 'starting', 'what is deleted is not gone yet');
  go();
  await Promise.all([discarding, again, running]);
  assert.equal(session.snapshot.state, 'finished');
  assert.deepEqual(codes(session), []);
  assert.equal((await reloaded(root)).runs.length, 1);
});

test('photos of a run that is over and cannot learn on go at the next visit if they could not go at once', async () => {
  let room = true;
  const onSave = () => {
    if (room) return;
    room = true;
    throw new CodedError('storage-full', 'as told');
  };
  const { session, root, running } = await training({
    engine: {
      onSave,
      onRequest: (/** @type {any} */ { do: name }) => {
        if (name === 'train-finish') room = false;
      },
    },
  });
  assert.ok(root);
  root.trouble.open = 1e9;
  await session.stop();
  await running;
  assert.ok(Object.keys(root.files()).some((name) => name.includes('/photos/')));
  root.trouble.open = 0;
  const { files, runs } = await reloaded(root);
  assert.equal(runs.length, 1);
  assert.ok(!files.some((name) => name.includes('/photos/')), `${files}`);
});

test('looking at a run that is gone does not make a folder for it', async () => {
  const root = new FakeFolder();
  const { session } = newSession({ root });
  await assert.rejects(session.exportWeights('A', 'gone'), { code: 'run-gone' });
  const folder = await root.getDirectoryHandle('training', { create: true });
  assert.equal(folder.entries.size, 0);
});
