/** The whole path of a run, on an engine that is stood in for: begin, pause, save, stop, come back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emaOf } from '../../www/train/plan/config.js';
import { CLASSIFIER_COST, costOf } from '../../www/train/plan/cost.js';
import { codes, newSession, photos, readySession, until } from './train-support/session.js';

/** The loss of every step. @param {import('../../www/train/session.js').TrainSession} session */
async function curve(session) {
  const { blob } = await session.exportCurves();
  return JSON.parse(await blob.text()).steps.G_A;
}

/** What is drawn of its losses. @param {import('../../www/train/session.js').TrainSession} session */
function chartOf({ snapshot }) {
  assert.ok(snapshot.run);
  return snapshot.run.history.chart(400);
}

/** What an undisturbed run of 20 steps gives. */
async function plainCurve() {
  const { session } = await readySession();
  await session.start();
  return curve(session);
}

/** What the scrubber shows, by step. @param {import('../../www/train/session.js').TrainSession} session */
async function picturesOf(session) {
  /** @type {Record<string, string>} */
  const all = {};
  for (const { step, pictures } of session.snapshot.run?.previews ?? []) {
    const rows = pictures.map(async ({ input, translated, back, name, heldOut }) =>
      [await input.text(), await translated.text(), await back.text(), name, heldOut].join(', '),
    );
    all[step] = (await Promise.all(rows)).join('; ');
  }
  return all;
}

test('two folders, start, finish: weights, curves and previews are there and stored', async () => {
  const { session, states, root, host } = await readySession();
  assert.equal(session.snapshot.state, 'ready');
  assert.equal(session.snapshot.steps, 20);
  await session.start();
  const { run, runs, state, offer } = session.snapshot;
  assert.equal(state, 'finished');
  assert.deepEqual(states.slice(-4), ['starting', 'training', 'saving', 'finished']);
  assert.equal(run?.step, 20);
  assert.deepEqual(
    run?.previews.map(({ step }) => step),
    [0, 5, 10, 15, 20],
  );
  assert.equal(run?.previews[0].pictures.length, 2, 'one photo of each folder is held out');
  assert.ok(run?.previews[0].pictures.every(({ heldOut }) => heldOut));
  assert.deepEqual(run?.scores, [], 'too short a run for scores');
  assert.equal(run?.kept, 'disk');
  assert.equal(offer, null);
  assert.equal(runs.length, 1);
  assert.equal((await curve(session)).length, 20);
  const names = Object.keys(root?.files() ?? {});
  assert.equal(names.filter((name) => name.includes('checkpoint')).length, 1, 'to learn on from');
  assert.ok(names.some((name) => name.includes('photos/')));
  const stored = await session.exportWeights('A', runs[0].id);
  const here = await session.exportWeights('A');
  assert.equal(await stored.blob.text(), await here.blob.text());
  assert.match(await here.blob.text(), /^G_A \d+$/);
  assert.equal(host.awake, 0, 'the screen may go dark again');
});

test('pause saves, step does one step, resume gives the same numbers as if nothing had been', async () => {
  const { session } = await readySession();
  const running = session.start();
  await until(session, ({ run }) => (run?.step ?? 0) >= 3);
  await session.pause();
  await running;
  const at = session.snapshot.run?.step ?? 0;
  assert.equal(session.snapshot.state, 'paused');
  assert.equal(session.snapshot.run?.saved?.step, at);
  await session.step();
  assert.equal(session.snapshot.run?.step, at + 1);
  assert.equal(session.snapshot.state, 'paused');
  await session.resume();
  assert.equal(session.snapshot.state, 'finished');
  assert.deepEqual(await curve(session), await plainCurve());
});

