/** Learning on behind the end of a run, and starting from what one has kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../www/failure.js';
import { learnOnProposal } from '../../www/train/plan/config.js';
import { codes, newSession, readySession } from './train-support/session.js';

test('the proposal is the line on which the rate would fall, had it been planned so', () => {
  const photos = /** @type {any} */ ({ A: [1, 2, 3, 4, 5], B: [1, 2] });
  const of = (/** @type {object} */ config, /** @type {number} */ step) => ({
    config: JSON.stringify({ lr: 2e-4, lr_unit: 'steps', lr_flat: 10, lr_decay: 10, ...config }),
    step,
    photos,
  });
  assert.deepEqual(learnOnProposal(of({}, 20)), { steps: 10, lr: 1e-4 });
  assert.deepEqual(learnOnProposal(of({}, 20), 30), { steps: 30, lr: 1.5e-4 });
  assert.deepEqual(learnOnProposal(of({}, 4)), { steps: 2, lr: 2e-4 }, 'stopped before it fell');
  assert.deepEqual(learnOnProposal(of({ lr_decay: 0 }, 10)), { steps: 5, lr: 2e-4 });
  const epochs = { lr_unit: 'epochs', lr_flat: 1, lr_decay: 1 };
  assert.deepEqual(learnOnProposal(of(epochs, 10)), { steps: 5, lr: 1e-4 });
  assert.equal(learnOnProposal(of({}, 1)).steps, 1);
});

test('a run that is over learns on, from the page and after a reload', async () => {
  const first = await readySession();
  await first.session.start();
  assert.equal(first.session.snapshot.can.learnOn, true);
  assert.deepEqual(first.session.snapshot.run?.learnOn, { steps: 10, lr: 1e-4 });
  await first.session.learnOn({ steps: 4, lr: 5e-5 });
  const { run, state } = first.session.snapshot;
  assert.deepEqual(codes(first.session), []);
  assert.equal(state, 'finished');
  assert.deepEqual([run?.step, run?.total, run?.settings.lr], [24, 24, 5e-5]);

  const second = newSession({ root: first.root });
  await second.session.open();
  const [stored] = second.session.snapshot.runs;
  assert.equal(stored.step, 24);
  assert.ok(stored.learnOn);
  await second.session.learnOn({ steps: 6, lr: null }, stored.id);
  assert.equal(second.session.snapshot.state, 'finished');
  assert.equal(second.session.snapshot.run?.step, 30);
  assert.equal(second.session.snapshot.runs.length, 1);
  const { blob } = await second.session.exportCurves();
  assert.equal(JSON.parse(await blob.text()).steps.G_A.length, 30);
});

test('what learns on can be stopped, paused, and is on offer after a reload', async () => {
  const first = await readySession();
  await first.session.start();
  const learning = first.session.learnOn({ steps: 10, lr: null });
  first.session.addEventListener('change', () => {
    if ((first.session.snapshot.run?.step ?? 0) >= 23) first.session.pause();
  });
  await learning;
  assert.equal(first.session.snapshot.state, 'paused');
  const second = newSession({ root: first.root });
  await second.session.open();
  assert.equal(second.session.snapshot.offer?.total, 30);
  assert.deepEqual(second.session.snapshot.runs, []);
  await second.session.acceptOffer();
  assert.equal(second.session.snapshot.run?.step, 30);
});

test('without a disk it learns on from memory', async () => {
  const { session } = await readySession({ root: null });
  await session.start();
  assert.equal(session.snapshot.run?.kept, 'memory');
  await session.learnOn({ steps: 3, lr: null });
  assert.equal(session.snapshot.state, 'finished');
  assert.equal(session.snapshot.run?.step, 23);
});

test('where the first save fails for good, the weights in memory stay', async () => {
  let saves = true;
  const { session } = await readySession({
    root: null,
    engine: {
      onRequest: (/** @type {any} */ { do: name }) => {
        if (name === 'train-learn-on') saves = false;
        if (name === 'train-save' && !saves) throw new WebAssembly.RuntimeError('as told');
      },
    },
  });
  await session.start();
  await session.learnOn({ steps: 3, lr: null });
  assert.deepEqual(codes(session).slice(-1), ['engine-died']);
  assert.equal(session.snapshot.run?.kept, 'memory');
  assert.match(await (await session.exportWeights('A')).blob.text(), /^G_A/);
});

