/** Settings: what is proposed, what is refused, and what the engine is given. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  configOf,
  emaOf,
  polishOf,
  ratesConfig,
  stepsOf,
  warmUpOf,
} from '../../www/train/plan/config.js';
import {
  defaultSettings,
  lengthProblems,
  previewsOf,
  settingProblems,
  settingsWith,
} from '../../www/train/plan/settings.js';

const GPU = /** @type {const} */ ({ device: 'webgpu', fallback: false });
const CPU = /** @type {const} */ ({ device: 'cpu', fallback: false });
const SCRATCH = /** @type {const} */ ({ kind: 'scratch' });
const MODEL = /** @type {const} */ ({ kind: 'model', id: 'summer2winter' });

test('a processor, and a graphics card that is none, get small pictures, networks and runs', () => {
  const fast = defaultSettings(GPU, SCRATCH, null);
  for (const device of [CPU, { ...GPU, fallback: true }]) {
    const slow = defaultSettings(device, SCRATCH, null);
    for (const field of /** @type {const} */ (['crop', 'ngf', 'blocks', 'length'])) {
      assert.ok(slow[field] < fast[field], field);
    }
  }
  assert.deepEqual(settingProblems(fast), []);
  assert.deepEqual(settingProblems(defaultSettings(CPU, MODEL, null)), []);
});

test('what judges see is varied as chosen, and not unless it is', () => {
  const plain = defaultSettings(CPU, SCRATCH, null);
  const config = (/** @type {Partial<typeof plain>} */ chosen) =>
    configOf({ ...plain, ...chosen }, SCRATCH, CPU, 600).diff_augment;
  assert.equal(config({}), '');
  assert.equal(config({ augment: 'colorTranslation' }), 'color,translation');
  assert.equal(config({ augment: 'all' }), 'color,translation,cutout');
});

test('weights bring their own network', () => {
  const { ngf, blocks } = defaultSettings(CPU, MODEL, { ngf: 32, blocks: 9 });
  assert.deepEqual([ngf, blocks], [32, 9]);
});

test('the configuration has every name as the engine knows it, and the paper’s values', () => {
  const settings = { ...defaultSettings(GPU, MODEL, { ngf: 32, blocks: 9 }), crop: 256, seed: 5 };
  assert.deepEqual(configOf(settings, MODEL, GPU, 2000), {
    ngf: 32,
    blocks: 9,
    up: 'transpose',
    ndf: 64,
    lambda_A: 10,
    lambda_B: 10,
    lambda_identity: 0.5,
    gan_mode: 'lsgan',
    diff_augment: '',
    lr: 2e-5,
    lr_rule: 'paper',
    lr_unit: 'steps',
    lr_flat: 1000,
    lr_decay: 1000,
    seed: 5,
    preprocess: 'scale_and_crop',
    load_size: 512,
    crop_size: 256,
    zoom: 1.5,
    warm_up: 100,
    lr_ramp: 950,
    ema: 0.995,
    polish: 200,
  });
  assert.equal(configOf({ ...settings, ema: 'off' }, MODEL, GPU, 2000).ema, 0);
  // Weights bring their own way of enlarging.
  const smooth = /** @type {const} */ ({ ...settings, up: 'bilinear' });
  assert.equal(configOf(smooth, MODEL, GPU, 2000).up, 'transpose');
  assert.equal(configOf(smooth, SCRATCH, GPU, 2000).up, 'bilinear');
});

test('weights are averaged over a tenth of a run, by the engine’s own numbers', () => {
  // Those of `tests/train_config.rs`.
  const proposed = [
    [0, 0],
    [10, 0],
    [20, 0.5],
    [200, 0.95],
    [600, 1 - 1 / 60],
    [10_000, 0.999],
    [10_000_000, 0.999],
  ];
  for (const [steps, ema] of proposed) assert.equal(emaOf(steps), ema, `${steps} steps`);
});

test('the learning rate of generators rises over half of a short run, and over no more than the engine proposes', () => {
  const settings = defaultSettings(GPU, MODEL, { ngf: 32, blocks: 9 });
  const ramp = (/** @type {number} */ steps) => configOf(settings, MODEL, GPU, steps).lr_ramp;
  assert.deepEqual([ramp(200), ramp(2000), ramp(100_000)], [80, 950, 1000]);
});

