/**
 * The settings of a run: what is proposed for a device, what a value may be, and how they become the
 * engine's configuration, whose names are PyTorch's (`src/train/config/json.rs`).
 */
/** @typedef {import('./types.js').Settings} Settings */
/** @typedef {import('./types.js').StartChoice} StartChoice */
/** @typedef {import('./types.js').SettingProblem} SettingProblem */
/** @typedef {{ device: 'webgpu' | 'cpu', fallback: boolean }} Device */
/** @typedef {{ ngf: number, blocks: number }} Network */

/** Longest side of a preview, and how many photos of each folder: what a look may cost. */
const PREVIEW = { slow: { side: 192, photos: 1 }, graphics: { side: 256, photos: 2 } };
/** Steps of warm-up at most, and the part of a run that it is at most. */
const WARM_UP = { steps: 100, part: 5 };
/** Steps in which the generators' learning rate rises, at most: what the engine proposes. */
const LONGEST_RAMP = 1000;
/** PyTorch resizes to 286 pixels before it crops 256. */
const LOAD_RATIO = 286 / 256;
/** The longest run, in steps: the engine's own limit is far higher, but no page lives so long. */
const MOST_STEPS = 10_000_000;

/** Least and most of each number, both allowed. */
const RANGES = /** @type {const} */ ({
  crop: [24, 1024],
  length: [1, MOST_STEPS],
  lr: [1e-7, 0.1],
  lambdaCycle: [0, 1000],
  lambdaIdentity: [0, 1000],
  ngf: [1, 256],
  blocks: [0, 32],
  warmUp: [0, MOST_STEPS],
  seed: [0, Number.MAX_SAFE_INTEGER],
  previewEvery: [1, MOST_STEPS],
});
/** The other numbers are whole. */
const FRACTIONS = new Set(['lr', 'lambdaCycle', 'lambdaIdentity']);
const CHOICES = /** @type {const} */ ({
  unit: ['steps', 'epochs'],
  rule: ['paper', 'pytorch'],
  ganMode: ['lsgan', 'vanilla'],
});

/** What all devices have in common: the paper's values. */
const COMMON = /** @type {const} */ ({
  unit: 'steps',
  lr: 2e-4,
  rule: 'paper',
  lambdaCycle: 10,
  lambdaIdentity: 0.5,
  ganMode: 'lsgan',
  warmUp: null,
  seed: 0,
});

/**
 * A processor, or a graphics card that is emulated by one.
 * @param {Device | null} device null: not known yet
 */
export function isSlow(device) {
  return device !== null && (device.device === 'cpu' || device.fallback);
}

/**
 * What is proposed before anything was measured. Weights bring their own network, so that only pictures
 * and length can be small; from scratch the network is small too.
 *
 * @param {Device | null} device
 * @param {StartChoice} start
 * @param {Network | null} network of the weights to start from, where it is known
 * @returns {Settings}
 */
export function defaultSettings(device, start, network) {
  const slow = isSlow(device);
  const scratch = start.kind === 'scratch';
  const length = slow ? { scratch: 600, weights: 200 } : { scratch: 4000, weights: 2000 };
  return {
    ...COMMON,
    crop: slow ? 64 : 128,
    length: scratch ? length.scratch : length.weights,
    ngf: network?.ngf ?? (slow ? 16 : 32),
    blocks: network?.blocks ?? (slow ? 3 : 6),
    previewEvery: slow ? 20 : 100,
  };
}

/**
 * What is previewed: photos of each folder, and their longest side in pixels. They are shown whole, and
 * never smaller than what is learnt from: on few pixels generators make little but noise.
 *
 * @param {number} crop
 * @param {boolean} slow
 */
export function previewsOf(crop, slow) {
  const { side, photos } = slow ? PREVIEW.slow : PREVIEW.graphics;
  return { side: Math.max(crop, side), photos };
}

/**
 * @param {Settings} settings
 * @returns {SettingProblem[]} empty: they can be used
 */
export function settingProblems(settings) {
  /** @type {SettingProblem[]} */
  const problems = [];
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const field = /** @type {keyof typeof RANGES} */ (name);
    const value = settings[field];
    if (value === null && field === 'warmUp') continue;
    const whole = FRACTIONS.has(field) || Number.isInteger(value);
    if (typeof value === 'number' && whole && value >= least && value <= most) continue;
    problems.push({ field, code: 'setting-range', values: { field, least, most } });
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    const field = /** @type {keyof typeof CHOICES} */ (name);
    if (/** @type {readonly string[]} */ (choices).includes(settings[field])) continue;
    problems.push({
      field,
      code: 'setting-choice',
      values: { field, choices: choices.join(', ') },
    });
  }
  if (Number.isInteger(settings.crop) && settings.crop % 4 !== 0) {
    problems.push({ field: 'crop', code: 'setting-multiple', values: { field: 'crop', of: 4 } });
  }
  return problems;
}

