/** The settings of a run: what is proposed for a device, and what a value may be. */
import { isSlow } from '../../page/support.js';
import { warmsUp } from './config.js';

/** @import { Network, SettingProblem, Settings, StartChoice, TrainNeed } from './types.js' */

/** Longest side of a preview, at least and at most, and how many photos of each folder: what a look may cost. */
const PREVIEW = {
  slow: { least: 192, most: 256, photos: 1 },
  graphics: { least: 256, most: 512, photos: 2 },
};
/** PyTorch resizes to 286 pixels before it crops 256. */
const LOAD_RATIO = 286 / 256;
/** The longest run, in steps: the engine's own limit is far higher, but no page lives so long. */
const MOST_STEPS = 10_000_000;

/** Least and most of each number, both allowed. */
const RANGES = /** @type {const} */ ({
  size: [24, 2048],
  crop: [24, 1024],
  length: [1, MOST_STEPS],
  lr: [1e-7, 0.1],
  lambdaCycle: [0, 1000],
  lambdaIdentity: [0, 1000],
  ngf: [1, 256],
  blocks: [0, 32],
  warmUp: [0, MOST_STEPS],
  polish: [0, MOST_STEPS],
  seed: [0, Number.MAX_SAFE_INTEGER],
  previewEvery: [1, MOST_STEPS],
});
/** The other numbers are whole. */
const FRACTIONS = new Set(['lr', 'lambdaCycle', 'lambdaIdentity']);
/** What is chosen where nothing was entered. @type {Set<keyof Settings>} */
export const CHOSEN = new Set(['warmUp', 'polish']);
/** What can be chosen, in the order in which it is offered. */
export const CHOICES = /** @type {const} */ ({
  preprocess: ['scale_and_crop', 'resize_and_crop', 'scale_width_and_crop', 'crop'],
  unit: ['steps', 'epochs'],
  ema: ['on', 'off'],
  rule: ['paper', 'pytorch'],
  ganMode: ['lsgan', 'vanilla'],
  augment: ['none', 'colorTranslation', 'all'],
  up: ['transpose', 'bilinear'],
});

/** Sides of a training picture that are proposed, the largest first. */
export const CROPS = [256, 192, 128, 96, 64, 48, 32];

/**
 * The learning rate for weights that are given, the engine's own (`src/train/config.rs`, which has the reasons).
 * From scratch it is the paper's.
 */
const FINE_TUNING_RATE = 2e-5;

/**
 * Photos and pieces in pixels, and steps. Photos are about as large as Translate uses them: with the zoom, those of
 * 3 : 2 at 256 to 512 pixels, or at 512 to 1024. Pieces are as large as there is time for: on smaller ones instance
 * normalisation sees other statistics than on whole photos, and borders are everywhere, so weights that know whole
 * photos forget them. What a processor learns from scratch within minutes is told by how much of a photo it sees at
 * once, and by how many steps there are: measured at 64 out of 128, 64 out of 256 and 128 out of 256 pixels, each for
 * a minute, the first was nearest to the photo on the way back, also of photos of 256.
 */
const SIZES = {
  slow: {
    scratch: { size: 128, crop: 64, length: 2000 },
    weights: { size: 256, crop: 128, length: 200 },
  },
  graphics: {
    scratch: { size: 512, crop: 192, length: 4000 },
    weights: { size: 512, crop: 192, length: 2000 },
  },
};

/**
 * What all devices have in common: the paper's values, except that weights are averaged, and that a small network
 * upsamples without a grid, which it would not get rid of in so short a run.
 */
const COMMON = /** @type {const} */ ({
  preprocess: 'scale_and_crop',
  unit: 'steps',
  lr: 2e-4,
  rule: 'paper',
  lambdaCycle: 10,
  lambdaIdentity: 0.5,
  ganMode: 'lsgan',
  ema: 'on',
  // Measured with 20 and with 48 photos: docs/command-line.md, "Few photos".
  augment: 'none',
  up: 'bilinear',
  warmUp: null,
  polish: null,
  seed: 0,
});