test('an odd number of epochs loses none, and one epoch is a run', () => {
  for (const length of [1, 2, 7]) {
    const settings = {
      ...defaultSettings(GPU, SCRATCH, null),
      unit: /** @type {const} */ ('epochs'),
      length,
    };
    const { lr_flat: flat, lr_decay: decay } = configOf(settings, SCRATCH, GPU, 100);
    assert.equal(flat + decay, length);
    assert.ok(flat > 0);
  }
});

test('a photo size that was not chosen goes with the pieces, and one that is too small is told', () => {
  const proposed = defaultSettings(CPU, SCRATCH, null);
  for (const preprocess of /** @type {const} */ (['scale_and_crop', 'resize_and_crop'])) {
    for (let crop = 24; crop <= 1024; crop += 4) {
      const settings = settingsWith(proposed, { crop, preprocess });
      assert.deepEqual(settingProblems(settings), [], `${preprocess} ${crop}`);
    }
  }
  assert.equal(settingsWith(proposed, {}).size, 128);
  assert.equal(settingsWith(proposed, { crop: 320 }).size, 320);
  // PyTorch's proportion, which the page had for all pieces before.
  const before = settingsWith(proposed, { crop: 64, preprocess: 'resize_and_crop' });
  const { load_size: load, crop_size: crop } = configOf(before, SCRATCH, CPU, 10);
  assert.deepEqual([load, crop], [72, 64]);
  const small = settingsWith(proposed, { crop: 320, size: 300 });
  const [{ field, code, values }] = settingProblems(small);
  assert.deepEqual([field, code, values.least], ['size', 'setting-range', 320]);
  assert.deepEqual(settingProblems({ ...small, preprocess: 'crop' }), [], 'it has no size');
});

test('previews are at the scale that is learnt, within what a look may cost', () => {
  const side = (/** @type {any} */ settings, /** @type {boolean} */ slow) =>
    previewsOf(settings, slow).side;
  assert.equal(side({ size: 256, crop: 64 }, true), 256);
  assert.equal(side({ size: 512, crop: 128 }, false), 512);
  assert.equal(side({ size: 2048, crop: 64 }, true), 256);
  assert.equal(side({ size: 72, crop: 64 }, true), 192);
  assert.equal(side({ size: 1024, crop: 768 }, false), 768);
});

test('warm-up: a fifth of the run, at most 100, never all of it, none from scratch', () => {
  const settings = defaultSettings(GPU, MODEL, null);
  assert.equal(warmUpOf(settings, MODEL, 10_000), 100);
  assert.equal(warmUpOf(settings, MODEL, 200), 40);
  assert.equal(warmUpOf({ ...settings, warmUp: 500 }, MODEL, 200), 199);
  assert.equal(warmUpOf({ ...settings, warmUp: 0 }, MODEL, 200), 0);
  assert.equal(warmUpOf(settings, SCRATCH, 200), 0);
  assert.equal(polishOf(settings, SCRATCH, 2000), 0, 'bilinear upsampling leaves no grid');
  assert.equal(polishOf({ ...settings, up: 'transpose' }, SCRATCH, 2000), 200);
  assert.equal(polishOf(settings, MODEL, 20), 6);
  assert.equal(polishOf(settings, MODEL, 200), 60);
  assert.equal(polishOf(settings, MODEL, 2000), 200);
  assert.equal(polishOf(settings, MODEL, 50_000), 400);
  assert.equal(polishOf({ ...settings, polish: 0 }, MODEL, 200), 0);
});

test('no warm-up where both judges come with the weights, whose width is theirs', () => {
  const settings = defaultSettings(CPU, MODEL, null);
  const network = { ngf: 32, blocks: 9, ndf: 64 };
  const file = new File(['weights'], 'd.pth');
  const files = { kind: /** @type {const} */ ('files'), a: file, b: file, dA: file, dB: file };
  assert.equal(warmUpOf(settings, MODEL, 200, network), 0);
  assert.equal(configOf(settings, MODEL, CPU, 200, network).ndf, 64);
  assert.equal(configOf(settings, MODEL, CPU, 200, { ...network, ndf: null }).ndf, 32);
  assert.equal(warmUpOf(settings, files, 200), 0);
  assert.equal(warmUpOf(settings, { ...files, dB: null }, 200), 40);
  const run = { kind: /** @type {const} */ ('run'), id: 'any' };
  assert.equal(warmUpOf(settings, { ...run, judges: true }, 200), 0);
  assert.equal(warmUpOf(settings, { ...run, judges: false }, 200), 40);
});

