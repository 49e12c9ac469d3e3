/** What becomes of a run when something breaks: the engine, the numbers, the disk, a file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRAINING } from '../../www/engine/lease.js';
import { codes, newSession, readySession, until } from './train-support/session.js';

/** @param {import('../../www/train/session.js').TrainSession} session */
async function curve(session) {
  const { blob } = await session.exportCurves();
  return JSON.parse(await blob.text()).steps.G_A;
}

/** What an undisturbed run of 20 steps gives. */
async function plainCurve() {
  const { session } = await readySession();
  await session.start();
  return curve(session);
}

/** @param {import('../../www/train/session.js').TrainSession} session @param {string} code */
const valuesOf = (session, code) =>
  session.snapshot.notices.find((notice) => notice.code === code)?.values;

for (const [fault, code] of [
  ['panic@7', 'engine-died'],
  ['lost@7', 'gpu-lost'],
]) {
  test(`${fault}: a new worker goes on from the checkpoint, with the same numbers`, async () => {
    const { session, host, workers, states } = await readySession({ fault });
    host.saveEvery = 2;
    await session.start();
    assert.equal(session.snapshot.state, 'finished');
    assert.equal(workers.length, 2);
    assert.ok(workers[0].ended);
    assert.ok(states.includes('recovering'));
    assert.deepEqual(await curve(session), await plainCurve());
    const { step, back, code: why } = valuesOf(session, 'recovered') ?? {};
    assert.equal(step, 7);
    assert.equal(why, code);
    assert.ok(Number(back) > 0 && Number(back) <= 7, `back to ${back}`);
    const { blob } = await session.exportCurves();
    assert.equal(JSON.parse(await blob.text()).recoveries, 1);
  });
}

test('without storage a checkpoint in memory is enough to survive', async () => {
  const { session, host, workers } = await readySession({ root: null, fault: 'panic@7' });
  host.saveEvery = 2;
  await session.start();
  assert.equal(session.snapshot.state, 'finished');
  assert.equal(workers.length, 2);
  assert.ok(Number(valuesOf(session, 'recovered')?.back) > 0);
  assert.deepEqual(await curve(session), await plainCurve());
});

test('three deaths in ten minutes: it stops, says so, and can be tried again', async () => {
  const { session, host, workers } = await readySession({ fault: 'panic@6,lost@7,panic@8' });
  await session.start();
  assert.equal(session.snapshot.state, 'failed');
  assert.deepEqual(valuesOf(session, 'training-keeps-dying'), {
    code: 'engine-died',
    times: 3,
    crop: 48,
  });
  assert.equal(session.snapshot.can.resume, true);
  assert.ok(host.locks.isHeld(TRAINING), 'the run is still this tab’s');
  await session.resume();
  assert.equal(session.snapshot.state, 'finished');
  assert.equal(workers.length, 4);
  assert.deepEqual(await curve(session), await plainCurve());
});

test('an engine that dies as soon as it starts is not started for ever', async () => {
  let trained = false;
  const { session, workers } = await readySession({
    engine: {
      onRequest: (/** @type {{ do: string }} */ { do: name }) => {
        if (name === 'train-steps') trained = true;
        if (name === 'train-steps' || (name === 'train-start' && trained)) {
          throw new WebAssembly.RuntimeError('unreachable');
        }
      },
    },
  });
  await session.start();
  assert.equal(session.snapshot.state, 'failed');
  assert.ok(workers.length <= 4, `${workers.length} workers`);
  await session.stop();
  assert.equal(session.snapshot.state, 'failed', 'the weights cannot be read either');
  await session.discard();
  assert.equal(session.snapshot.state, 'ready');
});

test('nan@8: stops, goes back to the last checkpoint, proposes half the rate', async () => {
  const { session, host } = await readySession({ fault: 'nan@8' });
  host.saveEvery = 2;
  await session.start();
  const { state, run } = session.snapshot;
  assert.equal(state, 'paused');
  assert.ok((run?.step ?? 99) < 8);
  assert.equal((await curve(session)).length, run?.step);
  assert.deepEqual(run?.proposal, { lr: 1e-4, lambdaCycle: 10, lambdaIdentity: 0.5 });
  assert.equal(valuesOf(session, 'training-not-finite')?.step, 7);
  assert.ok(run?.previews.every(({ step }) => step <= run.step));
  if (run?.proposal) await session.changeRates(run.proposal);
  assert.equal(session.snapshot.run?.proposal, null);
  await session.resume();
  assert.equal(session.snapshot.state, 'finished');
  assert.equal(session.snapshot.run?.rate, 1e-4);
});