/**
 * What is wrong with the length of a run: its generators must learn in at least one step. By PyTorch's
 * rule the last epoch or step has the rate 0.
 *
 * @param {Settings} settings without problems of their own
 * @param {StartChoice} start
 * @param {number} steps of the run
 * @returns {SettingProblem[]}
 */
export function lengthProblems(settings, start, steps) {
  const { length, unit, rule, warmUp } = settings;
  const idle = rule === 'paper' ? 0 : unit === 'steps' ? 1 : steps / length;
  const most = steps - idle - 1;
  const problem = (
    /** @type {keyof Settings} */ field,
    /** @type {number[]} */ [least, largest],
  ) => [{ field, code: 'setting-range', values: { field, least, most: largest } }];
  if (most < 0) return problem('length', [2, MOST_STEPS]);
  const late = start.kind !== 'scratch' && warmUp !== null && warmUp > most;
  return late ? problem('warmUp', [0, most]) : [];
}

/**
 * What is wrong with the weights to start from: without a file they would silently be none at all.
 *
 * @param {StartChoice} start
 * @returns {SettingProblem[]}
 */
export function startProblems(start) {
  const none = start.kind === 'files' && !start.a && !start.b;
  return none ? [{ field: 'start', code: 'start-no-file', values: {} }] : [];
}

/**
 * What is wrong with the size of a run: the device must hold it.
 *
 * @param {Settings} settings
 * @param {import('../protocol.js').TrainNeed | null} need of these settings, where it is known
 * @returns {SettingProblem[]}
 */
export function memoryProblems(settings, need) {
  if (need === null || need.crop === settings.crop) return [];
  const { bytes, limit, crop } = need;
  const known = { field: /** @type {const} */ ('crop'), values: { bytes, limit } };
  return crop === null
    ? [{ ...known, code: 'setting-memory-never' }]
    : [{ ...known, code: 'setting-memory', values: { ...known.values, crop } }];
}

/**
 * Steps of the whole run.
 *
 * @param {Settings} settings
 * @param {number} photosA trained on
 * @param {number} photosB
 */
export function stepsOf(settings, photosA, photosB) {
  return settings.unit === 'steps'
    ? settings.length
    : settings.length * Math.max(photosA, photosB, 1);
}

/**
 * Steps of warm-up: always fewer than the run has, and none from scratch, where both networks begin alike.
 *
 * @param {Settings} settings
 * @param {StartChoice} start
 * @param {number} steps of the run
 */
export function warmUpOf(settings, start, steps) {
  if (start.kind === 'scratch') return 0;
  const proposed = Math.min(WARM_UP.steps, Math.floor(steps / WARM_UP.part));
  return Math.min(settings.warmUp ?? proposed, steps - 1);
}

/**
 * Steps in which the generators' learning rate rises behind the warm-up, so that they do not forget at once
 * what they know: the engine's own default, and in a short run half of what is left, or it would learn little. The
 * engine leaves out both where nothing was known.
 *
 * @param {number} warmUp
 * @param {number} steps of the run
 */
export function rampOf(warmUp, steps) {
  return Math.min(LONGEST_RAMP, Math.floor((steps - warmUp) / 2));
}

/**
 * The engine's configuration.
 *
 * @param {Settings} settings without problems
 * @param {StartChoice} start
 * @param {Device} device
 * @param {number} steps of the run
 */
export function configOf(settings, start, device, steps) {
  const flat = Math.ceil(settings.length / 2);
  const scratch = start.kind === 'scratch';
  const warmUp = warmUpOf(settings, start, steps);
  return {
    ngf: settings.ngf,
    blocks: settings.blocks,
    ndf: scratch ? settings.ngf : isSlow(device) ? 32 : 64,
    lambda_A: settings.lambdaCycle,
    lambda_B: settings.lambdaCycle,
    lambda_identity: settings.lambdaIdentity,
    gan_mode: settings.ganMode,
    lr: settings.lr,
    lr_rule: settings.rule,
    lr_unit: settings.unit,
    lr_flat: flat,
    lr_decay: settings.length - flat,
    seed: settings.seed,
    preprocess: 'resize_and_crop',
    load_size: Math.round(settings.crop * LOAD_RATIO),
    crop_size: settings.crop,
    warm_up: warmUp,
    lr_ramp: rampOf(warmUp, steps),
  };
}

/**
 * What can be changed while a run is under way, as the engine names it.
 * @param {import('./types.js').Rates} rates
 */
export function ratesConfig({ lr, lambdaCycle, lambdaIdentity }) {
  return {
    lr,
    lambda_A: lambdaCycle,
    lambda_B: lambdaCycle,
    lambda_identity: lambdaIdentity,
  };
}
