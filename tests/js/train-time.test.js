/** How long training takes: the pace of its calls, what is left, and what is said before it begins. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CLASSIFIER_COST,
  costOf,
  polishCostOf,
  previewCostOf,
  warmUpCostOf,
} from '../../www/train/plan/cost.js';
import { calibrationOf } from '../../www/train/plan/estimate.js';
import { defaultSettings } from '../../www/train/plan/settings.js';
import { scoringShare } from '../../www/train/plan/time.js';
import { Forecast, Pace } from '../../www/train/run/forecast.js';

test('pace: half a second a call, growing carefully; one step on a processor', () => {
  const pace = new Pace(false);
  assert.equal(pace.steps, 1);
  pace.measured(1, 5); // compiles shaders
  assert.equal(pace.steps, 1);
  pace.measured(1, 0.05);
  assert.equal(pace.steps, 2);
  for (const _ of [1, 2, 3, 4]) pace.measured(pace.steps, pace.steps * 0.05);
  assert.equal(pace.steps, 10);
  pace.measured(10, 20); // something else took the device
  assert.equal(pace.steps, 1);
  const processor = new Pace(true);
  for (const _ of [1, 2, 3]) processor.measured(1, 0.001);
  assert.equal(processor.steps, 1);
});

const CPU = /** @type {const} */ ({ device: 'cpu', fallback: false });
const GPU = /** @type {const} */ ({ device: 'webgpu', fallback: false });
const SCRATCH = /** @type {const} */ ({ kind: 'scratch' });
const MODEL = /** @type {const} */ ({ kind: 'model', id: 'summer2winter' });
const memory = { linear: 1, deviceInUse: null, deviceReserved: null };
const SMALL = { crop: 64, ngf: 16, blocks: 3, ndf: 16, lambdaIdentity: 0.5 };

const settings = {
  ...defaultSettings(CPU, SCRATCH, null),
  up: /** @type {const} */ ('transpose'),
  size: 256,
  previewEvery: 50,
};
/** Nothing is saved and nothing is scored. */
const nothing = () => 0;
/** @param {Partial<Parameters<Forecast['left']>[0]>} given */
const at = (given) => ({ step: 0, total: 200, warmUp: 40, settings, seconds: 0, ...given });

test('the time left counts either kind of step by itself, and the pictures', () => {
  const forecast = new Forecast(null);
  forecast.restarted(0.25);
  assert.equal(forecast.left(at({}), nothing), null);
  forecast.looked(3);
  forecast.stepped('warmUp', 1, 30); // compiles shaders
  assert.equal(forecast.each('warmUp'), null);
  forecast.stepped('warmUp', 4, 4);
  // Of the steps to come only their cost beside the short ones is known: 4 s each.
  assert.equal(forecast.left(at({ step: 5 }), nothing), 35 * 1 + 160 * 4 + 4 * 3);
  forecast.stepped('full', 1, 90);
  forecast.stepped('full', 2, 10);
  assert.equal(forecast.left(at({ step: 60 }), nothing), 140 * 5 + 3 * 3);
  assert.equal(forecast.left(at({ step: 200 }), nothing), 0);
  assert.equal(
    forecast.left(at({ step: 60 }), () => 0.1),
    140 * 5 * 1.1 + 3 * 3,
  );
});

test('the polish at the end is another kind of step', () => {
  const forecast = new Forecast(2);
  forecast.restarted(0.25, 3);
  const run = { total: 220, polish: 20, warmUp: 0 };
  assert.equal(forecast.left(at({ ...run, step: 0 }), nothing), 200 * 2 + 20 * 6);
  forecast.stepped('polish', 1, 60);
  forecast.stepped('polish', 1, 5);
  assert.equal(forecast.left(at({ ...run, step: 202 }), nothing), 18 * 5);
  // Of a run that was opened again in its polish nothing else is known.
  const again = new Forecast(null);
  again.restarted(0.25, 3);
  assert.equal(again.left(at({ ...run, step: 210 }), nothing), null);
});

test('what was measured before the run counts until the run has measured itself', () => {
  const forecast = new Forecast(8);
  forecast.restarted(0.25);
  assert.equal(forecast.left(at({}), nothing), 40 * 2 + 160 * 8);
  forecast.stepped('warmUp', 1, 9);
  forecast.stepped('warmUp', 1, 1);
  assert.equal(forecast.left(at({ step: 2 }), nothing), 38 * 1 + 160 * 8);
});

test('a computer that slept, or was busy for a while, does not change what is said', () => {
  const forecast = new Forecast(null);
  forecast.restarted(1);
  forecast.stepped('full', 1, 5);
  for (const _ of Array(6)) forecast.stepped('full', 1, 2);
  const before = forecast.left(at({ step: 100 }), nothing);
  forecast.stepped('full', 1, 36_000); // ten hours with the lid closed
  forecast.looked(0.5);
  forecast.looked(36_000);
  assert.equal(forecast.each('full'), 2);
  assert.equal(forecast.left(at({ step: 100 }), nothing), (before ?? 0) + 2 * 0.5);
  assert.equal(forecast.awake('full', 36_000), 2, 'nor what was spent on it');
  assert.equal(forecast.awake('full', 30), 30, 'a slow step is one');
  assert.equal(forecast.awake('warmUp', 36_000), 36_000, 'what is unknown cannot be unlikely');
});