test('what was shown of steps that are gone goes with them', async () => {
  const { session, host } = await readySession({ fault: 'nan@12' });
  host.saveEvery = 1e9;
  await session.start();
  const { run } = session.snapshot;
  assert.equal(run?.step, 0);
  assert.deepEqual(
    run?.previews.map(({ step }) => step),
    [0],
  );
  assert.equal(run?.history.chart(400).steps.length, 0);
});

test('quota@4: a warning, the run goes on, and the next save is on the disk again', async () => {
  const { session, host } = await readySession({ fault: 'quota@4' });
  host.saveEvery = 2;
  await session.start();
  assert.equal(session.snapshot.state, 'finished');
  assert.deepEqual(codes(session), ['storage-full', 'storage-saved']);
  assert.equal(session.snapshot.run?.kept, 'disk');
});

test('a disk that stays full costs nothing but the reload', async () => {
  const { session, root, host } = await readySession({ fault: 'panic@9' });
  host.saveEvery = 2;
  const running = session.start();
  await until(session, ({ run }) => (run?.step ?? 0) >= 3);
  if (root) root.trouble.full = true;
  await running;
  assert.equal(session.snapshot.state, 'finished');
  assert.equal(session.snapshot.run?.kept, 'memory');
  assert.deepEqual(await curve(session), await plainCurve());
  assert.ok(Number(valuesOf(session, 'recovered')?.back) >= 3, 'from memory');
});

test('a damaged newest checkpoint: the one before is taken', async () => {
  const first = await readySession();
  first.host.saveEvery = 1;
  const running = first.session.start();
  await until(first.session, ({ run }) => (run?.saved?.step ?? 0) >= 6);
  await first.session.pause();
  await running;
  const files = Object.entries(first.root?.files() ?? {});
  const checkpoints = files.filter(([name]) => name.includes('checkpoint'));
  assert.equal(checkpoints.length, 2);
  const steps = await Promise.all(
    checkpoints.map(async ([, file]) => JSON.parse(await file.bytes.text()).state.step),
  );
  const newest = checkpoints[steps[0] > steps[1] ? 0 : 1][1];
  newest.bytes = newest.bytes.slice(0, 10);

  const second = newSession({ root: first.root });
  await second.session.open();
  await second.session.acceptOffer();
  assert.equal(second.session.snapshot.state, 'finished');
  assert.deepEqual(valuesOf(second.session, 'checkpoint-older'), { step: Math.min(...steps) });
  assert.deepEqual(await curve(second.session), await plainCurve());
});

test('a fault happens once in the life of a tab', async () => {
  const first = await readySession({ fault: 'panic@7' });
  await first.session.start();
  assert.equal(first.workers.length, 2);
  const again = await readySession({ fault: 'panic@7', tab: first.host.kept });
  await again.session.start();
  assert.equal(again.workers.length, 1);
});

test('another device after a death: the run waits for the person', async () => {
  const device = { device: 'webgpu' };
  const { session } = await readySession({
    fault: 'lost@6',
    engine: {
      device,
      onRequest: (/** @type {{ do: string }} */ { do: name }) => {
        if (name === 'train-fault') device.device = 'cpu';
      },
    },
  });
  await session.start();
  assert.equal(session.snapshot.state, 'paused');
  assert.deepEqual(valuesOf(session, 'device-changed'), { from: 'webgpu', to: 'cpu' });
  await session.resume();
  assert.equal(session.snapshot.state, 'finished');
});

test('scores that cannot be computed are told once, and cost nothing else', async () => {
  const { session } = await readySession({ engine: { noScores: true, seconds: 40 } });
  await session.start();
  assert.equal(session.snapshot.state, 'finished');
  assert.deepEqual(codes(session), ['scores-failed']);
  assert.deepEqual(session.snapshot.run?.scores, []);
});

test('a device that cannot do one step says so when it is measured', async () => {
  const { session } = await readySession({
    engine: {
      onSteps: () => {
        throw new WebAssembly.RuntimeError('unreachable');
      },
    },
  });
  await session.calibrate();
  assert.equal(session.snapshot.state, 'ready');
  assert.deepEqual(valuesOf(session, 'calibration-failed'), { code: 'engine-died', crop: 48 });
});