test('a reload offers to continue, and the run ends with the same numbers', async () => {
  const first = await readySession();
  const running = first.session.start();
  await until(first.session, ({ run }) => (run?.step ?? 0) >= 7);
  await first.session.pause();
  await running;
  const at = first.session.snapshot.run?.step ?? 0;

  const second = newSession({ root: first.root });
  await second.session.open();
  const { offer } = second.session.snapshot;
  assert.equal(offer?.step, at);
  assert.equal(offer?.needsFolders, false);
  const { previews = [] } = first.session.snapshot.run ?? {};
  assert.equal(await offer?.picture?.text(), await previews.at(-1)?.pictures[0].translated.text());
  await second.session.acceptOffer();
  assert.equal(second.session.snapshot.state, 'finished');
  assert.equal(second.session.snapshot.offer, null);
  assert.deepEqual(await curve(second.session), await plainCurve());
});

test('a reload keeps the pictures of all times', async () => {
  const first = await readySession();
  const running = first.session.start();
  await until(first.session, ({ run }) => (run?.step ?? 0) >= 12);
  await first.session.pause();
  await running;
  const before = await picturesOf(first.session);
  assert.deepEqual(Object.keys(before), ['0', '5', '10']);
  assert.ok(new Set(Object.values(before)).size > 1, 'they differ');

  /** @type {string[]} */
  const written = [];
  const second = newSession({
    root: first.root,
    engine: {
      onRequest: (/** @type {any} */ { pictures }) => {
        written.push(...(pictures?.files ?? []).map((/** @type {any} */ { name }) => name));
      },
    },
  });
  await second.session.open();
  await second.session.acceptOffer();
  const after = await picturesOf(second.session);
  assert.deepEqual(Object.keys(after), ['0', '5', '10', '15', '20']);
  assert.deepEqual({ ...after, ...before }, after);
  assert.ok(written.length > 0);
  assert.ok(
    written.every((name) => /-(15|20)-/.test(name)),
    `only what is new is written: ${written}`,
  );
  const { runs } = second.session.snapshot;
  assert.equal(await runs[0].picture?.text(), after[20].split('; ')[0].split(', ')[1]);
});

test('an offer that is declined is gone for good', async () => {
  const first = await readySession();
  const running = first.session.start();
  await until(first.session, ({ run }) => (run?.step ?? 0) >= 2);
  await first.session.pause();
  await running;
  const second = newSession({ root: first.root });
  await second.session.open();
  await second.session.discardOffer();
  assert.equal(second.session.snapshot.offer, null);
  assert.deepEqual(Object.keys(first.root?.files() ?? {}), []);
});

test('without room for the photos the run goes on, and a reload needs the folders again', async () => {
  const first = await readySession();
  if (first.root) first.root.trouble.room = 10;
  const running = first.session.start();
  await until(first.session, ({ run }) => (run?.step ?? 0) >= 4);
  await first.session.pause();
  await running;
  assert.ok(codes(first.session).includes('photos-not-kept'));

  const second = newSession({ root: first.root });
  await second.session.open();
  assert.equal(second.session.snapshot.offer?.needsFolders, true);
  await second.session.acceptOffer();
  assert.deepEqual(codes(second.session), ['folders-needed']);
  assert.equal(second.session.snapshot.state, 'empty');
  assert.ok(second.session.snapshot.offer, 'it is still offered');
  await second.session.setFolder('A', photos(0, 12).reverse());
  await second.session.setFolder('B', photos(100, 12));
  await second.session.acceptOffer();
  assert.equal(second.session.snapshot.state, 'finished');
  assert.deepEqual(await curve(second.session), await plainCurve());
});

test('pictures are written once, however often the run is saved', async () => {
  /** @type {(number | null)[]} */
  const written = [];
  /** @type {string[]} */
  const files = [];
  const { session, host } = await readySession({
    engine: {
      onRequest: (/** @type {any} */ { do: name, pictures }) => {
        if (name === 'train-save') written.push(pictures?.pictures.at(-1).step ?? null);
        files.push(...(pictures?.files ?? []).map((/** @type {any} */ file) => file.name));
      },
    },
  });
  host.saveEvery = 0;
  await session.start();
  assert.equal(written.length, 21, 'at the start, and after each step');
  assert.deepEqual(
    written.filter((step) => step !== null),
    [0, 5, 10, 15],
  );
  assert.equal(files.length, new Set(files).size);
});

