/** What a run hands back: never less than it was given, and the best that was on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../www/failure.js';
import { newSession, readySession, until } from './train-support/session.js';

/** A run of 20 steps from weights, scored at every fifth. @param {(step: number) => number} merit @param {any} [more] */
async function given(merit, { fault, ...engine } = /** @type {any} */ ({})) {
  const made = await readySession({ fault, engine: { seconds: 40, merit, ...engine } });
  made.session.startFrom({ kind: 'model', id: 'summer2winter' });
  return made;
}

/** @param {import('../../www/train/session.js').TrainSession} session @param {string} [id] */
async function weights(session, id) {
  const read = async (/** @type {import('../../www/train/keep/record.js').Which} */ which) =>
    (await session.exportWeights('A', id, which)).blob.text();
  return { best: await read('best'), last: await read('last') };
}

test('what a run starts from is scored first, and is what it hands back when nothing is better', async () => {
  const { session } = await given((step) => 0.5 - step / 100);
  await session.start();
  const { run, runs } = session.snapshot;
  assert.deepEqual(
    run?.scores.map(({ step }) => step),
    [0, 5, 10, 15, 20],
  );
  assert.equal(run?.best?.step, 0);
  assert.equal(run?.best?.pictures[0].step, 0);
  const here = await weights(session);
  assert.equal(here.best, 'G_A 1', 'as it was given');
  assert.notEqual(here.last, here.best);
  await session.close();
  assert.deepEqual(await weights(session, runs[0].id), here, 'a stored run hands back the same');
});

test('the best on the way is kept beside the last', async () => {
  const { session, root } = await given((step) => (step === 10 ? 0.8 : 0.5 + step / 1000));
  await session.start();
  const { run } = session.snapshot;
  assert.equal(run?.best?.step, 10);
  const { best, last } = await weights(session);
  assert.ok(best !== last && best !== 'G_A 1');
  const { name } = await session.exportWeights('A', undefined, 'last');
  assert.match(name, /-last\.safetensors$/, 'so that the two are told apart');
  const files = Object.keys(root?.files() ?? {}).filter((path) => path.includes('best_'));
  assert.equal(files.length, 2);
});

test('the start gives way to what is clearly better alone, and that to anything better', async () => {
  const close = await given((step) => (step === 0 ? 0.5 : 0.505));
  await close.session.start();
  assert.equal(close.session.snapshot.run?.best?.step, 0);
  const rising = await given((step) => (step === 0 ? 0.5 : 0.52 + step / 10_000));
  await rising.session.start();
  assert.equal(rising.session.snapshot.run?.best?.step, 20);
});

test('the last are not stored twice when they are the best', async () => {
  const { session, root } = await given((step) => step / 20);
  await session.start();
  assert.equal(session.snapshot.run?.best?.step, 20);
  const { best, last } = await weights(session);
  assert.equal(best, last);
  assert.ok(!Object.keys(root?.files() ?? {}).some((path) => path.includes('best_')));
});

test('the best is still known after the engine died, and after a reload', async () => {
  const merit = (/** @type {number} */ step) => (step === 5 ? 0.8 : 0.5);
  const { session } = await given(merit, { fault: 'panic@8' });
  await session.start();
  const { blob } = await session.exportCurves();
  assert.equal(JSON.parse(await blob.text()).recoveries, 1);
  assert.equal(session.snapshot.run?.best?.step, 5);
  const { best } = await weights(session);

  const first = await given(merit, { seconds: 40 });
  const going = first.session.start();
  await until(first.session, ({ run }) => (run?.step ?? 0) >= 7);
  await first.session.pause();
  await going;
  const again = newSession({ root: first.root, engine: { seconds: 40, merit } });
  await again.session.open();
  await again.session.acceptOffer();
  const { run } = again.session.snapshot;
  assert.deepEqual([run?.step, run?.best?.step], [20, 5]);
  assert.equal(run?.best?.pictures.length, 2);
  assert.equal((await weights(again.session)).best, best);
});

test('a run from scratch has no bar, and hands back the best that was scored', async () => {
  const { session } = await readySession({
    engine: { seconds: 40, merit: (/** @type {number} */ step) => 1 - step / 100 },
  });
  await session.start();
  const { run } = session.snapshot;
  assert.deepEqual([run?.given, run?.scores[0].step, run?.best?.step], [false, 10, 10]);
});

test('the best is handed back after learning on too, from the page and after a reload, whether it was the last or not', async () => {
  for (const at of [10, 20]) {
    const merit = (/** @type {number} */ step) => (step === at ? 0.8 : 0.5);
    for (const reload of [false, true]) {
      const { session, root } = await given(merit);
      await session.start();
      const { best } = await weights(session);
      const { id } = session.snapshot.runs[0];
      const next = reload ? newSession({ root, engine: { seconds: 40, merit } }).session : session;
      if (reload) await next.open();
      await next.learnOn({ steps: 10, lr: null }, reload ? id : undefined);
      assert.equal(next.snapshot.run?.step, 30);
      assert.equal(next.snapshot.run?.best?.step, at);
      const here = await weights(next);
      assert.equal(here.best, best);
      assert.notEqual(here.last, best);
      await next.close();
      assert.deepEqual(await weights(next, id), here);
    }
  }
});

test('the best that was saved before it became the result is handed back after learning on too', async () => {
  let pluggedIn = false;
  const merit = (/** @type {number} */ step) => (step === 10 ? 0.8 : 0.5);
  const onRequest = (/** @type {any} */ { do: name }) => {
    const { run } = session.snapshot;
    if (name === 'train-steps' && run?.best?.step === 10 && !pluggedIn)
      throw new CodedError('photos-gone', 'as told');
  };
  const { session } = await given(merit, { onRequest });
  await session.start();
  assert.equal(session.snapshot.state, 'paused', 'scored and saved at the step of the best');
  await session.stop();
  const { best } = await weights(session);
  pluggedIn = true;
  await session.learnOn({ steps: 3, lr: null });
  assert.equal(session.snapshot.run?.step, 13);
  await session.close();
  const stored = await weights(session, session.snapshot.runs[0].id);
  assert.deepEqual([stored.best === best, stored.last === best], [true, false]);
});
