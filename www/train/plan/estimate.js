/**
 * From a few measured steps to an estimate of the whole run, and to settings that suit the device.
 *
 * For other settings, the measurements are scaled by the cost of a step (`cost.js`).
 */
import { isSlow } from '../../page/support.js';
import { polishOf, stepsOf, warmUpOf } from './config.js';
import { CLASSIFIER_COST, costOf, polishCostOf, previewCostOf, warmUpCostOf } from './cost.js';
import { CROPS, previewsOf } from './settings.js';
import { median, scoringShare, secondsFor, stepsLeft } from './time.js';

/** @import { Work } from './cost.js' */
/** @import { MemoryUse } from '../../pkg/cyclegan_web.js' */
/** @import { Proposal, Settings, StartChoice } from './types.js' */

/** Run times in seconds that are too long, and the targets of a proposal. */
const LIMITS = {
  slow: { most: 3600, aim: 1800 },
  graphics: { most: 12 * 3600, aim: 4 * 3600 },
};
/** If a graphics card completes the run on the largest pictures within this many seconds, they are proposed. */
const FAST = 2 * 3600;
/** Networks proposed from scratch, best first: channels and blocks. */
const NETWORKS = /** @type {const} */ ([
  [64, 9],
  [64, 6],
  [32, 6],
  [16, 3],
  [8, 3],
]);
/** Fewer steps have no visible effect. */
const FEWEST_STEPS = 100;
/** The share of a step that does not shrink with its pictures: launches, the optimiser. */
const FIXED = 0.1;

/**
 * @typedef {object} Measured
 * @property {Settings} settings
 * @property {Work} size of the measured networks
 * @property {StartChoice} start
 * @property {import('./types.js').Network | null} [network] of the initial weights
 * @property {import('../../page/support.js').Device} device
 * @property {number} photosA number of training photos
 * @property {number} photosB
 * @property {number} previews number of photos per preview
 * @property {number} scored number of photos for scores
 * @property {{ warmUp: number[], full: number[] }} seconds of each step, in order and by kind: the first of
 *   either compiles shaders; no warm-up if the run has none
 * @property {MemoryUse} memory
 */

/** Seconds of a step, after warming up. @typedef {{ full: number, warmUp: number }} Each */

/** @typedef {ReturnType<typeof calibrationOf>} Calibration */

/** @param {Measured} measured at least one whole step */
export function calibrationOf(measured) {
  const { settings, size, photosA, photosB, device, memory, seconds } = measured;
  const full = usual(seconds.full) ?? 0;
  const warmUp = usual(seconds.warmUp) ?? full * (warmUpCostOf(size) / costOf(size));
  const each = { full, warmUp };
  const steps = stepsOf(settings, photosA, photosB);
  const firstStep = (seconds.warmUp[0] ?? 0) + seconds.full[0];
  const cold = Math.max(0, firstStep - full - (seconds.warmUp.length > 0 ? warmUp : 0));
  const whole = cold + runSeconds(measured, each, settings);
  const limit = isSlow(device) ? LIMITS.slow : LIMITS.graphics;
  const feasible = whole <= limit.most;
  return {
    /** Seconds per step after warming up. */
    secondsPerStep: full,
    /** Seconds of the first step, which compiles shaders, plus that of the warm-up, if any. */
    firstStep,
    memory,
    /** Steps and seconds of the whole run with these settings, including previews and scores. */
    steps: steps + polishOf(settings, measured.start, steps),
    seconds: whole,
    /** Whether the run is reasonable on this device: CPU under an hour, a graphics card under twelve. */
    feasible,
    /** Settings that fit this device better; null: those chosen do. */
    proposal: feasible ? faster(measured, each) : slower(measured, each, limit.aim),
  };
}

/** @param {number[]} seconds @returns {number | null} */
function usual(seconds) {
  return median(seconds.length > 1 ? seconds.slice(1) : seconds);
}

/** The networks for other settings. @param {Measured} measured @param {Settings} to @returns {Work} */
function sizeWith({ size, start }, to) {
  const { crop, lambdaIdentity, ngf, blocks, up } = to;
  // Weights determine the network; from scratch both kinds are equally wide (settings.js).
  const network = start.kind === 'scratch' ? { ngf, blocks, ndf: ngf, up } : {};
  return { ...size, crop, lambdaIdentity, ...network };
}

/**
 * @param {Measured} measured
 * @param {Each} each as measured
 * @param {Settings} to
 * @returns {Each} as expected
 */