test('stop keeps the weights of a run that is not over', async () => {
  const { session } = await readySession();
  const running = session.start();
  await until(session, ({ run }) => (run?.step ?? 0) >= 3);
  await session.stop();
  await running;
  const { state, run, runs } = session.snapshot;
  assert.equal(state, 'finished');
  assert.equal(run?.stopped, true);
  assert.equal(runs[0].stopped, true);
  assert.ok((run?.step ?? 0) < 20);
  await session.close();
  assert.equal(session.snapshot.state, 'ready');
  assert.equal(session.snapshot.run, null);
  await session.deleteRun(runs[0].id);
  assert.deepEqual(session.snapshot.runs, []);
});

test('what was told of a run goes when it is discarded', async () => {
  const { session } = await readySession({ root: null });
  const running = session.start();
  await until(session, ({ run }) => (run?.step ?? 0) >= 3);
  assert.ok(codes(session).includes('storage-unavailable'));
  await session.discard();
  await running;
  assert.deepEqual(codes(session), []);
});

test('discard forgets the run at once, and another can be started', async () => {
  const { session, root } = await readySession();
  const running = session.start();
  await until(session, ({ run }) => (run?.step ?? 0) >= 3);
  await session.discard();
  await running;
  assert.equal(session.snapshot.state, 'ready');
  assert.deepEqual(Object.keys(root?.files() ?? {}), []);
  await session.start();
  assert.equal(session.snapshot.state, 'finished');
});

test('what is over is listed in a second tab while the first trains', async () => {
  const first = await readySession();
  first.session.set({ length: 3 });
  await first.session.start();
  await first.session.close();
  first.session.set({ length: 300 });
  const running = first.session.start();
  await until(first.session, ({ run }) => (run?.step ?? 0) >= 1);
  const second = await readySession({ root: first.root, locks: first.locks });
  assert.equal(second.session.snapshot.held, true);
  assert.equal(second.session.snapshot.runs.length, 1);
  assert.equal(second.session.snapshot.offer, null);
  await first.session.stop();
  await running;
  assert.equal(first.session.snapshot.run?.kept, 'disk', 'nothing of it was swept away');
});

test('two tabs: the second is told, and finds what the first leaves', async () => {
  const first = await readySession();
  const running = first.session.start();
  await until(first.session, ({ run }) => (run?.step ?? 0) >= 3);
  const second = await readySession({ root: first.root, locks: first.locks });
  assert.equal(second.session.snapshot.held, true);
  assert.equal(second.session.snapshot.offer, null);
  assert.equal(second.session.snapshot.can.start, false);
  assert.deepEqual(codes(second.session), ['held-by-another-tab']);
  await first.session.stop();
  await running;
  await until(second.session, ({ held }) => !held);
  await until(second.session, ({ runs }) => runs.length === 1);
  assert.deepEqual(codes(second.session), []);
  assert.equal(second.session.snapshot.can.start, true);
});

test('a run ends with a polish, which is seen before and behind, and takes its own time', async () => {
  const ready = await readySession({
    engine: {
      onSteps: (/** @type {number} */ _, /** @type {any} */ training) => {
        ready.host.time += training.state.step < training.scheduled ? 2_000 : 5_000;
      },
    },
  });
  const { session } = ready;
  session.set({ polish: 4, previewEvery: 1000 });
  /** @type {Set<number>} */
  const polishing = new Set();
  /** @type {Map<number, number | null>} */
  const left = new Map();
  session.addEventListener('change', () => {
    const { run } = session.snapshot;
    if (run?.polishing) polishing.add(run.step);
    if (run) left.set(run.step, run.secondsPerStep);
  });
  await session.start();
  const { run } = session.snapshot;
  assert.deepEqual([run?.step, run?.total, run?.polish], [24, 24, 4]);
  assert.deepEqual([...polishing], [21, 22, 23, 24]);
  assert.deepEqual(
    run?.previews.map(({ step }) => step),
    [0, 20, 24],
  );
  assert.deepEqual([left.get(19), left.get(23)], [2.5, 5.5], 'the fake clock adds half a second');
});