/**
 * What is proposed before anything was measured. Weights bring their own network, so that only pictures
 * and length can be small; from scratch the network is small too.
 *
 * @param {import('../../page/support.js').Device | null} device
 * @param {StartChoice} start
 * @param {Network | null} [network] of the weights to start from, where it is known
 * @returns {Settings}
 */
export function defaultSettings(device, start, network) {
  const slow = isSlow(device);
  const scratch = start.kind === 'scratch';
  return {
    ...COMMON,
    ...SIZES[slow ? 'slow' : 'graphics'][scratch ? 'scratch' : 'weights'],
    lr: scratch ? COMMON.lr : FINE_TUNING_RATE,
    ngf: network?.ngf ?? (slow ? 16 : 32),
    blocks: network?.blocks ?? (slow ? 3 : 6),
    previewEvery: slow ? 20 : 100,
  };
}

/**
 * What was chosen in the place of what is proposed. A photo size that was not chosen goes with the piece size: photos
 * are never smaller than the pieces, and in PyTorch's ways, whose networks know no other scale, hardly larger.
 *
 * @param {Settings} proposed
 * @param {Partial<Settings>} chosen
 * @returns {Settings}
 */
export function settingsWith(proposed, chosen) {
  const settings = { ...proposed, ...chosen };
  const { crop, preprocess } = settings;
  if (chosen.size !== undefined || Number.isNaN(crop)) return settings;
  const size =
    preprocess === 'scale_and_crop' ? Math.max(settings.size, crop) : Math.round(crop * LOAD_RATIO);
  return { ...settings, size };
}

/**
 * What is previewed: photos of each folder, and their longest side in pixels. They are shown whole, at about the
 * scale that is learnt from, and never smaller than its pieces: on few pixels generators make little but noise.
 *
 * @param {Pick<Settings, 'size' | 'crop'>} settings
 * @param {boolean} slow
 */
export function previewsOf({ size, crop }, slow) {
  const { least, most, photos } = slow ? PREVIEW.slow : PREVIEW.graphics;
  return { side: Math.max(crop, least, Math.min(size, most)), photos };
}

/** @param {keyof Settings} field @param {string} code @param {SettingProblem['values']} values @returns {SettingProblem} */
const problem = (field, code, values) => ({ field, code, values: { field, ...values } });

/** @param {Settings} settings @returns {SettingProblem[]} empty: they can be used */
export function settingProblems(settings) {
  /** @type {SettingProblem[]} */
  const problems = [];
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const field = /** @type {keyof typeof RANGES} */ (name);
    const value = settings[field];
    if ((value ?? null) === null && CHOSEN.has(field)) continue;
    const whole = FRACTIONS.has(field) || Number.isInteger(value);
    if (typeof value === 'number' && whole && value >= least && value <= most) continue;
    problems.push(problem(field, 'setting-range', { least, most }));
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    const field = /** @type {keyof typeof CHOICES} */ (name);
    if (/** @type {readonly string[]} */ (choices).includes(settings[field])) continue;
    problems.push(problem(field, 'setting-choice', { choices: choices.join(', ') }));
  }
  const { size, crop, preprocess } = settings;
  if (Number.isInteger(crop) && crop % 4 !== 0) {
    problems.push(problem('crop', 'setting-multiple', { of: 4 }));
  }
  if (problems.length === 0 && preprocess !== 'crop' && size < crop) {
    problems.push(problem('size', 'setting-range', { least: crop, most: RANGES.size[1] }));
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
 * @param {Network | null} [network] of the weights to start from, where it is known
 * @returns {SettingProblem[]}
 */
export function lengthProblems(settings, start, steps, network = null) {
  const { length, unit, rule, warmUp } = settings;
  const idle = rule === 'paper' ? 0 : unit === 'steps' ? 1 : steps / length;
  const most = steps - idle - 1;
  if (most < 0) return [problem('length', 'setting-range', { least: 2, most: MOST_STEPS })];
  const late = warmsUp(start, network) && warmUp !== null && warmUp > most;
  return late ? [problem('warmUp', 'setting-range', { least: 0, most })] : [];
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
 * @param {TrainNeed | null} need of these settings, where it is known
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
 * The next smaller side of a training picture; the same when there is none.
 * @param {number} crop
 */
export function smallerCrop(crop) {
  return CROPS.find((side) => side < crop) ?? crop;
}