function scaled(measured, each, to) {
  const [before, then] = [measured.size, sizeWith(measured, to)];
  const by = (/** @type {number} */ ratio) => FIXED + (1 - FIXED) * ratio;
  return {
    full: each.full * by(costOf(then) / costOf(before)),
    warmUp: each.warmUp * by(warmUpCostOf(then) / warmUpCostOf(before)),
  };
}

/** @param {Measured} measured @param {Each} each @param {Settings} settings */
function runSeconds(measured, each, settings) {
  const { photosA, photosB, previews, scored, start, network, device } = measured;
  const steps = stepsOf(settings, photosA, photosB);
  const warmUp = warmUpOf(settings, start, steps, network);
  const polish = polishOf(settings, start, steps);
  const looks = ((steps + polish) / settings.previewEvery) * previews;
  const size = sizeWith(measured, settings);
  const { side } = previewsOf(settings, isSlow(device));
  const look = each.full * (previewCostOf(size, side) / costOf(size));
  const left = stepsLeft({ step: 0, total: steps + polish, warmUp, polish });
  const polished = each.full * (polishCostOf(size) / costOf(size));
  const trained = secondsFor(left, { ...each, polish: polished });
  const given = start.kind !== 'scratch';
  // Before the first step and after the last.
  const bar =
    each.full * ((CLASSIFIER_COST + 2 * scored * previewCostOf(size, side)) / costOf(size));
  const scores = trained * scoringShare(trained, isSlow(device), given) + (given ? bar : 0);
  return trained + scores + looks * look;
}

/**
 * The best settings that are fast enough: first smaller pictures, then a smaller network, then fewer steps.
 * @param {Measured} measured
 * @param {Each} each
 * @param {number} aim seconds
 * @returns {Proposal | null}
 */
function slower(measured, each, aim) {
  const { settings } = measured;
  const scratch = measured.start.kind === 'scratch';
  const crops = [settings.crop, ...CROPS.filter((side) => side < settings.crop && side >= 64)];
  const costWith = (/** @type {number} */ ngf, /** @type {number} */ blocks) =>
    costOf(sizeWith(measured, { ...settings, ngf, blocks }));
  const most = costWith(settings.ngf, settings.blocks);
  const networks = NETWORKS.filter(([ngf, blocks]) => scratch && costWith(ngf, blocks) < most);
  let best = settings;
  for (const [ngf, blocks] of [[settings.ngf, settings.blocks], ...networks]) {
    for (const crop of crops) {
      best = { ...settings, crop, ngf, blocks };
      if (runSeconds(measured, scaled(measured, each, best), best) <= aim) {
        return proposed('slow', measured, each, best);
      }
    }
  }
  const step = runSeconds(measured, scaled(measured, each, best), best) / stepsIn(measured);
  const affordable = Math.floor(aim / step / 50) * 50;
  const length = Math.min(stepsIn(measured), Math.max(FEWEST_STEPS, affordable));
  return proposed('slow', measured, each, { ...best, unit: 'steps', length });
}

/** @param {Measured} measured */
const stepsIn = ({ settings, photosA, photosB }) => stepsOf(settings, photosA, photosB);

/** @param {Measured} measured @param {Each} each @returns {Proposal | null} */
function faster(measured, each) {
  if (isSlow(measured.device)) return null;
  const { settings } = measured;
  // No photo may be enlarged for a larger crop.
  const most = settings.preprocess === 'scale_and_crop' ? settings.size : CROPS[0];
  const best = CROPS.filter((side) => side > settings.crop && side <= most)
    .map((crop) => ({ ...settings, crop }))
    .find((larger) => runSeconds(measured, scaled(measured, each, larger), larger) <= FAST);
  return best ? proposed('fast', measured, each, best) : null;
}

/**
 * @param {Proposal['why']} why
 * @param {Measured} measured
 * @param {Each} each
 * @param {Settings} settings
 * @returns {Proposal | null} null: nothing would change
 */
function proposed(why, measured, each, settings) {
  const changed = Object.entries(settings).filter(
    ([name, value]) => value !== measured.settings[/** @type {keyof Settings} */ (name)],
  );
  if (changed.length === 0) return null;
  const then = scaled(measured, each, settings);
  const seconds = runSeconds(measured, then, settings);
  return { why, settings: Object.fromEntries(changed), seconds, secondsPerStep: then.full };
}