test('epochs are passes through the larger set', () => {
  const settings = {
    ...defaultSettings(GPU, MODEL, null),
    unit: /** @type {const} */ ('epochs'),
    length: 3,
  };
  assert.equal(stepsOf(settings, 10, 40), 120);
  assert.equal(stepsOf({ ...settings, unit: 'steps' }, 10, 40), 3);
});

test('each value outside its range is named, with the range', () => {
  const good = defaultSettings(GPU, SCRATCH, null);
  const wrong = /** @type {const} */ ([
    ['size', 20, 'setting-range'],
    ['size', 4096, 'setting-range'],
    ['size', Number.NaN, 'setting-range'],
    ['preprocess', 'none', 'setting-choice'],
    ['crop', 20, 'setting-range'],
    ['crop', 2048, 'setting-range'],
    ['crop', 130, 'setting-multiple'],
    ['length', 0, 'setting-range'],
    ['length', 1.5, 'setting-range'],
    ['lr', 0, 'setting-range'],
    ['lr', Number.NaN, 'setting-range'],
    ['lambdaCycle', -1, 'setting-range'],
    ['ngf', 0, 'setting-range'],
    ['blocks', 33, 'setting-range'],
    ['warmUp', -1, 'setting-range'],
    ['polish', 0.5, 'setting-range'],
    ['seed', 2 ** 53, 'setting-range'],
    ['previewEvery', 0, 'setting-range'],
    ['rule', 'none', 'setting-choice'],
    ['ganMode', 'wgan', 'setting-choice'],
    ['ema', 'maybe', 'setting-choice'],
    ['augment', 'flip', 'setting-choice'],
  ]);
  for (const [field, value, code] of wrong) {
    const problems = settingProblems(/** @type {any} */ ({ ...good, [field]: value }));
    assert.deepEqual(
      problems.map((problem) => [problem.field, problem.code]),
      [[field, code]],
      `${field} ${value}`,
    );
    assert.equal(problems[0].values.field, field);
  }
});

test('what can change during a run has the engine’s names', () => {
  assert.deepEqual(ratesConfig({ lr: 1e-4, lambdaCycle: 5, lambdaIdentity: 0 }), {
    lr: 1e-4,
    lambda_A: 5,
    lambda_B: 5,
    lambda_identity: 0,
  });
});

test('a warm-up that leaves the generators nothing to learn is refused, in steps and in epochs', () => {
  const steps = { ...defaultSettings(CPU, MODEL, null), length: 200 };
  const epochs = { ...steps, unit: /** @type {const} */ ('epochs'), length: 2 };
  const most = (/** @type {any} */ settings, /** @type {any} */ start = MODEL) =>
    lengthProblems(settings, start, stepsOf(settings, 10, 12)).map(({ field, values }) => [
      field,
      values.most,
    ]);
  assert.deepEqual(most({ ...steps, warmUp: 199 }), []);
  assert.deepEqual(most({ ...steps, warmUp: 200 }), [['warmUp', 199]]);
  assert.deepEqual(most({ ...steps, warmUp: 200 }, SCRATCH), []);
  assert.deepEqual(most({ ...epochs, warmUp: 23 }), []);
  assert.deepEqual(most({ ...epochs, warmUp: 24 }), [['warmUp', 23]]);
  // The last step, or epoch, has the rate 0.
  assert.deepEqual(most({ ...steps, rule: 'pytorch', warmUp: 199 }), [['warmUp', 198]]);
  assert.deepEqual(most({ ...epochs, rule: 'pytorch', warmUp: 12 }), [['warmUp', 11]]);
  assert.equal(most({ ...epochs, rule: 'pytorch', length: 1 })[0]?.[0], 'length');
});