test('measuring and starting can be ended while the engine is busy', async () => {
  for (const method of /** @type {const} */ (['calibrate', 'start'])) {
    const { session } = await readySession({
      engine: {
        onRequest: (/** @type {{ do: string }} */ { do: name }) =>
          name === 'train-start' ? new Promise(() => {}) : undefined,
      },
    });
    const running = session[method]();
    await until(session, ({ state }) => state === 'calibrating' || state === 'starting');
    await session.stop();
    await running;
    assert.equal(session.snapshot.state, 'ready');
    assert.deepEqual(codes(session), []);
    assert.equal(session.snapshot.can.start, true);
  }
});

test('a disk that is full at the end makes room for the result by giving up the photos', async () => {
  const { session, root } = await readySession();
  const running = session.start();
  await until(session, ({ run }) => (run?.step ?? 0) >= 18);
  // Full until something is removed.
  if (root) root.trouble.full = true;
  const training = await root?.getDirectoryHandle('training');
  const folder = [...(training?.entries.values() ?? [])][0];
  assert.ok(folder && 'removeEntry' in folder);
  const remove = folder.removeEntry.bind(folder);
  folder.removeEntry = async (name) => {
    await remove(name);
    if (name === 'photos' && root) root.trouble.full = false;
  };
  await running;
  assert.equal(session.snapshot.run?.kept, 'disk');
  assert.equal(session.snapshot.runs.length, 1);
});

test('an offer that another tab has accepted cannot be discarded under it', async () => {
  const first = await readySession();
  const started = first.session.start();
  await until(first.session, ({ run }) => (run?.step ?? 0) >= 3);
  await first.session.pause();
  await started;
  await first.session.close();
  const second = newSession({ root: first.root, locks: first.locks });
  await second.session.open();
  assert.ok(second.session.snapshot.offer);
  const running = first.session.acceptOffer();
  await until(first.session, ({ state }) => state === 'training');
  await second.session.discardOffer();
  assert.deepEqual(codes(second.session), ['held-by-another-tab']);
  await running;
  assert.equal(first.session.snapshot.run?.kept, 'disk');
});

test('an unplugged folder: the run is saved, waits, and goes on with the same numbers', async () => {
  const trouble = { unplugged: false };
  const { session, workers, states } = await readySession({ engine: { trouble } });
  const running = session.start();
  await until(session, ({ run }) => (run?.step ?? 0) >= 3);
  trouble.unplugged = true;
  await running;
  const { state, run } = session.snapshot;
  assert.equal(state, 'paused');
  assert.deepEqual(codes(session), ['photos-gone']);
  assert.equal(run?.saved?.step, run?.step, 'no step is lost');
  assert.ok(!states.includes('recovering'));
  await session.resume();
  assert.equal(session.snapshot.state, 'paused', 'it is still unplugged');
  trouble.unplugged = false;
  await session.resume();
  assert.equal(session.snapshot.state, 'finished');
  assert.deepEqual(codes(session), []);
  assert.equal(workers.length, 1);
  assert.deepEqual(await curve(session), await plainCurve());
});

test('any failure of which the engine does not die is saved before the run waits', async () => {
  let fails = 1;
  const { session, states } = await readySession({
    engine: {
      onSteps: (/** @type {number} */ _, /** @type {any} */ { state }) => {
        if (state.step < 7 || fails-- < 1) return;
        throw Object.assign(new Error('as told'), { code: 'engine-usage' });
      },
    },
  });
  await session.start();
  assert.equal(session.snapshot.state, 'paused');
  assert.deepEqual(codes(session), ['engine-usage']);
  assert.equal(session.snapshot.run?.saved?.step, 7);
  await session.resume();
  assert.equal(session.snapshot.state, 'finished');
  assert.ok(!states.includes('recovering'));
  assert.deepEqual(await curve(session), await plainCurve());
});

test('numbers that leave the finite ones while they are saved are no trouble of the disk', async () => {
  let fails = 0;
  const { session } = await readySession({
    engine: {
      onSave: () => {
        fails += 1;
        if (fails === 2) throw Object.assign(new Error('as told'), { code: 'training-not-finite' });
      },
    },
  });
  const running = session.start();
  await until(session, ({ run }) => (run?.step ?? 0) >= 3);
  await session.pause();
  await running;
  assert.equal(session.snapshot.state, 'paused');
  assert.deepEqual(codes(session), ['training-not-finite']);
  assert.equal(session.snapshot.run?.step, 0, 'back at the checkpoint');
});
