/** Presets: what each sets, what is left to the person, and when settings are their own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESET_NAMES } from '../../www/train/plan/presets.js';
import { readySession } from './train-support/session.js';

test('a preset sets what the paper says for its kind, and leaves the rest as it was chosen', async () => {
  const { session } = await readySession();
  const { size } = session.snapshot.settings;
  /** @type {Record<string, [number, number]>} */
  const expected = {
    season: [0.5, size],
    painting: [0.5, 1.5 * size],
    object: [0, size / 2],
    enhancement: [0.5, size],
  };
  assert.deepEqual([...Object.keys(expected), 'own'], PRESET_NAMES);
  assert.equal(session.snapshot.preset, 'season');
  for (const [name, [identity, side]] of Object.entries(expected)) {
    session.usePreset(/** @type {any} */ (name));
    const { preset, settings, settingProblems } = session.snapshot;
    assert.equal(preset, name);
    assert.deepEqual([settings.lambdaIdentity, settings.size], [identity, side], name);
    assert.deepEqual([settings.crop, settings.length], [64, 20], 'these are the person’s');
    assert.deepEqual(settingProblems, []);
  }
});

test('a setting that goes with the preset, changed by hand, makes the settings one’s own', async () => {
  const { session } = await readySession();
  session.usePreset('object');
  session.set({ length: 40, seed: 3 });
  assert.equal(session.snapshot.preset, 'object', 'a longer run has the same purpose');
  session.set({ lambdaCycle: 20 });
  assert.equal(session.snapshot.preset, 'own');
  const { lambdaIdentity, size } = session.snapshot.settings;
  assert.equal(lambdaIdentity, 0, 'what was not changed stays');
  session.usePreset('own');
  assert.deepEqual(session.snapshot.settings.size, size);
  session.usePreset('season');
  const { preset, settings } = session.snapshot;
  assert.deepEqual([preset, settings.lambdaCycle, settings.lambdaIdentity], ['season', 10, 0.5]);
  assert.deepEqual([settings.length, settings.seed], [40, 3]);
});

test('the paper’s way is a choice, with its own size, and makes the settings one’s own', async () => {
  const { session } = await readySession();
  session.set({ preprocess: 'resize_and_crop' });
  const { preset, settings } = session.snapshot;
  assert.deepEqual([preset, settings.size], ['own', 72]);
});

test('a preset cannot be chosen while a run is under way', async () => {
  const { session } = await readySession();
  const running = session.start();
  session.usePreset('object');
  assert.equal(session.snapshot.preset, 'season');
  await running;
});