/** Milliseconds, where a step of the small networks takes ten seconds. */
const CLASSIFIER =
  (10_000 * CLASSIFIER_COST) /
  costOf({ crop: 64, ngf: 16, blocks: 3, ndf: 32, lambdaIdentity: 0.5 });

test('the time left is what it then takes, before and behind the warm-up', async () => {
  /** @type {number[]} */
  const warmUps = [];
  const ready = await readySession({
    engine: {
      onStart: (/** @type {any} */ config) => warmUps.push(config.warm_up),
      onSteps: (/** @type {number} */ _, /** @type {any} */ training) => {
        const { state, config } = training;
        ready.host.time += state.step < config.warm_up ? 2_000 : 10_000;
      },
      onRequest: (/** @type {any} */ { do: name }) => {
        // Whole photos cost about as much as a step on pictures of 64 pixels.
        if (name === 'train-preview') ready.host.time += 9_000;
        if (name === 'train-classifier') ready.host.time += CLASSIFIER;
        if (name === 'train-scores') ready.host.time += 18_000;
      },
    },
  });
  const { session, host } = ready;
  session.startFrom({ kind: 'model', id: 'any' });
  session.set({ length: 60, warmUp: 20, previewEvery: 10 });
  await session.calibrate();
  const expected = session.snapshot.calibration?.seconds ?? 0;
  /** @type {Map<number, { left: number | null, now: number }>} */
  const seen = new Map();
  session.addEventListener('change', () => {
    const { run } = session.snapshot;
    if (run) seen.set(run.step, { left: run.secondsLeft, now: host.time / 1000 });
  });
  const started = host.time / 1000;
  await session.start();
  const ended = host.time / 1000;
  assert.deepEqual(warmUps, [2, 20], 'both kinds of step are measured');
  assert.ok(Math.abs(expected - (ended - started)) < 0.1 * (ended - started), `${expected}`);
  for (const step of [5, 19, 21, 30, 50]) {
    const { left, now } = seen.get(step) ?? { left: null, now: 0 };
    const truth = ended - now;
    assert.ok(left && Math.abs(left - truth) < 0.15 * truth, `at ${step}: ${left}, took ${truth}`);
  }
  const warm = chartOf(session).mean;
  assert.ok(warm.G_A.slice(0, 20).every(Number.isNaN), 'no loss is made up for the warm-up');
  assert.ok(warm.D_A.concat(warm.G_A.slice(20)).every(Number.isFinite));
});

test('a laptop that sleeps in the middle of a step changes neither clock', async () => {
  const ready = await readySession({
    engine: {
      seconds: 1,
      onSteps: (/** @type {number} */ _, /** @type {any} */ training) => {
        const asleep = training.state.step === 12 ? 8 * 3600 : 0;
        training.options.seconds = 1 + asleep;
        ready.host.time += 1000 * (1 + asleep);
      },
    },
  });
  const { session } = ready;
  session.set({ length: 30 });
  /** @type {number[]} */
  const left = [];
  session.addEventListener('change', () => {
    const { run } = session.snapshot;
    if (run?.secondsLeft && run.step > 2) left.push(run.secondsLeft);
  });
  await session.start();
  assert.ok(left.length > 10 && Math.max(...left) < 120, `${left}`);
  assert.equal(session.snapshot.state, 'finished');
  const { secondsTrained = 0 } = session.snapshot.run ?? {};
  assert.ok(Math.abs(secondsTrained - 30) < 1, `${secondsTrained}`);
});