test('a disk too full for the last checkpoint keeps the weights, and nothing is offered that cannot be', async () => {
  let full = false;
  const { session } = await readySession({
    engine: {
      onRequest: (/** @type {any} */ { do: name }) => {
        full = name === 'train-finish';
      },
      onSave: () => {
        if (!full) return;
        full = false;
        throw new CodedError('storage-full', 'as told');
      },
    },
  });
  await session.start();
  const { run, runs } = session.snapshot;
  assert.deepEqual([run?.kept, run?.learnOn, runs[0].learnOn], ['disk', null, null]);
});

test('learning on that cannot begin leaves the run as it was', async () => {
  const { session } = await readySession({
    engine: {
      onRequest: (/** @type {any} */ request) => {
        if (request.do === 'train-learn-on')
          throw Object.assign(new Error('no'), { code: 'config-invalid' });
      },
    },
  });
  await session.start();
  await session.learnOn({ steps: 3, lr: null });
  assert.deepEqual(codes(session), ['config-invalid']);
  const [{ id, step, learnOn }] = session.snapshot.runs;
  assert.equal(step, 20);
  assert.ok(learnOn);
  assert.match(await (await session.exportWeights('A', id)).blob.text(), /^G_A/);
  assert.equal(session.snapshot.held, false);
  assert.equal(session.snapshot.can.start, true);
});

test('a run of an earlier version has kept no checkpoint and cannot', async () => {
  const first = await readySession();
  await first.session.start();
  const { id } = first.session.snapshot.runs[0];
  const folder = await (await first.root?.getDirectoryHandle('training', {}))?.getDirectoryHandle(
    id,
    {},
  );
  for (const name of ['index-0.json', 'index-1.json']) {
    const file = await folder?.getFileHandle(name, {});
    const text = await (await file?.getFile())?.text();
    const index = JSON.parse(text?.slice(text.indexOf('\n') + 1) ?? '');
    const content = JSON.stringify({ ...index, checkpoints: [] });
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(content));
    const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0'));
    const writable = await file?.createWritable();
    await writable?.write(`${hex.join('')}\n${content}`);
    await writable?.close();
  }
  const second = newSession({ root: first.root });
  await second.session.open();
  assert.equal(second.session.snapshot.runs[0].learnOn, null);
  await second.session.learnOn({ steps: 3, lr: null }, id);
  assert.deepEqual(codes(second.session), ['run-gone']);
  assert.equal(second.session.snapshot.runs.length, 1);
});

test('another run starts with the judges that one has kept', async () => {
  /** @type {any[]} */
  let given = [];
  const read = async (/** @type {any} */ { kind, id }, /** @type {any} */ runs) => {
    const nothing = { a: null, b: null, dA: null, dB: null, checkpoint: null, name: '' };
    if (kind !== 'run') return nothing;
    return { ...nothing, a: await runs.weights(id, 'A'), checkpoint: await runs.checkpoint(id) };
  };
  const { session } = await readySession({
    source: { network: () => null, read },
    engine: {
      onStart: (/** @type {any} */ _, /** @type {any[]} */ weights) => {
        given = weights;
      },
    },
  });
  await session.start();
  assert.deepEqual(given, [undefined, undefined, undefined, undefined]);
  const { id } = session.snapshot.runs[0];
  await session.close();
  session.startFrom({ kind: 'run', id, judges: true });
  await session.start();
  assert.match(String(given[0]), /^G_A/);
  assert.deepEqual(given.slice(2), ['judges 20', 'judges 20']);
});

test('where the judges of a run are gone by the time that another starts from it, new ones warm up', async () => {
  /** @type {any} */
  let started;
  const nothing = { a: null, b: null, dA: null, dB: null, checkpoint: null, name: '' };
  const { session } = await readySession({
    source: { network: () => null, read: async () => nothing },
    engine: {
      onStart: (/** @type {any} */ config) => {
        started = config;
      },
    },
  });
  session.startFrom({ kind: 'run', id: 'older', judges: true });
  await session.start();
  assert.equal(started.warm_up, 4);
});

test('what older runs keep for learning on makes room for a new one', async () => {
  const { session, root, host } = await readySession();
  await session.start();
  const { id } = session.snapshot.runs[0];
  await session.close();
  const kept = () =>
    Object.keys(root?.files() ?? {}).some((name) => name.includes(`${id}/checkpoint`));
  host.space = async () => ({ usage: kept() ? 1e9 : 0, quota: 1e9, persisted: true });
  await session.start();
  const [latest, older] = session.snapshot.runs;
  assert.deepEqual(codes(session), []);
  assert.ok(latest.learnOn);
  assert.deepEqual([older.id, older.learnOn], [id, null]);
  assert.match(await (await session.exportWeights('A', id)).blob.text(), /^G_A/);
});
