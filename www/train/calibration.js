/**
 * From a few measured steps to an honest estimate of the whole run, and to settings that fit the device.
 *
 * What is not measured is scaled by the arithmetic of the generator (paper, appendix 7.2), which is nearly
 * all of a step.
 */
import { CROPS, smallerCrop } from './restarts.js';
import { isSlow, stepsOf } from './settings.js';

/** @typedef {import('./types.js').Settings} Settings */
/** @typedef {import('./types.js').Proposal} Proposal */
/** @typedef {import('./types.js').Calibration} Calibration */

/** Seconds of a run that are too many, and those that a proposal aims at. */
const LIMITS = {
  slow: { most: 3600, aim: 1800 },
  graphics: { most: 12 * 3600, aim: 4 * 3600 },
};
/** A graphics card that does the run on the largest pictures within this many seconds may as well. */
const FAST = 2 * 3600;
/** Networks that are proposed from scratch, the best first: channels and blocks. */
const NETWORKS = /** @type {const} */ ([
  [64, 9],
  [64, 6],
  [32, 6],
  [16, 3],
  [8, 3],
]);
/** Fewer steps than this teach nothing that can be seen. */
const FEWEST_STEPS = 100;
/** The part of a step that does not shrink with its pictures: launches, the optimiser. */
const FIXED = 0.1;
/** A translation there and back, in steps: 2 of the 6 passes forward, and none of the way back. */
const PREVIEW = 1 / 8;

/**
 * Multiplications of one pass through a generator.
 * @param {Pick<Settings, 'crop' | 'ngf' | 'blocks'>} settings
 */
export function costOf({ crop, ngf, blocks }) {
  return crop * crop * (294 * ngf + 18 * ngf * ngf * (blocks + 1));
}

/**
 * @param {number} measured seconds of a step
 * @param {Settings} from the settings that were measured
 * @param {Pick<Settings, 'crop' | 'ngf' | 'blocks'>} to
 */
function scaled(measured, from, to) {
  return measured * (FIXED + (1 - FIXED) * (costOf(to) / costOf(from)));
}

/**
 * @typedef {object} Measured
 * @property {Settings} settings
 * @property {boolean} scratch the network's size can be chosen
 * @property {{ device: 'webgpu' | 'cpu', fallback: boolean }} device
 * @property {number} photosA trained on
 * @property {number} photosB
 * @property {number} previews photos in a preview
 * @property {number[]} seconds of each step, in order: the first compiles shaders
 * @property {import('./types.js').Memory} memory
 */

/**
 * @param {Measured} measured at least one step
 * @returns {Calibration}
 */
export function calibrationOf(measured) {
  const { settings, photosA, photosB, device, memory } = measured;
  const [firstStep, ...later] = measured.seconds;
  const secondsPerStep = later.length > 0 ? median(later) : firstStep;
  const steps = stepsOf(settings, photosA, photosB);
  const seconds = firstStep + runSeconds(measured, secondsPerStep, settings);
  const limit = isSlow(device) ? LIMITS.slow : LIMITS.graphics;
  const feasible = seconds <= limit.most;
  const proposal = feasible
    ? faster(measured, secondsPerStep)
    : slower(measured, secondsPerStep, limit.aim);
  const count = measured.seconds.length;
  return { secondsPerStep, measured: count, firstStep, memory, steps, seconds, feasible, proposal };
}

/**
 * What to try when the device ran out of memory.
 * @param {Settings} settings
 * @returns {Proposal | null} null: nothing smaller is left
 */
export function smallerProposal(settings) {
  const crop = smallerCrop(settings.crop);
  if (crop === settings.crop) return null;
  return { why: 'memory', settings: { crop }, seconds: null, secondsPerStep: null };
}

/** @param {Measured} measured @param {number} each seconds of a step @param {Settings} settings */
function runSeconds({ photosA, photosB, previews }, each, settings) {
  const steps = stepsOf(settings, photosA, photosB);
  return each * (steps + (steps / settings.previewEvery) * previews * PREVIEW);
}

/**
 * The best that ends in time: first smaller pictures, then a smaller network, then fewer steps.
 *
 * @param {Measured} measured
 * @param {number} each seconds of a step
 * @param {number} aim seconds
 * @returns {Proposal | null}
 */
function slower(measured, each, aim) {
  const { settings, scratch } = measured;
  const crops = [settings.crop, ...CROPS.filter((side) => side < settings.crop && side >= 64)];
  const networks = NETWORKS.filter(
    ([ngf, blocks]) => scratch && costOf({ ...settings, ngf, blocks }) < costOf(settings),
  );
  let best = settings;
  for (const [ngf, blocks] of [[settings.ngf, settings.blocks], ...networks]) {
    for (const crop of crops) {
      best = { ...settings, crop, ngf, blocks };
      if (runSeconds(measured, scaled(each, settings, best), best) <= aim) {
        return proposalOf('slow', measured, each, best);
      }
    }
  }
  const step = runSeconds(measured, scaled(each, settings, best), best) / stepsIn(measured);
  const affordable = Math.floor(aim / step / 50) * 50;
  const length = Math.min(stepsIn(measured), Math.max(FEWEST_STEPS, affordable));
  return proposalOf('slow', measured, each, { ...best, unit: 'steps', length });
}

/** @param {Measured} measured */
function stepsIn({ settings, photosA, photosB }) {
  return stepsOf(settings, photosA, photosB);
}

/** @param {Measured} measured @param {number} each @returns {Proposal | null} */
function faster(measured, each) {
  if (isSlow(measured.device)) return null;
  const { settings } = measured;
  const crop = CROPS.find(
    (side) =>
      side > settings.crop &&
      runSeconds(measured, scaled(each, settings, { ...settings, crop: side }), settings) <= FAST,
  );
  return crop ? proposalOf('fast', measured, each, { ...settings, crop }) : null;
}

/**
 * @param {Proposal['why']} why
 * @param {Measured} measured
 * @param {number} each
 * @param {Settings} settings
 * @returns {Proposal | null} null: nothing would change
 */
function proposalOf(why, measured, each, settings) {
  const changed = Object.entries(settings).filter(
    ([name, value]) => value !== measured.settings[/** @type {keyof Settings} */ (name)],
  );
  if (changed.length === 0) return null;
  const secondsPerStep = scaled(each, measured.settings, settings);
  const seconds = runSeconds(measured, secondsPerStep, settings);
  return { why, settings: Object.fromEntries(changed), seconds, secondsPerStep };
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