test('a photo that cannot be decoded is left out and told once, even if the engine dies', async () => {
  const { session } = await readySession({ fault: 'panic@16' });
  await session.setFolder('A', [...photos(0, 12), new File(['damaged'], 'bad.png')]);
  await session.start();
  assert.equal(session.snapshot.state, 'finished');
  const told = session.snapshot.notices.filter(({ code }) => code === 'photo-skipped');
  assert.deepEqual(
    told.map(({ values }) => values),
    [{ domain: 'A', name: 'bad.png', code: 'image-unreadable' }],
  );
});

test('rates change while it trains, and outlive the engine', async () => {
  const { session, workers } = await readySession({ fault: 'panic@12' });
  const running = session.start();
  await until(session, ({ run }) => (run?.step ?? 0) >= 2);
  // As in a run that a page without this setting has stored.
  Reflect.deleteProperty(session.snapshot.run?.settings ?? {}, 'ema');
  await session.changeRates({ lr: 1e-5, lambdaCycle: 5 });
  await session.changeRates({ lr: -1 });
  assert.ok(codes(session).includes('setting-range'));
  await running;
  assert.equal(session.snapshot.state, 'finished');
  assert.equal(session.snapshot.run?.settings.lr, 1e-5);
  assert.equal(session.snapshot.run?.rate, 1e-5);
  assert.ok(workers[1].asked.includes('train-change'));
});

test('a hidden page saves; a page without storage asks before it is left', async () => {
  const { session, host } = await readySession();
  host.saveEvery = 1e9;
  const running = session.start();
  await until(session, ({ run }) => (run?.step ?? 0) >= 3);
  assert.equal(session.snapshot.run?.saved?.step, 0);
  assert.equal(host.page.leave(), false);
  assert.equal(host.awake, 1, 'the screen stays on');
  host.page.hide();
  await until(session, ({ run }) => (run?.saved?.step ?? 0) > 0);
  await running;
  assert.equal(host.awake, 0);
  assert.equal(host.page.leave(), false);

  const bare = await readySession({ root: null });
  const other = bare.session.start();
  await until(bare.session, ({ run }) => (run?.step ?? 0) >= 3);
  assert.equal(bare.session.snapshot.run?.saved?.kept, 'memory');
  assert.ok(codes(bare.session).includes('storage-unavailable'));
  assert.equal(bare.host.page.leave(), true);
  await other;
  assert.equal(bare.session.snapshot.run?.kept, 'memory');
  assert.equal(bare.host.page.leave(), true);
  assert.match(await (await bare.session.exportWeights('B')).blob.text(), /^G_B/);
});

test('calibrating measures, proposes, and leaves nothing behind', async () => {
  const { session, workers, root } = await readySession();
  session.set({ length: 5000 });
  await session.calibrate();
  const { state, calibration } = session.snapshot;
  assert.equal(state, 'calibrated');
  assert.equal(calibration?.secondsPerStep, 0.5);
  assert.equal(calibration?.steps, 5000);
  assert.ok(workers[0].ended);
  assert.deepEqual(Object.keys(root?.files() ?? {}), []);
  session.set({ length: 30 });
  assert.equal(session.snapshot.state, 'ready', 'other settings would have to be measured again');
});

test('what cannot be is refused before anything runs', async () => {
  const { session } = newSession();
  await session.open();
  assert.equal(session.snapshot.state, 'empty');
  await session.setFolder('A', photos(0, 12));
  assert.equal(session.snapshot.state, 'empty');
  await session.setFolder('B', photos(0, 12));
  assert.equal(session.snapshot.dataset?.refused?.code, 'dataset-same');
  assert.equal(session.snapshot.can.start, false);
  await session.start();
  assert.equal(session.snapshot.run, null);
  await session.setFolder('B', photos(50, 12));
  assert.equal(session.snapshot.can.start, true);
  session.set({ crop: 66 });
  assert.equal(session.snapshot.can.start, false);
  assert.equal(session.snapshot.settingProblems[0].code, 'setting-multiple');
});