/** @param {Partial<Parameters<typeof calibrationOf>[0]>} given */
const calibrate = (given) => {
  const chosen = given.settings ?? defaultSettings(given.device ?? CPU, SCRATCH, null);
  const { crop, ngf, blocks, lambdaIdentity } = chosen;
  return calibrationOf({
    settings: chosen,
    size: { crop, ngf, blocks, ndf: ngf, lambdaIdentity },
    start: SCRATCH,
    device: CPU,
    photosA: 20,
    photosB: 20,
    previews: 4,
    scored: 4,
    seconds: { warmUp: [], full: [1, 1] },
    memory,
    ...given,
  });
};

test('calibration: the median of the warm steps, and the whole run from it', () => {
  const chosen = { ...settings, length: 60 };
  const { secondsPerStep, firstStep, steps, seconds, feasible, proposal } = calibrate({
    settings: chosen,
    seconds: { warmUp: [], full: [9, 2, 2, 40] },
  });
  assert.equal(secondsPerStep, 2);
  assert.equal(firstStep, 9);
  assert.equal(steps, 80, 'with a third of polish');
  const look = 4 * 2 * (previewCostOf(SMALL, 256) / costOf(SMALL));
  const polish = 20 * 2 * (polishCostOf(SMALL) / costOf(SMALL));
  assert.ok(Math.abs(seconds - (7 + 2 * 60 + polish + 1.6 * look)) < 1e-9, `${seconds}`);
  assert.ok(feasible);
  assert.equal(proposal, null);
});

test('calibration: the warm-up is measured too, and counted for what it takes', () => {
  const chosen = { ...settings, length: 500, warmUp: 100, polish: 0, previewEvery: 1000 };
  const { seconds, secondsPerStep } = calibrate({
    settings: chosen,
    start: MODEL,
    device: GPU,
    seconds: { warmUp: [4, 0.25], full: [6, 1, 1, 1] },
  });
  assert.equal(secondsPerStep, 1);
  const trained = 100 * 0.25 + 400 * 1;
  const cold = 3.75 + 5;
  const pictures = 0.5 * 4 * (previewCostOf(SMALL, 256) / costOf(SMALL));
  const bar = (CLASSIFIER_COST + 2 * 4 * previewCostOf(SMALL, 256)) / costOf(SMALL);
  const expected = cold + trained * (1 + scoringShare(trained, false, true)) + pictures + bar;
  // 32 channels instead of 16: the pictures cost a little more beside a step.
  assert.ok(Math.abs(seconds - expected) < 2, `${seconds} instead of ${expected}`);
  const without = calibrate({
    settings: { ...chosen, warmUp: 0 },
    start: MODEL,
    device: GPU,
    seconds: { warmUp: [], full: [6, 1, 1, 1] },
  });
  assert.ok(without.seconds > seconds + 60, 'whole steps take longer');
});

test('too slow: what is proposed ends in time, and is smaller', () => {
  const chosen = { ...defaultSettings(CPU, SCRATCH, null), crop: 256, ngf: 64, blocks: 9 };
  const seconds = { warmUp: [], full: [80, 60] };
  const { feasible, proposal } = calibrate({ settings: chosen, seconds });
  assert.equal(feasible, false);
  assert.equal(proposal?.why, 'slow');
  assert.ok((proposal?.seconds ?? 1e9) <= 1800);
  assert.ok((proposal?.settings.crop ?? 256) < 256);
  const fixed = calibrate({ settings: chosen, seconds, start: MODEL });
  assert.equal(fixed.proposal?.settings.ngf, undefined, 'weights bring their network');
  assert.equal(fixed.proposal?.settings.unit, undefined);
  assert.ok((fixed.proposal?.settings.length ?? 600) < 600, 'fewer steps instead');
});

test('a fast graphics card is offered larger pictures, a processor never', () => {
  const { proposal } = calibrate({ device: GPU, seconds: { warmUp: [], full: [1, 0.02, 0.02] } });
  assert.equal(proposal?.why, 'fast');
  assert.equal(proposal?.settings.crop, 256);
  assert.ok((proposal?.secondsPerStep ?? 0) > 0.02);
  const quick = { device: GPU, seconds: { warmUp: [], full: [1, 0.02, 0.02] } };
  const small = calibrate({ ...quick, settings: { ...settings, size: 200 } });
  assert.equal(small.proposal?.settings.crop, 192, 'no larger than the photos');
  assert.equal(calibrate({ seconds: { warmUp: [], full: [0.01, 0.01] } }).proposal, null);
});

test('four times the pixels cost four times as much; a warm-up and no identity loss cost less', () => {
  assert.equal(costOf({ ...SMALL, crop: 128 }), 4 * costOf(SMALL));
  assert.ok(costOf({ ...SMALL, lambdaIdentity: 0 }) < costOf(SMALL));
  assert.ok(warmUpCostOf(SMALL) < costOf(SMALL));
  // The larger the generators, the less their discriminators matter.
  const large = { ...SMALL, ngf: 64, blocks: 9 };
  assert.ok(warmUpCostOf(large) / costOf(large) < warmUpCostOf(SMALL) / costOf(SMALL));
});
