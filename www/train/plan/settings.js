/** The settings of a run: defaults for a device, and valid values. */
import { isSlow } from '../../page/support.js';
import { warmsUp } from './config.js';

/** @import { TrainNeed } from '../../pkg/cyclegan_web.js' */
/** @import { Network, SettingProblem, Settings, StartChoice } from './types.js' */

/** Minimum and maximum longest side of a preview, and how many photos of each folder: what a preview may cost. */
const PREVIEW = {
  slow: { least: 192, most: 256, photos: 1 },
  graphics: { least: 256, most: 512, photos: 2 },
};
/** PyTorch resizes to 286 pixels before cropping to 256. */
const LOAD_RATIO = 286 / 256;
/** The longest run, in steps: the engine's own limit is far higher, but no page stays open that long. */
const MOST_STEPS = 10_000_000;

/** Minimum and maximum of each number, inclusive. */
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
/** Settings that default to a computed value if nothing was entered. @type {Set<keyof Settings>} */
export const CHOSEN = new Set(['warmUp', 'polish']);
/** The choices of each setting, in the order of its list. */
export const CHOICES = /** @type {const} */ ({
  preprocess: ['scale_and_crop', 'resize_and_crop', 'scale_width_and_crop', 'crop'],
  unit: ['steps', 'epochs'],
  ema: ['on', 'off'],
  rule: ['paper', 'pytorch'],
  ganMode: ['lsgan', 'vanilla'],
  augment: ['none', 'colorTranslation', 'all'],
  up: ['transpose', 'bilinear'],
});

/** Proposed sides of a training picture, largest first. */
export const CROPS = [256, 192, 128, 96, 64, 48, 32];

/**
 * The learning rate for given weights, the engine's own (`src/train/config/mod.rs`, which explains it). From
 * scratch it is the paper's.
 */
const FINE_TUNING_RATE = 2e-5;

/**
 * Photo and crop sizes in pixels, and steps. Photos are about as large as Translate uses them: with the zoom,
 * the range of 3 : 2 photos at 256 to 512 pixels, or at 512 to 1024. Crops are as large as time allows: on
 * smaller ones instance normalisation sees other statistics than on whole photos, and borders are everywhere,
 * so weights trained on whole photos forget them. What a processor learns from scratch within minutes depends
 * on how much of a photo it sees at once, and on the number of steps. Of 64 out of 128, 64 out of 256 and 128
 * out of 256 pixels, each trained for a minute, the first had the best round trips, even for photos of 256.
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
 * The settings shared by all devices: the paper's values, except that weights are averaged, and that a small
 * network upsamples without a grid, which it could not unlearn in so short a run.
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
  // Measured with 20 and with 48 photos: docs/measurements.md, "Few photos".
  augment: 'none',
  up: 'bilinear',
  warmUp: null,
  polish: null,
  seed: 0,
});

/**
 * The defaults before any measurement. Given weights determine the network, so only pictures and length can
 * be small; from scratch the network is small too.
 * @param {import('../../page/support.js').Device | null} device
 * @param {StartChoice} start
 * @param {Network | null} [network] of the initial weights, if known
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
 * The defaults overridden by choices. A photo size that was not chosen depends on the crop size: photos are
 * never smaller than the crops and, in PyTorch's modes, whose networks know no other scale, hardly larger.
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
 * What to preview: the number of photos of each folder, and their longest side in pixels. They are shown
 * whole, at about the scale of training, and never smaller than its crops: on few pixels generators produce
 * little but noise.
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
 * Problems with the length of a run: its generators must be trained in at least one step. By PyTorch's rule
 * the last epoch or step has the rate 0.
 * @param {Settings} settings without problems of their own
 * @param {StartChoice} start
 * @param {number} steps of the run
 * @param {Network | null} [network] of the initial weights, if known
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
 * Problems with the initial weights: without a file they would silently be absent.
 * @param {StartChoice} start
 * @returns {SettingProblem[]}
 */
export function startProblems(start) {
  const none = start.kind === 'files' && !start.a && !start.b;
  return none ? [{ field: 'start', code: 'start-no-file', values: {} }] : [];
}

/**
 * Problems with the memory of a run: it must fit on the device.
 * @param {Settings} settings
 * @param {TrainNeed | null} need of these settings, if known
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

/** The next smaller side of a training picture; the same if there is none. @param {number} crop */
export function smallerCrop(crop) {
  return CROPS.find((side) => side < crop) ?? crop;
}