test('a run is weighed as it will be: its steps decide whether weights are averaged, not its rounds', async () => {
  /** @type {any} */
  let weighed;
  const { session } = newSession({
    engine: {
      onRequest: (/** @type {any} */ request) => {
        if (request.do === 'weigh-run') weighed = JSON.parse(request.config);
      },
    },
  });
  await session.open();
  session.set({ length: 4, unit: 'epochs', crop: 64 });
  await Promise.all([session.setFolder('A', photos(0, 12)), session.setFolder('B', photos(50, 7))]);
  await until(session, () => weighed?.ema > 0);
  assert.deepEqual([weighed.ema, weighed.polish], [emaOf(44), 14]);
});

test('files to start from are refused until there is one', async () => {
  const { session } = await readySession();
  session.startFrom({ kind: 'files', a: null, b: null, dA: null, dB: null });
  const { settingProblems, can } = session.snapshot;
  assert.deepEqual(settingProblems, [{ field: 'start', code: 'start-no-file', values: {} }]);
  assert.deepEqual([can.start, can.calibrate], [false, false]);
  session.startFrom({
    kind: 'files',
    a: null,
    b: new File(['weights'], 'b.pth'),
    dA: null,
    dB: null,
  });
  assert.deepEqual(session.snapshot.settingProblems, []);
  assert.equal(session.snapshot.can.start, true);
});

test('samples fill both folders', async () => {
  const { session } = newSession();
  await session.open();
  await session.useSamples();
  const { A, B } = session.snapshot.folders;
  assert.equal(A.usable, 24);
  assert.equal(B.usable, 24);
  assert.equal(A.heldOut, 2);
  assert.equal(session.snapshot.dataset?.refused, null);
});

test('an engine that refuses the start leaves everything as it was', async () => {
  const { session, root } = await readySession({
    engine: {
      onStart: () => {
        throw Object.assign(new Error('a tensor is missing'), { code: 'weights-missing-tensor' });
      },
    },
  });
  await session.start();
  assert.equal(session.snapshot.state, 'ready');
  assert.deepEqual(codes(session), ['weights-missing-tensor']);
  assert.deepEqual(Object.keys(root?.files() ?? {}), []);
  assert.equal(session.snapshot.can.start, true);
});

test('a longer run is scored, and its scores are stored and exported', async () => {
  const { session } = await readySession({ engine: { seconds: 40 } });
  await session.start();
  const scores = session.snapshot.run?.scores ?? [];
  assert.deepEqual(
    scores.map(({ step }) => step),
    [10, 15, 20],
    'from five minutes of training on',
  );
  assert.deepEqual(scores[0], {
    step: 10,
    roundTripA: 0.1,
    roundTripB: 0.2,
    takenForB: 0.3,
    takenForA: 0.4,
    ceiling: 0.9,
    gridA: 1.5,
    gridB: 2,
    merit: 0.5,
  });
  const { id } = session.snapshot.runs[0];
  const stored = JSON.parse(await (await session.exportCurves(id)).blob.text());
  assert.deepEqual(stored.scores, scores.slice(), 'with those of the end');
  await session.close();
  assert.equal(JSON.parse(await (await session.exportCurves(id)).blob.text()).steps.D_A.length, 20);
});

test('a run that the device does not hold is refused before it starts, with a size that fits', async () => {
  const { session, workers } = await readySession({ engine: { mostCrop: 32 } });
  await until(session, ({ settingProblems }) => settingProblems.length > 0);
  const { settingProblems, can } = session.snapshot;
  const values = { bytes: 64_000, limit: 32_000, crop: 32 };
  assert.deepEqual(settingProblems, [{ field: 'crop', code: 'setting-memory', values }]);
  assert.deepEqual([can.start, can.calibrate], [false, false]);
  session.set({ crop: 32 });
  await until(session, ({ can }) => can.start);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(session.snapshot.settingProblems, []);
  assert.ok(!workers[0].asked.includes('train-start'));
});
